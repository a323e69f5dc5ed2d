"""Reads one SELECT."""

from typing import TYPE_CHECKING

from sqlglot import exp

from dbt_isolation.compare.queries.expressions import Expressions
from dbt_isolation.compare.queries.functions import Holds, holds, order_matters
from dbt_isolation.compare.queries.grouping import group_key, read_group
from dbt_isolation.compare.queries.keys import Env, Node, UnprovableError
from dbt_isolation.compare.queries.outputs import Outputs
from dbt_isolation.compare.queries.relations import Leaf, Relation, Sealed, Tree, number
from dbt_isolation.compare.queries.scopes import Scope, Visible
from dbt_isolation.compare.queries.sets import read_order
from dbt_isolation.compare.queries.sources import Sources

if TYPE_CHECKING:
    from dbt_isolation.compare.queries.reader import Reader

#: Clauses that are read; any other is kept as it is and belongs to the rows.
_READ = {
    *(
        "with_",
        "expressions",
        "from_",
        "joins",
        "laterals",
        "where",
        "group",
        "having",
        "qualify",
        "distinct",
    ),
    *("order", "limit", "offset", "windows", "hint", "operation_modifiers"),
}


class SelectRelation(Relation):
    """What a SELECT gives. It is ``plain`` if it has the rows of its tree and each column is a value of
    its row, so that a query around it can take it apart."""

    def __init__(self, reader: "Reader", tree: Tree) -> None:
        super().__init__()
        self._keys = reader.keys
        self.tree = tree
        self.plain = False
        #: None without grouping.
        self.group: list[Node] | None = None
        self.having: list[Node] = []
        self.qualify: list[Node] = []
        self.windows = False
        self.makes_rows: list[Node] = []
        self.other: list[Node] = []
        self.distinct = False
        self.distinct_on: list[Node] | None = None
        self.order: list[Node] = []
        self.limit: list[Node] = []

    @property
    def ends(self) -> bool:
        """Whether something comes behind its filters, so that no filter can join them."""
        return bool(
            self.distinct
            or self.distinct_on is not None
            or self.order
            or self.limit
            or self.makes_rows
            or self.other
        )

    def _only_source(self) -> Leaf | None:
        """The query that this one only takes columns from."""
        tree = self.tree
        busy = tree.lefts or tree.filters or self.group is not None or self.having or self.qualify
        if busy or self.windows or self.ends or self.volatile or len(tree.base) != 1:
            return None
        [leaf] = tree.base
        return leaf if isinstance(leaf, Leaf) and not leaf.dependent else None

    def _pushed(self, env: Env) -> tuple[int, ...]:
        # Window functions sort the rows, and so they say which come first where the order leaves that open.
        if not self.limit and self.distinct_on is None:
            return ()
        held = [out.node for out in self.outs if out.source is not None and out.source.find(exp.Window)]
        return env.set(held)

    def _seal(self, outer: Env | None) -> Sealed:
        keys = self._keys
        env = Env(keys, outer)
        number(self.tree, env)
        source = self._only_source()
        if source is not None and source.relation is not None:
            env.clear = source
            rows = source.relation.seal(env).rows
            self.parts = source.relation.parts
            return Sealed(rows, len(self.outs), lambda place: env.key(self.outs[place].node), env)
        having, qualify = list(self.having), list(self.qualify)
        if not self.windows:
            having, qualify = having + qualify, []
        group = None if self.group is None else env.set(self.group)
        every: tuple[int, ...] = ()
        if self.distinct or self.limit or self.makes_rows:
            every = tuple(sorted(env.key(out.node) for out in self.outs)) if self.distinct else ()
        alone = group is None and not having and not self.windows and not self.makes_rows
        if self.distinct and alone and not any(out.open for out in self.outs):
            # As if it were grouped by all its columns.
            group, every = every, ()
        on = None if self.distinct_on is None else env.set(self.distinct_on)
        self.parts = {
            "sources, joins or filters": self.tree.key(env),
            "grouping": keys("group", *(group or ()), "" if group is None else "by"),
            "filter on groups": keys("having", *env.set(having)),
            "filter on window functions": keys("qualify", *env.set(qualify)),
            "functions that make rows": keys("rows", *env.all(self.makes_rows)),
            "duplicate removal": keys("distinct", every, on or (), "" if on is None else "on"),
            "order and limit": keys("limit", env.all(self.order), env.all(self.limit), self._pushed(env)),
            "other clauses": keys("other", *env.all(self.other)),
        }
        rows = keys("select", *self.parts.values())
        return Sealed(rows, len(self.outs), lambda place: env.key(self.outs[place].node), env)


def read_select(reader: "Reader", node: exp.Select, outer: Scope | None, keep_order: bool) -> Relation:
    """What a SELECT gives."""
    if node.args.get("into"):
        raise UnprovableError("SELECT INTO gives no rows")
    if not node.expressions:
        raise UnprovableError("a SELECT of nothing")
    scope = Scope(reader.dialect, outer)
    shape = holds(node.expressions, reader.dialect)
    sources = Sources(reader, scope)
    inner = _layer(reader, node, shape, scope)
    if inner is None:
        before = reader.ordered
        reader.ordered = before or order_matters(node)
        sources.read(node)
        reader.ordered = before
    relation = SelectRelation(reader, sources.tree)
    if inner is not None:
        _take(relation, inner)
    reading = Expressions(reader, scope, _windows(reader, node))
    outputs = Outputs(reader, scope, reading)
    relation.outs = outputs.read(node)
    where = node.args.get("where")
    if where is not None:
        filters = reading.conditions(where.this, "where")
        if inner is None:
            relation.tree.filters += filters
        else:
            relation.qualify += filters
    read_group(relation, node, reading, shape, reader.dialect)
    qualify = node.args.get("qualify")
    if qualify is not None and holds([qualify], reader.dialect).window:
        relation.windows = True
    tail = [clause for clause in (node.args.get("having"), qualify) if clause is not None]
    for clause in tail:
        into = relation.having if isinstance(clause, exp.Having) else relation.qualify
        into += reading.conditions(clause.this, clause.key)
    _shape(relation, node, reading, shape)
    _ending(reader, relation, node, reading, keep_order)
    relation.volatile = relation.volatile or shape.volatile or holds(tail, reader.dialect).volatile
    if where is not None and holds([where], reader.dialect).volatile:
        relation.volatile = True
    relation.volatile = relation.volatile or any(
        leaf.relation is not None and leaf.relation.volatile for leaf in relation.tree.leaves()
    )
    relation.plain = not (
        relation.group is not None
        or relation.having
        or relation.qualify
        or relation.windows
        or relation.ends
        or relation.volatile
        or not relation.tree.leaves()
    )
    return relation


def _layer(reader: "Reader", node: exp.Select, shape: Holds, scope: Scope) -> SelectRelation | None:
    """The one query that a SELECT filters or takes columns from, if the two can be read as one."""
    first = node.args.get("from_")
    busy = shape.aggregate or shape.window or shape.rows or shape.volatile or shape.unknown
    if first is None or busy or order_matters(node) or any(node.args.get(key) for key in _WORK):
        return None
    source = first.this
    if any(value for key, value in source.args.items() if key not in ("this", "alias")):
        return None
    if isinstance(source, exp.Table):
        cte = reader.cte(source)
        if cte is None:
            return None
        relation = reader.read_cte(cte, fresh=True)
        name = source.this
    elif isinstance(source, exp.Subquery) and isinstance(source.this, exp.Select):
        if source.this.args.get("with_"):
            return None
        cte, name = None, None
        relation = reader.query(source.this, scope.outer)
    else:
        return None
    where = node.args.get("where")
    if where is not None and holds([where], reader.dialect).volatile:
        return None
    if cte is None:
        reader.hold(source.this, relation)
    if not isinstance(relation, SelectRelation) or relation.volatile or relation.plain or relation.ends:
        return None
    if reader.spent() or not relation.tree.leaves():
        return None
    alias = source.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        return None
    if cte is not None:
        cte.taken = True
    named = alias.this if alias is not None else name
    visible = Visible(reader.names.identifier(named), relation.outs)
    scope.visibles, scope.star = [visible], list(visible.outs)
    return relation


_WORK = ("joins", "laterals", "group", "having", "qualify", "windows")


def _take(relation: SelectRelation, inner: SelectRelation) -> None:
    relation.tree.take(inner.tree)
    relation.group = inner.group
    relation.having, relation.qualify = list(inner.having), list(inner.qualify)
    relation.windows = inner.windows


def _windows(reader: "Reader", node: exp.Select) -> dict[str, exp.Window]:
    return {reader.names.identifier(window.this): window for window in node.args.get("windows") or []}


def _shape(relation: SelectRelation, node: exp.Select, reading: Expressions, shape: Holds) -> None:
    relation.windows = relation.windows or shape.window
    if shape.rows:
        relation.makes_rows = [
            out.node
            for out in relation.outs
            if out.source is not None and holds([out.source], reading.dialect).rows
        ]
        if not relation.makes_rows:
            raise UnprovableError("a function that makes rows beside a star")
    for key in sorted(node.args):
        if node.args[key] and key not in _READ:
            relation.other += [Node("text", key), _as_node(reading.value(node.args[key], "other"))]
    for modifier in node.args.get("operation_modifiers") or []:
        relation.other.append(Node("text", str(modifier)))


def _as_node(part: str | Node) -> Node:
    return part if isinstance(part, Node) else Node("text", part)


def _ending(
    reader: "Reader", relation: SelectRelation, node: exp.Select, reading: Expressions, keep_order: bool
) -> None:
    distinct = node.args.get("distinct")
    limits = [node.args[key] for key in ("limit", "offset") if node.args.get(key) is not None]
    if distinct is not None:
        on = distinct.args.get("on")
        relation.distinct = on is None
        if on is not None:
            terms = on.expressions if isinstance(on, exp.Tuple) else [on]
            relation.distinct_on = [group_key(relation, term, reading) for term in terms]
    order = node.args.get("order")
    relation.limit = [reading.read(limit, "limit") for limit in limits]
    counts = bool(limits) or keep_order or reader.ordered or relation.distinct_on is not None
    if order is not None and counts:
        relation.order = read_order(reading, order, relation.outs)
