"""What DuckDB says of two queries holds every answer to account."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import duckdb
import pytest
from hypothesis import given

from dbt_isolation.compare import Change, ChangeKind, classify
from tests.compare.queries.family import SCHEMA, TABLES, Maker, pair, seeds
from tests.compare.queries.rewrites import rewritten


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Small tables with duplicates and nulls."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        connection.execute(TABLES)
        yield connection


Result = tuple[list[str], list[str], list[tuple[str, ...]]]


def result(database: duckdb.DuckDBPyConnection, sql: str) -> Result | None:
    """Names, types and rows of the relation that a query makes; None if DuckDB refuses it."""
    try:
        database.execute(f"create or replace temp table made as {sql}")
    except duckdb.Error:
        return None
    cursor = database.execute("select * from made")
    names = [one[0].lower() for one in cursor.description or []]
    types = [str(one[1]) for one in cursor.description or []]
    return names, types, [tuple(map(repr, row)) for row in cursor.fetchall()]


def rows(of: Result, names: list[str]) -> Counter[tuple[str, ...]]:
    """The multiset of a result's rows in some columns, with their types."""
    places = [of[0].index(name) for name in names]
    head = tuple(of[1][place] for place in places)
    return Counter((*head, *(row[place] for place in places)) for row in of[2])


def hold(change: Change, old: Result, new: Result) -> None:
    """The change is no less than what happened."""
    if change.kind is ChangeKind.NONE:
        assert old[:2] == new[:2]
        assert Counter(old[2]) == Counter(new[2])
        assert change.columns == ()
    if change.kind is ChangeKind.ADDITIVE:
        assert set(old[0]) | {name.lower() for name in change.columns} == set(new[0])
        assert rows(old, old[0]) == rows(new, old[0])
        assert [name for name in new[0] if name in old[0]] == old[0]
    if change.kind is ChangeKind.COLUMN:
        listed = {name.lower() for name in change.columns}
        rest = [name for name in old[0] if name not in listed]
        assert rest == [name for name in new[0] if name not in listed]
        assert len(old[2]) == len(new[2])
        assert rows(old, rest) == rows(new, rest)
        assert {name.lower() for name in change.removed} == set(old[0]) - set(new[0])


#: The same properties, with few examples and in `make test-all` with many.
LENGTHS = ("short", pytest.param("long", marks=pytest.mark.all))


@pytest.mark.parametrize("length", LENGTHS)
@given(seed=seeds)
def test_another_writing_is_no_change(database: duckdb.DuckDBPyConnection, length: str, seed: int) -> None:
    """Whatever way a query is written in, it is the same."""
    sql = Maker(seed).query().sql()
    if result(database, sql) is None:
        return
    other = rewritten(sql, Random(seed))
    for schema in (SCHEMA, {}):
        assert classify(sql, other, dialect="duckdb", schema=schema).kind is ChangeKind.NONE, other


@pytest.mark.parametrize("length", LENGTHS)
@given(seed=seeds)
def test_never_less_than_the_truth(database: duckdb.DuckDBPyConnection, length: str, seed: int) -> None:
    """None changes nothing, additive adds, column leaves rows and all other columns alone."""
    texts = pair(seed)
    old, new = (result(database, sql) for sql in texts)
    if old is None or new is None:
        return
    hold(classify(*texts, dialect="duckdb", schema=SCHEMA), old, new)
    hold(classify(*texts, dialect="duckdb", schema={}), old, new)
