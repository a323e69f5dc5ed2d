"""Markdown, as in a pull request's comment: a line of summary, then findings, blocks and what was skipped.

GitHub takes no comment of more than 65,536 characters and draws no chart that is large: what is too much is
left out, detail first, and the comment says so.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import TextIO

from dbt_isolation import diff_text
from dbt_isolation.excerpt import excerpt_of
from dbt_isolation.graph_part import part
from dbt_isolation.outcome import Block, Finding, Graph, Outcome, Severity, Text, TextDiff
from dbt_isolation.reports import mermaid
from dbt_isolation.reports.comment.cells import as_code, as_text, fence
from dbt_isolation.reports.comment.fit import Part, Rank, fitted

_MARKS = {Severity.ERROR: "❌", Severity.WARN: "⚠️"}
#: Characters of a line, in a cell of a table.
_WIDEST = 120
#: Lines of one text's changes; who wants more reads the file.
_LINES = 300
#: What GitHub's Mermaid draws so that it can still be read, and the characters that it takes.
_VERTICES = 60
_EDGES = 100
_CHART = 40_000


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """Writes it, with a newline at its end."""
    heading = f"## dbt-isolation {command}: {as_text(outcome.headline)}"
    stream.write(fitted(heading, list(_parts(outcome)), f"dbt-isolation {command}") + "\n")


def _parts(outcome: Outcome) -> Iterator[Part]:
    if outcome.findings:
        rows = [_row(finding) for finding in outcome.findings]
        yield _table(Rank.FINDINGS, "findings", "", ("", "code", "where", "what", "what to do"), rows)
    for block in outcome.blocks:
        yield _block(block)
    if outcome.skipped:
        lines = [f"- skipped {as_text(one.what)}: {as_text(one.why)}" for one in outcome.skipped]
        yield Part(Rank.SKIPPED, "what was skipped", "", lines)


def _row(finding: Finding) -> Sequence[str]:
    place = ":".join(str(part) for part in (finding.path, finding.line, finding.column) if part)
    code = f"[{finding.code}]({finding.url})" if finding.url else finding.code
    where = as_code(place or finding.node or finding.relation)
    excerpt = excerpt_of(finding, _WIDEST)
    what = "<br>".join(filter(None, (as_text(finding.message), as_code(excerpt.line) if excerpt else "")))
    return (_MARKS[finding.severity], code, where, what, as_text(finding.remedy))


def _block(block: Block) -> Part:
    title = f"### {as_text(block.title)}\n\n" if block.title else ""
    if isinstance(block, Text):
        if not block.lines:
            # A sentence, and no heading of anything.
            return Part(Rank.TEXT, block.title, title.rstrip().removeprefix("### "), ())
        ticks = fence(block.lines)
        return Part(Rank.TEXT, block.title, f"{title}{ticks}\n", block.lines, f"\n{ticks}")
    if isinstance(block, TextDiff):
        return _diff(block)
    if isinstance(block, Graph):
        return Part(Rank.GRAPH, block.title, f"{title}{_chart(block)}", ())
    columns = tuple(map(as_text, block.columns))
    rows = [tuple(map(as_text, row)) for row in block.rows]
    if not block.folded:
        return _table(Rank.TABLE, block.title, title, columns, rows)
    opened = _folded(block.title or f"{len(rows)} rows")
    return _table(Rank.FOLDED, block.title, opened, columns, rows, "\n\n</details>")


def _diff(block: TextDiff) -> Part:
    lines = list(diff_text.lines(block))
    if not lines:
        return Part(Rank.TEXT, block.title, f"{as_text(block.title)}: no line differs", ())
    ticks = fence(lines)
    shown = lines[:_LINES]
    cut = f"\n\n… and {len(lines) - _LINES} more lines" if len(lines) > _LINES else ""
    opened = f"{_folded(block.title, block.path)}{ticks}diff\n"
    return Part(Rank.DIFF, block.title, opened, shown, f"\n{ticks}{cut}\n\n</details>")


def _chart(graph: Graph) -> str:
    drawn = part(graph, _VERTICES, _EDGES)
    lines = "\n".join(mermaid.lines(drawn)) if drawn else ""
    size = f"{len(graph.vertices)} vertices and {len(graph.edges)} edges"
    if drawn is None or len(lines) > _CHART:
        return f"{size}: too many to draw here; `--format html --output FILE` draws them."
    cut = f"\n\nOf {size}, {len(drawn.vertices)} and {len(drawn.edges)} are drawn." if drawn != graph else ""
    return f"```mermaid\n{lines}\n```{cut}"


def _folded(title: str, path: str = "") -> str:
    # A blank line would end the HTML.
    shown = escape(" ".join(title.split()))
    code = f" <code>{escape(' '.join(path.split()))}</code>" if path else ""
    return f"<details><summary>{shown}{code}</summary>\n\n"


def _table(
    rank: Rank,
    title: str,
    opened: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    closed: str = "",
) -> Part:
    head, rule, *lines = (f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *rows))
    between = "\n" if lines else ""
    return Part(rank, title, f"{opened}{head}\n{rule}{between}", lines, closed)
