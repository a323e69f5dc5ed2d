"""The words that begin a statement, and what each does to what it names."""

from collections.abc import Callable, Mapping

from dbt_isolation.sql import changes, moves
from dbt_isolation.sql.names import fold, is_temporary, name_at
from dbt_isolation.sql.objects import KINDS, NOBODY
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.tables import item
from dbt_isolation.sql.tokens import is_word

Head = Callable[[Scan, int, int, State], int]


def _insert(scan: Scan, index: int, hi: int, state: State) -> int:
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
    if key in ("table", "function") and text.key(at + 1, hi) not in ("(", "select"):
        if key == "function":
            return at + 1
        at += 1
    if text.key(at, hi) in ("values", "select", "@", "", ")"):
        return at
    return _written(scan, at, hi, state)


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


def _update(scan: Scan, index: int, hi: int, state: State) -> int:
    at = index + 1
    while scan.text.key(at, hi) in ("only", "top", "low_priority", "ignore", "or", "percent", "("):
        at = scan.close[at] + 1 if scan.keys[at] == "(" else at + 1
    return _written(scan, at, hi, state, aliased=True)


def _delete(scan: Scan, index: int, hi: int, state: State) -> int:
    at = index + 1
    while scan.text.key(at, hi) in ("top", "("):
        at = scan.close[at] + 1 if scan.keys[at] == "(" else at + 1
    at += scan.text.key(at, hi) == "from"
    at += scan.text.key(at, hi) == "only"
    state.using = "delete"
    return _written(scan, at, hi, state, aliased=True)


def _merge(scan: Scan, index: int, hi: int, state: State) -> int:
    at = index + 1
    if scan.text.key(at, hi) == "with":
        at += 3
    at += scan.text.key(at, hi) == "into"
    state.using = "merge"
    return _written(scan, at, hi, state)


def _explain(scan: Scan, index: int, hi: int, state: State) -> int:
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


def _prepare(scan: Scan, index: int, hi: int, state: State) -> int:
    at = index + 1
    while at < hi and scan.keys[at] not in ("as", "from", ";"):
        at += 1
    if scan.text.key(at, hi) == "from" and scan.text.key(at + 1, hi) == "'":
        scan.open_string(at + 1)
        return at + 2
    state.start = True
    return at + 1


def _describe(scan: Scan, index: int, hi: int, state: State) -> int:
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
    if (key in NOBODY or key == "result") and follows not in (".", "", ";"):
        return moves.end_of(scan, at, hi)
    kind = "table"
    if key in KINDS and follows not in (".", "", ";", ")"):
        kind = KINDS[key]
        at += 1
    if kind == "stage":
        return changes.stage(scan, at, hi, "read")
    if kind == "table":
        return item(scan, at, hi, state.scope, state.level)
    return scan.target(at, hi, kind, "read")


def _table(scan: Scan, index: int, hi: int, state: State) -> int:
    """TABLE x, PIVOT x and SUMMARIZE x."""
    if scan.text.key(index + 1, hi) in ("select", "with"):
        state.start = True
        return index + 1
    return item(scan, index + 1, hi, state.scope, state.level)


def _cache(scan: Scan, index: int, hi: int, state: State) -> int:
    """Spark: a table kept in memory, or a temporary view of a query."""
    at = index + 1
    at += scan.text.key(at, hi) == "lazy"
    at += scan.text.key(at, hi) == "table"
    name = name_at(scan.text, at, hi)
    if name is not None and scan.text.key(name.last, hi) in ("as", "select", "options"):
        return state.temporary(scan, at, hi)
    return changes.names(scan, at, hi, "table", "read")


def _declare(scan: Scan, index: int, hi: int, state: State) -> int:
    """DECLARE GLOBAL TEMPORARY TABLE; other declarations are read as they come."""
    if scan.text.key(index + 1, hi) in ("global", "local") and scan.text.key(index + 3, hi) == "table":
        return state.temporary(scan, index + 4, hi)
    return index + 1


#: What a word does that begins a statement; ``is_head`` says where it does.
HEADS: Mapping[str, Head] = {
    "insert": _insert,
    "replace": _insert,
    "update": _update,
    "delete": _delete,
    "merge": _merge,
    "create": changes.create,
    "drop": changes.drop,
    "undrop": changes.drop,
    "truncate": changes.truncate,
    "alter": changes.alter,
    "grant": changes.grant,
    "revoke": changes.grant,
    "deny": changes.grant,
    "comment": changes.comment,
    "explain": _explain,
    "prepare": _prepare,
    "describe": _describe,
    "desc": _describe,
    "summarize": _table,
    "table": _table,
    "pivot": _table,
    "pivot_wider": _table,
    "pivot_longer": _table,
    "unpivot": _table,
    "cache": _cache,
    "declare": _declare,
    "copy": moves.copy,
    "load": moves.load,
    "unload": moves.unload,
    "export": moves.export,
    "use": moves.use,
    "set": moves.set_,
    "attach": moves.attach,
    "detach": moves.detach,
    "vacuum": moves.maintain,
    "optimize": moves.maintain,
    "analyze": moves.maintain,
    "refresh": moves.maintain,
    "reindex": moves.maintain,
    "cluster": moves.maintain,
    "msck": moves.maintain,
    "repair": moves.maintain,
    "lock": moves.maintain,
    "uncache": moves.maintain,
    "restore": moves.maintain,
    "rename": moves.rename,
    "exchange": moves.rename,
    "call": moves.call,
    "exec": moves.execute,
    "execute": moves.execute,
    "do": moves.do,
    "show": moves.show,
    "fetch": moves.fetch,
    "put": moves.stage_files,
    "remove": moves.stage_files,
    "rm": moves.stage_files,
    "list": moves.stage_files,
    "ls": moves.stage_files,
    "get": moves.stage_files,
}
_PAIRS = {
    "insert": frozenset(("into", "overwrite")),
    "delete": frozenset(("from",)),
    "merge": frozenset(("into",)),
    "truncate": frozenset(("table",)),
    "execute": frozenset(("immediate",)),
    "fetch": frozenset(("next", "prior", "absolute", "relative")),
    "copy": frozenset(("into",)),
    "unload": frozenset(("(",)),
}
#: Behind THEN and DO these words are no statement.
_OF_A_CLAUSE = {
    "insert": frozenset(("row", "values", "default")),
    "update": frozenset(("set", "all")),
    "delete": frozenset(("when", "else", "end")),
}
_THINGS = frozenset(
    "table view schema database catalog function procedure proc macro materialized temporary temp transient external".split()
)
_MADE = _THINGS | {"or", "index", "unique", "clustered", "nonclustered", "dynamic"}
_NEVER_FIRST = frozenset(
    (".", ",", "=", "(", ")", "[", "'", "+", "-", "*", "/", "<", ">", "", ":", "as", "is")
)


def is_head(scan: Scan, index: int, hi: int, start: bool) -> bool:
    """Whether the word at a place begins a statement: where one may begin, or by the word behind it."""
    key = scan.keys[index]
    follows = scan.text.key(index + 1, hi)
    if start:
        if follows in _NEVER_FIRST:
            return (key, follows) in _SIGNS or (follows == "'" and key in _TAKES_STRING)
        if key == "do" and follows not in ("language",):
            return False
        if follows in _OF_A_CLAUSE.get(key, ()):
            return False
        if key == "table":
            name = name_at(scan.text, index + 1, hi)
            return name is not None and scan.text.key(name.last, hi) in (
                "",
                ";",
                "union",
                "order",
                "limit",
                "intersect",
            )
        return True
    before = scan.keys[index - 1] if index else ""
    if before in ("for", "on", "before", "after", "instead", "when", "grant", "revoke", ","):
        return False
    if key in _PAIRS:
        return follows in _PAIRS[key]
    if key in ("drop", "alter"):
        return follows in _THINGS and is_word(scan.text.key(index + 2, hi) or "_")
    if key == "create":
        return follows in _MADE
    if key == "update":
        return before not in ("do", "then", "no", "key") and _sets(scan, index, hi)
    if key in ("exec", "call"):
        return scan.dialect == "tsql" and before != "with" and (is_word(follows) or follows in ("(", '"'))
    return False


_SIGNS = frozenset(
    (("copy", "("), ("unload", "("), ("exec", "("), ("explain", "("), ("vacuum", "("), ("desc", "("))
) | {
    ("describe", "("),
    ("analyze", "("),
    ("prepare", "("),
    ("execute", "("),
    ("summarize", "("),
    ("update", "("),
    ("delete", "("),
}
_TAKES_STRING = frozenset("attach detach execute do describe summarize use copy exec pivot load".split())


def _sets(scan: Scan, index: int, hi: int) -> bool:
    at = index + 1
    while scan.text.key(at, hi) in ("only", "top", "("):
        at = scan.close[at] + 1 if scan.keys[at] == "(" else at + 1
    name = name_at(scan.text, at, hi)
    if name is None:
        return False
    _, at = scan.alias(name.last, hi)
    return scan.text.key(at, hi) == "set"


__all__ = ("HEADS", "fold", "is_head")
