"""CTEs that nothing reads."""

from typing import NamedTuple

from dbt_isolation.sql.tokens import Text, dialect_of, is_word


class Unread(NamedTuple):
    """A CTE by its name, and where its query stands: from ``start`` to before ``end``."""

    name: str
    start: int
    end: int


class _Cte(NamedTuple):
    name: str
    defined: int
    lo: int
    hi: int


def unread_ctes(sql: str, dialect: str) -> tuple[Unread, ...]:
    """Those that neither the query nor a CTE that it reads names, in the order in which they begin.

    One whose name stands anywhere else counts as read. ``dialect``: a dbt adapter type. Raises
    ``UnreadableError`` where the text has no tokens.
    """
    text = Text(sql, dialect_of(dialect))
    ctes = [one for index, key in enumerate(text.keys) if key == "with" for one in _list(text, index + 1)]
    owners = [-1] * len(text.keys)
    for number, cte in sorted(enumerate(ctes), key=lambda one: one[1].lo):
        owners[cte.lo : cte.hi] = [number] * (cte.hi - cte.lo)
    inside: dict[int, list[int]] = {}
    for index, owner in enumerate(owners):
        inside.setdefault(owner, []).append(index)
    named: dict[str, list[int]] = {}
    for number, cte in enumerate(ctes):
        named.setdefault(cte.name, []).append(number)
    defined = {cte.defined for cte in ctes}
    read: set[int] = set()
    ahead = [-1]
    while ahead:
        for index in inside.get(ahead.pop(), ()):
            if index in defined or not _names(text, index):
                continue
            for number in named.get(text.tokens[index].text.lower(), ()):
                if number not in read:
                    read.add(number)
                    ahead.append(number)
    return tuple(
        Unread(cte.name, text.tokens[cte.lo].start, text.tokens[cte.hi - 1].end + 1)
        for number, cte in sorted(enumerate(ctes), key=lambda one: one[1].lo)
        if number not in read
    )


def _list(text: Text, index: int) -> list[_Cte]:
    """The CTEs of a list that begins at a place; none where there is no list."""
    found: list[_Cte] = []
    hi = len(text.keys)
    index += text.key(index, hi) == "recursive" and text.key(index + 1, hi) != "as"
    while index < hi and (text.keys[index] == '"' or is_word(text.keys[index])):
        at = index + 1
        if text.key(at, hi) == "(":
            at = text.close[at] + 1
        if text.key(at, hi) != "as":
            break
        at += 1
        at += text.key(at, hi) == "not"
        at += text.key(at, hi) == "materialized"
        if text.key(at, hi) != "(":
            break
        end = min(text.close[at], hi)
        if end > at + 1:
            found.append(_Cte(text.tokens[index].text.lower(), index, at + 1, end))
        if text.key(end + 1, hi) != ",":
            break
        index = end + 2
    return found


def _names(text: Text, index: int) -> bool:
    """Whether a token may be the name of a table: no part of a longer name, and no alias behind AS."""
    key = text.keys[index]
    return (key == '"' or is_word(key)) and text.key(index - 1, len(text.keys)) not in (".", "as")
