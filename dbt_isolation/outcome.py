"""What a command returns, and what every report renders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Severity(StrEnum):
    """How much a finding weighs; only an error changes the exit status."""

    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement that mends a finding: ``text`` for what stands from ``start`` to before ``end``.

    Both count the characters of the file's text from 0.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a command found wrong, where, and what to do about it.

    ``line`` and ``column`` count from 1; 0 is unknown. ``excerpt``: the whole line of the file, of which
    ``length`` characters from ``column`` on are meant.
    """

    code: str
    severity: Severity
    message: str
    remedy: str = ""
    url: str = ""
    node: str = ""
    path: str = ""
    line: int = 0
    column: int = 0
    relation: str = ""
    length: int = 0
    excerpt: str = ""
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that could not be looked at, and why: skipped is not passed."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equal length under ``columns``; where ``folded``, detail that a page shows on request."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """Lines as they are, to read or to copy."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextDiff:
    """A text and what became of it; either is empty where there is none. ``path``: of the file, if of one."""

    title: str
    old: str
    new: str
    path: str = ""


class Mark(StrEnum):
    """What became of a thing in a graph; the first ones were edited, the last two only feel it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    AFFECTED = "affected"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Vertex:
    """One thing in a graph; ``note`` is said beside its label."""

    name: str
    label: str
    kind: str
    note: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """Who reads whom: ``edges`` from what is read to what reads it, by names.

    ``focus``: what was asked, empty where nothing was. ``marks``: edges that were added or removed.
    """

    title: str
    focus: str
    vertices: tuple[Vertex, ...]
    edges: tuple[tuple[str, str], ...]
    marks: Mapping[tuple[str, str], Mark] = field(default_factory=dict)


Block: TypeAlias = Table | Text | Graph | TextDiff
Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command has to say: findings, what it skipped, blocks for people and data for programs.

    ``summary``: one line for people, where "all fine" or a count of findings would not say what came of it.
    """

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    blocks: tuple[Block, ...] = ()
    data: Mapping[str, Json] = field(default_factory=dict)
    summary: str = ""

    @property
    def counts(self) -> str:
        """How many findings and things skipped there are; empty where there are none."""
        if not self.findings and not self.skipped:
            return ""
        errors = sum(finding.severity is Severity.ERROR for finding in self.findings)
        return f"{errors} errors, {len(self.findings) - errors} warnings, {len(self.skipped)} skipped"

    @property
    def headline(self) -> str:
        """What came of it, in one line."""
        return " ".join(self.summary.split()) or self.counts or "all fine"

    @property
    def failed(self) -> bool:
        """Whether a finding is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)
