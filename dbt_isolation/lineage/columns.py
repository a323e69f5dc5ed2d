"""What each column of a project is made of: the column lineage of every model, put together."""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.cache import Cache
from dbt_isolation.environments import Relation
from dbt_isolation.lineage.names import Names, given_names, names_elsewhere, names_itself
from dbt_isolation.lineage.order import Order, circles, needed
from dbt_isolation.lineage.queries import KINDS, Answer, Query
from dbt_isolation.lineage.readers import Readers

#: What dbt adds to a snapshot's columns.
_SNAPSHOT = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
_CIRCLE = "depends on itself in a circle"
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

    @property
    def whole(self) -> bool:
        """Whether nothing of the node is known for certain, rather than all but a part of it."""
        return self.what in ("its SQL", "its columns")


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
    manifest: Manifest,
    compiled: Mapping[str, str],
    catalog: Mapping[str, Types],
    dialect: str,
    *,
    cache: Cache | None = None,
    wanted: Collection[str] | None = None,
    known: Mapping[str, Types] = {},
    also: Mapping[str, Collection[Relation]] = {},
    processes: int | None = None,
    most: int | None = None,
    uncertain: Mapping[str, Sequence[str]] = {},
) -> Columns:
    """The columns of all nodes, each after what it reads.

    ``compiled``: SQL by unique id. ``catalog``: columns as the database has them. ``dialect``: a
    dbt adapter type. What a catalog or an enforced contract does not say comes from the SQL.

    ``cache``: what was read before is not read again while all that it depends on is the same. ``wanted``:
    only these, and all that they are made of. ``known``: the columns of nodes that are not read, so that
    nothing above them is needed. ``also``: further relations that the SQL may mean a node or source by, such
    as those of the environment for which a parent was compiled. ``processes``: at most so many read at once;
    1 starts none, as inside dbt; without it, as many as are worth it. ``most``: of those
    whose columns are not remembered no more are read. ``uncertain``: why the SQL of a node may be another
    than ``compiled`` has.

    Raises ``IsolationError`` where a process that reads is ended from outside.
    """
    project = _Project(manifest, compiled, catalog, known, also)
    nodes = project.nodes(wanted)
    with Readers(dialect, cache, processes, most) as readers:
        project.read(nodes, readers)
    project.found.unknown += [Unknown(one, "its SQL", why) for one in nodes for why in uncertain.get(one, ())]
    project.put_in_order(nodes)
    return project.found


class _Project:
    def __init__(
        self,
        manifest: Manifest,
        compiled: Mapping[str, str],
        catalog: Mapping[str, Types],
        known: Mapping[str, Types],
        also: Mapping[str, Collection[Relation]],
    ) -> None:
        self.found = Columns()
        self._manifest = manifest
        self._compiled = compiled
        self._catalog = catalog
        self._given = known
        self._also = also
        self._buildable = {one.unique_id: one for one in manifest.buildable()}
        #: Of each query that was asked: whose the names are that it was given.
        self._meant: dict[str, dict[str, str]] = {}
        self._value: dict[str, dict[ColumnOf, dict[ColumnOf, str]]] = {}

    @cached_property
    def _names(self) -> Names:
        # What a query names that dbt does not say it reads; of most projects nothing.
        return Names(
            (unique_id, relation)
            for unique_id in dict.fromkeys((*self._buildable, *self._manifest.sources, *self._also))
            for relation in self._relations(unique_id)
        )

    def nodes(self, wanted: Collection[str] | None) -> dict[str, Node]:
        """Those to be read, with the sources that they need noted."""
        graph = {name: node.depends_on.nodes for name, node in self._buildable.items()}
        graph |= {name: [] for name in self._manifest.sources}
        shown = graph.keys() if wanted is None else needed(graph, wanted, self._enough)
        # What is known may stand in another manifest.
        self.found.types |= {name: dict(types) for name, types in self._given.items() if name not in graph}
        for name in self._manifest.sources:
            if name in shown:
                self.found.types[name] = dict(self._given.get(name, self._catalog.get(name, {})))
        return {name: node for name, node in self._buildable.items() if name in shown}

    def read(self, nodes: Mapping[str, Node], readers: Readers) -> None:
        """All of them, each as soon as what it reads is known."""
        graph = {name: [one for one in node.depends_on.nodes if one in nodes] for name, node in nodes.items()}
        round_about = {name for name in circles(graph) if name not in self._given}
        for name in round_about:
            graph[name] = []
        order = Order(graph)
        ready = order.first()
        while True:
            queries: dict[str, Query] = {}
            while ready:
                name = ready.pop()
                if name in self._given:
                    self.found.types[name] = dict(self._given[name])
                elif name in round_about:
                    self._declared(nodes[name], _CIRCLE)
                elif name in self._compiled and not nodes[name].external:
                    queries[name] = self._query(nodes[name])
                    continue
                else:
                    self._declared(nodes[name])
                ready += order.done(name)
            readers.ask(queries)
            answers = readers.some()
            if not answers:
                return
            for name, answer in answers:
                self._settle(nodes[name], answer)
                ready += order.done(name)

    def put_in_order(self, nodes: Mapping[str, Node]) -> None:
        """As the manifest has them: which process was done first is nobody's concern."""
        found = self.found
        places = {name: place for place, name in enumerate((*self._manifest.sources, *nodes))}
        found.types = {name: found.types[name] for name in (*places, *self._given) if name in found.types}
        found.influence = {name: found.influence[name] for name in nodes if name in found.influence}
        for name in nodes:
            found.value.update(self._value.get(name, {}))
        found.unknown.sort(key=lambda one: places[one.unique_id])

    def _enough(self, name: str) -> bool:
        # What reads an ephemeral model reads the relations above it.
        return name in self._given and not (name in self._buildable and self._buildable[name].ephemeral)

    def _declared(self, node: Node, why: str = "") -> None:
        """The columns of what is no SQL, or not compiled, or cannot be read for another reason."""
        known = self._catalog.get(node.unique_id)
        if known is None and node.resource_type == "seed":
            known = _header(node)
        if known is None or why:
            if known is None:
                known = {name: one.data_type or "" for name, one in node.columns.items()}
            if node.resource_type in ("model", "snapshot") and not node.external:
                plain = "a Python model" if node.original_file_path.endswith(".py") else "not compiled"
                self.found.unknown.append(Unknown(node.unique_id, "its columns", why or plain))
        if known or not node.external:
            self.found.types[node.unique_id] = dict(known)

    def _query(self, node: Node) -> Query:
        sql = self._compiled[node.unique_id]
        parents = {one: self._relations(one) for one in self._parents(node) if one != node.unique_id}
        read = {one: relations for one, relations in parents.items() if self.found.types.get(one)}
        own = given_names({node.unique_id: self._relations(node.unique_id)})
        # What another node or source is called is no name of a parent.
        found = names_elsewhere(parents, sql).items()
        elsewhere = {name: one for name, one in found if self._names.find(name) is None}
        meant = {**{name: one for name, one in elsewhere.items() if one in read}, **given_names(read), **own}
        # What is read without its columns being known is named too.
        self._meant[node.unique_id] = {**elsewhere, **given_names(parents), **meant}
        known = dict(self._known(node))
        # An incremental model reads itself.
        tables = {
            name: known if one == node.unique_id else self.found.types[one]
            for name, one in meant.items()
            if one != node.unique_id or known
        }
        itself = () if known or not names_itself(own, sql) else tuple(own)
        return Query(sql, tables, itself)

    def _settle(self, node: Node, answer: Answer) -> None:
        """Takes what is said of a node."""
        unique_id, unknown = node.unique_id, self.found.unknown
        known = self._known(node)
        meant = self._meant.pop(unique_id)
        if answer.problem is not None:
            unknown.append(Unknown(unique_id, "its SQL", answer.problem))
            self.found.types[unique_id] = dict(known)
            return
        unknown += dict.fromkeys(Unknown(unique_id, name, why) for name, why in answer.unresolved)
        types = answer.types()
        if node.resource_type == "snapshot":
            types |= dict.fromkeys(_SNAPSHOT, "")
        self.found.types[unique_id] = {**types, **known}
        inputs: list[ColumnOf | None] = []
        if any(table not in meant for table, _ in answer.inputs):
            # A source may be a seed's relation, and dbt says which of the two is read.
            meant = {**given_names({one: self._relations(one) for one in self._parents(node)}), **meant}
        for table, column in answer.inputs:
            whose = meant.get(table) or self._names.find(table)
            inputs.append(ColumnOf(whose, column) if whose else None)
            if not whose:
                why = "no relation that dbt knows" if whose is None else "more than one relation is called so"
                unknown.append(Unknown(unique_id, f"{table}.{column}", why))
        self._value[unique_id] = {
            ColumnOf(unique_id, name): {
                one: KINDS[kind] for place, kind in made_of if (one := inputs[place]) is not None
            }
            for name, _, made_of in answer.columns
        }
        shaping = (inputs[place] for place in answer.influence)
        self.found.influence[unique_id] = {one for one in shaping if one is not None}

    def _known(self, node: Node) -> Types:
        """What is known of a node's columns without its SQL."""
        if node.unique_id in self._catalog:
            return self._catalog[node.unique_id]
        if node.contract.enforced:
            return {name: one.data_type or "" for name, one in node.columns.items()}
        return {}

    def _parents(self, node: Node) -> dict[str, None]:
        """What a node reads, with what its ephemeral parents read: their SQL is part of its own."""
        found: dict[str, None] = {}
        ahead = list(reversed(node.depends_on.nodes))
        while ahead:
            name = ahead.pop()
            if name not in found:
                found[name] = None
                parent = self._buildable.get(name)
                if parent is not None and parent.ephemeral:
                    ahead += reversed(parent.depends_on.nodes)
        return found

    def _relations(self, unique_id: str) -> list[Relation]:
        node = self._buildable.get(unique_id)
        if node is None:
            source = self._manifest.sources.get(unique_id)
            own = [source.relation] if source is not None else []
        else:
            own = [] if node.ephemeral else [node.relation]
        return [*own, *self._also.get(unique_id, ())]


def _header(node: Node) -> Types | None:
    """The columns in the first line of a seed's file."""
    try:
        with (Path(node.root_path or "") / node.original_file_path).open(
            encoding="utf-8-sig", newline=""
        ) as file:
            return dict.fromkeys(next(csv.reader(file)), "")
    except (OSError, StopIteration, UnicodeDecodeError, csv.Error):
        return None
