"""Who reads whom, before and now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dbt_isolation.artifacts.source import Source
from dbt_isolation.compare.project import Project
from dbt_isolation.lineage.graph import Lineage, Vertex

#: What dbt does not build: it only comes, goes or reads something else.
_OTHERS = frozenset({"source", "exposure", "metric", "semantic_model", "saved_query", "analysis"})


@dataclass(frozen=True, slots=True)
class GraphChanges:
    """``added`` and ``removed``: sources, exposures, metrics and the like. ``elsewhere``: sources that are
    another table than before, each with a sentence.

    ``edges_added`` and ``edges_removed``: from what is read to what reads it, of readers on both sides.
    """

    added: tuple[Vertex, ...] = ()
    removed: tuple[Vertex, ...] = ()
    elsewhere: tuple[tuple[Vertex, str], ...] = ()
    edges_added: tuple[tuple[str, str], ...] = ()
    edges_removed: tuple[tuple[str, str], ...] = ()


def graph_changes(
    released: Project, tree: Project, called: Mapping[str, str], leaves_out: Callable[[str], bool]
) -> GraphChanges:
    """What differs. ``called``: what nodes that were renamed are called now; ``leaves_out``: by unique id."""
    before, now = released.lineage, tree.lineage
    # Most read on both sides the same.
    edges = (
        {
            (called.get(one, one), called.get(name, name))
            for name, parents in lineage.parents.items()
            if parents != other.parents.get(name)
            and called.get(name, name) in now.vertices
            and not leaves_out(called.get(name, name))
            for one in parents
        }
        for lineage, other in ((before, now), (now, before))
    )
    old, new = edges
    stayed = {called.get(name, name) for name in before.vertices}
    return GraphChanges(
        added=_others(now, before, leaves_out),
        removed=_others(before, now, leaves_out),
        elsewhere=tuple(
            (now.vertices[name], f"{key}: {old} → {new}")
            for name in sorted(tree.manifest.sources)
            if name in released.manifest.sources and not leaves_out(name)
            for key, old, new in _moves(
                released.manifest.sources[name], tree.manifest.sources[name], alike=_alike(released, tree)
            )
        ),
        edges_added=tuple(sorted((one, name) for one, name in new - old if name in stayed)),
        edges_removed=tuple(sorted(old - new)),
    )


def _alike(released: Project, tree: Project) -> bool:
    """Whether both are of one version of dbt: earlier ones do not say how a source's place is written."""
    was, here = (one.manifest.metadata.dbt_version.split(".")[:2] for one in (released, tree))
    return was == here


def _moves(before: Source, now: Source, *, alike: bool) -> Iterator[tuple[str, str, str]]:
    """As it is written: where a target has it differs by target alone."""
    for key, old, new in (
        ("identifier", before.identifier, now.identifier),
        ("schema", before.unrendered_schema, now.unrendered_schema),
        ("database", before.unrendered_database, now.unrendered_database),
    ):
        if old != new and (alike or None not in (old, new)):
            yield key, old or "none", new or "none"


def _others(these: Lineage, those: Lineage, leaves_out: Callable[[str], bool]) -> tuple[Vertex, ...]:
    return tuple(
        these.vertices[name]
        for name in sorted(these.vertices.keys() - those.vertices.keys())
        if these.vertices[name].kind in _OTHERS and not leaves_out(name)
    )
