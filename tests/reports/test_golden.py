"""Each format as it was looked at and found right: `python -m tests.reports.test_golden` writes them anew."""

import io
import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation import __version__
from dbt_isolation.outcome import (
    Edit,
    Finding,
    Graph,
    Mark,
    Outcome,
    Severity,
    Skipped,
    Table,
    Text,
    TextDiff,
    Vertex,
)
from dbt_isolation.reports import FORMATS, report
from dbt_isolation.reports.page import graph
from tests.projects import ROOT

GOLDEN = ROOT / "tests/golden/reports"
EXAMPLES = {
    "graph": Outcome(
        blocks=(
            Graph(
                "orders: 2 above, 2 below",
                "m.orders",
                (
                    Vertex("s.raw", 'shop.raw "1"', "source"),
                    Vertex("m.stg", "stg|orders", "model"),
                    Vertex("m.orders", "orders", "model", "finance"),
                    Vertex("m.mart", "mart <b>", "model"),
                    Vertex("e.page", "weekly [page]", "exposure", "sales & co"),
                ),
                (
                    ("s.raw", "m.stg"),
                    ("m.stg", "m.orders"),
                    ("m.orders", "m.mart"),
                    ("m.mart", "e.page"),
                    ("m.orders", "e.page"),
                ),
            ),
        ),
    ),
    "findings": Outcome(
        findings=(
            Finding(
                "DI31",
                Severity.ERROR,
                "nothing tests a key of a|b, 100 %: <b>really</b>",
                "add data_tests: [unique, not_null]\nto its `key`",
                "docs/checks.md#di31",
                "model.shop.a|b",
                "models/a,b.sql",
                3,
                8,
            ),
            Finding("doctor", Severity.WARN, "no release yet"),
        ),
        skipped=(Skipped("DI06", "the project's own macros name"),),
        blocks=(
            Table("3 models", ("code", "warn"), (("DI31", "1 | 2"), ("DI33", "*0*"))),
            Text("next:", ("  dbt deps", "  ```")),
        ),
        data={"models": 3},
    ),
    "places": Outcome(
        findings=(
            Finding(
                "DI01",
                Severity.ERROR,
                "prod.orders is named in SQL",
                "use {{ ref('orders') }}",
                "docs/checks.md#di01",
                "model.shop.my orders",
                "models/my orders.sql",
                7,
                8,
                "prod.orders",
                11,
                "  from prod.orders as o  -- <b>`all` | of them</b>",
                Edit(52, 63, "{{ ref('orders') }}"),
            ),
            Finding(
                "DI02",
                Severity.WARN,
                "'prod' is spelled out",
                path="models/naïve.sql",
                line=1,
                column=18,
                length=6,
                excerpt="\tselect '漢字👩‍💻', 'prod'\x1b[31m as \u202ewhere",
            ),
            Finding(
                "DI01",
                Severity.ERROR,
                "prod.items is named in SQL",
                path="models/long.sql",
                line=3,
                column=1001,
                length=10,
                excerpt=f"{'a, ' * 333} prod.items {'b, ' * 333}",
            ),
            Finding(
                "DI05",
                Severity.WARN,
                "a line is known, no column",
                path="models/a.yml",
                line=2,
                excerpt="  database: prod",
            ),
        ),
    ),
    "compare": Outcome(
        summary="2 models changed,\n1 consumer breaks",
        findings=(Finding("compare", Severity.WARN, "mart lost a column"),),
        blocks=(
            Graph(
                "what changed",
                "",
                (
                    Vertex("m.stg", "stg", "model", "2 lines", Mark.CHANGED),
                    Vertex("m.new", "new", "model", "", Mark.ADDED),
                    Vertex("m.old", "old", "seed", "", Mark.REMOVED),
                    Vertex("m.mart", "mart", "model", "column", Mark.AFFECTED),
                    Vertex("e.page", 'page "1" <b>', "exposure", "", Mark.BROKEN),
                    Vertex("m.same", "same", "model"),
                ),
                (
                    ("m.stg", "m.mart"),
                    ("m.new", "m.mart"),
                    ("m.old", "m.mart"),
                    ("m.mart", "e.page"),
                    ("m.same", "m.stg"),
                ),
                {("m.new", "m.mart"): Mark.ADDED, ("m.old", "m.mart"): Mark.REMOVED},
            ),
            Table("columns", ("model", "column"), tuple((f"m{at}", f"c|{at}") for at in range(22)), True),
            TextDiff(
                "stg <b>",
                "select\n    id,\n    amount\nfrom raw\n-- ```\n" + "-- the same\n" * 12,
                "select\n    id,\n    amount * 2 as amount\nfrom raw\nwhere id > 1\n" + "-- the same\n" * 12,
                "models/stg.sql",
            ),
            TextDiff("equal", "a\n", "a\n"),
        ),
    ),
    "nothing": Outcome(),
}


def shown(name: str, example: str) -> str:
    """The example in the format of that name."""
    stream = io.StringIO()
    report(name).write("check", EXAMPLES[example], stream)
    text = stream.getvalue().replace(f'"semanticVersion": "{__version__}"', '"semanticVersion": "0.0.0"')
    # Half a megabyte of others' work, which has its own versions.
    for at, script in enumerate(graph.scripts()):
        text = text.replace(script, f"<script>{at}</script>")
    return text


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("name", FORMATS)
def test_golden(name: str, example: str) -> None:
    """Letter by letter."""
    assert shown(name, example) == (GOLDEN / f"{name}-{example}.txt").read_text(encoding="utf-8")


class _Texts(HTMLParser):
    """What a browser would read: the tags, and the texts between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@given(st.text(), st.text(), st.sampled_from(Severity), st.text(), st.integers(0, 9), st.integers(0, 9))
def test_any_text(
    message: str, path: str, severity: Severity, excerpt: str, column: int, length: int
) -> None:
    """Whatever a finding says: XML that can be read, and one line a finding where lines count."""
    finding = Finding(
        *("DI31", severity, message, path),
        node=message,
        path=path,
        line=1,
        column=column,
        length=length,
        excerpt=excerpt,
    )
    outcome = Outcome(findings=(finding,))
    found = {}
    for name in FORMATS:
        stream = io.StringIO()
        report(name).write("check", outcome, stream)
        found[name] = stream.getvalue()
    texts = _Texts()
    texts.feed(found["html"])
    texts.close()
    assert texts.tags - {"pre", "mark"} == {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "table",
        "thead",
        "tbody",
    } | {"tr", "th", "td", "span", "code"}
    assert ("pre" in texts.tags) == bool(excerpt.strip())
    assert message.strip() in "".join(texts.texts).replace("\r\n", "\n") or "\r" in message
    suite = ElementTree.fromstring(found["junit"])[0]
    assert suite.get("failures") == ("1" if severity is Severity.ERROR else "0")
    assert found["github"].count("\n") == 1
    assert "\r" not in found["github"]
    lines = found["markdown"].split("\n")
    assert [line[:1] for line in lines] == ["#", "", "|", "|", "|", ""]
    assert "\r" not in found["markdown"]
    [result] = json.loads(found["sarif"])["runs"][0]["results"]
    assert result["message"]["text"] == "\n".join(filter(None, (message, path)))
    assert found["sarif"].isascii()
    assert not json.loads(found["json"])["findings"][0].keys() & {"excerpt", "length", "edit"}


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for one in FORMATS:
        for example in EXAMPLES:
            (GOLDEN / f"{one}-{example}.txt").write_text(shown(one, example), encoding="utf-8")
