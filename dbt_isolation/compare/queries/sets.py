"""UNION, INTERSECT and EXCEPT."""

from typing import TYPE_CHECKING

from sqlglot import exp

from dbt_isolation.compare.queries.expressions import Expressions
from dbt_isolation.compare.queries.keys import Env, Node, UnprovableError
from dbt_isolation.compare.queries.relations import Out, Relation, Sealed
from dbt_isolation.compare.queries.scopes import Scope, Visible

if TYPE_CHECKING:
    from dbt_isolation.compare.queries.reader import Reader

_CLAUSES = {
    "with_",
    "this",
    "expression",
    "distinct",
    "by_name",
    "order",
    "limit",
    "offset",
    "kind",
    "side",
    "on",
}


class SetRelation(Relation):
    """What a set operation gives. Where duplicates go, each column is part of the rows; not in UNION ALL."""

    def __init__(
        self, reader: "Reader", node: exp.SetOperation, outer: Scope | None, keep_order: bool
    ) -> None:
        super().__init__()
        odd = {key for key, value in node.args.items() if value} - _CLAUSES
        if odd or node.args.get("kind") or node.args.get("side") or node.args.get("on"):
            raise UnprovableError("an unusual set operation")
        self._reader = reader
        self._keys = reader.keys
        self._how = "union" if isinstance(node, exp.Union) else node.key
        self._distinct = bool(node.args.get("distinct"))
        self._ordered = reader.ordered or bool(node.args.get("limit") or node.args.get("offset"))
        self._branches = [reader.query(one, outer) for one in _branches(node)]
        self.volatile = any(branch.volatile for branch in self._branches)
        #: For each output column its place in each branch, or None for NULL.
        self._places: list[tuple[int | None, ...]] = []
        self._all_open = any(out.open is not None for branch in self._branches for out in branch.outs)
        self._line_up(bool(node.args.get("by_name")))
        self._order: list[Node] = []
        self._limit: list[Node] = []
        self._read_order(node, outer, keep_order)

    def _line_up(self, by_name: bool) -> None:
        first = self._branches[0].outs
        if self._all_open:
            if by_name:
                raise UnprovableError("UNION BY NAME of columns that are not known")
            self.outs = [Out("", "*", _nothing, lambda name: Node("own", name))]
            return
        if by_name:
            found: dict[str, Out] = {}
            for branch in self._branches:
                for out in branch.outs:
                    found.setdefault(out.name, out)
            self.outs = [Out(out.name, out.shown, _nothing) for out in found.values()]
            indexes = [{out.name: at for at, out in enumerate(branch.outs)} for branch in self._branches]
            self._places = [tuple(index.get(name) for index in indexes) for name in found]
            return
        if len({len(branch.outs) for branch in self._branches}) != 1:
            raise UnprovableError("the branches of a set operation have different numbers of columns")
        self.outs = [Out(out.name, out.shown, _nothing) for out in first]
        self._places = [(place,) * len(self._branches) for place in range(len(first))]

    def _read_order(self, node: exp.SetOperation, outer: Scope | None, keep_order: bool) -> None:
        limits = [node.args[key] for key in ("limit", "offset") if node.args.get(key)]
        order = node.args.get("order")
        if order is None and not limits:
            return
        scope = Scope(self._reader.dialect, outer)
        own = [Out(out.name, out.shown, _own(str(place))) for place, out in enumerate(self.outs)]
        if self._all_open:
            own = [Out("", "*", _own("*"), lambda name: Node("own", name))]
        scope.visibles.append(Visible("", own))
        reading = Expressions(self._reader, scope)
        self._limit = [reading.read(one, "limit") for one in limits]
        if order is not None and (limits or keep_order or self._ordered):
            self._order = read_order(reading, order, own)

    def _seal(self, outer: Env | None) -> Sealed:
        keys = self._keys
        sealed = [branch.seal(outer) for branch in self._branches]
        if self._all_open:
            every = tuple((one.rows, one.all_columns()) for one in sealed)
            flat = tuple(keys("branch", rows, columns) for rows, columns in every)
            rows = keys(self._how, str(self._distinct), flat, *self._after(outer))
            self.parts = {"set operation": rows}
            return Sealed(rows, len(self.outs), lambda place: keys("branches *", flat), Env(keys, outer))
        columns = [
            tuple(
                keys("null") if at is None else one.column(at) for one, at in zip(sealed, places, strict=True)
            )
            for places in self._places
        ]
        if self._how != "union":
            if keys.loose:
                columns = [column[:1] for column in columns]
            pairs = tuple(sorted(keys("pair", *column) for column in columns))
            rows = keys(self._how, str(self._distinct), tuple(one.rows for one in sealed), pairs)
        else:
            order = list(range(len(sealed)))
            if not self._ordered:
                order.sort(key=lambda at: (sealed[at].rows, *(column[at] for column in columns)))
            columns = [tuple(column[at] for at in order) for column in columns]
            if keys.loose:
                columns = [tuple(sorted(set(column))) for column in columns]
            rows = keys("union all", tuple(sealed[at].rows for at in order))
            if self._distinct:
                rows = keys("distinct", rows, tuple(sorted(keys("branches", *column) for column in columns)))
        after = self._after(outer)
        self.parts = {"set operation": rows, "limit": keys("after", *after)}
        if after:
            rows = keys("limited", rows, *after, tuple(keys("branches", *column) for column in columns))
        return Sealed(rows, len(columns), lambda place: keys("branches", *columns[place]), None)

    def _after(self, outer: Env | None) -> tuple[tuple[int, ...], ...]:
        if not self._order and not self._limit:
            return ()
        env = Env(self._keys, outer)
        return env.all(self._order), env.all(self._limit)


def _branches(node: exp.SetOperation) -> list[exp.Expr]:
    """The operands; UNIONs of one kind that lean on each other are one, however many."""
    found: list[exp.Expr] = []
    ahead: list[exp.Expr] = [node.args["expression"], node.args["this"]]
    flat = isinstance(node, exp.Union)
    while ahead:
        one = ahead.pop()
        inner = one
        while isinstance(inner, exp.Subquery) and not any(
            value for key, value in inner.args.items() if key not in ("this", "alias")
        ):
            inner = inner.this
        same = (
            flat
            and isinstance(inner, exp.Union)
            and bool(inner.args.get("distinct")) == bool(node.args.get("distinct"))
            and bool(inner.args.get("by_name")) == bool(node.args.get("by_name"))
            and not any(inner.args.get(key) for key in ("with_", "order", "limit", "offset"))
        )
        if same:
            ahead += [inner.args["expression"], inner.args["this"]]
        else:
            found.append(inner)
    return found


def read_order(reading: Expressions, order: exp.Expr, outs: list[Out]) -> list[Node]:
    """The terms of an ORDER BY; a number is the column at that place, ALL is each of them."""
    found: list[Node] = []
    for term in order.expressions:
        what = term.this if isinstance(term, exp.Ordered) else term
        how = [
            f"{key}={value}" for key, value in sorted(term.args.items()) if key not in ("this", "with_fill")
        ]
        if isinstance(term, exp.Ordered) and term.args.get("with_fill"):
            raise UnprovableError("ORDER BY … WITH FILL")
        if isinstance(what, exp.Var | exp.Column) and what.name.upper() == "ALL":
            found += [Node("ordered", out.node, *how) for out in outs]
        elif isinstance(what, exp.Literal) and not what.is_string:
            found.append(Node("ordered", at_place(outs, what.name), *how))
        else:
            clause = "order" if isinstance(what, exp.Column) and len(what.parts) == 1 else "order in"
            found.append(Node("ordered", reading.read(what, clause), *how))
    return found


def at_place(outs: list[Out], number: str) -> Node:
    """The output column that a number in ORDER BY or GROUP BY means."""
    place = int(number) - 1 if number.isdigit() else -1
    if not 0 <= place < len(outs) or any(out.open is not None for out in outs[: place + 1]):
        raise UnprovableError(f"there is no column {number}, or it is not known")
    return outs[place].node


def _own(name: str) -> "_Own":
    return _Own(name)


class _Own:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self) -> Node:
        return Node("own", self._name)


def _nothing() -> Node:
    raise UnprovableError("a column of a set operation has no expression of its own")
