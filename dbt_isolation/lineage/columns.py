"""What each column of a project is made of: the column lineage of every model, put together."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.environments import Relation
from dbt_isolation.sql import ColumnLineage, UnreadableError, column_lineage

#: What dbt adds to a snapshot's columns.
_SNAPSHOT = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
Types = Mapping[str, str]


class ColumnOf(NamedTuple):
    """A column of a node or source."""

    unique_id: str
    column: str


class Unknown(NamedTuple):
    """What could not be resolved of a node, and why; nothing in its place is guessed."""

    unique_id: str
    what: str
    why: str


@dataclass(slots=True)
class Columns:
    """``types``: each one's columns in order. ``value``: what a column is made of, and how (copy, rename,
    transform, aggregate). ``influence``: what shapes a node's rows. ``unknown``: what is not resolved.
    """

    types: dict[str, dict[str, str]] = field(default_factory=dict)
    value: dict[ColumnOf, dict[ColumnOf, str]] = field(default_factory=dict)
    influence: dict[str, set[ColumnOf]] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)

    def below(self) -> Mapping[ColumnOf, dict[ColumnOf, str]]:
        """What is made of each column, and how: ``value`` the other way round."""
        found: dict[ColumnOf, dict[ColumnOf, str]] = {}
        for column, inputs in self.value.items():
            for one, kind in inputs.items():
                found.setdefault(one, {})[column] = kind
        return found


def columns_of(
    manifest: Manifest, compiled: Mapping[str, str], catalog: Mapping[str, Types], dialect: str
) -> Columns:
    """The columns of all nodes, each after what it reads.

    ``compiled``: SQL by unique id. ``catalog``: columns as the database has them. ``dialect``: a
    dbt adapter type. What a catalog or an enforced contract does not say comes from the SQL.
    """
    return _Reader(manifest, compiled, catalog, dialect).read()


class _Reader:
    def __init__(
        self, manifest: Manifest, compiled: Mapping[str, str], catalog: Mapping[str, Types], dialect: str
    ) -> None:
        self._manifest = manifest
        self._compiled = compiled
        self._catalog = catalog
        self._dialect = dialect
        self._found = Columns()
        self._ids = dict(_relations(manifest))

    def read(self) -> Columns:
        """All of them, in an order in which what is read comes first."""
        for source in self._manifest.sources:
            self._found.types[source] = dict(self._catalog.get(source, {}))
        nodes = {one.unique_id: one for one in self._manifest.buildable() if not one.external}
        for unique_id in _ordered(nodes):
            node = nodes[unique_id]
            read: Callable[[Node], None] = self._sql if unique_id in self._compiled else self._declared
            read(node)
        return self._found

    def _declared(self, node: Node) -> None:
        """The columns of what is no SQL, or not compiled."""
        known = self._catalog.get(node.unique_id)
        if known is None and node.resource_type == "seed":
            known = _header(node)
        if known is None:
            known = {name: one.data_type or "" for name, one in node.columns.items()}
            if node.resource_type in ("model", "snapshot"):
                why = "a Python model" if node.original_file_path.endswith(".py") else "not compiled"
                self._found.unknown.append(Unknown(node.unique_id, "its columns", why))
        self._found.types[node.unique_id] = dict(known)

    def _sql(self, node: Node) -> None:
        known = self._known(node)
        schema = {
            str(self._relation(one)): self._found.types[one]
            for one in node.depends_on.nodes
            if self._found.types.get(one)
        }
        # An incremental model reads itself.
        if known:
            schema[str(node.relation)] = dict(known)
        lineage = self._lineage(node, schema)
        if lineage is None:
            self._found.types[node.unique_id] = dict(known)
            return
        if not known and _names_itself(node, self._compiled[node.unique_id]):
            made = {name: lineage.types.get(name, "") for name in lineage.columns}
            lineage = self._lineage(node, {**schema, str(node.relation): made}) or lineage
        self._found.unknown += dict.fromkeys(
            Unknown(node.unique_id, one.name, one.reason) for one in lineage.unresolved
        )
        types = {name: lineage.types.get(name, "") for name in lineage.columns}
        if node.resource_type == "snapshot":
            types |= dict.fromkeys(_SNAPSHOT, "")
        self._found.types[node.unique_id] = {**types, **known}
        for name, inputs in lineage.kinds.items():
            self._found.value[ColumnOf(node.unique_id, name)] = {
                column: kind for one, kind in inputs.items() if (column := self._column(node, *one))
            }
        shaping = (self._column(node, *one) for one in lineage.influence)
        self._found.influence[node.unique_id] = {one for one in shaping if one is not None}

    def _known(self, node: Node) -> Types:
        """What is known of a node's columns without its SQL."""
        if node.unique_id in self._catalog:
            return self._catalog[node.unique_id]
        if node.contract.enforced:
            return {name: one.data_type or "" for name, one in node.columns.items()}
        return {}

    def _lineage(self, node: Node, schema: Mapping[str, Types]) -> ColumnLineage | None:
        try:
            return column_lineage(self._compiled[node.unique_id], dialect=self._dialect, schema=schema)
        except UnreadableError as error:
            self._found.unknown.append(Unknown(node.unique_id, "its SQL", error.message))
            return None

    def _column(self, node: Node, table: str, column: str) -> ColumnOf | None:
        unique_id = self._ids.get(table.lower())
        if unique_id is None:
            problem = Unknown(node.unique_id, f"{table}.{column}", "no relation that dbt knows")
            if problem not in self._found.unknown:
                self._found.unknown.append(problem)
            return None
        return ColumnOf(unique_id, column)

    def _relation(self, unique_id: str) -> Relation:
        node = self._manifest.get(unique_id)
        return node.relation if node is not None else self._manifest.sources[unique_id].relation


def _names_itself(node: Node, sql: str) -> bool:
    plain = re.sub(r'["`\[\]]', "", sql).lower()
    return f"{node.relation.schema}.{node.relation.identifier}".lower() in plain


def _relations(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Each relation's name in lower case, with its database and without, and whose it is."""
    entries = [(one.unique_id, one.relation) for one in manifest.buildable() if not one.ephemeral]
    entries += [(one.unique_id, one.relation) for one in manifest.sources.values()]
    for unique_id, relation in reversed(entries):
        yield f"{relation.schema}.{relation.identifier}".lower(), unique_id
    for unique_id, relation in entries:
        yield str(relation).lower(), unique_id


def _ordered(nodes: Mapping[str, Node]) -> Iterator[str]:
    sorter = TopologicalSorter(
        {name: [one for one in node.depends_on.nodes if one in nodes] for name, node in nodes.items()}
    )
    try:
        yield from sorter.static_order()
    except CycleError:
        # A manifest that dbt wrote has none.
        yield from nodes


def _header(node: Node) -> Types | None:
    """The columns in the first line of a seed's file."""
    try:
        with (Path(node.root_path or "") / node.original_file_path).open(
            encoding="utf-8-sig", newline=""
        ) as file:
            return dict.fromkeys(next(csv.reader(file)), "")
    except (OSError, StopIteration, UnicodeDecodeError, csv.Error):
        return None
