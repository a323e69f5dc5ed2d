"""A table's place: what may stand behind FROM, JOIN and a comma between tables."""

from dbt_isolation.sql.calls import NAMES_TABLES, call
from dbt_isolation.sql.names import Name, Use, fold, name_at
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.scopes import Level, Scope
from dbt_isolation.sql.tokens import is_word, words

#: Words that can only begin the next clause: the table itself is missing.
_NOT_A_TABLE = words("""
    where group order having limit qualify union intersect except select on using join left right full
    inner cross natural set when returning window and or by with as then else end is not in case
    prewhere
    """)
_HINTS = words("""
    nolock readuncommitted readcommitted readcommittedlock readpast repeatableread rowlock serializable
    snapshot tablock tablockx updlock xlock holdlock paglock nowait noexpand forceseek forcescan index
    """)


def item(scan: Scan, index: int, hi: int, scope: Scope, level: Level) -> int:
    """Reads the table that begins at a place, with its alias; the place behind it."""
    keys, text = scan.keys, scan.text
    while True:
        key = text.key(index, hi)
        follows = text.key(index + 1, hi)
        modifier = key in ("only", "table", "stream") and _begins(follows)
        if modifier:
            modifier = not _stream_is_it(scan, key, index, hi)
        if not modifier and (key != "lateral" or follows == "view"):
            break
        index += 1
    if key in ("", ")", ";", ",") or key in _NOT_A_TABLE:
        return index
    if key == "unpivot" and is_word(follows):
        # An object of a row before, as in Redshift.
        inner = name_at(text, index + 1, hi)
        return inner.last if inner is not None else index + 1
    use: Use | None = None
    last = ""
    if key == "(":
        index = scan.push(index, scope, level, "tables")
    elif key == "@":
        if scan.dialect in ("snowflake", ""):
            index = scan.stage(index, hi, "read")
            if text.key(index, hi) == "(":
                index = scan.close[index] + 1
        else:
            index += 2
    elif key == "'":
        scan.string_table(index)
        index += 1
    elif key == "rows" and follows == "from" and text.key(index + 2, hi) == "(":
        index = scan.push(index + 2, scope, level, "call", "rows")
    elif key == "values" and follows == "(":
        index += 1
        while text.key(index, hi) == "(":
            index = scan.push(index, scope, level, "call", "values")
            if text.key(index, hi) == "," and text.key(index + 1, hi) == "(":
                index += 1
    elif key in "{[":
        index = scan.close[index] + 1
    else:
        name = name_at(text, index, hi)
        if name is None:
            return index + 1 if key in "?:$%" else index
        index = name.last
        last = fold(name.parts[-1], name.quoted[-1], scan.dialect)
        follows = text.key(index, hi)
        if follows == "(" and not (scan.dialect == "tsql" and text.key(index + 1, hi) in _HINTS):
            index = _function(scan, name, hi, scope, level)
            last = ""
        else:
            use = read(scan, name, scope, level)
            if len(name.parts) == 1 and name.parts[0] in scan.aliases:
                default = scan.aliases[name.parts[0]]
                last = fold(default, False, scan.dialect)
            if follows == "*":
                index += 1
            elif follows == "@" and is_word(text.key(index + 1, hi)):
                index += 2
            elif follows == "(":
                index = scan.close[index] + 1
    alias, index = scan.alias(index, hi)
    if text.key(index, hi) == "(" and keys[index - 1] not in ("tablesample", "sample"):
        index = scan.push(index, scope, level, "columns") if alias is not None else index
    if alias or last:
        level.aliases[alias or last] = use
    return index


def read(scan: Scan, name: Name, scope: Scope, level: Level | None) -> Use | None:
    """A table that is read, unless the name is a CTE or an array of a row in scope."""
    if scope.hides(name, scan.dialect):
        scan.named.add(name.first)
        return None
    if scan.arrays and len(name.parts) > 1 and level is not None:
        key = fold(name.parts[0], name.quoted[0], scan.dialect)
        if level.has(key):
            scan.named.add(name.first)
            return None
    return scan.add(name, "table", "read", whole=True)


def _begins(key: str) -> bool:
    return key == '"' or (is_word(key) and key not in _NOT_A_TABLE and key not in ("for", "at", "final"))


def _stream_is_it(scan: Scan, key: str, index: int, hi: int) -> bool:
    """Whether ``stream`` or ``only`` is the table's own name, with an alias behind it."""
    if key == "table":
        return False
    if key == "only":
        return scan.dialect not in ("postgres", "redshift", "")
    follows = name_at(scan.text, index + 1, hi)
    if scan.dialect != "databricks" or follows is None:
        return True
    return len(follows.parts) < 2 and scan.text.key(follows.last, hi) != "("


def _function(scan: Scan, name: Name, hi: int, scope: Scope, level: Level) -> int:
    """A function in a table's place; the place behind its arguments."""
    word = name.parts[-1].lower()
    if len(name.parts) == 1 and word in NAMES_TABLES:
        open_at = name.last
        first = scan.text.key(open_at + 1, hi)
        inner = name_at(scan.text, open_at + 1, scan.close[open_at])
        if first not in ("select", "with", "from", "table") and inner is not None:
            if inner.last == scan.close[open_at]:
                read(scan, inner, scope, level)
                return inner.last + 1
            if scan.text.key(inner.last, hi) == "(":
                _function(scan, inner, hi, scope, level)
                return scan.close[open_at] + 1
    call(scan, name, in_table_place=True)
    return scan.push(name.last, scope, level, "call", ".".join(name.parts).lower())
