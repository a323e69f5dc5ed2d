"""How much of a source is asked for: shares, beginnings and columns as they are typed."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.errors import IsolationError
from dbt_isolation.sample.extent import Column, Extent, Since

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHARES = st.decimals("0.000001", "100", places=6)


def extent(**options: Any) -> Extent:
    """What these options ask for."""
    nothing: dict[str, Any] = {"schema_only": False, "everything": False, "percent": None, "since": None}
    return Extent.of(**{**nothing, "keys": (), "times": (), "now": NOW, **options})


def digest(key: object) -> str:
    """As the databases have it."""
    return hashlib.md5(str(key).encode(), usedforsecurity=False).hexdigest()


@given(SHARES, SHARES)
def test_a_larger_share_holds_the_smaller(one: Decimal, other: Decimal) -> None:
    """So that a sample grows and does not change."""
    small, large = (extent(percent=f"{share:f}").threshold for share in sorted((one, other)))
    assert small <= large
    assert all(digest(key) < large for key in range(200) if digest(key) < small)


@pytest.mark.parametrize("percent", ["0.5", "1", "10", "50", "99.9", "100", "100 %"])
def test_the_share_is_what_was_asked(percent: str) -> None:
    """Of ten thousand keys, as near as chance allows."""
    asked = extent(percent=percent)
    assert asked.percent is not None
    found = sum(digest(key) < asked.threshold for key in range(10_000)) / 100
    assert found == pytest.approx(float(asked.percent), abs=1.5)
    assert (found == 100) is (asked.percent == 100)


@pytest.mark.parametrize("percent", ["0", "-1", "100.1", "1e1", "nan", "", "x", "١٠", "0.0000001", "1 0"])
def test_what_is_no_share(percent: str) -> None:
    """Above 0 and up to 100, in plain digits."""
    with pytest.raises(IsolationError, match="is no share"):
        extent(percent=percent)


@pytest.mark.parametrize(
    ("written", "moment", "said"),
    [
        ("12h", NOW - timedelta(hours=12), "2026-11-20T20:00"),
        ("30d", NOW - timedelta(days=30), "2026-10-22T08:00"),
        ("3w", NOW - timedelta(weeks=3), "2026-10-31T08:00"),
        ("2026-10-01", datetime(2026, 10, 1, tzinfo=UTC), "2026-10-01"),
        ("2026-10-01T06:00", datetime(2026, 10, 1, 6, tzinfo=UTC), "2026-10-01T06:00"),
        (
            "2026-10-01T06:00+02:00",
            datetime(2026, 10, 1, 6, tzinfo=timezone(timedelta(hours=2))),
            "2026-10-01T06:00+02:00",
        ),
    ],
)
def test_since(written: str, moment: datetime, said: str) -> None:
    """Lengths of time as in the configuration, and ISO dates, in UTC."""
    found = Since.of(written, NOW)
    assert (found.moment, found.said) == (moment, said)
    assert found.moment.tzinfo is UTC


@given(st.text(max_size=12))
def test_since_anything(written: str) -> None:
    """A moment of the past, or an error that says what to write."""
    try:
        found = Since.of(written, NOW)
    except IsolationError as error:
        assert error.hint
    else:
        assert found.moment <= NOW


@pytest.mark.parametrize("written", ["999999d", "yesterday", "2026-13-01", "3 w", "0001-01-01T00:00+12:00"])
def test_what_is_no_beginning(written: str) -> None:
    """Too long ago for a date, or no date."""
    with pytest.raises(IsolationError, match="neither a length of time nor a date"):
        Since.of(written, NOW)


@given(st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9))
def test_columns_of_a_table(table: str, name: str) -> None:
    """The first `=` divides, so that the name of a column may hold one and that of a table not."""
    if table.strip() and name.strip() and "=" not in table:
        assert Column.of(f"{table}={name}", "--key") == Column(table, name)
        if "=" not in name:
            assert Column.of(name, "--key") == Column("", name)


@pytest.mark.parametrize("written", ["", " ", "=", "orders=", "=customer_id"])
def test_what_is_no_column(written: str) -> None:
    """A name is missing."""
    with pytest.raises(IsolationError, match="names no column"):
        Column.of(written, "--time")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "say how much of it to copy"),
        ({"schema_only": True, "everything": True}, "two ways at once"),
        ({"schema_only": True, "since": "3d"}, "two ways at once"),
        ({"everything": True, "percent": "3"}, "two ways at once"),
        ({"everything": True, "keys": ["id"]}, "--key is for --percent"),
        ({"percent": "3", "times": ["at"]}, "--time is for --since"),
        ({"since": "2026-11-22"}, "still to come"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any], message: str) -> None:
    """One way, and what belongs to it."""
    with pytest.raises(IsolationError, match=message):
        extent(**options)
