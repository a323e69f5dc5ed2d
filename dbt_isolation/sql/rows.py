"""Statements that put rows into a table, change them or take them out."""

from dbt_isolation.sql.calls import call
from dbt_isolation.sql.names import is_temporary, name_at
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.targets import names


def insert(scan: Scan, index: int, hi: int, state: State) -> int:
    """INSERT and REPLACE INTO."""
    text = scan.text
    at = index + 1
    key = text.key(at, hi)
    if key == "or":
        at += 2
        key = text.key(at, hi)
    if key == "overwrite":
        at += 1
        key = text.key(at, hi)
    if key in ("all", "first"):
        state.multiple = True
        return at + 1
    if key == "local" or key == "directory":
        at += 1 + (key == "local")
        return scan.target(at, hi)
    at += key == "into"
    key = text.key(at, hi)
    if key == "table" and text.key(at + 1, hi) not in ("(", "select"):
        at += 1
    if text.key(at, hi) == "function":
        return _function(scan, at + 1, hi)
    if text.key(at, hi) in ("values", "select", "@", "", ")"):
        return at
    return _written(scan, at, hi, state)


def _function(scan: Scan, index: int, hi: int) -> int:
    """ClickHouse: rows into another server's table or a file."""
    name = name_at(scan.text, index, hi)
    if name is None or scan.text.key(name.last, hi) != "(":
        return index
    before = len(scan.found)
    call(scan, name, in_table_place=True)
    scan.found[before:] = [
        use if use.kind == "function" else use._replace(action="write") for use in scan.found[before:]
    ]
    return scan.close[name.last] + 1


def _written(scan: Scan, index: int, hi: int, state: State, aliased: bool = False) -> int:
    """The table that a statement changes; the place behind it."""
    if scan.text.key(index, hi) in ("identifier", "table") and scan.text.key(index + 1, hi) == "(":
        return scan.target(index, hi)
    name = name_at(scan.text, index, hi)
    if name is None:
        return scan.target(index, hi)
    hidden = scan.dialect == "tsql" and state.scope.hides(name, scan.dialect)
    if hidden or is_temporary(name.parts):
        scan.named.add(name.first)
        return name.last
    use = scan.add(name, "table", "write")
    if use is not None and aliased and scan.dialect in ("tsql", "mysql", "") and len(name.parts) == 1:
        scan.found.pop()
        state.targets.append(use)
    return name.last


def update(scan: Scan, index: int, hi: int, state: State) -> int:
    """UPDATE."""
    at = index + 1
    while scan.text.key(at, hi) in ("only", "top", "low_priority", "ignore", "or", "percent", "("):
        at = scan.close[at] + 1 if scan.keys[at] == "(" else at + 1
    return _written(scan, at, hi, state, aliased=True)


def delete(scan: Scan, index: int, hi: int, state: State) -> int:
    """DELETE."""
    at = index + 1
    while scan.text.key(at, hi) in ("top", "("):
        at = scan.close[at] + 1 if scan.keys[at] == "(" else at + 1
    at += scan.text.key(at, hi) == "from"
    at += scan.text.key(at, hi) == "only"
    state.using = "delete"
    return _written(scan, at, hi, state, aliased=True)


def merge(scan: Scan, index: int, hi: int, state: State) -> int:
    """MERGE."""
    at = index + 1
    if scan.text.key(at, hi) == "with":
        at += 3
    at += scan.text.key(at, hi) == "into"
    state.using = "merge"
    return _written(scan, at, hi, state)


def truncate(scan: Scan, index: int, hi: int, state: State) -> int:
    """TRUNCATE."""
    at = index + 1
    if scan.text.key(at, hi) in ("table", "materialized", "database"):
        kind = "place" if scan.keys[at] == "database" else "table"
        at += 1 + (scan.keys[at] == "materialized")
        return names(scan, at, hi, kind)
    return names(scan, at, hi, "table")
