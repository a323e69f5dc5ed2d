"""What a benchmark found, and the page it is written on."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

from .timing import Spread

RESULTS = Path(__file__).parent / "RESULTS.md"

_HEADINGS = ("what", "median A", "median B", "difference", "ratio B/A (lowest to highest)", "goal", "met?")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks of a benchmark."""

    rounds: int | None = None
    """How often each command is timed; without it, what the benchmark finds enough."""
    models: int = 1000
    """The size of a generated project."""

    @property
    def large(self) -> int:
        """The size of a large one."""
        return 5 * self.models


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: B against A."""

    what: str
    a: str
    b: str
    ratio: Spread
    note: str = ""
    """The difference, where it says more than the ratio."""
    goal: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """As text, in the order of the headings."""
        spread = f"{self.ratio.median:.3f} ({self.ratio.low:.3f} to {self.ratio.high:.3f})"
        met = "" if self.met is None else "yes" if self.met else "**no**"
        return (self.what, self.a, self.b, self.note, spread, self.goal, met)


class Report(Protocol):
    """What a benchmark gives: a section of the page, and whether its goals are met."""

    @property
    def met(self) -> bool:
        """Whether every goal is met."""

    def text(self, name: str, options: Options) -> str:
        """The section under its heading, in Markdown that reads well as plain text."""


@dataclass(frozen=True, slots=True)
class Section:
    """The result of one benchmark."""

    about: str
    """What A and B are."""
    rows: Sequence[Row]
    rounds: int
    remarks: Sequence[str] = field(default_factory=tuple)

    @property
    def met(self) -> bool:
        """Whether every goal is met."""
        return all(row.met is not False for row in self.rows)

    def text(self, name: str, options: Options) -> str:
        """The section under its heading, in Markdown that reads well as plain text."""
        asked = f" --models {options.models}" if options.models != Options().models else ""
        asked += f" --rounds {options.rounds}" if options.rounds else ""
        rounds = f"{self.rounds} rounds after a warm-up; {versions()}."
        rows = table(_HEADINGS, [row.cells() for row in self.rows])
        parts = [f"## {name}", self.about, rows, *self.remarks, rounds]
        parts.append(f"Repeat: `python -m benchmarks {name}{asked}`")
        return "\n\n".join(parts) + "\n"


def milliseconds(seconds: float, *, signed: bool = False) -> str:
    """`12.3 ms`."""
    value = round(seconds * 1000, 1) + 0.0  # no "-0.0"
    return f"{value:{'+' if signed else ''}.1f} ms"


def record(page: str, name: str, section: str, order: Sequence[str]) -> str:
    """The page with one section put in or replaced, and the top written anew; the other sections stay."""
    sections = {part.split("\n", 1)[0][3:]: part for part in re.split(r"(?m)^(?=## )", page)[1:]}
    sections[name] = section
    known = [name for name in order if name in sections]
    unknown = [name for name in sections if name not in order]
    bodies = [sections[name].strip() + "\n" for name in (*known, *unknown)]
    return "\n".join([_top(), *bodies])


def versions() -> str:
    """What was measured, and where, as far as it matters."""
    parts = [f"Python {platform.python_version()}"]
    for package in ("dbt-core", "dbt-duckdb", "duckdb", "dbt-isolation"):
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"no {package}")
    return ", ".join([*parts, f"{os.cpu_count()} cores"])


def _top() -> str:
    return f"""\
# Results

What `python -m benchmarks [NAME ...]` measured; run it from the root of the repository, in an environment
with this package, dbt-core and dbt-duckdb installed. Without a name it runs all of them; each replaces its
own section.

Commands are run in turn, A B A B …, as whole processes. The figure to read is the ratio: the median of the
ratios between neighbours, with the lowest and the highest. Times are only there to show what the ratio is of.

Last run with {versions()}.
"""


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, without columns that are empty."""
    columns = [index for index in range(len(headings)) if any(row[index] for row in rows)]
    lines = [[headings[index] for index in columns], *([row[index] for index in columns] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    texts = [
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    ]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {text} |" for text in (texts[0], rule, *texts[1:]))
