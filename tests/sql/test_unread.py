"""CTEs that nothing reads."""

import pytest

from dbt_isolation.sql.unread import unread_ctes
from dbt_isolation.sql.unreadable import UnreadableError

CASES = {
    "with a as (select 1) select * from a": (),
    "with a as (select 1), b as (select 2) select * from b": ("a",),
    "with a as (select 1), b as (select * from a) select 3": ("a", "b"),
    "with a as (select 1), b as (select * from a) select * from b": (),
    'with "A b" as (select 1), b as (select 2) select * from "A b"': ("b",),
    "with recursive a as (select 1 union all select n from a), b as (select * from b) select * from a": (
        "b",
    ),
    "with a (x, y) as not materialized (select 1, 2) select 1": ("a",),
    "with a as (with b as (select 1), c as (select 2) select * from b) select * from a": ("c",),
    "with a as (with b as (select 1) select * from b) select 1": ("a", "b"),
    "select * from (with a as (select 1), b as (select 2) select * from a) x": ("b",),
    "with a as (select 1) select x.a, 1 as a, 'a' from x -- a": ("a",),
    "select cast(x as timestamp with time zone) from unnest(y) with ordinality": (),
    "create view v as select 1 with no schema binding": (),
    "with": (),
    "with a as (": (),
    "": (),
}


@pytest.mark.parametrize("sql", CASES)
def test_unread_ctes(sql: str) -> None:
    """Directly or through others; what may be a name of it counts as one."""
    found = unread_ctes(sql, "duckdb")
    assert tuple(one.name for one in found) == tuple(name.lower() for name in CASES[sql])


def test_where_they_stand() -> None:
    """The query in the brackets."""
    sql = "with a as (select 1), b as (select 2) select * from b"
    [one] = unread_ctes(sql, "")
    assert sql[one.start : one.end] == "select 1"


def test_what_has_no_tokens() -> None:
    """Is said."""
    with pytest.raises(UnreadableError):
        unread_ctes("select 'x", "postgres")
