"""The words that begin a statement, and what each does to what it names."""

from collections.abc import Callable, Mapping

from dbt_isolation.sql import alterations, copies, definitions, grants, looks, rows, session
from dbt_isolation.sql.names import name_at
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.tokens import is_word, words

Head = Callable[[Scan, int, int, State], int]


#: What a word does that begins a statement; ``is_head`` says where it does.
HEADS: Mapping[str, Head] = {
    "insert": rows.insert,
    "replace": rows.insert,
    "update": rows.update,
    "delete": rows.delete,
    "merge": rows.merge,
    "create": definitions.create,
    "drop": definitions.drop,
    "undrop": definitions.drop,
    "truncate": rows.truncate,
    "alter": alterations.alter,
    "grant": grants.grant,
    "revoke": grants.grant,
    "deny": grants.grant,
    "comment": grants.comment,
    "explain": looks.explain,
    "prepare": session.prepare,
    "describe": looks.describe,
    "desc": looks.describe,
    "summarize": looks.table,
    "table": looks.table,
    "pivot": looks.table,
    "pivot_wider": looks.table,
    "pivot_longer": looks.table,
    "unpivot": looks.table,
    "cache": looks.cache,
    "declare": looks.declare,
    "copy": copies.copy,
    "bulk": copies.bulk,
    "load": copies.load,
    "unload": copies.unload,
    "export": copies.export,
    "use": session.use,
    "set": session.set_,
    "attach": session.attach,
    "detach": session.detach,
    "vacuum": alterations.maintain,
    "optimize": alterations.maintain,
    "analyze": alterations.maintain,
    "refresh": alterations.maintain,
    "reindex": alterations.maintain,
    "cluster": alterations.maintain,
    "msck": alterations.maintain,
    "repair": alterations.maintain,
    "lock": alterations.maintain,
    "uncache": alterations.maintain,
    "restore": alterations.maintain,
    "rename": alterations.rename,
    "exchange": alterations.rename,
    "call": session.call,
    "exec": session.execute,
    "execute": session.execute,
    "do": session.do,
    "import": session.import_,
    "show": looks.show,
    "fetch": looks.fetch,
    "put": copies.stage_files,
    "remove": copies.stage_files,
    "rm": copies.stage_files,
    "list": copies.stage_files,
    "ls": copies.stage_files,
    "get": copies.stage_files,
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


_THINGS = words("""
    table view schema database catalog function procedure proc macro materialized temporary temp
    transient external
    """)


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


_TAKES_STRING = words("attach detach execute do describe summarize use copy exec pivot load")


def _sets(scan: Scan, index: int, hi: int) -> bool:
    at = index + 1
    while scan.text.key(at, hi) in ("only", "top", "("):
        at = scan.close[at] + 1 if scan.keys[at] == "(" else at + 1
    name = name_at(scan.text, at, hi)
    if name is None:
        return False
    _, at = scan.alias(name.last, hi)
    return scan.text.key(at, hi) == "set"
