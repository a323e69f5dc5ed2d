"""Statements that copy rows to files and stages, or from them."""

from dbt_isolation.sql.objects import skip
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.targets import end_of
from dbt_isolation.sql.tokens import is_word


def copy(scan: Scan, index: int, hi: int, state: State) -> int:
    """COPY, in either direction."""
    text, keys = scan.text, scan.keys
    at = index + 1
    if text.key(at, hi) == "from" and text.key(at + 1, hi) == "database":
        at = scan.target(at + 2, hi, "place", "read")
        at += text.key(at, hi) == "to"
        return scan.target(at, hi, "place")
    into = text.key(at, hi) == "into"
    at += into
    first = at
    at = scan.close[at] + 1 if text.key(at, hi) == "(" else _behind_name(scan, at, hi)
    if text.key(at, hi) == "(":
        at = scan.close[at] + 1
    direction = text.key(at, hi)
    if direction not in ("to", "from"):
        _side(scan, first, hi, "write" if into else "read", state)
        return at
    writes = into or direction == "from"
    _side(scan, first, hi, "write" if writes else "read", state)
    at = _side(scan, at + 1, hi, "read" if writes else "write", state)
    return end_of(scan, at, hi) if not into else at if keys[at - 1 : at] == [")"] else end_of(scan, at, hi)


def _side(scan: Scan, at: int, hi: int, action: str, state: State) -> int:
    """One side of a copy: a table, a stage, a file or a query in brackets."""
    if scan.text.key(at, hi) == "(":
        return scan.push(at, state.scope, state.level, "query")
    if scan.text.key(at, hi) in ("stdin", "stdout", "program"):
        return at + 1
    return scan.target(at, hi, action=action)


def _behind_name(scan: Scan, at: int, hi: int) -> int:
    keys = scan.keys
    while at < hi and keys[at] not in ("to", "from", "(", ";"):
        at += 1
    return at


def bulk(scan: Scan, index: int, hi: int, state: State) -> int:
    """T-SQL's BULK INSERT."""
    at = index + 1
    if scan.text.key(at, hi) != "insert":
        return at
    at = scan.target(at + 1, hi)
    if scan.text.key(at, hi) == "from":
        at = scan.target(at + 1, hi, action="read")
    return at


def load(scan: Scan, index: int, hi: int, state: State) -> int:
    """BigQuery's LOAD DATA and Hive's."""
    text = scan.text
    at = index + 1
    if text.key(at, hi) != "data":
        return at
    while at < hi and scan.keys[at] != ";":
        key, follows = scan.keys[at], text.key(at + 1, hi)
        if key == "inpath" and follows == "'":
            scan.add_string(at + 1, "file", "read")
        elif key in ("into", "overwrite") and follows not in ("into", "overwrite"):
            at = skip(text, at + 1 + (follows in ("table",)), hi)
            at = scan.target(at, hi)
            continue
        elif key == "files" and follows == "(":
            uris(scan, at + 1, "read")
            at = scan.close[at + 1]
        at += 1
    return at


def uris(scan: Scan, open_at: int, action: str) -> None:
    """The files that options between brackets name."""
    taking = False
    for at in range(open_at + 1, scan.close[open_at]):
        key = scan.keys[at]
        if is_word(key):
            taking = key in ("uri", "uris", "location", "external_location", "path")
        elif key == "'" and taking:
            scan.add_string(at, "file", action)


def unload(scan: Scan, index: int, hi: int, state: State) -> int:
    """UNLOAD of a query, in brackets or in a string, to files."""
    at = index + 1
    if scan.text.key(at, hi) != "(":
        return at
    end = scan.close[at]
    if scan.text.key(at + 1, hi) == "'":
        for one in range(at + 1, end):
            if scan.keys[one] == "'":
                scan.open_string(one)
    else:
        scan.push(at, state.scope, state.level, "body")
    at = end + 1
    if scan.text.key(at, hi) == "to":
        at = scan.target(at + 1, hi)
    return end_of(scan, at, hi)


def export(scan: Scan, index: int, hi: int, state: State) -> int:
    """EXPORT DATA, EXPORT DATABASE."""
    text = scan.text
    at = index + 1
    if text.key(at, hi) == "database":
        at += 1
        if text.key(at, hi) != "'":
            at = scan.target(at, hi, "place", "read")
            at += text.key(at, hi) == "to"
        return scan.target(at, hi)
    while at < hi and scan.keys[at] not in ("as", ";", "select"):
        if scan.keys[at] == "(":
            uris(scan, at, "write")
            at = scan.close[at]
        at += 1
    return at


def stage_files(scan: Scan, index: int, hi: int, state: State) -> int:
    """Snowflake's PUT, REMOVE, LIST and GET."""
    action = "write" if scan.keys[index] in ("put", "remove", "rm") else "read"
    at = index + 1
    while at < hi and scan.keys[at] not in (";", "@", "'"):
        at += 1
    if scan.text.key(at, hi) == "@":
        return scan.stage(at, hi, action)
    if scan.text.key(at, hi) == "'" and scan.text.tokens[at].text.startswith("@"):
        return scan.target(at, hi, action=action)
    return at
