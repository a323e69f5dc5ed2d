"""The SQL of both sides: as dbt compiled it, as the release has it, or as it is likely to be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from dbt_isolation.compare.nodes import Pair, same_data
from dbt_isolation.compare.project import Released, Tree
from dbt_isolation.environments import Relation


@dataclass(frozen=True, slots=True)
class Sql:
    """The SQL of a node's two sides, by whether it adds to what is there.

    ``uncertain``: why it may not be what dbt would compile.
    """

    before: Mapping[bool, str]
    now: Mapping[bool, str]
    uncertain: tuple[str, ...] = ()


class Sqls:
    """The SQL of ``released`` and of ``tree``."""

    def __init__(self, released: Released, tree: Tree) -> None:
        self._released = released
        self._tree = tree

    @cached_property
    def tree(self) -> Mapping[str, str]:
        """The tree's, by unique id; of what is as released and was not compiled here, the release's."""
        found = dict(self._tree.compiled)
        for name, sql in self._released.compiled.items():
            if name not in found and self.is_as_released(name):
                found[name] = sql
        return found

    @cached_property
    def elsewhere(self) -> Mapping[str, tuple[Relation, ...]]:
        """What the tree's nodes and sources are called in the release's SQL, where that is another name."""
        manifest = self._tree.manifest
        names = [one.unique_id for one in manifest.buildable()] + list(manifest.sources)
        found = {}
        for name in names:
            relation = self._released.relation(name)
            if relation is not None and relation != self._tree.relation(name):
                found[name] = (relation,)
        return found

    def is_as_released(self, unique_id: str) -> bool:
        """Whether a node's own data half is that of the release."""
        released = self._released.release.nodes.get(unique_id)
        present = self._tree.fingerprints.get(unique_id)
        return released is not None and present is not None and bool(same_data(released.fingerprint, present))

    def of(self, pair: Pair) -> Sql | str:
        """A pair's, or a sentence that says why there is none."""
        if pair.before is None or pair.now is None:
            return "it is not on both sides"
        before = self._released.compiled.get(pair.before.unique_id)
        now = self._tree.compiled.get(pair.now.unique_id)
        if before is None:
            return f"{self._released.name} has no compiled SQL of it"
        if now is None:
            return "it is not compiled here"
        if _reads(before, pair.before.relation) != _reads(now, pair.now.relation):
            return "one of the two is compiled to add to what is there, the other to build it anew"
        return Sql({False: before}, {False: now})

    def as_here(self, pair: Pair, sql: Sql) -> tuple[str, str]:
        """The two texts, the release's with its relations called as they are here."""
        before, now = (next(iter(one.values())) for one in (sql.before, sql.now))
        if pair.before is None:
            return before, now
        for one in (*self._released.inputs(pair.before), pair.before.unique_id):
            here = pair.unique_id if one == pair.before.unique_id else one
            for old, new in zip(self._released.names(one), self._tree.names(here), strict=False):
                before = before.replace(old, new)
        return before, now


def _reads(sql: str, relation: Relation) -> bool:
    """Whether SQL names a relation."""
    plain = re.sub(r'["`\[\]]', "", sql).lower()
    return f"{relation.schema}.{relation.identifier}".lower() in plain
