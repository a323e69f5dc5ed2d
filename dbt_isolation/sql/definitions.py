"""CREATE and DROP."""

from dbt_isolation.sql.calls import remote
from dbt_isolation.sql.copies import uris
from dbt_isolation.sql.ctes import is_fragment
from dbt_isolation.sql.names import name_at
from dbt_isolation.sql.objects import Thing, on_of, skip
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.targets import another, behind, names, stage
from dbt_isolation.sql.tokens import is_word, words

_OTHER_LANGUAGES = words("""
    python java javascript js scala c plpython3u plpythonu plperl plv8 r internal
    """)


_LOCATIONS = words("""
    location external_location managedlocation url root_location storage_location
    """)


def create(scan: Scan, index: int, hi: int, state: State) -> int:
    """CREATE, and what it is made of."""
    text, keys = scan.text, scan.keys
    thing = Thing(text, index + 1, hi)
    if not thing.word or not thing.kind:
        return behind(scan, thing.index, hi) if thing.word else index + 1
    at = thing.index
    if thing.word in ("index", "trigger", "rule", "statistics"):
        stops = ("to", ";") if thing.word == "rule" else ("on", "from", ";")
        while at < hi and keys[at] not in stops:
            at += 1
        if text.key(at, hi) in ("on", "to"):
            at = scan.target(skip(text, at + 1, hi), hi)
            return behind(scan, at, hi, stop=("execute", "as", "do", "when"))
        return at
    if thing.word == "policy":
        at = on_of(text, at, hi)
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
        elif key == "clone" and follows == "as":
            at += 1
        elif key in ("clone", "like", "copy") and (key != "copy" or scan.dialect == "bigquery"):
            at = scan.target(at + 1, hi, thing.kind, "read") if follows != "(" else at + 1
        elif key == "copy" and follows == "into":
            state.start = True
            return at
        elif key == "options" and follows == "(":
            # A temporary view of files only reads them.
            uris(scan, at + 1, "read" if thing.temporary else "write")
            at = scan.close[at + 1] + 1
        elif key == "with" and not is_fragment(scan, at + 1, hi):
            at += 1
            if text.key(at, hi) == "(":
                uris(scan, at, "write")
                at = scan.close[at] + 1
        elif key == "distributed" and follows == "(":
            remote(scan, at + 1, 1)
            at = scan.close[at + 1] + 1
        elif key == "of" and before == "partition":
            at = scan.target(at + 1, hi)
        elif key == "inherits" and follows == "(":
            scan.target(at + 2, hi, action="read")
            at = scan.close[at + 1] + 1
        elif key in _LOCATIONS:
            at += 1
            while text.key(at, hi) == "=":
                at += 1
            if text.key(at, hi) in ("'", "@"):
                at = scan.target(at, hi)
        elif key == "using" and text.key(at + 2, hi) == "options":
            at += 2
        elif key == "to" and scan.dialect == "clickhouse" and thing.word == "view":
            at = scan.target(at + 1, hi)
        elif key == "on" and thing.word == "stream":
            while text.key(at + 1, hi) in ("table", "view", "external", "dynamic", "stage"):
                at += 1
            at = scan.target(at + 1, hi, action="read")
        elif another(scan, at, hi):
            state.start = True
            return at
        elif key == "as":
            return _as(scan, at, hi, begin, thing)
        elif key in ("select", "with", "insert", "begin", "return", "values", "from"):
            if key == "begin":
                state.start = True
                return at + 1
            state.start = key != "from"
            return at if key != "from" else at + 1
        else:
            at += 1
    return at


_QUERY = words("select with from values insert")


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
        return scan.target(at + 1, hi, action="read")
    return at + 1 if follows in ("'", "table") else at


def drop(scan: Scan, index: int, hi: int, state: State) -> int:
    """DROP, UNDROP."""
    thing = Thing(scan.text, index + 1, hi)
    if not thing.word:
        return index + 1
    if not thing.kind:
        return behind(scan, thing.index, hi)
    if thing.word in ("trigger", "policy", "rule", "index"):
        return names(scan, on_of(scan.text, thing.index, hi), hi, "table")
    return names(scan, thing.index, hi, thing.kind)
