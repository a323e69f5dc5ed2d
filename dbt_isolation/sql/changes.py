"""Statements that make, change and drop things, and say who may use them."""

from dbt_isolation.sql.names import Name, name_at
from dbt_isolation.sql.objects import KINDS, NOBODY, Thing, skip
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.tables import item
from dbt_isolation.sql.tokens import is_word

_OTHER_LANGUAGES = frozenset(
    "python java javascript js scala c plpython3u plpythonu plperl plv8 r internal".split()
)
_LOCATIONS = frozenset(
    "location external_location managedlocation url root_location storage_location".split()
)


def create(scan: Scan, index: int, hi: int, state: State) -> int:
    """CREATE, and what it is made of."""
    text, keys = scan.text, scan.keys
    thing = Thing(text, index + 1, hi)
    if not thing.word or not thing.kind:
        return _behind(scan, thing.index, hi) if thing.word else index + 1
    at = thing.index
    if thing.word in ("index", "trigger", "policy", "rule", "statistics"):
        while at < hi and keys[at] not in ("on", ";", "from"):
            at += 1
        if text.key(at, hi) == "on":
            at = scan.target(skip(text, at + 1, hi), hi)
            return _behind(scan, at, hi, stop=("execute", "as", "do", "when"))
        return at
    if thing.kind == "place" and text.key(at, hi) == "authorization":
        return at + 1
    if thing.temporary:
        if thing.kind == "table" and text.key(at, hi) != "#":
            at = state.temporary(scan, at, hi)
        else:
            name = name_at(text, at, hi)
            at = name.last if name else at
    elif thing.kind == "stage":
        at = stage(scan, at, hi, "write")
    else:
        at = scan.target(at, hi, thing.kind)
    return _made_of(scan, at, hi, state, thing)


def _made_of(scan: Scan, at: int, hi: int, state: State, thing: Thing) -> int:
    """The rest of CREATE up to its query: where rows or columns come from, and where they are kept."""
    text, keys = scan.text, scan.keys
    begin = at
    while at < hi and keys[at] != ";":
        key, before, follows = keys[at], keys[at - 1], text.key(at + 1, hi)
        if key == "(":
            at = scan.push(at, state.scope, state.level, "columns")
        elif key in ("clone", "like", "copy") and (key != "copy" or scan.dialect == "bigquery"):
            at = scan.target(at + 1, hi, thing.kind, "read") if follows != "(" else at + 1
        elif key == "of" and before == "partition":
            at = scan.target(at + 1, hi)
        elif key == "inherits" and follows == "(":
            scan.target(at + 2, hi, action="read")
            at = scan.close[at + 1] + 1
        elif key in _LOCATIONS:
            at += 1
            while text.key(at, hi) == "=":
                at += 1
            if text.key(at, hi) == "'":
                scan.add_string(at, "file", "write")
        elif key == "using" and text.key(at + 2, hi) == "options":
            at += 2
        elif key == "to" and scan.dialect == "clickhouse" and thing.word == "view":
            at = scan.target(at + 1, hi)
        elif key == "on" and thing.word == "stream":
            while text.key(at + 1, hi) in ("table", "view", "external", "dynamic", "stage"):
                at += 1
            at = scan.target(at + 1, hi, action="read")
        elif key == "as":
            return _as(scan, at, hi, begin, thing)
        elif key in ("select", "with", "insert", "begin", "copy", "return", "values", "from"):
            if key == "begin":
                state.start = True
                return at + 1
            state.start = key != "from"
            return at if key != "from" else at + 1
        else:
            at += 1
    return at


def _as(scan: Scan, at: int, hi: int, begin: int, thing: Thing) -> int:
    """What stands behind AS: a query, a body in a string, in ClickHouse a table."""
    follows = scan.text.key(at + 1, hi)
    if follows == "'" and thing.kind == "function":
        end = at + 2
        while end < hi and scan.keys[end] != ";":
            end += 1
        words = scan.keys[begin:end]
        languages = {words[one + 1] for one in range(len(words) - 1) if words[one] == "language"}
        if languages.isdisjoint(_OTHER_LANGUAGES):
            scan.open_string(at + 1, block="sql" not in languages)
        return end
    if scan.dialect == "clickhouse" and (follows == '"' or is_word(follows)) and follows not in _QUERY:
        return item_of(scan, at + 1, hi)
    return at + 1 if follows in ("'", "table") else at


_QUERY = frozenset("select with from values insert".split())


def item_of(scan: Scan, index: int, hi: int) -> int:
    """A relation that is read as it is; the place behind it."""
    return scan.target(index, hi, action="read")


def stage(scan: Scan, index: int, hi: int, action: str) -> int:
    """A stage by its name, without an ``@``."""
    if scan.text.key(index, hi) == "@":
        return scan.stage(index, hi, action)
    name = name_at(scan.text, index, hi)
    if name is None:
        return index
    scan.add(Name((f"@{'.'.join(name.parts)}",), (False,), name.first, name.last), "stage", action)
    return name.last


def names(scan: Scan, index: int, hi: int, kind: str, action: str = "write") -> int:
    """A list of names; the place behind it."""
    while True:
        index = skip(scan.text, index, hi)
        after = stage(scan, index, hi, action) if kind == "stage" else scan.target(index, hi, kind, action)
        if after == index:
            return index
        index = after
        while scan.text.key(index, hi) in ("(", "*"):
            index = scan.close[index] + 1 if scan.keys[index] == "(" else index + 1
        if scan.text.key(index, hi) == "." and scan.text.key(index + 1, hi) == "*":
            index += 2
        if scan.text.key(index, hi) != ",":
            return index
        index += 1


def drop(scan: Scan, index: int, hi: int, state: State) -> int:
    """DROP, UNDROP."""
    thing = Thing(scan.text, index + 1, hi)
    if not thing.word:
        return index + 1
    if not thing.kind:
        return _behind(scan, thing.index, hi)
    if thing.word in ("trigger", "policy", "rule", "index"):
        name = name_at(scan.text, thing.index, hi)
        if name is not None and scan.text.key(name.last, hi) == "on":
            return scan.target(name.last + 1, hi)
    return names(scan, thing.index, hi, thing.kind)


def truncate(scan: Scan, index: int, hi: int, state: State) -> int:
    """TRUNCATE."""
    at = index + 1
    if scan.text.key(at, hi) in ("table", "materialized", "database"):
        kind = "place" if scan.keys[at] == "database" else "table"
        at += 1 + (scan.keys[at] == "materialized")
        return names(scan, at, hi, kind)
    return names(scan, at, hi, "table")


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
        return _behind(scan, at, hi)
    thing = Thing(text, index + 1, hi)
    if not thing.word:
        return index + 1
    if not thing.kind:
        return _behind(scan, thing.index, hi)
    if thing.kind == "stage":
        at = stage(scan, thing.index, hi, "write")
    else:
        at = names(scan, thing.index, hi, thing.kind)
    while at < hi and keys[at] != ";":
        key, before, follows = keys[at], keys[at - 1], text.key(at + 1, hi)
        if key == "(":
            at = scan.push(at, state.scope, state.level, "columns")
        elif (key == "to" and before == "rename") or (key == "with" and before in ("swap", "exchange")):
            at = names(scan, at + 1, hi, thing.kind)
        elif key == "schema" and before == "set":
            at = scan.target(at + 1, hi, "place")
        elif key == "transfer":
            at = scan.target(at + 1, hi)
        elif key == "table" and before in ("with", "to", "from"):
            at = scan.target(at + 1, hi)
        elif key == "to" and "switch" in (before, keys[max(at - 3, 0)]):
            at = scan.target(at + 1, hi)
        elif key == "partition" and before in ("attach", "detach") and scan.dialect == "postgres":
            at = scan.target(at + 1, hi)
        elif key in ("inherit",) and follows not in ("", ";"):
            at = scan.target(at + 1, hi)
        elif key == "from" and (before == "append" or scan.dialect == "clickhouse"):
            at = scan.target(at + 1, hi, action="write" if before == "append" else "read")
        elif key == "references":
            at = scan.target(at + 1, hi, action="read")
        elif key == "location" and follows == "'":
            scan.add_string(at + 1, "file", "write")
            at += 2
        elif key in ("as", "select", "update", "delete") and before not in ("rename",):
            state.start = True
            return at + (key == "as")
        elif _another(scan, at, hi):
            return at
        else:
            at += 1
    return at


def _another(scan: Scan, index: int, hi: int) -> bool:
    """Whether T-SQL begins its next statement without a semicolon."""
    if scan.dialect != "tsql":
        return False
    pair = (scan.keys[index], scan.text.key(index + 1, hi))
    return pair in _PAIRS or pair[0] in ("go", "exec")


_PAIRS = frozenset(
    (("insert", "into"), ("delete", "from"), ("create", "table"), ("create", "view"), ("drop", "table"))
) | frozenset((("drop", "view"), ("truncate", "table"), ("alter", "table"), ("merge", "into")))


def grant(scan: Scan, index: int, hi: int, state: State) -> int:
    """GRANT, REVOKE and DENY: on what, never to whom."""
    text, keys = scan.text, scan.keys
    at = index + 1
    while at < hi and keys[at] not in ("on", "to", "from", ";"):
        at = scan.close[at] + 1 if keys[at] in "([{" else at + 1
    if text.key(at, hi) == "on":
        at = _on(scan, at + 1, hi)
    return _behind(scan, at, hi, stop=("go", "begin", "end", "grant", "revoke", "deny"))


def _on(scan: Scan, at: int, hi: int) -> int:
    text, keys = scan.text, scan.keys
    kind, known = "table", False
    while at < hi and at < 1 << 30:
        key, follows = keys[at], text.key(at + 1, hi)
        if key == "in" and follows in KINDS:
            return names(scan, at + 2, hi, "place")
        if key in ("to", "from", ";"):
            return at
        if key == ":" and follows == ":":
            at += 2
            break
        if follows in (".", ",", "to", "from", "") and key not in ("all", "future"):
            if not (follows in ("to", "from", "") and known and key in KINDS):
                break
        if key in (
            "all",
            "future",
            "external",
            "materialized",
            "dynamic",
            "foreign",
            "file",
            "iceberg",
            "existing",
        ):
            at += 1
        elif key in KINDS and not known:
            kind, known = KINDS[key], True
            at += 1
        elif key in NOBODY and not known:
            return at
        else:
            break
    return names(scan, at, hi, kind)


def _behind(scan: Scan, at: int, hi: int, stop: tuple[str, ...] = ()) -> int:
    """The place where the statement ends; in T-SQL perhaps without a semicolon."""
    keys = scan.keys
    while at < hi and keys[at] != ";" and keys[at] not in stop and not _another(scan, at, hi):
        at += 1
    return at


def comment(scan: Scan, index: int, hi: int, state: State) -> int:
    """COMMENT ON."""
    text = scan.text
    at = index + 1
    while text.key(at, hi) in ("if", "exists", "on"):
        at += 1
    if text.key(at, hi) == "column":
        name = name_at(text, at + 1, hi)
        if name is not None and len(name.parts) > 1:
            table = Name(name.parts[:-1], name.quoted[:-1], name.first, name.last - 2)
            scan.add(table, "table", "write")
        return _behind(scan, at, hi)
    thing = Thing(text, at, hi)
    if thing.word in ("trigger", "policy", "rule", "constraint"):
        while at < hi and scan.keys[at] not in ("on", ";", "is"):
            at += 1
        return scan.target(at + 1, hi) if text.key(at, hi) == "on" else at
    if thing.word and thing.kind:
        return _behind(scan, names(scan, thing.index, hi, thing.kind), hi)
    return _behind(scan, at, hi)


__all__ = ("alter", "comment", "create", "drop", "grant", "item", "names", "stage", "truncate")
