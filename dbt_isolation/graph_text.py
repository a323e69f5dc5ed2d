"""A graph as two trees of text around what was asked: what it reads, and what reads it."""

from collections.abc import Iterator, Mapping, Sequence

from dbt_isolation.outcome import Graph


def trees(graph: Graph) -> Iterator[str]:
    """Lines; what stands further up already is named once more, without what hangs on it."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for one, other in graph.edges:
        above.setdefault(other, []).append(one)
        below.setdefault(one, []).append(other)
    labels = {
        vertex.name: f"{vertex.label} ({', '.join(filter(None, (vertex.kind, vertex.note)))})"
        for vertex in graph.vertices
    }
    for title, onward in (("reads", above), ("is read by", below)):
        if graph.focus in onward:
            yield f"  {title}"
            yield from _tree(graph.focus, onward, labels)


def _tree(root: str, onward: Mapping[str, Sequence[str]], labels: Mapping[str, str]) -> Iterator[str]:
    seen = {root}
    # An own stack: a project may be deeper than Python calls itself.
    ahead = [(one, "  ", one == onward[root][-1]) for one in reversed(onward[root])]
    while ahead:
        name, indent, last = ahead.pop()
        more = name in seen and name in onward
        yield f"{indent}{'└─' if last else '├─'} {labels.get(name, name)}{' …' if more else ''}"
        if name in seen:
            continue
        seen.add(name)
        children = onward.get(name, ())
        deeper = f"{indent}{'   ' if last else '│  '}"
        ahead += [(one, deeper, one == children[-1]) for one in reversed(children)]
