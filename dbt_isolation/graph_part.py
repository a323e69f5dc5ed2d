"""The part of a graph that matters most, where all of it would be too much to draw."""

from collections.abc import Iterable
from dataclasses import replace

from dbt_isolation.outcome import Graph, Mark

#: Those that were not edited themselves but only read what was.
_FEELING = frozenset({Mark.AFFECTED})


def part(graph: Graph, vertices: int, edges: int) -> Graph | None:
    """``graph`` where it is no larger than that, else the largest of the parts that is not; None if none is.

    Around what was asked, as many whole steps as fit. Else what is marked with its direct neighbours, then
    without them, and the same without what is only affected.
    """
    if len(graph.vertices) <= vertices and len(graph.edges) <= edges:
        return graph
    beside: dict[str, set[str]] = {}
    for one, other in graph.edges:
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    if graph.focus:
        found = None
        names = {graph.focus}
        while (grown := _of(graph, names)) and _fits(grown, vertices, edges):
            found = grown
            names |= {name for one in names for name in beside.get(one, ())}
            if len(names) == len(found.vertices):
                break
        return found
    for marked in (_marked(graph, frozenset()), _marked(graph, _FEELING)):
        for names in ({*marked, *(name for one in marked for name in beside.get(one, ()))}, marked):
            found = _of(graph, names)
            if names and _fits(found, vertices, edges):
                return found
    return None


def _marked(graph: Graph, without: Iterable[Mark]) -> set[str]:
    found = {vertex.name for vertex in graph.vertices if vertex.mark and vertex.mark not in without}
    return found | {name for edge in graph.edges if edge in graph.marks for name in edge}


def _of(graph: Graph, names: set[str]) -> Graph:
    return replace(
        graph,
        vertices=tuple(vertex for vertex in graph.vertices if vertex.name in names),
        edges=tuple((one, other) for one, other in graph.edges if one in names and other in names),
    )


def _fits(graph: Graph, vertices: int, edges: int) -> bool:
    return len(graph.vertices) <= vertices and len(graph.edges) <= edges
