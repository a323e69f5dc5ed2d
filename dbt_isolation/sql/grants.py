"""GRANT and COMMENT: what may be used, and what is said of it."""

from dbt_isolation.sql.names import TEXT_PLACEHOLDER, Name, name_at
from dbt_isolation.sql.objects import KINDS, NOBODY, Thing
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.state import State
from dbt_isolation.sql.targets import behind, names
from dbt_isolation.sql.tokens import is_word

_NEXT = (
    "go",
    "begin",
    "end",
    "grant",
    "revoke",
    "deny",
    "select",
    "insert",
    "update",
    "delete",
    "exec",
    "drop",
)


def grant(scan: Scan, index: int, hi: int, state: State) -> int:
    """GRANT, REVOKE and DENY: on what, never to whom."""
    text, keys = scan.text, scan.keys
    at = index + 1
    while at < hi and keys[at] not in ("on", "to", "from", ";"):
        at = scan.close[at] + 1 if keys[at] in "([{" else at + 1
    if text.key(at, hi) == "on":
        at = _on(scan, at + 1, hi)
    return behind(scan, at, hi, stop=_NEXT if scan.dialect == "tsql" else ())


def _on(scan: Scan, at: int, hi: int) -> int:
    text, keys = scan.text, scan.keys
    kind, known = "table", False
    while at < hi and at < 1 << 30:
        key, follows = keys[at], text.key(at + 1, hi)
        if key == "in" and follows in KINDS:
            return names(scan, at + 2, hi, "place")
        if key in ("to", "from", ";"):
            return at
        if (
            TEXT_PLACEHOLDER.fullmatch(key)
            and (follows == '"' or is_word(follows))
            and follows not in ("to", "from")
        ):
            at += 1
            continue
        if key == ":" and follows == ":":
            at += 2
            break
        last = follows in ("to", "from", "")
        if (
            (last or follows in (".", ","))
            and key not in ("all", "future")
            and not (last and known and key in KINDS)
        ):
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
        return behind(scan, at, hi)
    thing = Thing(text, at, hi)
    if thing.word in ("trigger", "policy", "rule", "constraint"):
        while at < hi and scan.keys[at] not in ("on", ";", "is"):
            at += 1
        return scan.target(at + 1, hi) if text.key(at, hi) == "on" else at
    if thing.word and thing.kind:
        return behind(scan, names(scan, thing.index, hi, thing.kind), hi)
    return behind(scan, at, hi)
