"""For people: colours only on a terminal, full width and no truncation when piped."""

from textwrap import indent
from typing import TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text as Line

from dbt_isolation.excerpt import excerpt_of
from dbt_isolation.graph_text import trees
from dbt_isolation.outcome import Block, Finding, Graph, Outcome, Severity, Text

_COLOURS = {Severity.ERROR: "bold red", Severity.WARN: "yellow"}
_PIPED_WIDTH = 160
_INDENT = " " * 6
#: The narrowest excerpt that still says something.
_NARROW = 20


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """Writes blocks, then findings with their remedies, then what was skipped, then one line of summary."""
    console = Console(file=stream, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    for block in outcome.blocks:
        _write_block(console, block)
    for finding in outcome.findings:
        _write_finding(console, finding)
    skipped: dict[str, list[str]] = {}
    for one in outcome.skipped:
        skipped.setdefault(one.why, []).append(one.what)
    for why, what in skipped.items():
        console.print(Line.assemble(("skipped ", "cyan"), f"{', '.join(what)}: {why}"))
    errors = sum(finding.severity is Severity.ERROR for finding in outcome.findings)
    warnings = len(outcome.findings) - errors
    if outcome.findings or outcome.skipped:
        console.print(f"{errors} errors, {warnings} warnings, {len(outcome.skipped)} skipped")
    else:
        console.print(Line(f"{command}: all fine", "green"))


def _write_block(console: Console, block: Block) -> None:
    if isinstance(block, Text):
        for line in (block.title, *block.lines):
            console.print(Line(line))
        return
    if isinstance(block, Graph):
        for line in (block.title, *trees(block)):
            console.print(Line(line))
        return
    grid = Grid(title=block.title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in block.columns:
        grid.add_column(column, overflow="fold")
    for row in block.rows:
        grid.add_row(*map(Line, row))
    console.print(grid, soft_wrap=False)


def _write_finding(console: Console, finding: Finding) -> None:
    place = ":".join(str(part) for part in (finding.path, finding.line, finding.column) if part)
    console.print(
        Line.assemble(
            (f"{finding.severity} ", _COLOURS[finding.severity]),
            f"{finding.code} ",
            f"{place}: " if place else "",
            finding.message,
        )
    )
    _write_excerpt(console, finding)
    if finding.remedy:
        console.print(Line(indent(finding.remedy, _INDENT), "dim"))


def _write_excerpt(console: Console, finding: Finding) -> None:
    """The line, cut to the width so that it stays one, and what is meant underlined in the next one."""
    excerpt = excerpt_of(finding, max(_NARROW, console.width - len(_INDENT)), cell_len)
    if excerpt is None:
        return
    console.print(Line(f"{_INDENT}{excerpt.line}"))
    if finding.column:
        blank = " " * cell_len(excerpt.before)
        carets = "^" * max(1, cell_len(excerpt.meant))
        console.print(Line.assemble(f"{_INDENT}{blank}", (carets, _COLOURS[finding.severity])))
