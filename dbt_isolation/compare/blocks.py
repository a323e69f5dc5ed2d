"""A comparison as what reports show, and as data for programs."""

from collections.abc import Iterator, Mapping

from dbt_isolation.compare import words
from dbt_isolation.compare.columns import Edge
from dbt_isolation.compare.comparison import Comparison, NodeChange
from dbt_isolation.compare.impact import Reached
from dbt_isolation.compare.nodes import Became
from dbt_isolation.outcome import Block, Graph, Json, Mark, Table, Text, TextDiff, Vertex

_MARKS = {Became.ADDED: Mark.ADDED, Became.REMOVED: Mark.REMOVED}


def blocks(comparison: Comparison) -> Iterator[Block]:
    """The shortest first: who needs no more reads no further."""
    if comparison.released is None:
        return
    release = comparison.released.release
    yield Text(
        f"compared with release {release.number} of {release.environment}, made {release.created_at} by "
        f"{release.actor} at commit {release.commit[:12] or 'unknown'}"
        f"{' with changes' if release.dirty else ''}",
        (),
    )
    rows = [
        (_name(comparison, node.pair.unique_id), words.what(node), "\n".join(words.sentences(node)))
        for node in comparison.nodes
    ]
    for became, vertices in (("new", comparison.graph.added), ("removed", comparison.graph.removed)):
        for one in vertices:
            rows.append((one.name, became, ", ".join(filter(None, (one.kind, one.owner)))))
    rows += [(one.name, "moved", said) for one, said in comparison.graph.elsewhere]
    if rows:
        yield Table("what changed", ("what", "change", "more"), tuple(rows))
    yield from _below(comparison)
    if comparison.tests:
        yield Table(
            "tests removed or weakened",
            ("of", "test"),
            tuple((_name(comparison, one.about), one.sentence) for one in comparison.tests),
        )
    yield from _graph(comparison)
    yield from _edges(comparison)
    for node in comparison.nodes:
        if node.before != node.now and node.before and node.now:
            name = _name(comparison, node.pair.unique_id)
            yield TextDiff(f"SQL of {name}", node.before, node.now, node.pair.node.original_file_path)


def data(comparison: Comparison) -> Mapping[str, Json]:
    """For programs: everything by unique id."""
    released = comparison.released
    drift = comparison.drift
    return {
        "release": released.release.number if released is not None else None,
        "environment": released.release.environment if released is not None else None,
        "summary": words.headline(comparison),
        "nodes": [_node(node) for node in comparison.nodes],
        "added": [one.unique_id for one in comparison.graph.added],
        "removed": [one.unique_id for one in comparison.graph.removed],
        "moved": [[one.unique_id, said] for one, said in comparison.graph.elsewhere],
        "edges": {
            "added": [list(one) for one in comparison.graph.edges_added],
            "removed": [list(one) for one in comparison.graph.edges_removed],
        },
        "tests": [
            {"about": one.about, "test": one.test, "column": one.column, "what": one.what}
            for one in comparison.tests
        ],
        "reached": [_reached(comparison, one) for one in comparison.reached],
        "drift": {"base": drift.base, "theirs": sorted(drift.theirs), "both": sorted(drift.both)}
        if drift is not None
        else None,
    }


def _below(comparison: Comparison) -> Iterator[Block]:
    affected = [one for one in comparison.reached if one.affected or one.new]
    rest = len(comparison.reached) - len(affected)
    if affected:
        rows = tuple(
            (
                str(one.distance),
                _name(comparison, one.unique_id),
                _kind(comparison, one.unique_id),
                comparison.tree.lineage.vertices[one.unique_id].owner,
                words.felt(one),
            )
            for one in affected
        )
        more = f"; {rest} more below {'reads' if rest == 1 else 'read'} none of it" if rest else ""
        yield Table(f"whom it reaches{more}", ("steps", "who", "kind", "owner", "what of it"), rows)
    elif rest:
        yield Text(
            "what is below reads none of it" if rest == 1 else f"none of the {rest} below reads any", ()
        )


def _graph(comparison: Comparison) -> Iterator[Block]:
    lineage = comparison.tree.lineage
    marks: dict[str, Mark | None] = {}
    for one in comparison.reached:
        if one.affected or one.new:
            marks[one.unique_id] = Mark.BROKEN if one.broken else Mark.AFFECTED
    for node in comparison.nodes:
        mark = next((_MARKS[one] for one in node.pair.became if one in _MARKS), Mark.CHANGED)
        if marks.get(node.pair.unique_id) is not Mark.BROKEN:
            marks[node.pair.unique_id] = mark
    for vertex in comparison.graph.added:
        marks[vertex.unique_id] = Mark.ADDED
    for vertex in comparison.graph.removed:
        marks[vertex.unique_id] = Mark.REMOVED
    for vertex, _ in comparison.graph.elsewhere:
        marks[vertex.unique_id] = Mark.CHANGED
    edges = dict.fromkeys(lineage.edges({one: None for one in marks if one in lineage.vertices}))
    changed: dict[tuple[str, str], Mark] = dict.fromkeys(comparison.graph.edges_removed, Mark.REMOVED)
    changed |= dict.fromkeys(comparison.graph.edges_added, Mark.ADDED)
    for edge in changed:
        edges[edge] = None
        for end in edge:
            marks.setdefault(end, None)
    if not edges:
        return
    notes = {node.pair.unique_id: words.what(node) for node in comparison.nodes}
    yield Graph(
        "what changed, and whom it reaches",
        "",
        tuple(
            Vertex(
                one,
                _name(comparison, one),
                _kind(comparison, one),
                notes.get(one, ""),
                mark,
            )
            for one, mark in marks.items()
        ),
        tuple(edges),
        changed,
    )


def _edges(comparison: Comparison) -> Iterator[Block]:
    rows = [
        (sign, _name(comparison, one), _name(comparison, name))
        for sign, edges in (("+", comparison.graph.edges_added), ("−", comparison.graph.edges_removed))
        for one, name in edges
    ]
    if rows:
        yield Table("who reads whom", ("", "what is read", "by"), tuple(rows), folded=True)
    columns = [
        (sign, _column(comparison, edge, 0), _column(comparison, edge, 1))
        for node in comparison.nodes
        for sign, edges in (("+", node.columns.edges_added), ("−", node.columns.edges_removed))
        for edge in edges
    ]
    if columns:
        yield Table("what columns are made of", ("", "what is read", "for"), tuple(columns), folded=True)


def _column(comparison: Comparison, edge: Edge, end: int) -> str:
    return f"{_name(comparison, edge[end].unique_id)}.{edge[end].column}"


def _node(node: NodeChange) -> Mapping[str, Json]:
    pair, change, columns = node.pair, node.change, node.columns
    return {
        "id": pair.unique_id,
        "was": pair.before.unique_id if pair.before is not None else None,
        "became": sorted(pair.became),
        "moves": list(pair.moves),
        "path": pair.node.original_file_path,
        "access": pair.node.access,
        "kind": str(change.kind) if change is not None else None,
        "reason": change.reason if change is not None else None,
        "columns": list(change.columns) if change is not None else [],
        "columns_added": list(columns.added),
        "columns_removed": list(columns.removed),
        "columns_renamed": [list(one) for one in columns.renamed],
        "columns_retyped": [list(one) for one in columns.retyped],
        "columns_reordered": columns.reordered,
        "edges_added": [[_dotted(one), _dotted(to)] for one, to in columns.edges_added],
        "edges_removed": [[_dotted(one), _dotted(to)] for one, to in columns.edges_removed],
        "config": [
            {"key": one.key, "before": str(one.before), "now": str(one.now), "kind": str(one.kind)}
            for one in node.configs
        ],
        "uncertain": list(node.uncertain),
    }


def _reached(comparison: Comparison, one: Reached) -> Mapping[str, Json]:
    return {
        "id": one.unique_id,
        "kind": _kind(comparison, one.unique_id),
        "owner": comparison.tree.lineage.vertices[one.unique_id].owner,
        "distance": one.distance,
        "affected": one.affected,
        "columns": sorted(one.columns),
        "rows": one.rows,
        "new": sorted(one.new),
        "lost": sorted(one.lost),
        "broken": list(one.broken),
        "uncertain": one.uncertain,
    }


def _dotted(column: tuple[str, str]) -> str:
    return ".".join(column)


def _name(comparison: Comparison, unique_id: str) -> str:
    vertex = comparison.tree.lineage.vertices.get(unique_id)
    if vertex is None and comparison.released is not None:
        vertex = comparison.released.lineage.vertices.get(unique_id)
    return vertex.name if vertex is not None else unique_id


def _kind(comparison: Comparison, unique_id: str) -> str:
    vertex = comparison.tree.lineage.vertices.get(unique_id)
    if vertex is None and comparison.released is not None:
        vertex = comparison.released.lineage.vertices.get(unique_id)
    return vertex.kind if vertex is not None else ""
