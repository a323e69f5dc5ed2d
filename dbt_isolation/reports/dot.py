"""Graphviz's language: https://graphviz.org/doc/info/lang.html."""

from typing import TextIO

from dbt_isolation.excerpt import plain
from dbt_isolation.graph_text import label
from dbt_isolation.outcome import Graph, Mark, Outcome, Vertex

_SHAPES = {"source": "cylinder", "seed": "folder", "exposure": "hexagon", "metric": "hexagon"}
#: How a marked vertex looks beside its sign.
_STYLES = {
    Mark.ADDED: 'style=filled, fillcolor="#dafbe1", color="#1a7f37"',
    Mark.REMOVED: 'style="filled,dashed", fillcolor="#f6f8fa", color="#6e7781"',
    Mark.CHANGED: 'style=filled, fillcolor="#fff8c5", color="#9a6700"',
    Mark.AFFECTED: 'style="filled,dotted", fillcolor="#ddf4ff", color="#0969da"',
    Mark.BROKEN: 'style=filled, fillcolor="#ffcecb", color="#cf222e", peripheries=2',
}
_EDGES = {
    Mark.ADDED: ' [color="#1a7f37", penwidth=2]',
    Mark.REMOVED: ' [color="#6e7781", style=dashed]',
}


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """A digraph each graph; a comment where there is none."""
    graphs = [block for block in outcome.blocks if isinstance(block, Graph)]
    for graph in graphs:
        stream.write(f"digraph {_text(graph.title)} {{\n  rankdir=LR\n  node [shape=box]\n")
        for vertex in graph.vertices:
            stream.write(f"  {_text(vertex.name)} [{', '.join(_attributes(vertex, graph.focus))}]\n")
        for edge in graph.edges:
            one, other = map(_text, edge)
            mark = graph.marks.get(edge)
            stream.write(f"  {one} -> {other}{_EDGES.get(mark, '') if mark else ''}\n")
        stream.write("}\n")
    if not graphs:
        stream.write(f"// dbt-isolation {command}: nothing to draw\n")


def _attributes(vertex: Vertex, focus: str) -> list[str]:
    found = ["label=" + _text("\n".join(filter(None, (label(vertex), vertex.note))))]
    if vertex.kind in _SHAPES:
        found.append(f"shape={_SHAPES[vertex.kind]}")
    if vertex.mark:
        found.append(_STYLES[vertex.mark])
    if vertex.name == focus:
        found.append("penwidth=3")
    return found


def _text(text: str) -> str:
    lines = (plain(line) for line in text.replace("\r", " ").split("\n"))
    escaped = "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return f'"{escaped}"'
