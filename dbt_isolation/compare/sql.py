"""The SQL of both sides: as dbt compiled it, as the release has it, or as it is likely to be."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.compare.nodes import Pair, same_data
from dbt_isolation.compare.project import Project, Released, Tree
from dbt_isolation.environments import Relation
from dbt_isolation.rendering.likely_sql import Likely, LikelySql
from dbt_isolation.rendering.project import ProjectSql, project_sql

_TARGET = re.compile(r"\btarget\b")
#: Stand for what a target is called, where that does not matter.
_ANY = {name: f"any{name}any" for name in ("name", "target_name", "schema", "database")}


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
        self._likely: dict[tuple[str, bool], LikelySql] = {}

    def of_tree(self, wanted: Collection[str]) -> ProjectSql:
        """The tree's, of what is ``wanted`` and all that it is made of.

        What is as released and was not compiled here is as the release has it.
        """
        known = dict(self._tree.compiled)
        for name, sql in self._released.compiled.items():
            if name not in known and self._is_as_released(name):
                known[name] = sql
        return project_sql(self._tree.manifest, known, self._tree.facts, wanted)

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

    def of(self, pair: Pair) -> Sql | str:
        """A pair's, or why there is none."""
        if pair.before is None or pair.now is None:
            return "it is not on both sides"
        before = self._released.compiled.get(pair.before.unique_id)
        if before is None:
            return f"{self._released.name} has no compiled SQL of it"
        if "incremental" in (pair.before.config.materialized, pair.now.config.materialized):
            return self._rendered_both(pair.before, pair.now, ways=(False, True))
        if self._asks_for_target(pair.before, pair.now):
            found = self._rendered_both(pair.before, pair.now, ways=(False,))
            if isinstance(found, Sql):
                return found
        now = self._tree.compiled.get(pair.now.unique_id)
        if now is not None:
            return Sql({False: before}, {False: now})
        likely = self._rendered(self._tree, pair.now, incremental=False)
        return (
            Sql({False: before}, {False: likely.sql}, likely.uncertain) if likely.sql else likely.uncertain[0]
        )

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

    def _rendered_both(self, before: Node, now: Node, ways: Collection[bool]) -> Sql | str:
        """Both sides rendered for one target: where dbt compiles in one way if its relation is there, and in
        another if it is not, or names the target, what it compiled differs though nothing was changed.
        """
        found: list[dict[bool, str]] = []
        for project, node in ((self._released, before), (self._tree, now)):
            rendered = {way: self._rendered(project, node, incremental=way) for way in ways}
            for likely in rendered.values():
                if likely.uncertain:
                    return f"what it compiles to depends on what is there, and {likely.uncertain[0]}"
            # What was compiled proves that the rest was rendered from the right values.
            if not any(self._is_compiled_from(project, node, way) for way in ways):
                return "what it compiles to depends on what is there, and is not what was compiled"
            found.append({way: one.sql for way, one in rendered.items()})
        return Sql(found[0], found[1])

    def _is_compiled_from(self, project: Project, node: Node, way: bool) -> bool:
        """Whether what was compiled is what is rendered, for some target; also where nothing was compiled."""
        compiled = project.compiled.get(node.unique_id)
        if compiled is None:
            return True
        facts = replace(self._tree.facts, incremental=way, target=_ANY)
        pattern = re.escape(_plain(LikelySql(project.manifest, facts).of(node).sql))
        for one in _ANY.values():
            pattern = pattern.replace(one, "[^ ]*")
        plain = _plain(self._as_tree_reads(project, node, compiled))
        return plain == _plain(self._rendered(project, node, incremental=way).sql) or bool(
            re.fullmatch(pattern, plain)
        )

    def _as_tree_reads(self, project: Project, node: Node, compiled: str) -> str:
        """SQL of the tree that was compiled to read the release's relations, where there are none here."""
        if project is self._tree:
            for one in project.inputs(node):
                for old, new in zip(self._released.names(one), self._tree.names(one), strict=False):
                    compiled = compiled.replace(old, new)
        return compiled

    def _asks_for_target(self, before: Node, now: Node) -> bool:
        """Whether a target stands in the template of one side, or in a macro that it uses."""
        sides = ((self._released, before), (self._tree, now))
        return any(_TARGET.search(text) for project, node in sides for text in project.texts(node))

    def later(self, node: Node) -> str:
        """The tree's SQL of an incremental model that adds to what is there, as far as it can be rendered."""
        return self._rendered(self._tree, node, incremental=True).sql

    def _rendered(self, project: Project, node: Node, *, incremental: bool) -> Likely:
        key = project.name, incremental
        if key not in self._likely:
            facts = replace(self._tree.facts, incremental=incremental)
            self._likely[key] = LikelySql(project.manifest, facts)
        return self._likely[key].of(node)

    def _is_as_released(self, unique_id: str) -> bool:
        """Whether a node's own data half is that of the release."""
        released = self._released.release.nodes.get(unique_id)
        present = self._tree.fingerprints.get(unique_id)
        return released is not None and present is not None and bool(same_data(released.fingerprint, present))


def _plain(sql: str) -> str:
    return " ".join(sql.split())
