"""Statements that copy rows in and out, move the session, keep tables in order and run other SQL."""

from dbt_isolation.sql import changes
from dbt_isolation.sql.names import Name, name_at
from dbt_isolation.sql.objects import KINDS, NOBODY
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.tokens import is_word

_PATHS = ("search_path", "current_schema", "schema", "catalog", "current_catalog")


def end_of(scan: Scan, at: int, hi: int) -> int:
    """The place where the statement ends."""
    while at < hi and scan.keys[at] != ";":
        at += 1
    return at


def _side(scan: Scan, at: int, hi: int, action: str, state: State) -> int:
    """One side of a copy: a table, a stage, a file or a query in brackets."""
    if scan.text.key(at, hi) == "(":
        return scan.push(at, state.scope, state.level, "query")
    if scan.text.key(at, hi) in ("stdin", "stdout", "program"):
        return at + 1
    return scan.target(at, hi, action=action)


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
    return (
        _options(scan, at, hi) if not into else at if keys[at - 1 : at] == [")"] else _options(scan, at, hi)
    )


def _behind_name(scan: Scan, at: int, hi: int) -> int:
    keys = scan.keys
    while at < hi and keys[at] not in ("to", "from", "(", ";"):
        at += 1
    return at


def _options(scan: Scan, at: int, hi: int) -> int:
    """Options name roles, formats and keys: nothing that counts."""
    return end_of(scan, at, hi)


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
            at = changes.skip(text, at + 1 + (follows in ("table",)), hi)
            at = scan.target(at, hi)
            continue
        elif key == "files" and follows == "(":
            _uris(scan, at + 1, "read")
            at = scan.close[at + 1]
        at += 1
    return at


def _uris(scan: Scan, open_at: int, action: str) -> None:
    taking = False
    for at in range(open_at + 1, scan.close[open_at]):
        key = scan.keys[at]
        if is_word(key):
            taking = key in ("uri", "uris", "location", "path")
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
            _uris(scan, at, "write")
            at = scan.close[at]
        at += 1
    return at


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
            scan.add_string(at, "place", "write")
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


def maintain(scan: Scan, index: int, hi: int, state: State) -> int:
    """VACUUM, OPTIMIZE, ANALYZE, REFRESH and the like: they change what they name."""
    text = scan.text
    at = index + 1
    kind = "table"
    while at < hi and (scan.keys[at] in _OPTIONS or scan.keys[at] in KINDS or scan.keys[at] == "("):
        key = scan.keys[at]
        if key == "(":
            at = scan.close[at] + 1
            continue
        if text.key(at + 1, hi) in ("", ";", ".") and key not in ("full", "verbose", "analyze"):
            break
        if KINDS.get(key) == "place":
            kind = "place"
        at += 1
    if at < hi and scan.keys[at] in ("to", "role", "user"):
        return end_of(scan, at, hi)
    at = changes.names(scan, at, hi, kind)
    return at if text.key(at, hi) == "where" else end_of(scan, at, hi)


_OPTIONS = frozenset(
    """
    full freeze verbose analyze delete sort recluster only boost concurrently compression predicate all columns
    materialized external foreign skip_locked repair streaming lazy if exists incremental no_write_to_binlog local
    """.split()
)


def rename(scan: Scan, index: int, hi: int, state: State) -> int:
    """RENAME TABLE a TO b, EXCHANGE TABLES a AND b."""
    text = scan.text
    at = index + 1
    kind = KINDS.get(text.key(at, hi), "table")
    at += text.key(at, hi) in KINDS
    while True:
        after = scan.target(changes.skip(text, at, hi), hi, kind)
        if after == at or text.key(after, hi) not in ("to", "and", ","):
            return after
        at = after + 1


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
    elif key in ("function", "procedure"):
        return at + 1
    elif is_word(key) and keys[index] == "execute" and key == "as":
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
        elif first and keys[depth] == ",":
            return depth
        elif keys[depth] in ("go", "begin", "end", "insert", "select", "drop", "exec", "declare", "print"):
            return depth
        depth += 1
    return depth


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


def show(scan: Scan, index: int, hi: int, state: State) -> int:
    """SHOW: the place or table it looks into."""
    text, keys = scan.text, scan.keys
    at = index + 1
    table = False
    while at < hi and keys[at] not in (";", "in", "from", "like", "on", ")"):
        if keys[at] in (
            "columns",
            "partitions",
            "constraints",
            "stats",
            "tblproperties",
            "fields",
            "indexes",
        ):
            table = True
        if keys[at] in ("create", "tblproperties", "partitions") and keys[at - 1] == "show":
            at += 1
            while text.key(at, hi) in ("table", "view", "materialized", "external"):
                at += 1
            if text.key(at, hi) not in ("schema", "database", "function", "procedure", "in", "from"):
                at = scan.target(at, hi, action="read")
            return end_of(scan, at, hi)
        at += 1
    while at < hi and keys[at] not in (";", ")"):
        if keys[at] in ("in", "from", "on") and keys[at - 1] != "starts":
            follows = text.key(at + 1, hi)
            if follows in ("account", "application") or (
                follows in NOBODY and text.key(at + 2, hi) not in ("", ";")
            ):
                break
            kind = "table" if table else "place"
            at += 1
            if follows in KINDS and text.key(at + 1, hi) not in ("", ";", "."):
                kind = KINDS[follows]
                at += 1
                if text.key(at, hi) == "view":
                    at += 1
            at = scan.target(at, hi, kind, "read")
            continue
        at += 1
    return at if text.key(at, hi) in (";", ")") else end_of(scan, at, hi)


def fetch(scan: Scan, index: int, hi: int, state: State) -> int:
    """FETCH: a cursor is no table."""
    at = index + 1
    while at < hi and at < index + 5 and scan.keys[at] not in ("from", "in", "into", ";", "end"):
        at += 1
    if scan.text.key(at, hi) in ("from", "in"):
        at += 1
        at += scan.text.key(at, hi) == "global"
        name = name_at(scan.text, at, hi)
        at = name.last if name is not None else at
    if scan.text.key(at, hi) == "into":
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


__all__ = ("Name",)
