"""Mermaid and Graphviz by what their languages allow, whatever the labels are; and the terminal's colours."""

import io
import re

from hypothesis import given

from dbt_isolation.outcome import Graph, Mark, Outcome, Table, TextDiff, Vertex
from dbt_isolation.reports import Report, dot, mermaid, terminal
from tests.reports.outcomes import graphs

#: Of a label: what Mermaid takes as it is, and entities.
_LABEL = r"(?:[^\W]|[ .\-/:()',→]|#\d+;|<br>)+"
_MERMAID = re.compile(
    rf'    n\d+(?:\["{_LABEL}"\]|\[\("{_LABEL}"\)\]|\{{\{{"{_LABEL}"\}}\}}|\[/"{_LABEL}"/\])'
    r"|    n\d+ (?:-->|==>|-\.->) n\d+"
    r"|    classDef [a-z]+ [a-z0-9:#, -]+"
    r"|    class n\d+(?:,n\d+)* [a-z]+"
    r"|    style n\d+ stroke-width:4px"
)
_QUOTED = r'"(?:[^"\\\n\0]|\\\\|\\"|\\n)*"'
_VALUE = rf"(?:{_QUOTED}|[a-z0-9]+)"
_DOT = re.compile(
    rf"  {_QUOTED} \[label={_QUOTED}(?:, [a-z]+={_VALUE})*\]"
    rf"|  {_QUOTED} -> {_QUOTED}(?: \[[a-z]+={_VALUE}(?:, [a-z]+={_VALUE})*\])?"
)


def lines(report: Report, outcome: Outcome) -> list[str]:
    """What a format writes; ends of lines are those that it means."""
    stream = io.StringIO()
    report.write("compare", outcome, stream)
    return stream.getvalue().removesuffix("\n").split("\n")


@given(graphs())
def test_mermaid(graph: Graph) -> None:
    """Every line is one that the language has, and names what stands above it."""
    first, *rest = lines(mermaid, Outcome(blocks=(graph,)))
    assert first == "flowchart LR"
    assert [line for line in rest if not _MERMAID.fullmatch(line)] == []
    assert sum(bool(re.search("-->|==>|-[.]->", line)) for line in rest) == len(graph.edges)
    for mark in Mark:
        marked = sum(vertex.mark is mark for vertex in graph.vertices)
        classes = [line for line in rest if re.fullmatch(rf"    class \S+ {mark}", line)]
        assert sum(line.count("n") - mark.count("n") for line in classes) == marked


@given(graphs())
def test_dot(graph: Graph) -> None:
    """The same for Graphviz."""
    first, rank, node, *rest, last = lines(dot, Outcome(blocks=(graph,)))
    assert re.fullmatch(f"digraph {_QUOTED} {{", first)
    assert (rank, node, last) == ("  rankdir=LR", "  node [shape=box]", "}")
    assert [line for line in rest if not _DOT.fullmatch(line)] == []
    assert len(rest) == len(graph.vertices) + len(graph.edges)


def test_details_are_named_on_a_terminal() -> None:
    """Texts, folded tables and pictures of what changed are for a page; a graph of what was asked is not."""
    outcome = Outcome(
        blocks=(
            Graph("what changed", "", (Vertex("a", "a", "model"),), ()),
            Table("t", ("a",), (("row",),), folded=True),
            TextDiff("SQL of a\x1b[31m", "one", "two"),
            Graph("about a", "a", (Vertex("a", "a", "model"),), ()),
        )
    )
    assert lines(terminal, outcome) == [
        "about a",
        "on the page of --format html: what changed; t; SQL of a�[31m",
        "compare: all fine",
    ]


def test_the_last_line() -> None:
    """What came of it, with the counts where there are any."""
    assert lines(terminal, Outcome(summary="3 models changed")) == ["compare: 3 models changed"]
