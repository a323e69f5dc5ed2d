"""Which columns an expression is made of."""

from collections.abc import Iterator

from sqlglot import exp

from dbt_isolation.sql.columns.functions import AGGREGATES, GENERATORS, NILADIC, UNITS, UNNESTING, name_of
from dbt_isolation.sql.columns.inputs import NOTHING, Value
from dbt_isolation.sql.columns.relations import Column, Missing
from dbt_isolation.sql.columns.scope import whole_row
from dbt_isolation.sql.columns.walk import Place, Walk

_LEAVES = (exp.Literal, exp.Identifier, exp.Var, exp.DataType, exp.Boolean, exp.Null, exp.Parameter)
_QUERIES = (exp.Query, exp.Values)
#: What stands between OVER and the function that it is about.
_AROUND = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
#: How a node counts: as it is, inside an aggregate, or as the function of a window.
_PLAIN, _GROUPED, _OVER = range(3)
_Task = tuple[exp.Expr, int, frozenset[str]]
_NO_NAMES: frozenset[str] = frozenset()


def children(node: exp.Expr) -> Iterator[exp.Expr]:
    """The nodes right below."""
    for value in node.args.values():
        if isinstance(value, list):
            for one in value:
                if isinstance(one, exp.Expr):
                    yield one
        elif isinstance(value, exp.Expr):
            yield value


def names_of(column: exp.Expr) -> list[exp.Expr]:
    """A column's name, part by part."""
    args = column.args
    parts = (args.get("catalog"), args.get("db"), args.get("table"), args.get("this"))
    return [part for part in parts if isinstance(part, exp.Expr)]


def value_of(walk: Walk, node: exp.Expr, place: Place) -> Value:
    """The inputs of an expression; what its subqueries do to rows is in ``shape``."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Column):
        return column_of(walk, node, place).value
    if isinstance(node, exp.Parameter) and walk.spelling.dialect == "snowflake":
        return _numbered(walk, node, place).value
    if isinstance(node, _QUERIES):
        return _subquery(walk, node, place)
    return _Sum(walk, place).of(node)


def shape(walk: Walk, node: exp.Expr, place: Place) -> None:
    """All that the expression reads decides which rows there are."""
    walk.trace.shape |= value_of(walk, node, place).every


def column_of(walk: Walk, node: exp.Expr, place: Place) -> Column:
    """The column that a reference means; one without inputs, and a note why, where it means none."""
    names = names_of(node)
    last = names[-1]
    if isinstance(last, exp.Star):
        return Column("*", "*", _row(walk, names[:-1], place))
    if not isinstance(last, exp.Identifier):
        return _numbered(walk, last, place)
    found = place.scope.find(names, place.aliases)
    if isinstance(found, Column):
        return found
    key = walk.spelling.key(last)
    if len(names) == 1:
        lower = last.name.lower()
        if not last.args.get("quoted"):
            if lower in NILADIC:
                return Column(last.name, key, NOTHING)
            if lower in UNITS and isinstance(node.parent, exp.Func):
                return Column(last.name, key, NOTHING)
        if place.scope.source((key,)) is not None:
            return Column(last.name, key, _row(walk, names, place))
    written = ".".join(name.name for name in names)
    walk.trace.problem(written, found.reason)
    return Column(walk.spelling.written(last), key, NOTHING)


def _row(walk: Walk, names: list[exp.Expr], place: Place) -> Value:
    keys = tuple(map(walk.spelling.key, names))
    source = place.scope.source(keys) if keys else None
    value: Value | Missing
    if source is not None:
        value = whole_row(source.relation)
    elif keys:
        column = place.scope.find(names)
        value = column if isinstance(column, Missing) else column.value
    else:
        bits, value = 0, NOTHING
        for item in place.scope.star:
            if not isinstance(item, Column):
                value = Missing(f"the columns of {item.table} are not known")
                break
            bits |= item.value.every
        else:
            value = Value(0, bits)
    if isinstance(value, Missing):
        walk.trace.problem(".".join([*(name.name for name in names), "*"]), value.reason)
        return NOTHING
    return value


def _numbered(walk: Walk, last: exp.Expr, place: Place) -> Column:
    """Snowflake's ``$1``."""
    number = last.this.name if isinstance(last.this, exp.Expr) else ""
    sources = place.scope.sources
    if number.isdigit() and len(sources) == 1 and 0 < int(number) <= len(sources[0].relation.columns):
        return sources[0].relation.columns[int(number) - 1]
    walk.trace.problem(f"${number}", "a column by its number, of a table whose columns are not known")
    return Column(f"${number}", f"${number}", NOTHING)


def _subquery(walk: Walk, node: exp.Expr, place: Place, rows: bool = True) -> Value:
    """A subquery in an expression; what it does to its own rows counts only where the expression is used."""
    before, walk.trace = walk.trace, type(walk.trace)()
    try:
        relation = walk.query(walk, node, place.scope, place.env)
        if rows and relation.open:
            walk.trace.problem("*", f"the columns of {relation.open[0].table} are not known")
    finally:
        inside, walk.trace = walk.trace, before
    walk.trace.problems.update(inside.problems)
    if not rows:
        return Value(0, 0, 0, inside.shape)
    if len(relation.columns) == 1 and not relation.order:
        value = relation.columns[0].value
        return value._replace(shape=value.shape | inside.shape)
    bits, every = inside.shape, relation.order
    for column in relation.columns:
        every |= column.value.inputs
        bits |= column.value.shape
    return Value(0, every, 0, bits)


class _Sum:
    """Adds up what the parts of one expression are made of, without recursion: chains of AND may be long."""

    __slots__ = ("changed", "grouped", "place", "shape", "tasks", "walk")

    def __init__(self, walk: Walk, place: Place) -> None:
        self.walk = walk
        self.place = place
        self.changed = self.grouped = self.shape = 0
        self.tasks: list[_Task] = []

    def of(self, node: exp.Expr) -> Value:
        """The value of the whole."""
        tasks = self.tasks
        tasks.append((node, _PLAIN, _NO_NAMES))
        while tasks:
            self._visit(*tasks.pop())
        return Value(0, self.changed, self.grouped, self.shape)

    def _add(self, value: Value, mode: int) -> None:
        self.shape |= value.shape
        if mode == _GROUPED:
            self.grouped |= value.inputs
        else:
            self.changed |= value.plain | value.changed
            self.grouped |= value.grouped

    def _visit(self, node: exp.Expr, mode: int, bound: frozenset[str]) -> None:
        if isinstance(node, exp.Column):
            names = names_of(node)
            if not bound or names[0].name not in bound:
                self._add(column_of(self.walk, node, self.place).value, mode)
        elif isinstance(node, exp.Parameter) and self.walk.spelling.dialect == "snowflake":
            self._add(_numbered(self.walk, node, self.place).value, mode)
        elif isinstance(node, _LEAVES):
            return
        elif isinstance(node, _QUERIES):
            self._add(_subquery(self.walk, node, self.place), mode)
        elif isinstance(node, exp.Exists) and isinstance(node.this, _QUERIES):
            self._add(_subquery(self.walk, node.this, self.place, rows=False), mode)
        elif isinstance(node, exp.Star):
            self._add(_row(self.walk, [], self.place), mode)
        elif isinstance(node, exp.Window):
            self._window(node, mode, bound)
        elif isinstance(node, exp.PropertyEQ):
            self.tasks.append((node.expression, mode, bound))
        elif isinstance(node, exp.Comprehension):
            more = frozenset(one.name for one in (node.expression, node.args.get("position")) if one)
            self.tasks += [(child, mode, bound | more) for child in children(node)]
        elif isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
            return
        elif mode == _OVER and isinstance(node, _AROUND):
            self.tasks += [(child, _PLAIN, bound) for child in children(node) if child is not node.this]
            self.tasks.append((node.this, _OVER, bound))
        else:
            self._function(node, mode, bound)

    def _function(self, node: exp.Expr, mode: int, bound: frozenset[str]) -> None:
        below = _PLAIN if mode == _OVER else mode
        if isinstance(node, (exp.Func, *_AROUND)):
            if mode == _PLAIN and is_aggregate(node):
                below = _GROUPED
            elif isinstance(node, GENERATORS) or name_of(node) in UNNESTING:
                for child in children(node):
                    self.shape |= value_of(self.walk, child, self.place).every
        self.tasks += [(child, below, bound) for child in children(node)]

    def _window(self, node: exp.Expr, mode: int, bound: frozenset[str]) -> None:
        inner = _GROUPED if mode == _GROUPED else _PLAIN
        self.tasks.append((node.this, _OVER if inner == _PLAIN else inner, bound))
        self.tasks += [(child, inner, bound) for child in children(node) if child is not node.this]
        alias, seen = node.args.get("alias"), set[str]()
        while isinstance(alias, exp.Expr):
            key = self.walk.spelling.key(alias)
            named = self.place.scope.windows.get(key)
            if named is None or key in seen:
                break
            seen.add(key)
            self.tasks += [(child, inner, bound) for child in children(named) if child is not named.this]
            alias = named.args.get("alias")


def is_aggregate(node: exp.Expr) -> bool:
    """Whether a function takes many rows to one."""
    return isinstance(node, (exp.AggFunc, exp.Filter, exp.WithinGroup)) or name_of(node) in AGGREGATES


def has_aggregate(node: exp.Expr) -> bool:
    """Whether an expression needs a group: an aggregate outside of a window and of a subquery."""
    tasks = [(node, False)]
    while tasks:
        one, over = tasks.pop()
        if isinstance(one, _QUERIES):
            continue
        if isinstance(one, exp.Window):
            tasks.append((one.this, True))
            tasks += [(child, False) for child in children(one) if child is not one.this]
        elif over and isinstance(one, _AROUND):
            tasks.append((one.this, True))
        elif not over and is_aggregate(one):
            return True
        else:
            tasks += [(child, False) for child in children(one)]
    return False
