"""Reads Python models: the tables that they name, and where they write."""

import ast

from dbt_isolation.code.dbt_context import configure
from dbt_isolation.code.events import Events
from dbt_isolation.code.template import Reader
from dbt_isolation.code.values import Entries, Items, Known, Piece, Text, Unknown, Value, hole, joined
from dbt_isolation.sql.unreadable import UnreadableError

_SQL = frozenset({"sql", "execute", "query", "sql_query"})
_TABLES = frozenset({"table", "read_table", "read_gbq"})
_FILES = frozenset(
    {"parquet", "csv", "json", "orc", "load"}
    | {f"read_{one}" for one in ("parquet", "csv", "json", "excel", "feather", "orc", "delta", "sql_table")}
)
_WRITES = frozenset(
    {"saveAsTable", "save_as_table", "insertInto", "insert_into", "to_sql", "to_gbq", "writeTo"}
    | {"copy_into_table", "write_pandas", "create_table", "drop_table"}
)
_WRITTEN_FILES = frozenset({"to_parquet", "to_csv", "to_json", "to_excel", "save", "copy_into_location"})
_VIEWS = frozenset(
    {"createOrReplaceTempView", "createTempView", "createGlobalTempView", "createOrReplaceGlobalTempView"}
    | {"create_or_replace_temp_view", "create_temp_view", "register"}
)
_SESSIONS = frozenset({"session", "spark", "con", "conn", "connection", "duckdb", "cursor", "cur", "db"})


def read(reader: Reader) -> None:
    """Reads the reader's source. Raises ``UnreadableError``."""
    try:
        tree = ast.parse(reader.source)
    except SyntaxError as error:
        at = _offset(reader.source, error.lineno or 1, (error.offset or 1) - 1)
        raise UnreadableError(f"Python: {error.msg}", at) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"Python: {error}") from error
    events = Events()
    _Walk(reader, events, tree).calls()
    reader.events(events)


class _Walk:
    def __init__(self, reader: Reader, events: Events, tree: ast.Module) -> None:
        self._reader = reader
        self._events = events
        self._tree = tree
        self._starts = [0]
        for line in reader.source.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._lines = reader.source.split("\n")
        self._values: dict[str, Value] = {}
        self._local = set[str]()
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Assign)
                and len(node.targets) == 1
                and isinstance(node.targets[0], ast.Name)
            ):
                self._local.add(node.targets[0].id.lower())
                self._values[node.targets[0].id] = self._value(node.value)

    def calls(self) -> None:
        for node in ast.walk(self._tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _VIEWS
            ):
                self._local |= {
                    one.literal.lower()
                    for one in map(self._value, node.args)
                    if isinstance(one, Text) and one.literal
                }
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                self._call(node, node.func)
            elif isinstance(node, ast.Compare):
                left, *others = [self._value(one) for one in (node.left, *node.comparators)]
                self._events.compared(self._at(node), left, others)

    def _call(self, node: ast.Call, function: ast.Attribute) -> None:
        name, owner = function.attr, _root(function.value)
        given = [self._value(one) for one in node.args]
        named = {one.arg: self._value(one.value) for one in node.keywords if one.arg}
        first = given[0] if given else next(iter(named.values()), None)
        if name == "config" and owner == "dbt":
            for key, value in named.items():
                configure(key, value, self._at(node), self._events)
        elif not isinstance(first, Text) or (not first.literal and not list(first.holes)):
            return
        elif name in _SQL and (owner in _SESSIONS or "session" in owner or "spark" in owner):
            self._reader.sql(first, known=frozenset(self._local))
        elif name in _TABLES and owner not in ("dbt", "pa", "pyarrow"):
            self._reader.name(first, "table", writes=False, known=frozenset(self._local))
        elif name in _FILES and owner != "dbt" and _path(first):
            self._reader.name(first, "file", writes=False)
        elif name in _WRITES:
            written = given[1] if name == "write_pandas" and len(given) > 1 else first
            if isinstance(written, Text):
                self._reader.name(written, "table", writes=True)
        elif name in _WRITTEN_FILES and _path(first):
            self._reader.name(first, "file", writes=True)

    def _value(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.JoinedStr):
            return joined([self._value(one) for one in node.values])
        if isinstance(node, ast.FormattedValue):
            return self._value(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self._value(node.left), self._value(node.right)
            return joined([left, right]) if isinstance(left, Text) or isinstance(right, Text) else Unknown()
        if isinstance(node, ast.Name):
            return self._values.get(node.id, Unknown())
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return Items([self._value(one) for one in node.elts])
        if isinstance(node, ast.Dict):
            return Entries(
                {
                    one.value: self._value(value)
                    for one, value in zip(node.keys, node.values, strict=True)
                    if isinstance(one, ast.Constant)
                }
            )
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            return hole("name", "this", part=node.attr) if node.value.attr == "this" else Unknown()
        if isinstance(node, ast.Attribute) and node.attr == "this":
            return hole("relation", "this", alias="this")
        return Unknown()

    def _called(self, node: ast.Call) -> Value:
        function = node.func
        if isinstance(function, ast.Attribute) and _root(function.value) == "dbt" and function.attr == "get":
            asked = self._value(node.args[0]) if node.args else Unknown()
            if isinstance(asked, Text) and asked.literal in ("target_name", "target.name"):
                return hole("name", "target.name")
        if isinstance(function, ast.Attribute) and function.attr == "format":
            return joined([self._value(function.value), *[self._value(one) for one in node.args]][:1])
        if isinstance(function, ast.Name) and function.id == "str" and node.args:
            return self._value(node.args[0])
        return Unknown()

    def _constant(self, node: ast.Constant) -> Value:
        if not isinstance(node.value, str):
            return Known(node.value) if isinstance(node.value, bool | int | float) else Known(None)
        start = self._at(node)
        end = _offset_of(self._starts, self._lines, node.end_lineno or node.lineno, node.end_col_offset or 0)
        found = self._reader.source.find(node.value, start, end) if node.value else -1
        if found >= 0:
            return Text((Piece(node.value, found),))
        return Text((Piece(node.value, start, exact=False),)) if node.value else Text()

    def _at(self, node: ast.expr) -> int:
        return _offset_of(self._starts, self._lines, node.lineno, node.col_offset)


def _root(node: ast.expr) -> str:
    """The name that a chain of attributes and calls begins with."""
    while True:
        if isinstance(node, ast.Attribute):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return node.id if isinstance(node, ast.Name) else ""


def _path(value: Text) -> bool:
    likely = value.likely
    return "/" in likely or "." in likely


def _offset_of(starts: list[int], lines: list[str], line: int, column: int) -> int:
    """From a line and a column in UTF-8 bytes, as ``ast`` counts."""
    text = lines[line - 1] if line <= len(lines) else ""
    if not text.isascii():
        column = len(text.encode()[:column].decode(errors="ignore"))
    return starts[min(line, len(starts)) - 1] + column


def _offset(source: str, line: int, column: int) -> int:
    lines = source.split("\n")
    return sum(len(one) + 1 for one in lines[: line - 1]) + column
