"""A graph as text: two trees around what was asked, or a forest from the roots where nothing was."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dbt_isolation.excerpt import plain
from dbt_isolation.outcome import Graph, Mark, Vertex

#: What stands before the label of a vertex, so that no one needs colours to see what became of it.
SIGNS: Mapping[Mark, str] = {
    Mark.ADDED: "+",
    Mark.REMOVED: "−",
    Mark.CHANGED: "~",
    Mark.AFFECTED: "≈",
    Mark.BROKEN: "!",
}


def label(vertex: Vertex) -> str:
    """The vertex's label, with its sign."""
    return f"{SIGNS[vertex.mark]} {vertex.label}" if vertex.mark else vertex.label


def trees(graph: Graph) -> Iterator[str]:
    """Lines; what stands further up already is named once more, without what hangs on it."""
    labels = {
        vertex.name: plain(f"{label(vertex)} ({', '.join(filter(None, (vertex.kind, vertex.note)))})")
        for vertex in graph.vertices
    }
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for one, other in graph.edges:
        above.setdefault(other, []).append(one)
        below.setdefault(one, []).append(other)
    if not graph.focus:
        yield from _forest(list(labels), above, _Tree(below, labels, graph.marks))
        return
    turned = {(other, one): mark for (one, other), mark in graph.marks.items()}
    for title, onward, marks in (("reads", above, turned), ("is read by", below, graph.marks)):
        if graph.focus in onward:
            yield f"  {title}"
            yield from _Tree(onward, labels, marks).under(graph.focus, {graph.focus})


def _forest(names: Sequence[str], above: Mapping[str, Sequence[str]], tree: "_Tree") -> Iterator[str]:
    """First what reads nothing, then what is left: who reads each other in a circle."""
    seen: set[str] = set()
    for starts in ((name for name in names if name not in above), names):
        for name in starts:
            if name not in seen:
                seen.add(name)
                yield f"  {tree.labels[name]}"
                yield from tree.under(name, seen)


class _Tree:
    """Ways from each vertex, and how vertices and the edges to them are called."""

    def __init__(
        self,
        onward: Mapping[str, Sequence[str]],
        labels: Mapping[str, str],
        marks: Mapping[tuple[str, str], Mark],
    ) -> None:
        self.labels = labels
        self._onward = onward
        self._marks = marks

    def under(self, root: str, seen: set[str]) -> Iterator[str]:
        """What hangs on ``root``; ``seen`` stood further up, and takes in what is said."""
        # An own stack: a project may be deeper than Python calls itself.
        ahead = list(self._steps(root, "  "))
        while ahead:
            parent, name, indent, last = ahead.pop()
            more = " …" if name in seen and name in self._onward else ""
            mark = self._marks.get((parent, name))
            edge = f" [{mark} edge]" if mark else ""
            yield f"{indent}{'└─' if last else '├─'} {self.labels.get(name, name)}{edge}{more}"
            if name not in seen:
                seen.add(name)
                ahead += self._steps(name, f"{indent}{'   ' if last else '│  '}")

    def _steps(self, name: str, indent: str) -> Iterable[tuple[str, str, str, bool]]:
        """The last one first, as a stack wants it."""
        children = self._onward.get(name, ())
        return [(name, one, indent, one == children[-1]) for one in reversed(children)]
