"""Who reads whom, before and now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dbt_isolation.lineage.graph import Lineage, Vertex

#: What dbt does not build: it only comes, goes or reads something else.
_OTHERS = frozenset({"source", "exposure", "metric", "semantic_model", "saved_query", "analysis"})


@dataclass(frozen=True, slots=True)
class GraphChanges:
    """``added`` and ``removed``: sources, exposures, metrics and the like.

    ``edges_added`` and ``edges_removed``: from what is read to what reads it, of readers on both sides.
    """

    added: tuple[Vertex, ...] = ()
    removed: tuple[Vertex, ...] = ()
    edges_added: tuple[tuple[str, str], ...] = ()
    edges_removed: tuple[tuple[str, str], ...] = ()


def graph_changes(
    before: Lineage, now: Lineage, called: Mapping[str, str], leaves_out: Callable[[str], bool]
) -> GraphChanges:
    """What differs. ``called``: what nodes that were renamed are called now; ``leaves_out``: by unique id."""
    edges = (
        {
            (called.get(one, one), called.get(name, name))
            for name, parents in lineage.parents.items()
            if called.get(name, name) in now.vertices and not leaves_out(called.get(name, name))
            for one in parents
        }
        for lineage in (before, now)
    )
    old, new = edges
    stayed = {called.get(name, name) for name in before.vertices}
    return GraphChanges(
        added=_others(now, before, leaves_out),
        removed=_others(before, now, leaves_out),
        edges_added=tuple(sorted((one, name) for one, name in new - old if name in stayed)),
        edges_removed=tuple(sorted(old - new)),
    )


def _others(these: Lineage, those: Lineage, leaves_out: Callable[[str], bool]) -> tuple[Vertex, ...]:
    return tuple(
        these.vertices[name]
        for name in sorted(these.vertices.keys() - those.vertices.keys())
        if these.vertices[name].kind in _OTHERS and not leaves_out(name)
    )
