"""What SQL names, case by case and as properties that hold for any text."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.sql.names import Use
from dbt_isolation.sql.objects import KINDS
from dbt_isolation.sql.statements import HEADS
from dbt_isolation.sql.unreadable import UnreadableError
from dbt_isolation.sql.uses import uses
from tests.projects import ROOT

FILES = (ROOT / "tests/cases").glob("sql_uses*.yml")
TABLE: dict[str, list[Any]] = {
    k: v for file in sorted(FILES) for k, v in yaml.safe_load(file.read_text()).items()
}
CASES = [(group, *case) for group, cases in TABLE.items() for case in cases]
ALIASES = {"dijr1z": "orders"}
DIALECTS = (
    "duckdb", "postgres", "snowflake", "bigquery", "redshift", "databricks", "spark", "trino", "clickhouse",
    "sqlserver", "athena", "mysql", "",
)  # fmt: skip
TEXT = """
select from join with as ( ) ( ) , , ; . . * 'x' "y" `z` [ ] { } $$ insert into update set delete merge
using create table view drop alter grant on to revoke copy @st/x dijt1z dijr1z dijn1z a b.c d.e.f where
group by union all recursive lateral unnest array pivot values in exists execute immediate 'select 1
from q.r' call use show describe truncate comment function language sql do begin end then else if go
clone like references :: => = 1 2.5 temp explain unload export data options load vacuum set search_path
table( model identifier( openrowset( remote( :: ? @ #
"""
WORDS = [*TEXT.split(), *HEADS, *KINDS, "options(", "location", "default", "privileges", "if", "model"]


def say(use: Use) -> str:
    """A use as the table writes it."""
    return f"{use.kind} {use.action} {'.'.join(use.parts)}"


@pytest.mark.parametrize(
    ("group", "dialect", "sql", "expected"), CASES, ids=[f"{c[0]}-{c[2][:60]}" for c in CASES]
)
def test_case(group: str, dialect: str, sql: str, expected: list[str]) -> None:
    """It names what the case says."""
    found = uses(sql, dialect, ALIASES)
    assert sorted(map(say, found)) == sorted(expected)
    spans(sql, found)


def spans(sql: str, found: tuple[Use, ...]) -> None:
    """Every name stands where it is said to stand."""
    for use in found:
        assert 0 <= use.start < use.end <= len(sql)
        written = sql[use.start : use.end]
        if use.whole:
            assert re.sub(r'["`\[\]\s]', "", written) == re.sub(r"\s", "", ".".join(use.parts))


PLAIN = [
    case
    for case in CASES
    if case[0] in ("from", "names", "files", "catalogues", "strings", "arrays")
    and re.match("select", case[2])
]


@pytest.mark.parametrize(("group", "dialect", "sql", "expected"), PLAIN)
def test_a_query_within_a_query(group: str, dialect: str, sql: str, expected: list[str]) -> None:
    """What a query names does not depend on where it stands."""
    for around in (
        "with q_q as (\n{}\n) select * from q_q",
        "select * from (\n{}\n) s_s",
        "insert into w.w\n{}\n",
    ):
        found = uses(around.format(sql), dialect, ALIASES)
        assert sorted(say(use) for use in found if use.parts != ("w", "w")) == sorted(expected)


def names_in_duckdb() -> Iterator[tuple[str, str, set[str]]]:
    """What the engine says of the texts that it takes: it wants one statement."""
    with duckdb.connect() as connection:
        for group, dialect, sql, _ in CASES:
            if dialect == "duckdb" and "dij" not in sql and group != "temporary":
                with contextlib.suppress(duckdb.Error):
                    names = connection.get_table_names(sql, qualified=True)
                    # The engine adds a table's alias to its name.
                    yield group, sql, {re.sub('"| AS .*', "", name) for name in names}


@pytest.mark.parametrize(("group", "sql", "names"), names_in_duckdb())
def test_duckdb_agrees(group: str, sql: str, names: set[str]) -> None:
    """Nothing that DuckDB says a query reads is left out, and for plain queries nothing is added."""
    found = {".".join(use.parts) for use in uses(sql, "duckdb") if use.kind != "function"}
    assert names <= found
    if group in ("ctes", "from"):
        assert names == found


@given(st.text(max_size=80), st.sampled_from(DIALECTS))
def test_any_text(sql: str, dialect: str) -> None:
    """It ends, with names or with a word about why not."""
    try:
        spans(sql, uses(sql, dialect))
    except UnreadableError as error:
        assert error.message
        assert error.offset is None or 0 <= error.offset <= len(sql)


@given(st.lists(st.sampled_from(WORDS), max_size=40), st.sampled_from(DIALECTS))
def test_any_words(words: list[str], dialect: str) -> None:
    """So with words of SQL in any order."""
    sql = " ".join(words)
    try:
        found = uses(sql, dialect, ALIASES)
    except UnreadableError:
        return
    for use in found:
        assert 0 <= use.start <= use.end <= len(sql)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_depth_is_no_matter(dialect: str) -> None:
    """10,000 brackets, closed or not."""
    for text in (
        "select " + "(" * 10_000 + "select 1 from a.b" + ")" * 10_000,
        "(" * 10_000,
        ")" * 10_000,
        "select * from " + "(" * 10_000 + "a.b" + ")" * 10_000,
    ):
        assert {say(use) for use in uses(text, dialect)} <= {"table read a.b"}


def test_a_string_that_does_not_end() -> None:
    """It says so, and where."""
    with pytest.raises(UnreadableError) as caught:
        uses("select * from x where a = 'b", "duckdb")
    assert caught.value.message
    assert caught.value.offset == 26


def test_offsets_are_of_the_whole_text() -> None:
    """Also of what stands in a string."""
    sql = "do $$ begin execute 'drop table a.b'; end $$"
    [use] = uses(sql, "postgres")
    assert sql[use.start : use.end] == "a.b"
    assert not use.whole
