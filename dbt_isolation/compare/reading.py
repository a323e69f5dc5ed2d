"""The columns of both sides of a comparison, as far as they are needed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dbt_isolation.cache import Cache
from dbt_isolation.compare.nodes import Pair
from dbt_isolation.compare.project import Released, Tree
from dbt_isolation.compare.sql import Sqls
from dbt_isolation.lineage.columns import Columns, columns_of


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads them; ``cache``, ``processes`` and ``most`` are of ``columns_of``."""

    released: Released
    tree: Tree
    sqls: Sqls
    cache: Cache | None = None
    processes: int | None = None
    most: int | None = None

    def columns(
        self, pairs: Collection[Pair], below: Collection[str], was: Mapping[str, str], theirs: Collection[str]
    ) -> tuple[Columns, Columns]:
        """The columns of what differs and of all ``below``, before and now.

        ``was``: what nodes that were renamed were called. ``theirs``: what another changed.
        """
        manifest = self.tree.manifest
        now = {pair.now.unique_id for pair in pairs if pair.now is not None}
        before = {pair.before.unique_id for pair in pairs if pair.before is not None}
        if not below:
            return Columns(), Columns()
        read = {
            name
            for one in before
            if (node := self.released.manifest.get(one)) is not None
            for name in self.released.inputs(node)
            if self.tree.relation(name) is not None
        }
        wanted = {*now, *below, *read}
        sql = self.sqls.of_tree(wanted)
        new = columns_of(
            manifest,
            sql.sql,
            self.tree.catalog,
            self.tree.dialect,
            cache=self.cache,
            wanted=wanted,
            also=self.sqls.elsewhere,
            uncertain=sql.uncertain,
            processes=self.processes,
            most=self.most,
        )
        self._add_later_runs(new, below)
        # What is as it was, and made of what is, has the columns that it had; what another changed is taken
        # as it is here, so that this does not show below.
        known = {
            name: types
            for name, types in new.types.items()
            if types
            and name not in before
            and (name in manifest.sources or name in theirs or self._is_wholly_as_released(name))
        }
        old = columns_of(
            self.released.manifest,
            self.released.compiled,
            {},
            self.released.dialect,
            cache=self.cache,
            wanted={*before, *(was.get(one, one) for one in below)},
            known=known,
            processes=self.processes,
            most=self.most,
        )
        for columns in (old, new):
            for name in {one.unique_id for one in columns.unknown if one.whole}:
                # What somebody wrote down of them may be less than there is.
                columns.types.pop(name, None)
        return old, new

    def _add_later_runs(self, new: Columns, below: Collection[str]) -> None:
        """Adds what shapes rows where an incremental model adds to what is there."""
        nodes = [node for one in below if (node := self.tree.manifest.get(one)) is not None]
        sql = {
            node.unique_id: text
            for node in nodes
            if node.config.materialized == "incremental" and (text := self.sqls.later(node))
        }
        known = {name: types for name, types in new.types.items() if name not in sql}
        later = columns_of(
            self.tree.manifest,
            sql,
            {name: new.types[name] for name in sql if new.types.get(name)},
            self.tree.dialect,
            cache=self.cache,
            wanted=sql,
            known=known,
            also=self.sqls.elsewhere,
            processes=1,
            most=self.most,
        )
        for name, columns in later.influence.items():
            new.influence.setdefault(name, set()).update(columns)

    def _is_wholly_as_released(self, unique_id: str) -> bool:
        """Whether a node and all that it is made of is as released."""
        released = self.released.release.nodes.get(unique_id)
        present = self.tree.fingerprints.get(unique_id)
        return released is not None and present is not None and released.fingerprint == str(present)
