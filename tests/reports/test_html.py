"""The page as text: hostile words stay words, and all is said without a script."""

import io
import json
import re
from html.parser import HTMLParser

from hypothesis import given, settings

from dbt_isolation.excerpt import plain
from dbt_isolation.graph_text import SIGNS
from dbt_isolation.outcome import Graph, Mark, Outcome, Table, TextDiff, Vertex
from dbt_isolation.reports import html
from dbt_isolation.reports.page import graph, static, text_diff
from tests.reports.outcomes import LONG, graphs, outcomes
from tests.reports.test_golden import EXAMPLES

#: Elements that have no end.
_VOID = {"meta", "input"}


class Page(HTMLParser):
    """The elements of a page, each closed in its turn, and its texts by the innermost of them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert all(not name.startswith("on") and name not in ("src", "href") for name, _ in attrs)
        if tag not in _VOID:
            self.open.append((tag, dict(attrs).get("class") or dict(attrs).get("type") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tag, kind = self.open[-1] if self.open else ("", "")
        self.texts.append((tag, kind, data))

    def of(self, tag: str, kind: str = "") -> list[str]:
        """The texts of such elements."""
        return [data for one, other, data in self.texts if (one, other) == (tag, kind)]


def shown(outcome: Outcome) -> Page:
    """The page, once every element is found closed."""
    stream = io.StringIO()
    html.write("compare", outcome, stream)
    text = stream.getvalue()
    for script in graph.scripts():
        text = text.replace(script, "")
    return Page(text)


@given(outcomes())
# A page with its scripts takes long to read.
@settings(max_examples=settings().max_examples // 3)
def test_any_outcome(outcome: Outcome) -> None:
    """No text of it becomes an element, an attribute or a script."""
    page = shown(outcome)
    drawn = sum(isinstance(block, Graph) and bool(block.vertices) for block in outcome.blocks)
    assert len(page.of("script", "application/json")) == drawn
    assert not page.of("script")


@given(graphs())
def test_data_of_a_graph(drawn: Graph) -> None:
    """What the script reads is what was given, and the text names every vertex where nothing was asked."""
    if not drawn.vertices:
        assert graph.section(drawn) == ""
        return
    text = graph.section(drawn)
    [data] = re.findall(r'<script type="application/json">(.*)</script>', text)
    assert not re.search("[<>&\x00-\x1f\x7f-\uffff]", data)
    read = json.loads(data)
    assert [(one["name"], one["label"], one["mark"] or None) for one in read["vertices"]] == [
        (one.name, one.label, one.mark) for one in drawn.vertices
    ]
    names = [one.name for one in drawn.vertices]
    assert [(names[one], names[other]) for one, other, _ in read["edges"]] == list(drawn.edges)
    assert read["focus"] == (names.index(drawn.focus) if drawn.focus else -1)
    if not drawn.focus:
        tree = "".join(Page(text).of("pre"))
        for vertex in drawn.vertices:
            sign = f"{SIGNS[vertex.mark]} " if vertex.mark else ""
            # As HTML is read: it knows no NUL and only one end of a line, and these are marks here already.
            assert plain(f"{sign}{vertex.label} (") in tree


@given(LONG, LONG)
def test_both_texts_are_there(old: str, new: str) -> None:
    """Every line of each side, in its order, whether changed, folded or not."""
    text = text_diff.section(TextDiff("a", old, new), unfolded=True)
    Page(text)
    sides: tuple[list[str], list[str]] = ([], [])
    for row in re.findall("<tr>(.*)</tr>", text):
        cells = [Page(cell) for cell in re.findall(r"<td[^>]*>.*?</td>", row)]
        for side, (number, line) in zip(sides, (cells[:2], cells[2:]), strict=True):
            if count := "".join(data for *_, data in number.texts):
                side.append("".join(data for *_, data in line.texts))
                assert int(count) == len(side)
    assert sides[0] == [plain(line) for line in old.splitlines()]
    assert sides[1] == [plain(line) for line in new.splitlines()]


def test_changed_words_are_marked() -> None:
    """In a line that changed; one that came or went is marked as a whole."""
    text = text_diff.section(TextDiff("a", "one\nselect a, b\n", "one\nselect a, c\ntwo\n"), unfolded=False)
    assert "select a, <del>b</del>" in text
    assert "select a, <ins>c</ins>" in text
    assert '<td class="none"></td><td class="number">3</td><td class="new">two</td>' in text
    assert text.startswith("<details>\n<summary>a</summary>")


def test_what_did_not_change_is_folded() -> None:
    """But for three lines around what did."""
    lines = [f"line {at}" for at in range(40)]
    text = text_diff.section(
        TextDiff("a", "\n".join(lines), "\n".join([*lines[:20], "x", *lines[21:]])), True
    )
    assert "<summary>17 lines as before</summary>" in text
    assert "<summary>16 lines as before</summary>" in text
    assert text.startswith("<details open>")


def test_scripts_only_where_there_is_something_to_draw() -> None:
    """Half a megabyte that other pages need not carry."""
    sizes = {}
    for name, outcome in {**EXAMPLES, "empty": Outcome(blocks=(Graph("", "", (), ()),))}.items():
        stream = io.StringIO()
        html.write("compare", outcome, stream)
        sizes[name] = "cytoscape" in stream.getvalue()
    assert {name for name, there in sizes.items() if there} == {"graph", "compare"}


def test_scripts_end_where_they_should() -> None:
    """Nothing in them ends the element that they stand in, or asks for another file."""
    for script in graph.scripts():
        inner = script.removeprefix("<script>").removesuffix("</script>")
        assert not re.search(r"</script|<!--|<script|sourceMappingURL|//# source", inner, re.IGNORECASE)


def test_a_graph_too_large_to_draw() -> None:
    """Its part, or only its text; both say so."""
    edges = tuple((f"v{at % 70}", f"w{at}") for at in range(4100))
    marks = {"w7": Mark.CHANGED}
    names = [f"v{at}" for at in range(70)] + [f"w{at}" for at in range(4100)]
    vertices = tuple(Vertex(name, name, "model", "", marks.get(name)) for name in names)
    text = graph.section(Graph("large", "", vertices, edges))
    assert "Of 4170 vertices and 4100 edges, 2 vertices and 1 edges are drawn." in text
    assert "w4099" in text
    bare = graph.section(Graph("large", "", tuple(Vertex(name, name, "model") for name in names), edges))
    assert "too many to draw" in bare
    assert "<script" not in bare


def test_folded_tables() -> None:
    """Shown on request."""
    page = shown(Outcome(blocks=(Table("all <of> it", ("a",), (("b",),), folded=True),)))
    assert page.of("summary") == ["all <of> it"]


def test_static_files_are_text() -> None:
    """Read as they are, from a folder or from a wheel."""
    assert static("graph.css").startswith(":root")
