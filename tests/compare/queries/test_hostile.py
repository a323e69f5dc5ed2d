"""Texts that no model should be: an answer with a reason, always."""

import pytest

from dbt_isolation.compare import ChangeKind, classify

CHAIN = "with c0 as (select a, b from t)" + "".join(
    f", c{i} as (select x.a + y.b as a, y.a as b from c{i - 1} x join c{i - 1} y on x.a = y.b)"
    for i in range(1, 40)
)
DEEP = {
    "brackets": f"select {'(' * 3000}a{')' * 3000} as x from t",
    "open brackets": "select " + "(" * 20000,
    "a long sum": f"select {'a + ' * 20000}a as x from t",
    "denials": f"select {'not ' * 20000}a as x from t",
}
BROKEN = (
    *("\x00", "select", "(", "'", "select * from t where", "{{", "{% if %}", "with", "with a as (select 1)"),
    *("/*", "--", "select a from t where x like '%", "update t set a = 1", "call p()"),
)


@pytest.mark.parametrize("text", DEEP.values(), ids=list(DEEP))
def test_depth(text: str) -> None:
    """What is nested too deeply is unknown."""
    change = classify(text, "select a as x from t", dialect="duckdb", schema={})
    assert change.kind is ChangeKind.UNKNOWN
    assert change.reason


@pytest.mark.parametrize("dialect", ["duckdb", "snowflake", "bigquery", "postgres", "sqlserver", "nobody's"])
def test_broken(dialect: str) -> None:
    """What cannot be read is unknown, in any dialect, on either side."""
    for text in BROKEN:
        for pair in ((text, "select a from t"), ("select a from t", text)):
            assert classify(*pair, dialect=dialect, schema={}).kind is ChangeKind.UNKNOWN, text


def test_queries_that_name_each_other_twice() -> None:
    """Forty levels, each of which names the one before twice, are read once."""
    change = classify(
        f"{CHAIN} select a from c39", f"{CHAIN} select a, b from c39", dialect="duckdb", schema={}
    )
    assert (change.kind, change.columns) == (ChangeKind.ADDITIVE, ("b",))


def test_levels_of_brackets_are_read_once() -> None:
    """Forty queries inside of each other."""
    deep = f"{'select * from (' * 40}select a from t{')' * 40}"
    schema = {"t": {"a": "int"}}
    assert classify(deep, "select a from t", dialect="duckdb", schema=schema).kind is ChangeKind.NONE


def test_kinds_are_ordered_by_severity() -> None:
    """So that the worst of some is their maximum."""
    assert sorted(ChangeKind, reverse=True)[0] is ChangeKind.UNKNOWN
    assert max(ChangeKind.ADDITIVE, ChangeKind.COLUMN) is ChangeKind.COLUMN
    assert ChangeKind.NONE < ChangeKind.ADDITIVE <= ChangeKind.ADDITIVE
    assert not ChangeKind.COLUMN >= ChangeKind.MODEL_WIDE
