"""What is shown of a line."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dbt_isolation.excerpt import Excerpt, excerpt_of
from dbt_isolation.outcome import Finding, Outcome, Severity
from dbt_isolation.reports import terminal


def finding(excerpt: str, column: int, length: int = 0) -> Finding:
    """One about that line."""
    return Finding("DI01", Severity.ERROR, "no ref", line=1, column=column, length=length, excerpt=excerpt)


@pytest.mark.parametrize(
    ("excerpt", "column", "length", "shown"),
    [
        ("", 1, 1, None),
        (" \t", 1, 1, None),
        ("from x y", 6, 1, ("from ", "x", " y")),
        ("\tfrom\tx ", 7, 1, ("from    ", "x", "")),
        ("  x", 1, 1, ("", " ", " x")),
        ("  database: prod", 0, 0, ("", "", "database…")),
        ("from x", 6, 0, ("from ", "x", "")),
        ("from x", 6, 99, ("from ", "x", "")),
        ("from x", 99, 3, ("from x", "", "")),
        ("\x1b[2Jx\u202e\r", 5, 1, ("\ufffd[2J", "x", "\ufffd")),
        ("0123456789abcdefghij", 8, 2, ("…456", "78", "9ab…")),
        ("0123456789abcdefghij", 1, 2, ("", "01", "234567…")),
        ("0123456789abcdefghij", 19, 2, ("…cdefgh", "ij", "")),
        ("0123456789abcdefghij", 3, 18, ("…", "23456789", "…")),
    ],
)
def test_cut(excerpt: str, column: int, length: int, shown: tuple[str, str, str] | None) -> None:
    """Ten characters at most, with the place among them."""
    assert excerpt_of(finding(excerpt, column, length), 10) == (shown and Excerpt(*shown))


def test_a_line_as_long_as_a_file() -> None:
    """Only what can be shown of it is looked at."""
    found = excerpt_of(finding("漢" * 10_000_000, 5_000_000, 2), 40, cell_len)
    assert found is not None
    assert found.meant == "漢漢"
    assert cell_len(found.line) <= 40


@given(
    st.text(
        st.characters(exclude_categories=["Cs"]) | st.sampled_from("\t 漢é👩\u200d💻\ufe0f"), max_size=60
    ),
    st.integers(0, 70),
    st.integers(0, 70),
    st.integers(3, 40),
)
def test_any_line(excerpt: str, column: int, length: int, widest: int) -> None:
    """It is narrow enough, one line, and what is meant begins where it is."""
    found = excerpt_of(finding(excerpt, column, length), widest, cell_len)
    if found is None:
        assert not excerpt.strip()
        return
    assert cell_len(found.line) <= widest
    assert found.line.isprintable() or not excerpt.isprintable()
    assert len(found.line.splitlines()) <= 1
    if 0 < column <= len(excerpt) and found.meant:
        meant = excerpt[column - 1]
        assert found.meant[0] == (" " if meant == "\t" else meant) or found.meant[0] == "\ufffd"


@pytest.mark.parametrize("name", ["漢字", "👩‍💻", "é", "a\tb"])
def test_the_underline_stands_below(name: str) -> None:
    """Under as many cells as what is meant has, after as many as stand before it."""
    line = f"\tselect '{name}' from prod.{name} as x"
    stream = io.StringIO()
    column = line.index("prod") + 1
    terminal.write("check", Outcome(findings=(finding(line, column, 5 + len(name)),)), stream)
    shown, carets = stream.getvalue().splitlines()[1:3]
    plain = name.replace("\t", "    ")
    assert carets.index("^") == cell_len(shown[: shown.index("prod")])
    assert carets.strip() == "^" * cell_len(f"prod.{plain}")
