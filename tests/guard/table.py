"""The guards' table as data, and as the page that shows it."""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.guard.attacks import COMMANDS
from tests.projects import ROOT

PAGE = ROOT / "docs/guards.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
_MARKS = {"naming": "N", "on-run-start": "S", "plugin": "P"}


@dataclass(frozen=True)
class Row:
    """One attack: what it is, and its cells by command."""

    title: str
    cells: dict[str, str | list[str]]


@dataclass(frozen=True)
class Engine:
    """Another engine than DuckDB, and the attacks that are tried on it."""

    title: str
    mark: str
    attacks: list[str]


@dataclass(frozen=True)
class Work:
    """Something that must still work, on each of ``targets``."""

    title: str
    words: list[str]
    targets: list[str]
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The whole table; ``none`` has the reasons of cells without meaning."""

    none: dict[str, str]
    engines: dict[str, Engine]
    attacks: dict[str, Row]
    works: dict[str, Work]


def read(file: Path) -> Table:
    """The table in ``file``."""
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Table(
        raw["none"],
        {name: Engine(**engine) for name, engine in raw["engines"].items()},
        {name: Row(**row) for name, row in raw["attacks"].items()},
        {name: Work(**work) for name, work in raw["works"].items()},
    )


TABLE = read(ROOT / "tests/cases/guards.yml")


def markdown(table: Table) -> str:
    """The table as the page shows it."""
    reasons = {key: number for number, key in enumerate(table.none, 1)}

    def cell(value: str | list[str]) -> str:
        if isinstance(value, list):
            return " ".join(_MARKS[layer] for layer in value)
        return {"works": "✓", "engine": "**E**"}.get(value) or f"–{reasons[value]}"

    lines = ["| attack | " + " | ".join(f"`{command}`" for command in COMMANDS) + " |"]
    lines.append("| --- |" + " --- |" * len(COMMANDS))
    for name, row in table.attacks.items():
        also = "".join(f" {engine.mark}" for engine in table.engines.values() if name in engine.attacks)
        lines.append(
            f"| {row.title}{also} | " + " | ".join(cell(row.cells[command]) for command in COMMANDS) + " |"
        )
    lines += ["", *(f"–{number}: {table.none[key]}." for key, number in reasons.items()), ""]
    lines.append("All of it is tried on DuckDB.")
    for engine in table.engines.values():
        lines.append(
            f"{engine.mark}: on {engine.title} too; in the other rows the outcome is not the engine's."
        )
    lines += ["", "| must still work | on the targets |", "| --- | --- |"]
    lines += [f"| {work.title} | {', '.join(work.targets)} |" for work in table.works.values()]
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """``text`` of the page with the table in it made anew."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return head + BEGIN + markdown(TABLE) + END + tail


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
