"""Graphviz's language: https://graphviz.org/doc/info/lang.html."""

from typing import TextIO

from dbt_isolation.outcome import Graph, Outcome

_SHAPES = {"source": "cylinder", "seed": "folder", "exposure": "hexagon", "metric": "hexagon"}


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """A digraph each graph; a comment where there is none."""
    graphs = [block for block in outcome.blocks if isinstance(block, Graph)]
    for graph in graphs:
        stream.write(f"digraph {_text(graph.title)} {{\n  rankdir=LR\n  node [shape=box]\n")
        for vertex in graph.vertices:
            label = _text("\n".join(filter(None, (vertex.label, vertex.note))))
            shape = f", shape={_SHAPES[vertex.kind]}" if vertex.kind in _SHAPES else ""
            bold = ", penwidth=3" if vertex.name == graph.focus else ""
            stream.write(f"  {_text(vertex.name)} [label={label}{shape}{bold}]\n")
        for one, other in graph.edges:
            stream.write(f"  {_text(one)} -> {_text(other)}\n")
        stream.write("}\n")
    if not graphs:
        stream.write(f"// dbt-isolation {command}: nothing to draw\n")


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", "\\n")
    return f'"{escaped}"'
