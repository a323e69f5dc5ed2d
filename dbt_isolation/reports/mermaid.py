"""Mermaid's flowcharts, which GitHub and GitLab draw in Markdown: https://mermaid.js.org/syntax/flowchart.html."""

from typing import TextIO

from dbt_isolation.outcome import Graph, Outcome

_SHAPES = {"source": ("[(", ")]"), "exposure": ("{{", "}}"), "metric": ("{{", "}}"), "seed": ("[/", "/]")}


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
    for vertex in graph.vertices:
        opens, closes = _SHAPES.get(vertex.kind, ("[", "]"))
        label = "<br>".join(map(_text, filter(None, (vertex.label, vertex.note))))
        found.append(f'    {number[vertex.name]}{opens}"{label}"{closes}')
    found += [f"    {number[one]} --> {number[other]}" for one, other in graph.edges]
    if graph.focus in number:
        found.append(f"    style {number[graph.focus]} stroke-width:4px")
    return found


def _text(text: str) -> str:
    """As Mermaid shows it: entities for what it would read as its own or as HTML."""
    plain = " ".join(text.split())
    return "".join(one if one.isalnum() or one in " ._-/:()',→" else f"#{ord(one)};" for one in plain)
