"""Who reads whom in a project: sources, nodes, tests, exposures and metrics, as dbt says."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Self

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.config.settings import suggestion
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.reach import reached


@dataclass(frozen=True, slots=True)
class Vertex:
    """One entry of the manifest; ``relation`` is empty where it has none, ``owner`` where nobody says.

    ``takes``: words of which one is each column that it takes, in lower case; None where it may take any.
    """

    unique_id: str
    kind: str
    name: str
    relation: str = ""
    owner: str = ""
    takes: frozenset[str] | None = None


@dataclass(frozen=True)
class Lineage:
    """``parents``: what each entry reads, by unique ids; one that the manifest does not have is left out."""

    vertices: Mapping[str, Vertex]
    parents: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, manifest: Manifest, *, tests: bool = False) -> Self:
        """The graph of a manifest; ``tests``: with data tests and unit tests."""
        found: dict[str, tuple[Vertex, Sequence[str]]] = {}
        for source in manifest.sources.values():
            name = f"{source.source_name}.{source.name}"
            found[source.unique_id] = Vertex(source.unique_id, "source", name, str(source.relation)), ()
        for node in (*manifest.nodes.values(), *manifest.functions.values()):
            if node.resource_type in ("test", "operation", "sql_operation") and not tests:
                continue
            name = node.name if node.version is None else f"{node.name}.v{node.version}"
            relation = (
                "" if node.ephemeral or node.resource_type in ("test", "analysis") else str(node.relation)
            )
            vertex = Vertex(node.unique_id, node.resource_type, name, relation, node.owner)
            found[node.unique_id] = vertex, node.depends_on.nodes
        for one in manifest.unit_tests.values() if tests else ():
            name = one.unique_id.rsplit(".", 1)[-1]
            found[one.unique_id] = Vertex(one.unique_id, "unit_test", name), one.depends_on.nodes
        for consumer in manifest.consumers():
            vertex = Vertex(
                consumer.unique_id,
                consumer.resource_type,
                consumer.name,
                "",
                str(consumer.owner),
                consumer.takes,
            )
            found[consumer.unique_id] = vertex, consumer.depends_on.nodes
        return cls(
            {name: vertex for name, (vertex, _) in found.items()},
            {
                name: tuple(dict.fromkeys(one for one in read if one in found))
                for name, (_, read) in found.items()
            },
        )

    @cached_property
    def children(self) -> Mapping[str, Sequence[str]]:
        """What reads each entry."""
        found: dict[str, list[str]] = {name: [] for name in self.vertices}
        for name, parents in self.parents.items():
            for one in parents:
                found[one].append(name)
        return found

    def above(self, start: str, depth: int | None = None) -> dict[str, int]:
        """What ``start`` reads, directly or not, with how far above it is, up to ``depth``."""
        return reached(start, self.parents, depth)

    def below(self, start: str, depth: int | None = None) -> dict[str, int]:
        """What reads ``start``, directly or not, with how far below it is."""
        return reached(start, self.children, depth)

    def ordered(self, among: Collection[str]) -> list[str]:
        """``among``, what is read before what reads it; as given where they read each other in a circle."""
        sorter = TopologicalSorter(
            {name: [one for one in self.parents[name] if one in among] for name in among}
        )
        try:
            return list(sorter.static_order())
        except CycleError:
            return list(among)

    def edges(self, among: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """From what is read to what reads it, both of ``among``."""
        for name in among:
            for one in self.parents[name]:
                if one in among:
                    yield one, name

    def named(self, name: str) -> Sequence[Vertex]:
        """All that a name may mean."""
        if name in self.vertices:
            return [self.vertices[name]]
        named = [one for one in self.vertices.values() if name in _names(one)]
        # A semantic model is often called as its model is.
        return [one for one in named if one.relation] or named

    def find(self, name: str) -> Vertex:
        """By name, ``name.vVERSION``, ``SOURCE.TABLE`` or unique id.

        Raises ``IsolationError`` where there is none, or more than one.
        """
        named = self.named(name)
        if len(named) > 1:
            raise IsolationError(
                f"'{name}' is the name of {len(named)} nodes",
                f"say which: {', '.join(one.unique_id for one in named)}",
            )
        if not named:
            raise IsolationError(
                f"no node '{name}'", suggestion(name, [one.name for one in self.vertices.values()])
            )
        return named[0]


def _names(vertex: Vertex) -> tuple[str, ...]:
    plain = vertex.name.rsplit(".v", 1)[0] if vertex.kind == "model" else vertex.name
    return vertex.name, plain
