"""What a node's change does to its result: from its SQL, its config and its kind."""

import re
from collections.abc import Iterator, Mapping, Sequence

from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.compare.change import Change, ChangeKind
from dbt_isolation.compare.columns import differ
from dbt_isolation.compare.configs import ConfigChange
from dbt_isolation.compare.project import Released, Tree, Types
from dbt_isolation.compare.sql import Sql
from dbt_isolation.environments import Relation
from dbt_isolation.lineage.fingerprint import NOT_THE_USERS, normalised

#: Types of which dbt compares a contract's and the SQL's only by name: what is inserted may be cast.
_SIZED = re.compile(r"\(|decimal|numeric", re.IGNORECASE)


class Classifier:
    """Says what changes do; ``types``: the columns of what the nodes read, on both sides.

    ``called``: what nodes that were renamed are called now.
    """

    def __init__(
        self, released: Released, tree: Tree, types: Sequence[Mapping[str, Types]], called: Mapping[str, str]
    ) -> None:
        self._released = released
        self._tree = tree
        self._types = types
        self._called = called

    def change(self, before: Node, now: Node, sql: Sql | str, configs: Sequence[ConfigChange]) -> Change:
        """Of a node whose own data half is another; ``sql`` says why there is none, where there is none."""
        found = self._of_body(before, now, sql)
        found = max((found, self._of_contract(before, now)), key=lambda one: one.kind.severity)
        worst = max((one.kind for one in configs), default=ChangeKind.NONE)
        if worst <= found.kind:
            return found
        may = {
            ChangeKind.COLUMN: "Values may differ, by its config.",
            ChangeKind.MODEL_WIDE: "Rows may change, by its config.",
        }
        reason = may.get(worst, "It cannot be told: its config was changed.")
        columns = [name for one in configs for name in one.columns]
        return Change(worst, tuple(dict.fromkeys((*found.columns, *columns))), found.removed, reason)

    def _of_body(self, before: Node, now: Node, sql: Sql | str) -> Change:
        if self._released.dialect != self._tree.dialect:
            engines = f"{self._released.dialect or 'an unnamed engine'} and {self._tree.dialect}"
            return Change(ChangeKind.UNKNOWN, reason=f"It cannot be told: it was built on {engines}.")
        if before.resource_type == "seed":
            same = before.checksum == now.checksum and now.checksum.name != "path"
            return (
                Change(ChangeKind.NONE, reason="The file is the same.")
                if same
                else Change(ChangeKind.MODEL_WIDE, reason="The file's content is another.")
            )
        if before.resource_type == "function" or now.original_file_path.endswith(".py"):
            same = (
                normalised(before.raw_code) == normalised(now.raw_code) and before.signature == now.signature
            )
            what = "a function" if before.resource_type == "function" else "a Python model"
            return (
                Change(ChangeKind.NONE, reason="The code is the same.")
                if same
                else Change(ChangeKind.UNKNOWN, reason=f"It cannot be told: {what} was changed.")
            )
        if self._materialized_otherwise(before, now):
            return Change(ChangeKind.UNKNOWN, reason="It cannot be told: its materialization was changed.")
        if isinstance(sql, str):
            return Change(ChangeKind.UNKNOWN, reason=f"It cannot be told: {sql}.")
        return self._of_sql(before, now, sql)

    def _of_contract(self, before: Node, now: Node) -> Change:
        """A table with a contract has the columns of the contract: in its order, and cast to its types."""
        promised = [one.contract.enforced and one.config.materialized != "view" for one in (before, now)]
        if not any(promised):
            return Change(ChangeKind.NONE, reason="Nothing is promised.")
        old, new = (
            {name: column.data_type or "" for name, column in node.columns.items()}
            if is_promised
            else side.get(node.unique_id, {})
            for is_promised, node, side in zip(promised, (before, now), self._types, strict=True)
        )
        stay = [[one.lower() for one in side] for side in (old, new)]
        common = set(stay[0]) & set(stay[1])
        if [one for one in stay[0] if one in common] != [one for one in stay[1] if one in common]:
            return Change(ChangeKind.MODEL_WIDE, reason="Columns stand in the order of its contract.")
        types = {name.lower(): kind for name, kind in old.items()}
        cast = tuple(
            name
            for name, kind in new.items()
            if name.lower() in common and _cast(types[name.lower()], kind, all(promised))
        )
        kind = ChangeKind.COLUMN if cast else ChangeKind.NONE
        return Change(kind, cast, reason="Its contract casts to other types.")

    def _of_sql(self, before: Node, now: Node, sql: Sql) -> Change:
        from dbt_isolation.compare.queries.classification import classify

        names, schema = self._names(before, now)
        found = [
            classify(
                sql.before[mode], sql.now[mode], dialect=self._tree.dialect, schema=schema, relation_map=names
            )
            for mode in sql.before.keys() & sql.now.keys()
        ]
        worst = max(found, key=lambda one: one.kind.severity)
        columns = tuple(dict.fromkeys(name for one in found for name in one.columns))
        removed = tuple(dict.fromkeys(name for one in found for name in one.removed))
        if sql.uncertain and worst.kind is not ChangeKind.UNKNOWN:
            why = f"It cannot be told: not compiled, and {sql.uncertain[0]}."
            return Change(ChangeKind.UNKNOWN, columns, removed, why)
        return Change(worst.kind, columns, removed, worst.reason)

    def _names(self, before: Node, now: Node) -> tuple[dict[str, str], dict[str, Types]]:
        """What each name in the two texts means, and the columns of each."""
        means: dict[str, str] = {}
        schema: dict[str, dict[str, str]] = {}
        for project, node in ((self._released, before), (self._tree, now)):
            for one in (*project.inputs(node), node.unique_id):
                relation = project.relation(one)
                if relation is None:
                    continue
                logical = self._called.get(one, one)
                # Both texts are read as if what they read were the same, and had all columns of both sides.
                types = {
                    name: kind
                    for side, other in zip(self._types, (one, logical), strict=True)
                    for name, kind in side.get(other, {}).items()
                }
                for name in spellings(relation):
                    means[name] = logical
                    if types:
                        schema.setdefault(name, {}).update(types)
        return means, dict(schema)

    def _materialized_otherwise(self, before: Node, now: Node) -> bool:
        """Whether a materialization of the user's own is behind it, and was changed."""
        texts = [
            sorted(
                normalised(macro.macro_sql)
                for macro in project.manifest.macros.values()
                if macro.name.startswith(f"materialization_{node.config.materialized}_")
                and macro.package_name not in NOT_THE_USERS
            )
            for project, node in ((self._released, before), (self._tree, now))
        ]
        return texts[0] != texts[1]


def _cast(old: str, new: str, promised: bool) -> bool:
    """Whether a contract that changed, or that came or went, may make other values of a column."""
    if promised:
        return differ(old, new)
    return bool(_SIZED.search(old + new)) and not (old and new and not differ(old, new))


def spellings(relation: Relation) -> Iterator[str]:
    """How SQL may name a relation: with its database, and without."""
    yield str(relation)
    yield f"{relation.schema}.{relation.identifier}"
