"""Outcomes as hypothesis makes them: any texts, any sizes, graphs of every shape."""

from hypothesis import strategies as st

from dbt_isolation.outcome import (
    Block,
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

#: What ends, opens or turns something in one format or another.
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "</details>",
    "\n\n</details>\n\n```\n",
    "`````",
    "~~~",
    '"];',
    "\"'&<>|\\",
    "\u202egpj.exe",
    "\0",
    "\u2028\u2029",
    "a\r\nb",
    "end",
    "${x}",
    "#34;",
)
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(HOSTILE))


def _long(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Some of them repeated until no comment holds them."""
    many = st.sampled_from((1, 1, 1, 1, 7, 3000))
    return st.builds(lambda text, times: text * times, texts, many)


LONG = _long(TEXTS)


@st.composite
def graphs(draw: st.DrawFn, most: int = 12) -> Graph:
    """A graph with circles, loops and parts of its own."""
    count = draw(st.integers(0, most))
    names = [f"{at}{draw(TEXTS)}" for at in range(count)]
    kinds = st.sampled_from(("model", "source", "seed", "exposure", "odd"))
    vertices = tuple(
        Vertex(name, draw(LONG), draw(kinds), draw(TEXTS), draw(st.none() | st.sampled_from(Mark)))
        for name in names
    )
    if not names:
        return Graph(draw(TEXTS), "", (), ())
    one = st.sampled_from(names)
    edges = tuple(draw(st.lists(st.tuples(one, one), max_size=2 * most, unique=True)))
    marks = {edge: draw(st.sampled_from((Mark.ADDED, Mark.REMOVED))) for edge in edges[::3]}
    focus = draw(st.sampled_from(["", *names]))
    return Graph(draw(TEXTS), focus, vertices, edges, marks)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """From no row to more than any comment holds."""
    columns = draw(st.lists(st.text(max_size=5), min_size=1, max_size=3))
    rows = draw(st.lists(st.tuples(*[LONG for _ in columns]), max_size=3)) * draw(
        st.sampled_from((1, 1, 900))
    )
    return Table(draw(LONG), tuple(columns), tuple(rows), draw(st.booleans()))


BLOCKS: st.SearchStrategy[Block] = st.one_of(
    graphs(),
    tables(),
    st.builds(Text, LONG, st.lists(LONG, max_size=4).map(tuple)),
    st.builds(TextDiff, LONG, LONG, LONG, TEXTS),
)
FINDINGS = st.builds(
    Finding, st.just("DI01"), st.sampled_from(Severity), LONG, LONG, node=TEXTS, path=TEXTS, excerpt=TEXTS
)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    """Of anything, and sometimes of very much of it."""
    many = st.sampled_from((1, 1, 1, 400))
    return Outcome(
        findings=tuple(draw(st.lists(FINDINGS, max_size=3)) * draw(many)),
        skipped=tuple(draw(st.lists(st.builds(Skipped, TEXTS, LONG), max_size=2)) * draw(many)),
        blocks=tuple(draw(st.lists(BLOCKS, max_size=5)) * draw(st.sampled_from((1, 1, 1, 60)))),
        summary=draw(LONG),
    )
