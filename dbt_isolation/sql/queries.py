"""A stretch of tokens between brackets: clause by clause, and statement by statement."""

from dbt_isolation.sql.calls import call as read_call
from dbt_isolation.sql.ctes import ctes, is_fragment
from dbt_isolation.sql.names import TEXT_PLACEHOLDER, Name, fold, name_at
from dbt_isolation.sql.scan import Scan
from dbt_isolation.sql.scopes import Level, Task
from dbt_isolation.sql.state import State
from dbt_isolation.sql.statements import HEADS, is_head
from dbt_isolation.sql.tables import item, read
from dbt_isolation.sql.tokens import is_word, words

#: Words behind which the list of tables has ended.
_ENDS = words("""
    where group order having limit offset fetch qualify window union intersect except minus prewhere
    settings format returning connect set when into option cluster distribute sort values
    """)
_CLAUSES = words("""
    select from join apply using with lateral for ; , ( [ { @ | begin then else do loop go table
    """)
_WORDS = _ENDS | _CLAUSES | frozenset(HEADS) | {"model", "into", "references", "like", "in"}
#: Words before brackets that are no function's name.
_NO_CALL = words("""
    in exists any all some and or not on where when then else select from join union except intersect
    having by over values as case between like ilike is limit top distinct lateral using minus return
    returns filter within group order set if while elseif elsif end apply offset qualify with recursive
    interval materialized pivot unpivot match_recognize default check do update into array table
    partition columns
    """)
#: Functions with a FROM of their own, of which what stands first may be nothing.
_TRIMS = words("""
    trim ltrim rtrim btrim substring substr overlay position extract ceil floor
    """)
_SETS = words("union all except intersect minus distinct by name corresponding")
_SELECTS_INTO = ("tsql", "postgres", "redshift", "")
_STARTS = words("; begin then else do loop go")


def run(scan: Scan, task: Task) -> None:
    """Reads a task; brackets in it are left as tasks of their own."""
    keys, text, hi = scan.keys, scan.text, task.hi
    state = State(task.scope, Level(task.level), task.place in ("query", "body"))
    index = task.lo
    if task.place == "tables":
        index = _tables(scan, task, state)
    while index < hi:
        key = keys[index]
        if key not in _WORDS and not state.start:
            index += 1
            continue
        index = _step(scan, task, state, index, key, text.key(index - 1, hi) if index > task.lo else "")
    for target in state.targets:
        scan.targets.append((state.level, target))


def _tables(scan: Scan, task: Task, state: State) -> int:
    key = scan.keys[task.lo]
    if key in ("select", "with", "from", "values") or key in _STATEMENTS:
        state.start = True
        return task.lo
    state.in_from = True
    state.start = False
    return item(scan, task.lo, task.hi, state.scope, state.level)


_STATEMENTS = words("""
    insert update delete merge describe desc show summarize pivot unpivot table
    """)


def _step(scan: Scan, task: Task, state: State, index: int, key: str, before: str) -> int:
    """Reads what begins at a place; the place behind it."""
    hi = task.hi
    if key in "([{":
        state.start = False
        return _brackets(scan, task, state, index, before)
    if key == ",":
        if state.in_from:
            return item(scan, index + 1, hi, state.scope, state.level)
        return index + 1
    if key == ";":
        _end(scan, task, state)
        return index + 1
    follows = scan.text.key(index + 1, hi)
    if before == ":" and scan.text.touches(index):
        state.start = False
        return index + 1
    aliased = before == "as" and key not in ("select", "with", "from", "table")
    if (before == "." or follows == "." or aliased) and not (aliased and is_head(scan, index, hi, False)):
        state.start = state.start and not (follows == "." and before != ".")
        return index + 1
    if state.start:
        after = _start(scan, task, state, index, key)
        if after is not None:
            return after
    if key in HEADS and is_head(scan, index, hi, state.start):
        return _head(scan, task, state, index, key, before)
    start, state.start = state.start, False
    return _clause(scan, task, state, index, key, before, start)


def _end(scan: Scan, task: Task, state: State) -> None:
    """A statement ends: nothing of it is visible in the next."""
    for target in state.targets:
        scan.targets.append((state.level, target))
    state.renew(task.scope, Level(task.level))


def _start(scan: Scan, task: Task, state: State, index: int, key: str) -> int | None:
    """What only the first words of a statement can be; None if they are not."""
    hi = task.hi
    if TEXT_PLACEHOLDER.fullmatch(key):
        if scan.text.key(index + 1, hi) in ("select", ",") or is_fragment(scan, index + 1, hi):
            state.scope, _ = ctes(scan, index, index + 1, state.scope, state.level, False)
        return index + 1
    if key == "with":
        return None
    if is_fragment(scan, index, hi) and key not in HEADS:
        state.scope, after = ctes(scan, index, hi, state.scope, state.level, True)
        return after
    return None


def _head(scan: Scan, task: Task, state: State, index: int, key: str, before: str) -> int:
    """A statement begins; without a semicolon before it, the last one has ended."""
    if state.selected and not state.start and before not in ("as", "then", "else", "begin", "do", "loop"):
        _end(scan, task, state)
    state.start = False
    state.in_from = False
    return HEADS[key](scan, index, task.hi, state)


def _brackets(scan: Scan, task: Task, state: State, index: int, before: str) -> int:
    keys = scan.keys
    if keys[index] != "(":
        return scan.push(index, state.scope, state.level, "brackets")
    called = before == '"' or (is_word(before) and before not in _NO_CALL)
    if called:
        first = index - 1
        while (
            first - 2 >= task.lo
            and keys[first - 1] == "."
            and (keys[first - 2] == '"' or is_word(keys[first - 2]))
        ):
            first -= 2
        parts = tuple(scan.text.tokens[one].text for one in range(first, index, 2))
        quoted = tuple(keys[one] == '"' for one in range(first, index, 2))
        read_call(scan, Name(parts, quoted, first, index), in_table_place=False)
        return scan.push(index, state.scope, state.level, "call", ".".join(parts).lower())
    place = "body" if before == "as" else "query"
    return scan.push(index, state.scope, state.level, place, before if before == "values" else "")


def _clause(scan: Scan, task: Task, state: State, index: int, key: str, before: str, start: bool) -> int:
    hi, text = task.hi, scan.text
    follows = text.key(index + 1, hi)
    if key in _STARTS:
        if key == "go":
            if scan.dialect == "tsql" and follows != "=" and before not in ("as", ","):
                _end(scan, task, state)
        elif (key != "begin" or start or scan.dialect == "tsql" or before in ("as", ")")) and not (
            state.selected and key != "begin"
        ):
            state.start = True
        return index + 1
    if key == "@":
        if scan.dialect == "snowflake" and text.touches(index + 1) and before != "@":
            return scan.stage(index, hi, "read")
        return index + 1
    if key == "select":
        if scan.dialect == "tsql" and state.selected and before not in _SETS:
            _end(scan, task, state)
            state.start = False
        state.selected = state.in_select = True
        state.in_from = False
    elif key == "from":
        return _from(scan, task, state, index, before)
    elif key == "join" or (key == "apply" and before in ("cross", "outer")):
        if before == "array" or (before in ("left", "inner") and text.key(index - 2, hi) == "array"):
            state.in_from = False
        elif not (task.place in ("call", "columns") and not state.selected) and follows not in (
            ")",
            "=",
            ",",
            "",
        ):
            after = item(scan, index + 1, hi, state.scope, state.level)
            state.in_from = True
            return after
    elif key == "using" and state.using:
        state.in_from = state.using == "delete"
        state.using = ""
        return item(scan, index + 1, hi, state.scope, state.level)
    elif key == "with":
        if (
            (before not in ("start", "end", "grant") and task.place not in ("call", "columns"))
            or start
            or before == "("
        ):
            state.scope, after = ctes(scan, index + 1, hi, state.scope, state.level, False)
            if after > index + 1:
                state.start = True
                state.selected = False
                return after
    elif key == "lateral":
        if follows == "view":
            state.in_from = False
    elif key == "table" and before in _SETS:
        return item(scan, index + 1, hi, state.scope, state.level)
    elif key == "array" or key == "|":
        if key == "|" and follows == ">":
            state.in_from = False
    elif key == "for":
        if follows in ("update", "share", "no", "key", "xml", "json", "browse"):
            state.in_from = False
    elif key == "into":
        return _into(scan, state, index, hi)
    elif key == "references" or (key == "like" and task.place == "columns" and before in ("", ",")):
        return scan.target(index + 1, hi, action="read")
    elif key == "in":
        return _in(scan, state, index, hi)
    elif key in ("table", "model"):
        return _table(scan, task, state, index, before)
    elif key in _ENDS:
        state.in_from = False
        if key not in ("except", "values"):
            state.in_select = False
    return index + 1


def _from(scan: Scan, task: Task, state: State, index: int, before: str) -> int:
    hi, text = task.hi, scan.text
    first = index == task.lo
    if (
        task.place in ("call", "columns", "brackets")
        and not state.selected
        and (not first or task.call in _TRIMS)
    ):
        return index + 1
    if before == "distinct" and text.key(index - 2, hi) in ("is", "not"):
        return index + 1
    if text.key(index + 1, hi) in ("first", "last") and text.key(index + 2, hi) in (
        "over",
        "ignore",
        "respect",
    ):
        return index + 1
    state.in_from = True
    state.in_select = False
    state.selected = True
    return item(scan, index + 1, hi, state.scope, state.level)


def _in(scan: Scan, state: State, index: int, hi: int) -> int:
    """ClickHouse takes a table behind IN; a name without a place may as well be a column there."""
    name = name_at(scan.text, index + 1, hi) if scan.dialect == "clickhouse" else None
    if name is None or len(name.parts) < 2 or scan.text.key(name.last, hi) == "(":
        return index + 1
    if state.level.has(fold(name.parts[0], name.quoted[0], scan.dialect)):
        return index + 1
    read(scan, name, state.scope, state.level)
    return name.last


def _into(scan: Scan, state: State, index: int, hi: int) -> int:
    """``select … into x``, and the tables of ``insert all``."""
    selects = state.in_select and not scan.block and scan.dialect in _SELECTS_INTO
    state.in_from = False
    state.in_select = False
    if state.multiple:
        return scan.target(index + 1, hi)
    if not selects:
        return index + 1
    at = index + 1
    temporary = False
    while scan.text.key(at, hi) in ("temp", "temporary", "unlogged", "table", "strict"):
        temporary |= scan.keys[at].startswith("temp")
        at += 1
    if not is_word(scan.text.key(at, hi)) and scan.text.key(at, hi) not in ('"', "#"):
        return at
    if temporary:
        return state.temporary(scan, at, hi)
    return scan.target(at, hi)


def _table(scan: Scan, task: Task, state: State, index: int, before: str) -> int:
    """``f(table x)`` and ``f(model x)``."""
    follows = scan.text.key(index + 1, task.hi)
    if task.place != "call" or before not in ("", ",", ">", "=") or state.selected:
        return index + 1
    if follows == "(" and scan.keys[index] == "table":
        return item(scan, index, task.hi, state.scope, state.level)
    if follows != '"' and (not is_word(follows) or follows in ("order", "partition", "as")):
        return index + 1
    if scan.keys[index] == "model" and not task.call.startswith(("ml.", "ai.")):
        return index + 1
    return item(scan, index + 1, task.hi, state.scope, state.level)
