"""WITH: the queries that a list names, and from where on each is visible."""

from dbt_isolation.sql.names import PLACEHOLDER, TEXT_PLACEHOLDER, fold
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.scopes import Level, Scope
from dbt_isolation.sql.tokens import is_word, words

#: Dialects in which a CTE may read itself without RECURSIVE.
_ALWAYS_RECURSIVE = ("tsql", "snowflake")
#: Dialects in which RECURSIVE makes the whole list visible to all of it.
_ANY_ORDER = ("postgres", "bigquery")
_QUERY = words("""
    select with from values table insert update delete merge pivot unpivot
    """)


def ctes(
    scan: Scan, index: int, hi: int, scope: Scope, level: Level | None, fragment: bool
) -> tuple[Scope, int]:
    """Reads the list that begins behind WITH; the scope of what follows, and where it begins.

    A ``fragment`` is such a list without its WITH. Where there is no list, the scope is the one given.
    """
    text, keys, dialect = scan.text, scan.keys, scan.dialect
    start = index
    recursive = text.key(index, hi) == "recursive" and text.key(index + 1, hi) != "as"
    index += recursive
    names: dict[str, int] = {"": 0} if fragment else {}
    count = 1
    while index < hi:
        key = keys[index]
        body = _body(scan, index, hi)
        if TEXT_PLACEHOLDER.fullmatch(key) and body is None:
            names.setdefault("", count)
            count += 1
            index += 1
            if text.key(index, hi) == ",":
                index += 1
            elif _body(scan, index, hi) is None and not TEXT_PLACEHOLDER.fullmatch(text.key(index, hi)):
                break
            continue
        if body is None:
            after = (
                _expression(scan, index, hi, scope, level, names, count) if dialect == "clickhouse" else None
            )
            if after is None:
                break
            index = after
        else:
            word = text.tokens[index].text
            own = fold(word, key == '"', dialect)
            self_visible = recursive or dialect in _ALWAYS_RECURSIVE
            everything = recursive and dialect in _ANY_ORDER
            names.setdefault(own, count)
            limit = 1 << 30 if everything else count + self_visible
            if keys[body] == "(":
                # What the query reads is not there yet in the tables that it is made of.
                around = level.parent if level is not None else None
                index = scan.push(body, Scope(scope, names, limit), around, "body")
            else:
                index = body + 1
        count += 1
        index = _tail(scan, index, hi)
        if text.key(index, hi) != ",":
            if _body(scan, index, hi) is not None and TEXT_PLACEHOLDER.fullmatch(keys[index - 1]):
                continue
            break
        index += 1
    if not names or (index == start):
        return scope, start
    return Scope(scope, names, 1 << 30), index


def _body(scan: Scan, index: int, hi: int) -> int | None:
    """Where the body of a CTE that begins at a place opens: a bracket or a placeholder; None for no CTE."""
    text, keys = scan.text, scan.keys
    key = text.key(index, hi)
    if key != '"' and not is_word(key):
        return None
    at = index + 1
    if text.key(at, hi) == "(":
        at = scan.close[at] + 1
    if text.key(at, hi) == "using" and text.key(at + 1, hi) == "key" and text.key(at + 2, hi) == "(":
        at = scan.close[at + 2] + 1
    if text.key(at, hi) != "as":
        return None
    at += 1
    at += text.key(at, hi) == "not"
    at += text.key(at, hi) == "materialized"
    key = text.key(at, hi)
    if key == "(" or (PLACEHOLDER.fullmatch(key) and text.key(at + 1, hi) != "("):
        return at
    return at + 1 if at + 1 < hi and PLACEHOLDER.fullmatch(key) and keys[at + 1] == "(" else None


def _tail(scan: Scan, index: int, hi: int) -> int:
    """The place behind SEARCH, CYCLE and placeholders that follow a CTE."""
    text, keys = scan.text, scan.keys
    if text.key(index, hi) in ("search", "cycle"):
        while index < hi and keys[index] not in _QUERY and keys[index] != "(":
            if keys[index] == "," and _body(scan, index + 1, hi) is not None:
                break
            index += 1
    while TEXT_PLACEHOLDER.fullmatch(text.key(index, hi)):
        index += 1
    return index


def _expression(
    scan: Scan, index: int, hi: int, scope: Scope, level: Level | None, names: dict[str, int], count: int
) -> int | None:
    """ClickHouse: ``with expression as name``; the place behind it, None where there is none."""
    keys = scan.keys
    if keys[index] in _QUERY:
        return None
    at = index
    brackets = []
    while at < hi and keys[at] not in (",", ";", "as", "select"):
        if keys[at] == "(":
            brackets.append(at)
        at = scan.close[at] + 1 if keys[at] in "([{" else at + 1
    if scan.text.key(at, hi) != "as" or at + 1 >= hi:
        return None
    inner = Scope(scope, names, count)
    for one in brackets:
        scan.push(one, inner, level, "call" if one > index and is_word(keys[one - 1]) else "query")
    # A list with nothing but values is a list all the same.
    names.setdefault("\0", 0)
    return at + 2


def is_fragment(scan: Scan, index: int, hi: int) -> bool:
    """Whether a list of CTEs begins at a place without its WITH, as in a macro's body."""
    body = _body(scan, index, hi)
    if body is None or scan.keys[body] != "(":
        return False
    first = scan.text.key(body + 1, hi)
    return first in _QUERY or first == "(" or TEXT_PLACEHOLDER.fullmatch(first) is not None
