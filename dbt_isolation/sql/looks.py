"""Statements that only look: EXPLAIN, DESCRIBE, SHOW and the like."""

from dbt_isolation.sql.names import name_at
from dbt_isolation.sql.objects import KINDS, NOBODY
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.tables import item
from dbt_isolation.sql.targets import end_of, names, stage


def explain(scan: Scan, index: int, hi: int, state: State) -> int:
    """What is explained follows as a statement."""
    at = index + 1
    if scan.text.key(at, hi) == "(":
        at = scan.close[at] + 1
    while at < hi and (
        scan.keys[at]
        in ("analyze", "verbose", "extended", "formatted", "plan", "using", "text", "json", "for", "ast")
        or scan.keys[at] in ("cost", "codegen", "syntax", "pipeline", "estimate", "tabular", "logical")
    ):
        at += 1
    state.start = True
    return at


def describe(scan: Scan, index: int, hi: int, state: State) -> int:
    """DESCRIBE of a query or of a thing."""
    text = scan.text
    at = index + 1
    while text.key(at, hi) in (
        "extended",
        "formatted",
        "detail",
        "history",
        "query",
        "external",
        "materialized",
    ):
        at += 1
    key = text.key(at, hi)
    if key in ("select", "with", "from", "values", "("):
        state.start = True
        return at
    follows = text.key(at + 1, hi)
    if (key in NOBODY or key in ("result", "input", "output")) and follows not in (".", "", ";"):
        return end_of(scan, at, hi)
    kind = "table"
    if key in KINDS and follows not in (".", "", ";", ")"):
        kind = KINDS[key]
        at += 1
    if kind == "stage":
        return stage(scan, at, hi, "read")
    if kind == "table":
        return item(scan, at, hi, state.scope, state.level)
    return scan.target(at, hi, kind, "read")


def table(scan: Scan, index: int, hi: int, state: State) -> int:
    """TABLE x, PIVOT x and SUMMARIZE x."""
    if scan.text.key(index + 1, hi) in ("select", "with"):
        state.start = True
        return index + 1
    return item(scan, index + 1, hi, state.scope, state.level)


def cache(scan: Scan, index: int, hi: int, state: State) -> int:
    """Spark: a table kept in memory, or a temporary view of a query."""
    at = index + 1
    at += scan.text.key(at, hi) == "lazy"
    at += scan.text.key(at, hi) == "table"
    name = name_at(scan.text, at, hi)
    if name is not None and scan.text.key(name.last, hi) in ("as", "select", "options"):
        return state.temporary(scan, at, hi)
    return names(scan, at, hi, "table", "read")


def declare(scan: Scan, index: int, hi: int, state: State) -> int:
    """DECLARE GLOBAL TEMPORARY TABLE; other declarations are read as they come."""
    if scan.text.key(index + 1, hi) in ("global", "local") and scan.text.key(index + 3, hi) == "table":
        return state.temporary(scan, index + 4, hi)
    return index + 1


def show(scan: Scan, index: int, hi: int, state: State) -> int:
    """SHOW: the place or table it looks into."""
    text, keys = scan.text, scan.keys
    at = index + 1
    table = False
    while at < hi and keys[at] not in (";", "in", "from", "for", "like", "on", ")"):
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
        if keys[at] in ("in", "from", "on", "for") and keys[at - 1] != "starts":
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
