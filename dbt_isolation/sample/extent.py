"""How much of a source is asked for: its columns alone, a sample by key, a time window, or everything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Self

from dbt_isolation.config.settings import age
from dbt_isolation.errors import IsolationError

#: Follows every hexadecimal digit: all hashes are below it.
_EVERY = "g"
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Column:
    """``[TABLE=]COLUMN`` of an option; ``table`` is empty where it is for every table that has the column."""

    table: str
    name: str

    @classmethod
    def of(cls, written: str, option: str) -> Self:
        """As ``option`` has it. Raises ``IsolationError`` where a name is missing."""
        table, equals, name = written.rpartition("=") if written.count("=") < 2 else written.partition("=")
        if not name.strip() or (equals and not table.strip()):
            raise IsolationError(
                f"{option} {written!r} names no column", f"write {option} COLUMN or {option} TABLE=COLUMN"
            )
        return cls(table, name)


@dataclass(frozen=True, slots=True)
class Since:
    """The beginning of a time window, and as it was asked for."""

    moment: datetime
    said: str

    @classmethod
    def of(cls, written: str, now: datetime) -> Self:
        """A length of time before ``now``, or an ISO date or time, which is in UTC unless it says a zone.

        Raises ``IsolationError`` for anything else, and for what is still to come.
        """
        length = age(written)
        try:
            moment = now - length if length is not None else datetime.fromisoformat(written)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise IsolationError(
                f"--since {written!r} is neither a length of time nor a date",
                "write 12h, 30d or 3w, or 2026-10-01",
            ) from error
        if moment > now:
            raise IsolationError(f"--since {written} is still to come", "name a day before today")
        ago = moment.replace(tzinfo=None).isoformat(timespec="minutes")
        return cls(moment, written if length is None else ago)


@dataclass(frozen=True, slots=True)
class Extent:
    """What one command asks for; with neither ``percent`` nor ``since`` everything, or no rows."""

    schema_only: bool = False
    percent: Decimal | None = None
    since: Since | None = None
    keys: tuple[Column, ...] = ()
    times: tuple[Column, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        schema_only: bool,
        everything: bool,
        percent: str | None,
        since: str | None,
        keys: Sequence[str],
        times: Sequence[str],
        now: datetime,
    ) -> Self:
        """The options as they are typed. Raises ``IsolationError`` where they say nothing, or two things."""
        ways = [schema_only, everything, percent is not None or since is not None]
        if sum(ways) != 1:
            raise IsolationError(
                "say how much: two ways at once are given" if any(ways) else "say how much of it to copy",
                "one of --schema-only, --all, or --percent N and --since WHEN, alone or together",
            )
        for option, values, owner, value in (
            ("--key", keys, "--percent", percent),
            ("--time", times, "--since", since),
        ):
            if values and value is None:
                raise IsolationError(f"{option} is for {owner}, which is not given")
        return cls(
            schema_only=schema_only,
            percent=_percent(percent) if percent is not None else None,
            since=Since.of(since, now) if since is not None else None,
            keys=tuple(Column.of(one, "--key") for one in keys),
            times=tuple(Column.of(one, "--time") for one in times),
        )

    @property
    def threshold(self) -> str:
        """A key is in the sample if the MD5 of its text, in hexadecimal digits, sorts before this."""
        if self.percent is None or self.percent == 100:
            return _EVERY
        return f"{int(self.percent * 16**_DIGITS / 100):0{_DIGITS}x}"


def _percent(written: str) -> Decimal:
    match = re.fullmatch(r"([0-9]{1,3}(\.[0-9]{1,6})?) ?%?", written)
    percent = Decimal(match[1]) if match else Decimal(0)
    if not 0 < percent <= 100:
        raise IsolationError(
            f"--percent {written!r} is no share", "write a number above 0 and up to 100: 10, or 0.5"
        )
    return percent
