"""Names that statements change, one or a list, and where a statement ends."""

from dbt_isolation.sql.names import Name, name_at
from dbt_isolation.sql.objects import skip
from dbt_isolation.sql.scan import Scan


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


def stage(scan: Scan, index: int, hi: int, action: str) -> int:
    """A stage by its name, without an ``@``."""
    if scan.text.key(index, hi) == "@":
        return scan.stage(index, hi, action)
    name = name_at(scan.text, index, hi)
    if name is None:
        return index
    scan.add(Name((f"@{'.'.join(name.parts)}",), (False,), name.first, name.last), "stage", action)
    return name.last


def end_of(scan: Scan, at: int, hi: int) -> int:
    """The place where the statement ends."""
    while at < hi and scan.keys[at] != ";":
        at += 1
    return at


def behind(scan: Scan, at: int, hi: int, stop: tuple[str, ...] = ()) -> int:
    """The place where the statement ends; in T-SQL perhaps without a semicolon."""
    keys = scan.keys
    while at < hi and keys[at] != ";" and keys[at] not in stop and not another(scan, at, hi):
        at += 1
    return at


def another(scan: Scan, index: int, hi: int) -> bool:
    """Whether T-SQL begins its next statement without a semicolon."""
    if scan.dialect != "tsql":
        return False
    pair = (scan.keys[index], scan.text.key(index + 1, hi))
    return pair in _PAIRS or pair[0] in ("go", "exec")


_PAIRS = frozenset(
    (("insert", "into"), ("delete", "from"), ("create", "table"), ("create", "view"), ("drop", "table"))
) | frozenset((("drop", "view"), ("truncate", "table"), ("alter", "table"), ("merge", "into")))
