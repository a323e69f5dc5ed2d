"""Comments as a service takes them: short enough, whole, and with the most important said."""

import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from dbt_isolation.outcome import Finding, Graph, Outcome, Severity, Skipped, Table, Text, TextDiff, Vertex
from dbt_isolation.reports import markdown
from tests.reports.outcomes import outcomes

LIMIT = 65_536
LONG = "x" * 700


def shown(outcome: Outcome) -> str:
    """The comment, once it is found whole."""
    stream = io.StringIO()
    markdown.write("compare", outcome, stream)
    text = stream.getvalue()
    assert len(text) <= LIMIT - 1000
    fences = check_whole(text)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    assert sum(token.type == "fence" for token in tokens) == fences
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert all(re.match(r"<details><summary>.*</summary>\n$|</details>\n$", one) for one in blocks), blocks
    return text


def check_whole(text: str) -> int:
    """The number of fences, each closed; details are, too."""
    depth = fences = 0
    ticks = ""
    for line in re.split("\r\n|\r|\n", text):
        if ticks:
            if re.fullmatch(f" {{0,3}}{ticks}`* *", line):
                ticks = ""
        elif opened := re.match("(`{3,})[a-z]*$", line):
            ticks = opened[1]
            fences += 1
        else:
            depth += line.startswith("<details>") - (line == "</details>")
            assert depth in (0, 1)
    assert not ticks
    assert not depth
    return fences


@given(outcomes())
def test_any_outcome(outcome: Outcome) -> None:
    """It fits, whatever it says, and what is opened is closed."""
    assert shown(outcome).startswith("## dbt-isolation compare: ")


def finding(at: int, message: str = "wrong") -> Finding:
    """One of many."""
    return Finding("DI01", Severity.ERROR, f"{message} {at}")


def diff(title: str, lines: int) -> TextDiff:
    """A text of which every line changed."""
    return TextDiff(title, "", "".join(f"{LONG} {at}\n" for at in range(lines)))


def test_the_longest_detail_goes_first() -> None:
    """Then folded tables; the rest stays."""
    folded = Table("folded", ("a",), (("b",),) * 5000, folded=True)
    blocks = (diff("short", 3), diff("long", 85), diff("middle", 20), Table("all", ("a",), (("b",),)))
    text = shown(Outcome(blocks=blocks))
    assert "<summary>short</summary>" in text
    assert "<summary>middle</summary>" in text
    assert "<summary>long</summary>" not in text
    assert "Left out: long. `dbt-isolation compare --format html --output FILE` has everything." in text
    text = shown(Outcome(blocks=(diff("small", 1), folded, Table("big", ("a",), (("b" * 60,),) * 500))))
    assert "Left out" not in text
    assert text.count("bbbb") > 0
    text = shown(Outcome(blocks=(diff("small", 1), folded, Table("big", ("a",), (("b" * 60,),) * 900))))
    assert "Left out: small, folded." in text
    assert text.count(f"| {'b' * 60} |") == 900


def test_rows_are_cut_before_findings() -> None:
    """As many stay as fit, and how many do not is said."""
    outcome = Outcome(
        findings=tuple(map(finding, range(50))),
        blocks=(Table("big", ("a",), ((LONG,),) * 200), Text("lines", (LONG,) * 200)),
        summary="much changed",
    )
    text = shown(outcome)
    assert text.startswith("## dbt-isolation compare: much changed\n")
    assert "wrong 49" in text
    assert len(re.findall(rf"^\| {LONG} \|$", text, re.MULTILINE)) == 44
    assert len(re.findall(rf"^{LONG}$", text, re.MULTILINE)) == 44
    assert text.count("… and 1") == 2
    assert len(text) > 60_000


def test_findings_are_cut_last() -> None:
    """And the heading counts all of them."""
    text = shown(
        Outcome(findings=tuple(finding(at, LONG) for at in range(900)), skipped=(Skipped("a", "b"),))
    )
    assert text.startswith("## dbt-isolation compare: 900 errors")
    assert re.search(r"\n\n… and 8\d\d more\n", text)
    assert "skipped a: b" in text
    assert len(text) > 60_000


@pytest.mark.parametrize(("lines", "more"), [(300, ""), (301, "and 1 more lines"), (90_000, "more lines")])
def test_a_huge_text(lines: int, more: str) -> None:
    """Its changes end after some lines."""
    text = shown(Outcome(blocks=(TextDiff("a", "", "b\n" * (lines - 1)),)))
    assert more in text
    assert ("… and" in text) == bool(more)


def chain(count: int, **of: str) -> Graph:
    """Each reads the one before it."""
    vertices = tuple(Vertex(f"v{at}", f"label{at}", "model") for at in range(count))
    return Graph(
        "chain", of.get("focus", ""), vertices, tuple((f"v{at}", f"v{at + 1}") for at in range(count - 1))
    )


def test_charts() -> None:
    """A large one is drawn around what matters, or not at all."""
    assert "are drawn" not in shown(Outcome(blocks=(chain(60),)))
    assert "too many to draw here" in shown(Outcome(blocks=(chain(61),)))
    text = shown(Outcome(blocks=(chain(500, focus="v250"),)))
    assert "Of 500 vertices and 499 edges, 59 and 58 are drawn." in text
    assert "label279" in text
    assert "label280" not in text
    long = chain(50)
    long = replace(long, vertices=tuple(replace(one, label="|" * 300) for one in long.vertices))
    assert "too many to draw here" in shown(Outcome(blocks=(long,)))
