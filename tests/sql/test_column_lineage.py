"""Column lineage, case by case; DuckDB's own word on what columns are called; bad input."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.sql import ColumnLineage, UnreadableError, Unresolved, column_lineage
from dbt_isolation.sql.tokens import words
from tests.projects import ROOT

FILE = ROOT / "tests/cases/column_lineage.yml"
TABLE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SCHEMA: dict[str, dict[str, str]] = TABLE.pop("tables")
UPPER: dict[str, dict[str, str]] = TABLE.pop("upper_tables")
CASES = [(group, *case) for group, cases in TABLE.items() for case in cases]
DIALECTS = sorted({case[1] for case in CASES})


def say(origins: frozenset[tuple[str, str]]) -> str:
    """Inputs as the table writes them."""
    return " ".join(sorted(f"{table}.{column}".replace(" ", "~") for table, column in origins))


def test_there_are_cases() -> None:
    """Of many kinds and engines."""
    assert len(CASES) >= 250
    assert len(DIALECTS) >= 11


@pytest.mark.parametrize(
    ("group", "dialect", "sql", "expected"), CASES, ids=[f"{c[0]}-{c[1]}-{c[2][:60]}" for c in CASES]
)
def test_case(group: str, dialect: str, sql: str, expected: dict[str, Any]) -> None:
    """Each column is made of what the case says, and so are the rows."""
    found = column_lineage(sql, dialect=dialect, schema=UPPER if group == "upper" else SCHEMA)
    assert [(name, say(origins)) for name, origins in found.columns.items()] == [
        (str(name), origins) for name, origins in expected["columns"].items()
    ]
    assert say(found.influence) == expected.get("rows", "")
    assert [one.name for one in found.unresolved] == expected.get("unresolved", [])
    assert all(one.reason for one in found.unresolved)
    for name, origins in found.columns.items():
        assert found.kinds[name].keys() == origins


def _in_duckdb() -> Iterator[tuple[str, list[str]]]:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as db")
        for table, columns in SCHEMA.items():
            if "-" not in table and table != "main.t2":
                inner = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
                connection.execute(f"create table {table} ({inner})")
        for _, dialect, sql, _ in CASES:
            if dialect == "duckdb" and not sql.startswith(("create", "insert")):
                try:
                    connection.execute(f"create or replace temp table made as {sql}")
                except duckdb.Error:
                    continue
                yield sql, [row[0] for row in connection.execute("describe made").fetchall()]


def test_columns_are_called_what_duckdb_calls_them() -> None:
    """In the order that DuckDB has them, wherever it takes the query."""
    taken = dict(_in_duckdb())
    assert len(taken) >= 120
    for sql, names in taken.items():
        assert list(column_lineage(sql, dialect="duckdb", schema=SCHEMA).columns) == names, sql


def lineage(sql: str, dialect: str = "duckdb") -> ColumnLineage:
    """On the table's schema."""
    return column_lineage(sql, dialect=dialect, schema=SCHEMA)


def test_kinds() -> None:
    """How a value comes from its inputs, through CTEs too."""
    found = lineage("""
        with q as (select k, sum(d) as total, max(e) + 1 as top from u group by k), r as (select k as id, *
            from q)
        select id, k, total, top, p + total as both, sum(p) over (partition by id) as win,
            coalesce(p, id) as pid, (select max(z) from w) as z, case when p > 1 then id end as c
        from r join t2 using (k)
    """)
    assert found.kinds == {
        "id": {("u", "k"): "rename"},
        "k": {("u", "k"): "copy"},
        "total": {("u", "d"): "aggregate"},
        "top": {("u", "e"): "aggregate"},
        "both": {("t2", "p"): "transform", ("u", "d"): "aggregate"},
        "win": {("t2", "p"): "transform", ("u", "k"): "transform"},
        "pid": {("t2", "p"): "transform", ("u", "k"): "transform"},
        "z": {("w", "z"): "aggregate"},
        "c": {("t2", "p"): "transform", ("u", "k"): "transform"},
    }


def test_types() -> None:
    """Of what is taken as it is, and of casts."""
    assert lineage("select a, b::text as x, a + 1 as y from t").types == {"a": "integer", "x": "TEXT"}


def test_a_reason() -> None:
    """What is not resolved is said with its reason."""
    [one] = lineage("select nope from t").unresolved
    assert one == Unresolved("nope", "no table here has a column of this name")


@pytest.mark.parametrize(
    "sql",
    ["", "select a from", "select * from t where (", "drop table t", "select 1; select 2",
     "update t set a = 1",
     "select 'a", "delete from t", "-- nothing", "grant select on t to x", "!!", "select a from t where"],
)  # fmt: skip
def test_no_query(sql: str) -> None:
    """What is no query is an error of ours that says why."""
    with pytest.raises(UnreadableError) as caught:
        lineage(sql)
    assert caught.value.message
    assert 0 <= caught.value.offset <= len(sql)


@pytest.mark.parametrize("count", [120, 2_000, 30_000])
@pytest.mark.parametrize(
    ("head", "again", "tail", "close"),
    [("select ", "(", "1", ")"), ("select * from ", "(select * from ", "t", ")"), ("select ", "f(", "a", ")"),
     ("select 1 from t ", "join t ", "", ""), ("select ", "not ", "a", ""), ("select ", "- ", "a", ""),
     ("select ", "case when a then ", "1", " end"), ("select a", " + a", " from t", ""),
     ("select a from t where a = 1", " and a = 2", "", ""),
     ("select a from t", " union all select d from u", "", ""),
     ("with ", "a as (", "select 1", ")"), ("select ", "[", "1", "]"), ("select a", "::int", " from t", ""),
     ("select a from t where ", "exists (select 1 from u where ", "true", ")")],
)  # fmt: skip
def test_size_is_no_matter(head: str, again: str, tail: str, close: str, count: int) -> None:
    """It ends: with an answer, or with a word about why not."""
    sql = head + again * count + tail + close * count
    try:
        found = lineage(sql)
    except UnreadableError as error:
        assert error.message
    else:
        assert found.columns


def test_long_chains_are_read() -> None:
    """Of CTEs, of branches, of conditions."""
    ctes = ", ".join(f"q{i} as (select a + 1 as a from {f'q{i - 1}' if i else 't'})" for i in range(600))
    assert lineage(f"with {ctes} select a from q599").columns == {"a": {("t", "a")}}
    assert lineage("select a from t" + " union all select d from u" * 2000).columns == {
        "a": {("t", "a"), ("u", "d")}
    }
    assert lineage("select a from t where b = 1" + " or c = 2" * 2000).influence == {("t", "b"), ("t", "c")}


WORDS = words("""
select from join left using on where group by all having qualify order limit distinct as with recursive
union except intersect ( ) ( ) , , . . * a b k t t2 u q x 1 'x' sum( count( over( partition pivot unpivot
for in values lateral unnest( exclude replace natural exists case when then else end not and or = + [ ] { }
: :: ->
""")


@given(st.lists(st.sampled_from(sorted(WORDS)), max_size=40), st.sampled_from(DIALECTS))
def test_any_words(drawn: list[str], dialect: str) -> None:
    """Words of SQL in any order: an answer, or an error of ours."""
    try:
        column_lineage("select " + " ".join(drawn), dialect=dialect, schema=SCHEMA)
    except UnreadableError as error:
        assert error.message


@given(st.text(max_size=60), st.sampled_from([*DIALECTS, "no such dialect", ""]))
def test_any_text(text: str, dialect: str) -> None:
    """So with any text, and a dialect that nobody knows."""
    try:
        column_lineage(text, dialect=dialect, schema={})
    except UnreadableError as error:
        assert error.message


def test_the_parser_is_imported_on_use() -> None:
    """Who imports the room alone does not wait for it."""
    code = (
        "import dbt_isolation.sql, sys; assert 'sqlglot' not in sys.modules; dbt_isolation.sql.column_lineage"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
