"""Statements that move the session, and those that run other SQL."""

from dbt_isolation.sql.names import name_at
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.targets import end_of
from dbt_isolation.sql.tokens import is_word

_PATHS = ("search_path", "current_schema", "schema", "catalog", "current_catalog")


def use(scan: Scan, index: int, hi: int, state: State) -> int:
    """USE: where names without a place are looked up from now on."""
    text = scan.text
    at = index + 1
    key, follows = text.key(at, hi), text.key(at + 1, hi)
    if key in ("role", "warehouse", "secondary", "group", "roles") and follows not in ("", ";", "."):
        return end_of(scan, at, hi)
    if key in ("schema", "database", "catalog", "namespace") and follows not in ("", ";", "."):
        at += 1
    return scan.target(at, hi, "place")


def set_(scan: Scan, index: int, hi: int, state: State) -> int:
    """SET search_path, SET SCHEMA."""
    text = scan.text
    at = index + 1
    while text.key(at, hi) in ("session", "local", "global") and text.key(at + 1, hi) != "=":
        at += 1
    if text.key(at, hi) not in _PATHS:
        return index + 1
    at += 1
    at += text.key(at, hi) in ("=", "to")
    while True:
        if text.key(at, hi) == "'" and "," in text.tokens[at].text:
            scan.add_places(at)
            after = at + 1
        elif text.key(at, hi) in ("default", "("):
            after = at
        else:
            after = scan.target(at, hi, "place")
        if after == at or text.key(after, hi) != ",":
            return after
        at = after + 1


def attach(scan: Scan, index: int, hi: int, state: State) -> int:
    """ATTACH: another database's file."""
    at = index + 1
    while scan.text.key(at, hi) in (
        "database",
        "or",
        "replace",
        "table",
        "view",
        "dictionary",
        "if",
        "not",
        "exists",
    ):
        at += 1
    return end_of(scan, scan.target(at, hi), hi)


def detach(scan: Scan, index: int, hi: int, state: State) -> int:
    """DETACH."""
    kind = "place"
    at = index + 1
    while scan.text.key(at, hi) in ("database", "table", "view", "dictionary", "if", "exists"):
        if scan.keys[at] in ("table", "view", "dictionary"):
            kind = "table"
        at += 1
    return scan.target(at, hi, kind)


def call(scan: Scan, index: int, hi: int, state: State) -> int:
    """CALL: a procedure."""
    name = name_at(scan.text, index + 1, hi)
    if name is None:
        return index + 1
    if scan.text.key(name.last, hi) == "(":
        if name.parts[-1].lower() != "set_config":
            scan.add(name, "function", "read")
    elif scan.text.key(name.last, hi) in ("", ";"):
        scan.add(name, "function", "read")
    return name.last


def execute(scan: Scan, index: int, hi: int, state: State) -> int:
    """EXEC and EXECUTE: a procedure, or SQL in strings."""
    text, keys = scan.text, scan.keys
    at = index + 1
    key = text.key(at, hi)
    if key == "immediate":
        at += 1
        key = text.key(at, hi)
    elif key in ("function", "procedure", "as"):
        return at + 1
    if key == "@" and text.key(at + 2, hi) == "=":
        at += 3
        key = text.key(at, hi)
    if (is_word(key) or key == '"') and not (key == "format" and text.key(at + 1, hi) == "("):
        name = name_at(text, at, hi)
        if name is None:
            return at
        if scan.dialect in ("tsql", "") and keys[at - 1] != "immediate":
            if name.parts[-1].lower() == "sp_executesql":
                scan.add(name, "function", "read")
                return _strings(scan, name.last, hi, first=True)
            if name.parts[-1].lower() == "sp_rename" and text.key(name.last, hi) == "'":
                scan.add_name_in(name.last, "write")
            scan.add(name, "function", "read")
        return name.last
    return _strings(scan, at, hi, first=False)


def _strings(scan: Scan, at: int, hi: int, first: bool) -> int:
    """Opens the strings that make up the SQL that is run; the place behind them."""
    keys = scan.keys
    depth = at
    while depth < hi and keys[depth] not in (";", "using", "into", "loop"):
        if keys[depth] == "'":
            scan.open_string(depth, block=True)
            if first:
                return depth + 1
        elif (first and keys[depth] == ",") or keys[depth] in (
            "go",
            "begin",
            "end",
            "insert",
            "select",
            "drop",
            "exec",
            "declare",
            "print",
        ):
            return depth
        depth += 1
    return depth


def import_(scan: Scan, index: int, hi: int, state: State) -> int:
    """IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z, and DuckDB's IMPORT DATABASE."""
    at = index + 1
    if scan.text.key(at, hi) == "database":
        return scan.target(at + 1, hi, action="read")
    if scan.text.key(at, hi) != "foreign":
        return at
    while at < hi and scan.keys[at] not in ("into", ";"):
        at += 1
    return scan.target(at + 1, hi, "place") if scan.text.key(at, hi) == "into" else at


def do(scan: Scan, index: int, hi: int, state: State) -> int:
    """DO: a block in a string."""
    at = index + 1
    other = False
    if scan.text.key(at, hi) == "language":
        other = scan.text.key(at + 1, hi).startswith(("plpy", "plperl", "plv8"))
        at += 2
    if scan.text.key(at, hi) == "'" and not other:
        scan.open_string(at, block=True)
        return at + 1
    return at


def prepare(scan: Scan, index: int, hi: int, state: State) -> int:
    """PREPARE: a statement follows, or stands in a string."""
    at = index + 1
    while at < hi and scan.keys[at] not in ("as", "from", ";"):
        at += 1
    if scan.text.key(at, hi) == "from" and scan.text.key(at + 1, hi) == "'":
        scan.open_string(at + 1)
        return at + 2
    state.start = True
    return at + 1
