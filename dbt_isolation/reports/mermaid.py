"""Mermaid's flowcharts, which GitHub and GitLab draw in Markdown: https://mermaid.js.org/syntax/flowchart.html."""

from typing import TextIO

from dbt_isolation.graph_text import label
from dbt_isolation.outcome import Graph, Mark, Outcome

_SHAPES = {"source": ("[(", ")]"), "exposure": ("{{", "}}"), "metric": ("{{", "}}"), "seed": ("[/", "/]")}
#: How a marked vertex looks beside its sign; with the colour of the text, since the page may be dark.
_CLASSES = {
    Mark.ADDED: "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    Mark.REMOVED: "fill:#f6f8fa,stroke:#6e7781,color:#57606a,stroke-dasharray:5 3",
    Mark.CHANGED: "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    Mark.AFFECTED: "fill:#ddf4ff,stroke:#0969da,color:#1f2328,stroke-dasharray:2 2",
    Mark.BROKEN: "fill:#ffcecb,stroke:#cf222e,color:#1f2328,stroke-width:3px",
}
_ARROWS = {Mark.ADDED: "==>", Mark.REMOVED: "-.->"}


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """A chart each graph; a comment where there is none."""
    graphs = [block for block in outcome.blocks if isinstance(block, Graph)]
    for graph in graphs:
        stream.write("\n".join(lines(graph)) + "\n")
    if not graphs:
        stream.write(f"%% dbt-isolation {command}: nothing to draw\n")


def lines(graph: Graph) -> list[str]:
    """The lines of one chart."""
    number = {vertex.name: f"n{index}" for index, vertex in enumerate(graph.vertices)}
    found = ["flowchart LR"]
    marked: dict[Mark, list[str]] = {}
    for vertex in graph.vertices:
        opens, closes = _SHAPES.get(vertex.kind, ("[", "]"))
        # Mermaid cannot read an empty label.
        text = "<br>".join(map(_text, filter(None, (label(vertex), vertex.note)))) or " "
        found.append(f'    {number[vertex.name]}{opens}"{text}"{closes}')
        if vertex.mark:
            marked.setdefault(vertex.mark, []).append(number[vertex.name])
    for edge in graph.edges:
        mark = graph.marks.get(edge)
        arrow = _ARROWS.get(mark, "-->") if mark else "-->"
        found.append(f"    {number[edge[0]]} {arrow} {number[edge[1]]}")
    for mark, style in _CLASSES.items():
        if mark in marked:
            found.append(f"    classDef {mark} {style}")
            found.append(f"    class {','.join(marked[mark])} {mark}")
    if graph.focus in number:
        found.append(f"    style {number[graph.focus]} stroke-width:4px")
    return found


def _text(text: str) -> str:
    """As Mermaid shows it: entities for what it would read as its own or as HTML."""
    shown = " ".join(text.split())
    return "".join(one if one.isalnum() or one in " ._-/:()',→" else f"#{ord(one)};" for one in shown)
