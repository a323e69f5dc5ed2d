"""DuckDB's word on column lineage: what a column does not depend on cannot change it."""

import random
from collections import Counter

import duckdb
import pytest
from hypothesis import event, given, note
from hypothesis import strategies as st

from dbt_isolation.sql import column_lineage
from tests.sql.queries import SCHEMA, TABLES, queries

ROWS = 7
Data = dict[str, dict[str, list[int | None]]]


def drawn(dice: random.Random) -> Data:
    """Values for every column of every table."""
    values = (None, 0, 1, 2, 3)
    return {
        table: {column: [dice.choice(values) for _ in range(ROWS)] for column in columns}
        for table, columns in TABLES.items()
    }


def results(connection: duckdb.DuckDBPyConnection, sql: str, data: Data) -> dict[str, Counter[str]]:
    """What a query gives for some data, column by column."""
    for table, columns in data.items():
        connection.execute(f"delete from {table}")
        values = list(zip(*columns.values(), strict=True))
        connection.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", values)
    connection.execute(f"create or replace temp table made as {sql}")
    names = [row[0] for row in connection.execute("describe made").fetchall()]
    rows = connection.execute("select * from made").fetchall()
    return {name: Counter(repr(row[place]) for row in rows) for place, name in enumerate(names)}


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """Empty tables in memory; one thread, so that ties are broken the same way each time."""
    opened = duckdb.connect(config={"threads": 1})
    for table, columns in TABLES.items():
        opened.execute(f"create table {table} ({', '.join(f'{one} integer' for one in columns)})")
    return opened


@given(sql=queries(), seed=st.integers(0, 2**16))
def test_what_is_left_out_has_no_effect(connection: duckdb.DuckDBPyConnection, sql: str, seed: int) -> None:
    """Other values in every column outside of value and influence: the column stays as it was."""
    dice = random.Random(seed)
    data = drawn(dice)
    note(sql)
    try:
        before = results(connection, sql, data)
    except duckdb.Error as error:
        event(f"DuckDB refuses it: {type(error).__name__} {str(error)[:60]}")
        return
    found = column_lineage(sql, dialect="duckdb", schema=SCHEMA)
    assert found.unresolved == ()
    assert list(found.columns) == list(before)
    for name, origins in found.columns.items():
        kept = origins | found.influence
        other = drawn(dice)
        for table, column in kept:
            other[table][column] = data[table][column]
        assert results(connection, sql, other)[name] == before[name], (name, sorted(kept))
        for table, column in origins - found.influence:
            changed = {one: dict(columns) for one, columns in data.items()}
            changed[table][column] = drawn(dice)[table][column]
            moved = results(connection, sql, changed)[name] != before[name]
            event("an input has an effect" if moved else "an input has no effect on this data")
