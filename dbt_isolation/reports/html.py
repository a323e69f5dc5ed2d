"""One HTML file that needs nothing else: it is read from a disk, sent by mail, kept with a build."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import TextIO

from dbt_isolation.excerpt import excerpt_of
from dbt_isolation.outcome import Finding, Graph, Outcome, Table, Text, TextDiff
from dbt_isolation.reports.page import graph, text_diff

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; width: 100%; }
th, td { border-bottom: 1px solid #8884; padding: .35rem .6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; white-space: pre-wrap; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: #8881; overflow-x: auto; padding: .8rem; }
pre.line { margin: .35rem 0 0; padding: .2rem .5rem; white-space: pre-wrap; }
mark { background: #fd06; color: inherit; text-decoration: underline; }
.error { color: #c62828; font-weight: 600; }
.warn { color: #b26a00; font-weight: 600; }
"""
#: What a page with scripts may do: run those, and ask no one for anything.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
#: Characters of a line; the page wraps them.
_WIDEST = 300


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """Writes the page."""
    title = escape(f"dbt-isolation {command}: {outcome.headline}")
    stream.write(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
    )
    stream.write('<meta name="viewport" content="width=device-width">\n')
    drawn = any(isinstance(block, Graph) and block.vertices for block in outcome.blocks)
    if drawn:
        stream.write(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n')
    stream.write(f"<style>{_style(outcome, drawn)}</style>\n</head>\n<body>\n<h1>{title}</h1>\n")
    for part in _parts(outcome):
        stream.write(f"{part}\n")
    if drawn:
        for script in graph.scripts():
            stream.write(f"{script}\n")
    stream.write("</body>\n</html>\n")


def _style(outcome: Outcome, drawn: bool) -> str:
    differs = any(isinstance(block, TextDiff) for block in outcome.blocks)
    return _STYLE + (text_diff.style() if differs else "") + (graph.style() if drawn else "")


def _parts(outcome: Outcome) -> Iterator[str]:
    if outcome.findings:
        rows = [_row(finding) for finding in outcome.findings]
        yield _table(("", "code", "where", "what", "what to do"), rows)
    alone = sum(isinstance(block, TextDiff) for block in outcome.blocks) == 1
    for block in outcome.blocks:
        yield text_diff.section(block, alone) if isinstance(block, TextDiff) else _block(block)
    if outcome.skipped:
        items = "\n".join(f"<li>{escape(one.what)}: {escape(one.why)}</li>" for one in outcome.skipped)
        yield f"<h2>Skipped</h2>\n<ul>\n{items}\n</ul>"


def _row(finding: Finding) -> Sequence[str]:
    place = ":".join(str(part) for part in (finding.path, finding.line, finding.column) if part)
    where = escape(place or finding.node or finding.relation)
    return (
        f'<span class="{finding.severity}">{finding.severity}</span>',
        escape(finding.code),
        f"<code>{where}</code>" if where else "",
        escape(finding.message) + _excerpt(finding),
        escape(finding.remedy),
    )


def _excerpt(finding: Finding) -> str:
    excerpt = excerpt_of(finding, _WIDEST)
    if excerpt is None:
        return ""
    mark = f"<mark>{escape(excerpt.meant)}</mark>" if excerpt.meant else ""
    return f'<pre class="line">{escape(excerpt.before)}{mark}{escape(excerpt.after)}</pre>'


def _block(block: Table | Text | Graph) -> str:
    title = f"<h2>{escape(block.title)}</h2>\n" if block.title else ""
    if isinstance(block, Text):
        # Without lines it is a sentence, and no heading of anything.
        lines = f"<pre>{escape(chr(10).join(block.lines))}</pre>"
        return title + lines if block.lines else f"<p>{escape(block.title)}</p>"
    if isinstance(block, Graph):
        return title + graph.section(block)
    table = _table(tuple(map(escape, block.columns)), [tuple(map(escape, row)) for row in block.rows])
    if block.folded:
        summary = escape(block.title) or f"{len(block.rows)} rows"
        return f"<details>\n<summary>{summary}</summary>\n{table}\n</details>"
    return title + table


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{one}</th>" for one in columns)
    body = "\n".join(f"<tr>{''.join(f'<td>{one}</td>' for one in row)}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
