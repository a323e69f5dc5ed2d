"""Which relations, files, stages and places a SQL text names, and whether it reads or writes them."""

from collections.abc import Mapping
from typing import NamedTuple

from dbt_isolation.sql.names import Use, fold
from dbt_isolation.sql.queries import run
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.scopes import NOWHERE, Task
from dbt_isolation.sql.tokens import Text, dialect_of
from dbt_isolation.sql.unreadable import UnreadableError

#: SQL in a string in a string, and so on.
_DEPTH = 8
_NO_ALIASES: Mapping[str, str] = {}


def uses(sql: str, dialect: str, aliases: Mapping[str, str] = _NO_ALIASES) -> tuple[Use, ...]:
    """What ``sql`` names, in the order it is written.

    ``dialect`` is dbt's adapter type; an unknown one is read as what most engines have in common, with names
    in double quotes or backticks. ``aliases`` has the alias that a placeholder's relation goes by. Words
    ``dijr1z``, ``dijn1z`` and ``dijt1z`` stand for a relation, a name and any text that is not known.

    Raises ``UnreadableError`` where the text has no tokens.
    """
    return named(sql, dialect, aliases).uses


class Names(NamedTuple):
    """What a text names, and the temporary tables that it makes, as its dialect compares them."""

    uses: tuple[Use, ...]
    temporary: frozenset[str]


def named(sql: str, dialect: str, aliases: Mapping[str, str] = _NO_ALIASES) -> Names:
    """The same as ``uses``, for a text whose session goes on in another."""
    temporary = set[str]()
    found = _scan(Text(sql, dialect_of(dialect)), aliases, {}, False, 0, 0, None, temporary)
    order = sorted(set(found), key=lambda use: (use.start, use.end, use.action != "read"))
    return Names(tuple(order), frozenset(temporary))


def _scan(
    text: Text,
    aliases: Mapping[str, str],
    outer: Mapping[str, int],
    block: bool,
    depth: int,
    offset: int,
    around: tuple[int, int] | None,
    temporary: set[str],
) -> list[Use]:
    """Reads one text: the whole, or a string that stands at ``offset``, or somewhere in ``around``."""
    scan = Scan(text, aliases, block)
    scan.tasks.append(Task(0, len(text.keys), NOWHERE, None, "query", ""))
    while scan.tasks:
        run(scan, scan.tasks.pop())
    _resolve(scan)
    temporary.update(scan.temporary)
    found = [use for use in scan.found if not _is_temporary(use, scan, outer)]
    if depth < _DEPTH:
        known = {**dict.fromkeys(scan.temporary, 0), **outer}
        for token, inner_block in scan.inner:
            start, end, exact = scan.inside(token)
            inner = _text(text.tokens[token].text, text.dialect)
            if inner is not None:
                where = None if exact else (start, end)
                found += _scan(inner, aliases, known, inner_block, depth + 1, start, where, temporary)
    if depth == 0:
        return found
    if around is not None:
        return [use._replace(start=around[0], end=around[1], whole=False) for use in found]
    return [use._replace(start=use.start + offset, end=use.end + offset, whole=False) for use in found]


def _text(sql: str, dialect: str) -> Text | None:
    """A string's SQL; one that is cut off within a string of its own is read as if it ended there."""
    for end in ("", "'", '"', "*/", "$$"):
        try:
            return Text(sql + end, dialect)
        except UnreadableError:
            continue
    return None


def _resolve(scan: Scan) -> None:
    """A table to be changed may be named by its alias in the statement's FROM."""
    for level, use in scan.targets:
        key = fold(use.parts[0], use.quoted[0], scan.dialect)
        if key not in level.aliases:
            scan.found.append(use)
            continue
        real = level.aliases[key]
        if real is not None:
            scan.found.append(real._replace(action="write", whole=False))


def _is_temporary(use: Use, scan: Scan, outer: Mapping[str, int]) -> bool:
    if use.kind != "table" or len(use.parts) != 1:
        return False
    key = fold(use.parts[0], use.quoted[0], scan.dialect)
    if key in outer:
        return True
    since = scan.temporary.get(key)
    return since is not None and (use.action == "write" or use.start > since)
