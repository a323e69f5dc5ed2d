"""From a syntax tree to an expression with its columns resolved, equal for spellings that mean the same."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from dbt_isolation.compare.queries.conditions import always, bare, deny, fields, flat, terms
from dbt_isolation.compare.queries.functions import is_volatile
from dbt_isolation.compare.queries.keys import Node, Sub, UnprovableError
from dbt_isolation.compare.queries.scopes import Scope, Visible

if TYPE_CHECKING:
    from dbt_isolation.compare.queries.reader import Reader

_NO_MEANING = ("big_int", "is_nvl", "over")
_PREDICATES = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.Exists)


class Expressions:
    """Reads the expressions of one SELECT."""

    def __init__(self, reader: "Reader", scope: Scope, windows: dict[str, exp.Window] | None = None) -> None:
        self._reader = reader
        self.scope = scope
        self.dialect = reader.dialect
        # An expression may be read when the WITH around it has long been left.
        self._ctes = reader.visible_ctes()
        self._windows = windows or {}

    def read(self, node: exp.Expr, clause: str) -> Node:
        """An expression as it stands in a clause."""
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            return handler(self, node, clause)
        if isinstance(node, exp.Query):
            return Sub(self._reader.query(node, self.scope, keep_order=True, ctes=self._ctes))
        return self.plain(node, clause)

    def conditions(self, node: exp.Expr, clause: str) -> list[Node]:
        """The terms of a condition that all have to be true."""
        found: list[Node] = []
        for term in terms(node, exp.And):
            # In a condition only true counts, whatever type a doubly denied value has.
            while isinstance(term, exp.Not) and isinstance(bare(term.this), exp.Not):
                term = bare(bare(term.this).this)
            if isinstance(term, exp.And):
                found += self.conditions(term, clause)
                continue
            if always(term):
                continue
            read = self.read(term, clause)
            if any(is_volatile(one) for one in term.walk()):
                read = Node("volatile", str(len(found)), read)
            # BETWEEN gives two terms.
            found += [one for one in read.parts if isinstance(one, Node)] if read.op == "and" else [read]
        return found

    def plain(self, node: exp.Expr, clause: str) -> Node:
        """An expression of which nothing is known but its parts."""
        parts: list[str | Node] = []
        for name in sorted(node.args):
            value = node.args[name]
            if value is None or value is False or value == [] or name in _NO_MEANING:
                continue
            parts += [name, self.value(value, clause)]
        return Node(node.key, *parts)

    def value(self, value: object, clause: str) -> str | Node:
        """What an argument of a node holds."""
        if isinstance(value, exp.Expr):
            return self.read(value, clause)
        if isinstance(value, list):
            return Node("list", *(self.value(one, clause) for one in value))
        return f"={value}"

    def _column(self, node: exp.Expr, clause: str) -> Node:
        names, scope = self._reader.names, self.scope
        if isinstance(node.this, exp.Star):
            visible = scope.source(names.identifier(node.args.get("table")))
            if visible is None:
                raise UnprovableError(f"{node.sql()} belongs to no source")
            return Node("all of", visible.row(), *_star_limits(self, node.this, clause))
        parts = node.parts if isinstance(node, exp.Column) else [node]
        if not isinstance(node.this, exp.Identifier):
            inner = self.value(node.this, clause)
            table = node.args.get("table")
            visible = scope.source(names.identifier(table)) if table is not None else None
            known = scope.visibles if table is None else [visible] if visible else []
            return Node("odd column", inner, *(one.row() for one in known))
        named = [names.identifier(part) for part in parts]
        if is_volatile(node):
            return Node("volatile column", ".".join(named))
        if len(named) == 1:
            return scope.column(named[0], clause)
        for place in range(len(named) - 1):
            # The longest qualifier that is a source's: database.schema.table.column, alias.column.field, …
            visible = self._qualifier(named, len(named) - 2 - place)
            if visible is not None:
                rest = named[len(named) - 1 - place :]
                return fields(visible.column(rest[0]), rest[1:])
        return fields(scope.column(named[0], clause), named[1:])

    def _qualifier(self, named: list[str], place: int) -> Visible | None:
        visible = self.scope.source(named[place])
        if visible is None or place == 0 or self.scope.source(named[0]) is None:
            return visible
        return None

    def _dot(self, node: exp.Expr, clause: str) -> Node:
        field = node.expression
        if isinstance(field, exp.Identifier):
            return fields(self.read(node.this, clause), [self._reader.names.identifier(field)])
        return self.plain(node, clause)

    def _star(self, node: exp.Expr, clause: str) -> Node:
        rows = [visible.row() for visible in self.scope.visibles]
        return Node("everything", *rows, *_star_limits(self, node, clause))

    def _identifier(self, node: exp.Expr, clause: str) -> Node:
        return Node("name", self._reader.names.identifier(node))

    def _literal(self, node: exp.Expr, clause: str) -> Node:
        return Node("text" if node.args.get("is_string") else "number", str(node.this))

    def _var(self, node: exp.Expr, clause: str) -> Node:
        return Node("word", str(node.this).upper())

    def _type(self, node: exp.Expr, clause: str) -> Node:
        return Node("type", node.sql(self._reader.dialect).upper())

    def _paren(self, node: exp.Expr, clause: str) -> Node:
        return self.read(node.this, clause)

    def _connector(self, node: exp.Expr, clause: str) -> Node:
        read = [self.read(term, clause) for term in terms(node, type(node))]
        if any(is_volatile(one) for one in node.walk()):
            return Node(node.key, *read, order="bag")
        return flat(node.key, read)

    def _commuting(self, node: exp.Expr, clause: str) -> Node:
        sides = (self.read(node.this, clause), self.read(node.expression, clause))
        if isinstance(node, exp.Add) and self._reader.dialect in ("tsql", ""):
            return Node(node.key, *sides)
        return Node(node.key, *sides, order="bag")

    def _turned(self, node: exp.Expr, clause: str) -> Node:
        op = "lt" if isinstance(node, exp.GT) else "lte"
        return Node(op, self.read(node.expression, clause), self.read(node.this, clause))

    def _ordered_pair(self, node: exp.Expr, clause: str) -> Node:
        return Node(node.key, self.read(node.this, clause), self.read(node.expression, clause))

    def _not(self, node: exp.Expr, clause: str) -> Node:
        inner = bare(node.this)
        if isinstance(inner, exp.Not) and isinstance(bare(inner.this), _PREDICATES):
            return self.read(inner.this, clause)
        if isinstance(inner, exp.Boolean):
            return self.read(exp.Boolean(this=not inner.this), clause)
        return deny(self.read(inner, clause))

    def _between(self, node: exp.Expr, clause: str) -> Node:
        if node.args.get("symmetric") or any(is_volatile(one) for one in node.this.walk()):
            return self.plain(node, clause)
        this = self.read(node.this, clause)
        low, high = self.read(node.args["low"], clause), self.read(node.args["high"], clause)
        return Node("and", Node("lte", low, this), Node("lte", this, high), order="set")

    def _in(self, node: exp.Expr, clause: str) -> Node:
        items = node.args.get("expressions") or []
        query = node.args.get("query")
        if query is None and len(items) == 1 and isinstance(items[0], exp.Query):
            query, items = items[0], []
        if query is not None:
            inner = query.unnest() if isinstance(query, exp.Subquery) else query
            relation = self._reader.query(inner, self.scope, ctes=self._ctes)
            return Node("in query", self.read(node.this, clause), Sub(relation))
        if not items or node.args.get("unnest") or node.args.get("field"):
            return self.plain(node, clause)
        this = self.read(node.this, clause)
        values = [self.read(item, clause) for item in items]
        if any(is_volatile(one) for one in node.this.walk()):
            return Node("in", this, Node("values", *values))
        if len(values) == 1:
            return Node("eq", this, values[0], order="bag")
        if len({value.op for value in values}) == 1 and values[0].op == "text":
            return flat("or", [Node("eq", this, value, order="bag") for value in values])
        return Node("in", this, Node("values", *values, order="set"))

    def _case(self, node: exp.Expr, clause: str) -> Node:
        subject = node.args.get("this")
        if subject is not None and any(is_volatile(one) for one in subject.walk()):
            return self.plain(node, clause)
        this = self.read(subject, clause) if subject is not None else None
        parts: list[str | Node] = []
        for branch in node.args.get("ifs") or []:
            when = self.read(branch.this, clause)
            parts.append(when if this is None else Node("eq", this, when, order="bag"))
            parts.append(self.read(branch.args["true"], clause))
        return Node("case", *parts, self._default(node.args.get("default"), clause))

    def _if(self, node: exp.Expr, clause: str) -> Node:
        when, true = self.read(node.this, clause), self.read(node.args["true"], clause)
        return Node("case", when, true, self._default(node.args.get("false"), clause))

    def _default(self, node: exp.Expr | None, clause: str) -> Node:
        return Node("null") if node is None else self.read(node, clause)

    def _count(self, node: exp.Expr, clause: str) -> Node:
        this = node.this
        counts_rows = this is None or (isinstance(this, exp.Star) and not any(this.args.values()))
        if isinstance(this, exp.Literal) and not node.expressions:
            counts_rows = True
        return Node("count rows") if counts_rows and not node.expressions else self.plain(node, clause)

    def _exists(self, node: exp.Expr, clause: str) -> Node:
        inner = node.this.unnest() if isinstance(node.this, exp.Subquery) else node.this
        if not isinstance(inner, exp.Query):
            return self.plain(node, clause)
        return Sub(self._reader.query(inner, self.scope, ctes=self._ctes), rows_only=True)

    def _subquery(self, node: exp.Expr, clause: str) -> Node:
        if {key for key, value in node.args.items() if value} <= {"this", "alias"}:
            return self.read(node.this, clause)
        return Sub(self._reader.query(node, self.scope, keep_order=True, ctes=self._ctes))

    def _call(self, node: exp.Expr, clause: str) -> Node:
        name = node.this if isinstance(node.this, str) else node.name
        return Node("call", name.lower(), *(self.read(one, clause) for one in node.expressions))

    def _window(self, node: exp.Expr, clause: str) -> Node:
        parts: dict[str, Node | str] = {}
        named = node.args.get("alias")
        if named is not None:
            known = self._windows.get(self._reader.names.identifier(named))
            if known is None:
                raise UnprovableError(f"there is no window {named.name}")
            inherited = self._window(known, clause)
            parts = {
                str(inherited.parts[at]): inherited.parts[at + 1] for at in range(0, len(inherited.parts), 2)
            }
        if not isinstance(node.this, exp.Identifier) and node.this is not None:
            parts["this"] = self.read(node.this, clause)
        partition = node.args.get("partition_by")
        if partition:
            keys = (self.read(one, clause) for one in partition)
            parts["partition_by"] = Node("set", *keys, order="set")
        for key in ("order", "spec", "first"):
            if node.args.get(key):
                parts[key] = self.value(node.args[key], clause)
        return Node("window", *(one for key in sorted(parts) for one in (key, parts[key])))

    def _alias(self, node: exp.Expr, clause: str) -> Node:
        return Node(
            "named", self._reader.names.identifier(node.args.get("alias")), self.read(node.this, clause)
        )

    def _refuse(self, node: exp.Expr, clause: str) -> Node:
        raise UnprovableError(f"{node.sql(self._reader.dialect)[:40]} stands for columns that are not named")


def _star_limits(reading: Expressions, star: exp.Expr, clause: str) -> list[Node]:
    return [reading.plain(star, clause)] if any(star.args.values()) else []


_Handler = Callable[[Expressions, exp.Expr, str], Node]
_HANDLERS: dict[type[exp.Expr], _Handler] = {
    exp.Column: Expressions._column,
    exp.Dot: Expressions._dot,
    exp.Star: Expressions._star,
    exp.Identifier: Expressions._identifier,
    exp.Literal: Expressions._literal,
    exp.Var: Expressions._var,
    exp.DataType: Expressions._type,
    exp.Paren: Expressions._paren,
    exp.And: Expressions._connector,
    exp.Or: Expressions._connector,
    exp.Not: Expressions._not,
    exp.EQ: Expressions._commuting,
    exp.NEQ: Expressions._commuting,
    exp.NullSafeEQ: Expressions._commuting,
    exp.NullSafeNEQ: Expressions._commuting,
    exp.Add: Expressions._commuting,
    exp.Mul: Expressions._commuting,
    exp.GT: Expressions._turned,
    exp.GTE: Expressions._turned,
    exp.LT: Expressions._ordered_pair,
    exp.LTE: Expressions._ordered_pair,
    exp.Between: Expressions._between,
    exp.In: Expressions._in,
    exp.Case: Expressions._case,
    exp.If: Expressions._if,
    exp.Count: Expressions._count,
    exp.Exists: Expressions._exists,
    exp.Subquery: Expressions._subquery,
    exp.Anonymous: Expressions._call,
    exp.Window: Expressions._window,
    exp.Alias: Expressions._alias,
    exp.Columns: Expressions._refuse,
}
