"""Evidence: what was built and tested in an instance, at which fingerprint, in which mode, with which vars.

It is kept twice: in a table of the instance, for every machine that works there, and as JSON lines below
dbt's target folder, for commands that do not connect and for a run whose table could not be written.
"""

import json
import urllib.parse
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from dbt_isolation import environments
from dbt_isolation.environments import Named, Relation, Run

TABLE = "dbt_isolation_evidence"
#: Below dbt's target folder.
LINES = "dbt_isolation/evidence.jsonl"
#: What the table's columns are called; all are text.
COLUMNS = (
    *("unique_id", "about", "status", "fingerprint", "mode", "relation", "recorded_at", "recorded_by"),
    *("invocation_id", "vars"),
)
#: Lines are written anew when there are this many, and most are superseded.
_MOST_LINES = 20_000


class Mode(StrEnum):
    """How much of its input a build had."""

    FULL = "full"
    EMPTY = "empty"
    SAMPLE = "sample"
    PARTIAL = "partial"


class Record(msgspec.Struct, frozen=True):
    """One node's build, or one test's result.

    ``about``: the node that a test is about, empty for a build. ``status``: dbt's word. ``fingerprint``: of
    the node built or tested. ``recorded_at``: ISO 8601, UTC. ``vars``: what ``--vars`` said, as JSON.
    """

    unique_id: str
    about: str
    status: str
    fingerprint: str
    mode: str
    relation: str
    recorded_at: str
    recorded_by: str
    invocation_id: str
    vars: str = "{}"

    @property
    def key(self) -> tuple[str, str]:
        """What a later record of the same thing supersedes."""
        return self.unique_id, self.about

    @property
    def time(self) -> datetime:
        """``recorded_at``; the beginning of time where it cannot be read."""
        try:
            found = datetime.fromisoformat(self.recorded_at)
        except ValueError:
            return datetime.min.replace(tzinfo=UTC)
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


class _Line(msgspec.Struct, frozen=True):
    instance: str
    record: Record


def instance(run: Run) -> Relation:
    """The evidence table of the run's instance, which also identifies it.

    It stands where the instance's nodes without a custom schema stand. Raises ``IsolationError`` for a run
    without an environment, and for a variable that a template names and nobody set.
    """
    target = run.target
    return environments.relation(run, Named(default=Relation(target.database, target.schema, TABLE)))


def newest(records: Iterable[Record]) -> dict[tuple[str, str], Record]:
    """The last record of each thing."""
    found: dict[tuple[str, str], Record] = {}
    for record in records:
        known = found.get(record.key)
        if known is None or known.time <= record.time:
            found[record.key] = record
    return found


class Lines:
    """The JSON lines below dbt's target folder, of one instance or, to read them, of all."""

    def __init__(self, target_path: Path, instance: Relation | None) -> None:
        self._file = target_path / LINES
        self._instance = str(instance) if instance is not None else ""

    def append(self, record: Record) -> None:
        """Adds a line. Raises ``OSError``."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as stream:
            stream.write(msgspec.json.encode(_Line(self._instance, record)) + b"\n")

    def read(self) -> list[Record]:
        """The records; a line that cannot be read counts for nothing. Raises ``OSError``."""
        try:
            lines = self._file.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        found = [line for line in map(_decode, lines) if line is not None]
        if len(lines) > _MOST_LINES:
            self._write_anew(found)
        return [line.record for line in found if self._instance in ("", line.instance)]

    def _write_anew(self, lines: Iterable[_Line]) -> None:
        last = {(line.instance, line.record.key): line for line in lines}
        beside = self._file.with_suffix(".new")
        beside.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in last.values()))
        beside.replace(self._file)


def row(record: Record) -> list[str]:
    """The record's columns for SQL: without quotes and backslashes, whatever the engine makes of those."""
    safe = ' !#$&()*+,-./:;<=>?@[]^_`{|}~"'
    return [urllib.parse.quote(str(getattr(record, column)), safe=safe) for column in COLUMNS]


def of_row(values: Iterable[object]) -> Record:
    """The record in a row of the table. Raises ``TypeError`` for a row of something else."""
    return Record(*(urllib.parse.unquote(str(value)) for value in values))


def variables(given: Mapping[str, object]) -> str:
    """What ``--vars`` said, as JSON."""
    return json.dumps(given, sort_keys=True, default=str)


def _decode(line: bytes) -> _Line | None:
    try:
        return msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
