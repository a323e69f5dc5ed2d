"""Graphs as text, and the part of one that is drawn."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.graph_part import part
from dbt_isolation.graph_text import trees
from dbt_isolation.outcome import Graph, Mark, Vertex
from tests.reports.outcomes import graphs


def graph(edges: str, focus: str = "", **marks: Mark) -> Graph:
    """From pairs of letters."""
    pairs = tuple((one[0], one[1]) for one in edges.split())
    names = dict.fromkeys([*(name for pair in pairs for name in pair), *marks])
    vertices = tuple(Vertex(name, name, "model", "", marks.get(name)) for name in names)
    return Graph("", focus, vertices, pairs)


def test_a_forest() -> None:
    """From each root; what was said is named once more, and a circle begins somewhere."""
    assert list(trees(graph("ac bc cd ef fe"))) == [
        "  a (model)",
        "  └─ c (model)",
        "     └─ d (model)",
        "  b (model)",
        "  └─ c (model) …",
        "  e (model)",
        "  └─ f (model)",
        "     └─ e (model) …",
    ]


def test_marks() -> None:
    """Signs before what became of something, words behind an edge."""
    marked = graph("ab bc", a=Mark.REMOVED, b=Mark.BROKEN, c=Mark.AFFECTED)
    marked = Graph("", "b", marked.vertices, marked.edges, {("a", "b"): Mark.REMOVED})
    assert list(trees(marked)) == [
        "  reads",
        "  └─ − a (model) [removed edge]",
        "  is read by",
        "  └─ ≈ c (model)",
    ]


def test_a_deep_graph() -> None:
    """Deeper than Python calls itself."""
    names = [f"v{at}" for at in range(3000)]
    vertices = tuple(Vertex(name, name, "model") for name in names)
    assert len(list(trees(Graph("", "", vertices, tuple(pairwise(names)))))) == 3000


def _names(found: Graph | None) -> str:
    return "".join(vertex.name for vertex in found.vertices) if found else ""


def test_parts() -> None:
    """Whole steps around what was asked; what is marked with its neighbours, then without."""
    chain = "ab bc cd de ef fg"
    assert _names(part(graph(chain, "d"), 7, 6)) == "abcdefg"
    assert _names(part(graph(chain, "d"), 6, 6)) == "bcdef"
    assert _names(part(graph(chain, "d"), 4, 9)) == "cde"
    assert _names(part(graph(chain, "d"), 5, 3)) == "cde"
    assert part(graph(chain, "d"), 0, 0) is None
    marked = graph(chain, c=Mark.CHANGED, d=Mark.AFFECTED)
    assert _names(part(marked, 6, 6)) == "bcde"
    assert _names(part(marked, 3, 6)) == "cd"
    assert _names(part(marked, 1, 6)) == "c"
    assert part(marked, 0, 6) is None
    assert part(graph(chain), 5, 5) is None


@given(graphs(), st.integers(0, 12), st.integers(0, 12))
def test_any_part(whole: Graph, vertices: int, edges: int) -> None:
    """It is no larger than asked, and its edges are between its own vertices."""
    found = part(whole, vertices, edges)
    if found is None:
        assert len(whole.vertices) > vertices or len(whole.edges) > edges
        return
    assert len(found.vertices) <= vertices
    assert len(found.edges) <= edges
    names = {vertex.name for vertex in found.vertices}
    assert all(one in names and other in names for one, other in found.edges)
    assert not whole.focus or whole.focus in names
