"""For people: colours only on a terminal, full width and no truncation when piped."""

import os
from collections.abc import Callable
from textwrap import indent
from typing import TYPE_CHECKING, NamedTuple, TextIO

from rich.cells import cell_len

from dbt_isolation.excerpt import excerpt_of, plain
from dbt_isolation.graph_text import trees
from dbt_isolation.outcome import Block, Finding, Graph, Outcome, Severity, Table, Text, TextDiff

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS = {Severity.ERROR: "bold red", Severity.WARN: "yellow"}
_PIPED_WIDTH = 160
_INDENT = " " * 6
#: The narrowest excerpt that still says something.
_NARROW = 20
#: What makes rich take a stream that is none for a terminal.
_FORCED = ("FORCE_COLOR", "TTY_COMPATIBLE")


class _Part(NamedTuple):
    """Part of a line, and how it looks on a terminal."""

    text: str
    style: str = ""


class _Screen(NamedTuple):
    """Where lines go; ``width`` is of what must not be wrapped."""

    line: Callable[..., None]
    table: Callable[[Table], None]
    width: int


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """Writes blocks, then findings with their remedies, then what was skipped, then one line of summary."""
    screen = _screen(stream)
    details = []
    for block in outcome.blocks:
        if _is_detail(block):
            details.append(plain(block.title))
        elif isinstance(block, Text):
            for line in (block.title, *block.lines):
                screen.line(_Part(line))
        elif isinstance(block, Graph):
            for line in (block.title, *trees(block)):
                screen.line(_Part(line))
        elif isinstance(block, Table):
            screen.table(block)
    for finding in outcome.findings:
        _write_finding(screen, finding)
    skipped: dict[str, list[str]] = {}
    for one in outcome.skipped:
        skipped.setdefault(one.why, []).append(one.what)
    for why, what in skipped.items():
        screen.line(_Part("skipped ", "cyan"), _Part(f"{', '.join(what)}: {why}"))
    if details:
        screen.line(_Part(f"on the page of --format html: {'; '.join(details)}", "dim"))
    if outcome.summary and outcome.counts:
        screen.line(_Part(f"{command}: {outcome.headline} ({outcome.counts})"))
    elif outcome.counts:
        screen.line(_Part(outcome.counts))
    else:
        screen.line(_Part(f"{command}: {outcome.headline}", "" if outcome.summary else "green"))


def _screen(stream: TextIO) -> _Screen:
    if stream.isatty() or any(name in os.environ for name in _FORCED):
        return _rich(stream)

    # Hooks and CI read plain lines, and rich takes longer to import than a check of one file.
    def line(*parts: _Part) -> None:
        stream.write("".join(part.text for part in parts) + "\n")

    return _Screen(line, lambda table: _rich(stream).table(table), _PIPED_WIDTH)


def _rich(stream: TextIO) -> _Screen:
    from rich.console import Console
    from rich.text import Text as Line

    console = Console(file=stream, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH

    def line(*parts: _Part) -> None:
        console.print(Line.assemble(*parts))

    return _Screen(line, lambda table: _write_table(console, table), console.width)


def _write_table(console: "Console", table: Table) -> None:
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text as Line

    grid = Grid(title=table.title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        grid.add_column(column, overflow="fold")
    for row in table.rows:
        grid.add_row(*map(Line, row))
    console.print(grid, soft_wrap=False)


def _is_detail(block: Block) -> bool:
    """Whether a page shows it and a screen would be full of it."""
    if isinstance(block, Table):
        return block.folded
    return isinstance(block, TextDiff) or (isinstance(block, Graph) and not block.focus)


def _write_finding(screen: _Screen, finding: Finding) -> None:
    place = ":".join(str(part) for part in (finding.path, finding.line, finding.column) if part)
    screen.line(
        _Part(f"{finding.severity} ", _COLOURS[finding.severity]),
        _Part(f"{finding.code} "),
        _Part(f"{place}: " if place else ""),
        _Part(finding.message),
    )
    _write_excerpt(screen, finding)
    if finding.remedy:
        screen.line(_Part(indent(finding.remedy, _INDENT), "dim"))


def _write_excerpt(screen: _Screen, finding: Finding) -> None:
    """The line, cut to the width so that it stays one, and what is meant underlined in the next one."""
    excerpt = excerpt_of(finding, max(_NARROW, screen.width - len(_INDENT)), cell_len)
    if excerpt is None:
        return
    screen.line(_Part(f"{_INDENT}{excerpt.line}"))
    if finding.column:
        blank = " " * cell_len(excerpt.before)
        carets = "^" * max(1, cell_len(excerpt.meant))
        screen.line(_Part(f"{_INDENT}{blank}"), _Part(carets, _COLOURS[finding.severity]))
