"""Markdown, as in a pull request's comment: a line of summary, then findings, blocks and what was skipped."""

import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from dbt_isolation import diff_text
from dbt_isolation.excerpt import excerpt_of
from dbt_isolation.outcome import Block, Finding, Graph, Outcome, Severity, Text, TextDiff
from dbt_isolation.reports import mermaid

_MARKS = {Severity.ERROR: "❌", Severity.WARN: "⚠️"}
#: Characters of a line, in a cell of a table.
_WIDEST = 120


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """Writes it, with a newline at its end."""
    parts = [f"## dbt-isolation {command}: {_text(outcome.headline)}"]
    if outcome.findings:
        rows = [_row(finding) for finding in outcome.findings]
        parts.append(_table(("", "code", "where", "what", "what to do"), rows))
    parts += map(_block, outcome.blocks)
    if outcome.skipped:
        parts.append("\n".join(f"- skipped {_text(one.what)}: {_text(one.why)}" for one in outcome.skipped))
    stream.write("\n\n".join(parts) + "\n")


def _row(finding: Finding) -> Sequence[str]:
    place = ":".join(str(part) for part in (finding.path, finding.line, finding.column) if part)
    code = f"[{finding.code}]({finding.url})" if finding.url else finding.code
    where = _code(place or finding.node or finding.relation)
    excerpt = excerpt_of(finding, _WIDEST)
    what = "<br>".join(filter(None, (_text(finding.message), _code(excerpt.line) if excerpt else "")))
    return (_MARKS[finding.severity], code, where, what, _text(finding.remedy))


def _block(block: Block) -> str:
    title = f"### {_text(block.title)}\n\n" if block.title else ""
    if isinstance(block, Text):
        return title + _fenced(block.lines) if block.lines else title.rstrip()
    if isinstance(block, TextDiff):
        return title + _fenced(list(diff_text.lines(block)), "diff")
    if isinstance(block, Graph):
        chart = "\n".join(mermaid.lines(block))
        return f"{title}```mermaid\n{chart}\n```"
    return title + _table(block.columns, [tuple(map(_text, row)) for row in block.rows])


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _fenced(lines: Sequence[str], language: str = "") -> str:
    text = "\n".join(lines)
    # Longer than any fence in the text itself.
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _code(text: str) -> str:
    """``text`` in one cell as code, in which nothing can be escaped but the bar."""
    plain = re.sub(r"\s+", " ", text).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain.strip() else ""


def _text(text: str) -> str:
    """``text`` in one cell, as it is read: nothing in it is Markdown or HTML."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|~])", r"\\\1", text)
    return re.sub(r"\s*[\r\n]\s*", "<br>", escaped)
