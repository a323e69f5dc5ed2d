"""Texts as they may stand in Markdown."""

import re
from collections.abc import Iterable

#: Characters of one text: more is no message any more, and would push out the others.
_LONGEST = 2_000


def as_code(text: str) -> str:
    """``text`` in one cell as code, in which nothing can be escaped but the bar."""
    plain = re.sub(r"\s+", " ", _cut(text)).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain.strip() else ""


def as_text(text: str) -> str:
    """``text`` in one cell, as it is read: nothing in it is Markdown or HTML."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|~])", r"\\\1", _cut(text))
    return re.sub(r"\s*[\r\n]\s*", "<br>", escaped)


def fence(lines: Iterable[str]) -> str:
    """What may stand around ``lines``: longer than any fence in them."""
    return "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
