"""A graph as a picture to move in, with its legend, and as text for those who see no picture."""

import json
from collections.abc import Iterator
from html import escape

from dbt_isolation.graph_part import part
from dbt_isolation.graph_text import SIGNS, trees
from dbt_isolation.outcome import Graph, Mark
from dbt_isolation.reports.page import static

#: In the order in which they must run; the last one is ours.
_SCRIPTS = ("cytoscape.min.js", "dagre.min.js", "graph.js")
#: More than a browser moves with ease.
_VERTICES = 4000
_EDGES = 12000
_HINT = (
    "Click what you want to follow; the picture takes the wheel, the arrow keys, + and − once it is chosen."
)


def style() -> str:
    """What a page with a graph needs in its head."""
    return static("graph.css")


def scripts() -> Iterator[str]:
    """What a page with a graph needs at its end."""
    for name in _SCRIPTS:
        text = static(name)
        # Where a browser's tools would find the source: not beside this page.
        lines = (line for line in text.splitlines() if not line.startswith("//# sourceMappingURL="))
        yield f"<script>\n{chr(10).join(lines)}\n</script>"


def section(graph: Graph) -> str:
    """The graph with what one searches, reads and falls back to; all but the text needs the scripts."""
    tree = f"<pre>{escape(chr(10).join(trees(graph)))}</pre>"
    text = f"<details open>\n<summary>as text</summary>\n{tree}\n</details>"
    drawn = part(graph, _VERTICES, _EDGES)
    if not graph.vertices:
        return ""
    if drawn is None:
        return f"<p>{_count(graph)}: too many to draw.</p>\n{text}"
    cut = f"<p>Of {_count(graph)}, {_count(drawn)} are drawn.</p>\n" if drawn != graph else ""
    return (
        f'<section class="graph">\n{cut}'
        '<div class="bar"><input type="search" placeholder="find" aria-label="find in the graph">'
        '<button type="button" value="-" aria-label="smaller">−</button>'
        '<button type="button" value="+" aria-label="larger">+</button>'
        '<button type="button" value="0">all</button><span class="count" role="status"></span></div>\n'
        f'<div class="picture" tabindex="0" role="application" aria-label="{escape(graph.title)}"></div>\n'
        f'<p class="said" role="status">{_HINT}</p>\n{_legend(drawn)}{text}\n'
        f'<script type="application/json">{_data(drawn)}</script>\n</section>'
    )


def _count(graph: Graph) -> str:
    return f"{len(graph.vertices)} vertices and {len(graph.edges)} edges"


def _legend(graph: Graph) -> str:
    counts = {mark: sum(vertex.mark is mark for vertex in graph.vertices) for mark in Mark}
    items = [
        f'<li><span class="{mark}">{SIGNS[mark]}</span>{mark} ({count})</li>'
        for mark, count in counts.items()
        if count
    ]
    return f'<ul class="legend">{"".join(items)}</ul>\n' if items else ""


def _data(graph: Graph) -> str:
    number = {vertex.name: index for index, vertex in enumerate(graph.vertices)}
    vertices = [
        {
            "name": one.name,
            "label": one.label,
            "kind": one.kind,
            "note": one.note,
            "mark": str(one.mark or ""),
            "sign": SIGNS[one.mark] if one.mark else "",
        }
        for one in graph.vertices
    ]
    edges = [
        [number[one], number[other], str(graph.marks.get((one, other), ""))]
        for one, other in graph.edges
        if one in number and other in number
    ]
    data = json.dumps({"vertices": vertices, "edges": edges, "focus": number.get(graph.focus, -1)})
    # All but ASCII is escaped already. A `<` could end the script, or begin a comment that hides its end.
    return data.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
