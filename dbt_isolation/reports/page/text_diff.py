"""A text and what became of it, side by side."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from html import escape
from itertools import zip_longest
from typing import NamedTuple

from dbt_isolation.excerpt import plain
from dbt_isolation.outcome import TextDiff
from dbt_isolation.reports.page import static

#: Lines that stay around what changed.
_AROUND = 3
#: Characters of a line in which changed words are looked for; in a longer one that takes too long.
_LONGEST = 1000


class _Row(NamedTuple):
    """A number and a line, in HTML, of either side; None where it has none."""

    old_number: int
    old: str | None
    new_number: int
    new: str | None
    changed: bool


def style() -> str:
    """What a page with a text's changes needs in its head."""
    return static("diff.css")


def section(block: TextDiff, unfolded: bool) -> str:
    """The two texts in a part that can be folded."""
    path = f" <code>{escape(plain(block.path))}</code>" if block.path else ""
    head = f"<details{' open' if unfolded else ''}>\n<summary>{escape(block.title)}{path}</summary>"
    return f'{head}\n<div class="diff">\n{chr(10).join(_stretches(block))}\n</div>\n</details>'


def _stretches(block: TextDiff) -> Iterator[str]:
    old, new = block.old.splitlines(), block.new.splitlines()
    codes = SequenceMatcher(None, old, new).get_opcodes()
    shown: list[_Row] = []
    for index, (tag, start, end, first, last) in enumerate(codes):
        if tag != "equal":
            shown += _changed(old[start:end], new[first:last], start, first)
            continue
        lines = range(end - start)
        rows = [
            _Row(start + at + 1, _cell(old[start + at]), first + at + 1, _cell(new[first + at]), False)
            for at in lines
        ]
        before = _AROUND if index else 0
        after = _AROUND if index < len(codes) - 1 else 0
        # One line is not worth a fold.
        if len(rows) <= before + after + 1:
            shown += rows
            continue
        if shown or before:
            yield _table([*shown, *rows[:before]])
        folded = rows[before : len(rows) - after]
        yield f"<details>\n<summary>{len(folded)} lines as before</summary>\n{_table(folded)}\n</details>"
        shown = rows[len(rows) - after :]
    if shown:
        yield _table(shown)


def _changed(old: Sequence[str], new: Sequence[str], start: int, first: int) -> Iterator[_Row]:
    for at, (one, other) in enumerate(zip_longest(old, new)):
        if one is None or other is None:
            before, after = (None if text is None else _cell(text) for text in (one, other))
        else:
            before, after = _words(plain(one), plain(other))
        yield _Row(start + at + 1, before, first + at + 1, after, True)


def _words(old: str, new: str) -> tuple[str, str]:
    """Both lines with the words marked that the other has not."""
    if max(len(old), len(new)) > _LONGEST:
        return escape(old), escape(new)
    ones, others = (re.findall(r"\w+|\s+|[^\w\s]", text) for text in (old, new))
    before, after = "", ""
    for tag, start, end, first, last in SequenceMatcher(None, ones, others, autojunk=False).get_opcodes():
        one, other = escape("".join(ones[start:end])), escape("".join(others[first:last]))
        before += one if tag == "equal" or not one else f"<del>{one}</del>"
        after += other if tag == "equal" or not other else f"<ins>{other}</ins>"
    return before, after


def _cell(line: str) -> str:
    return escape(plain(line))


def _table(rows: Iterable[_Row]) -> str:
    body = "\n".join(map(_row, rows))
    return f"<table>\n<tbody>\n{body}\n</tbody>\n</table>"


def _row(row: _Row) -> str:
    old = _side(row.old_number, row.old, "old" if row.changed else "")
    new = _side(row.new_number, row.new, "new" if row.changed else "")
    return f"<tr>{old}{new}</tr>"


def _side(number: int, text: str | None, kind: str) -> str:
    if text is None:
        return '<td class="number"></td><td class="none"></td>'
    mark = f' class="{kind}"' if kind else ""
    return f'<td class="number">{number}</td><td{mark}>{text}</td>'
