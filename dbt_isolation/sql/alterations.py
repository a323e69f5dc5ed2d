"""ALTER and RENAME, and the upkeep of tables."""

from dbt_isolation.sql.objects import KINDS, Thing, on_of, skip
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.targets import another, behind, end_of, names, stage
from dbt_isolation.sql.tokens import words


def alter(scan: Scan, index: int, hi: int, state: State) -> int:
    """ALTER, and the other relations and places it names."""
    text, keys = scan.text, scan.keys
    if text.key(index + 1, hi) == "default" and text.key(index + 2, hi) == "privileges":
        at = index + 3
        while at < hi and keys[at] not in ("grant", "revoke", ";"):
            if keys[at] == "in" and text.key(at + 1, hi) in KINDS:
                at = names(scan, at + 2, hi, "place")
            else:
                at += 1
        return behind(scan, at, hi)
    thing = Thing(text, index + 1, hi)
    if not thing.word:
        return index + 1
    if not thing.kind:
        return behind(scan, thing.index, hi)
    if thing.kind == "stage":
        at = stage(scan, thing.index, hi, "write")
    else:
        at = on_of(text, thing.index, hi) if thing.word in ("policy", "trigger", "index") else thing.index
        at = names(scan, at, hi, thing.kind)
    while at < hi and keys[at] != ";":
        key, before, follows = keys[at], keys[at - 1], text.key(at + 1, hi)
        if key == "(":
            at = scan.push(at, state.scope, state.level, "columns")
        elif (key == "to" and before == "rename") or (key == "with" and before in ("swap", "exchange")):
            at = names(scan, at + 1, hi, thing.kind)
        elif key == "schema" and before == "set":
            at = scan.target(at + 1, hi, "place")
        elif (
            key in ("transfer", "inherit")
            or (key == "table" and before in ("with", "to", "from"))
            or (key == "to" and "switch" in (before, keys[max(at - 3, 0)]))
            or (key == "partition" and before in ("attach", "detach") and scan.dialect == "postgres")
        ):
            at = scan.target(at + 1, hi)
        elif key == "from" and (before == "append" or scan.dialect == "clickhouse"):
            at = scan.target(at + 1, hi, action="write" if before == "append" else "read")
        elif key == "references":
            at = scan.target(at + 1, hi, action="read")
        elif key == "location" and follows == "'":
            scan.add_string(at + 1, "file", "write")
            at += 2
        elif key in ("as", "select") and before != "rename":
            state.start = True
            return at + (key == "as")
        elif another(scan, at, hi):
            return at
        else:
            at += 1
    return at


def rename(scan: Scan, index: int, hi: int, state: State) -> int:
    """RENAME TABLE a TO b, EXCHANGE TABLES a AND b."""
    text = scan.text
    at = index + 1
    kind = KINDS.get(text.key(at, hi), "table")
    at += text.key(at, hi) in KINDS
    while True:
        after = scan.target(skip(text, at, hi), hi, kind)
        if after == at or text.key(after, hi) not in ("to", "and", ","):
            return after
        at = after + 1


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
    at = names(scan, at, hi, kind)
    return at if text.key(at, hi) == "where" else end_of(scan, at, hi)


_OPTIONS = words("""
    full freeze verbose analyze delete sort recluster only boost concurrently compression predicate all
    columns materialized external foreign skip_locked repair streaming lazy if exists incremental
    no_write_to_binlog local
    """)
