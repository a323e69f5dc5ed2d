"""Clauses that decide which rows there are by way of the columns that come out."""

from sqlglot import exp

from dbt_isolation.sql.columns.ctes import Env
from dbt_isolation.sql.columns.expressions import has_aggregate, shape
from dbt_isolation.sql.columns.relations import Relation
from dbt_isolation.sql.columns.scope import Scope, Source
from dbt_isolation.sql.columns.walk import Place, Walk


def distinct_rows(walk: Walk, distinct: exp.Expr, made: Relation, place: Place) -> None:
    """DISTINCT by all columns, DISTINCT ON by its keys."""
    on = distinct.args.get("on")
    if on is None:
        all_columns(walk, made)
        return
    for key in on.expressions if isinstance(on, exp.Tuple) else [on]:
        _key(walk, key, made, place, alias_first=True)


def all_columns(walk: Walk, made: Relation) -> None:
    """All output columns decide which rows there are."""
    for column in made.columns:
        walk.trace.shape |= column.value.every
    for table in made.open:
        walk.trace.problem(
            f"{table.table}.*", f"the columns of {table.table} are not known, and shape the rows"
        )


def group_by(walk: Walk, node: exp.Select, group: exp.Expr, made: Relation, place: Place) -> None:
    """GROUP BY: numbers, aliases, ALL, and sets of keys."""
    if group.args.get("all"):
        stars = len(made.columns) != len(node.expressions)
        if stars and any(has_aggregate(item) for item in node.expressions):
            _group_around_stars(walk, node, place)
            return
        for position, column in enumerate(made.columns):
            if stars or not has_aggregate(node.expressions[position]):
                walk.trace.shape |= column.value.every
        return
    for name in ("expressions", "grouping_sets", "cube", "rollup"):
        for key in group.args.get(name) or ():
            for one in _flat(key):
                _key(walk, one, made, place, walk.spelling.alias_first)


def _group_around_stars(walk: Walk, node: exp.Select, place: Place) -> None:
    for item in node.expressions:
        if not has_aggregate(item):
            shape(walk, item.unalias(), place)


def _flat(key: exp.Expr) -> list[exp.Expr]:
    """The keys in ROLLUP, CUBE, GROUPING SETS and brackets."""
    found, tasks = [], [key]
    while tasks:
        one = tasks.pop()
        if isinstance(one, exp.Rollup | exp.Cube | exp.GroupingSets | exp.Tuple):
            tasks += one.expressions
        elif isinstance(one, exp.Paren):
            tasks.append(one.this)
        elif isinstance(one, exp.Expr):
            found.append(one)
    return found


def _key(walk: Walk, key: exp.Expr, made: Relation, place: Place, alias_first: bool) -> None:
    """One key of GROUP BY, DISTINCT ON or ORDER BY: a number, an alias or an expression."""
    if isinstance(key, exp.Literal) and not key.is_string:
        number = int(key.name) if key.name.isdigit() else 0
        if 0 < number <= len(made.columns) and not made.open:
            walk.trace.shape |= made.columns[number - 1].value.every
        elif number:
            walk.trace.problem(key.name, "a column by its number, in a list that is not known")
        return
    if alias_first and isinstance(key, exp.Column) and not key.args.get("table"):
        alias = made.index.get(walk.spelling.key(key.this))
        if alias is not None:
            walk.trace.shape |= alias.value.every
            return
    shape(walk, key, place)


def order_by(walk: Walk, node: exp.Expr, made: Relation, place: Place, kept: bool = False) -> None:
    """ORDER BY decides which rows are kept where there is a LIMIT, or DISTINCT ON."""
    args = node.args
    limits = [args[name] for name in ("limit", "offset") if args.get(name) is not None]
    order = args.get("order")
    listed = order is not None and isinstance(node.parent, exp.Array)
    if listed:
        # ARRAY(SELECT … ORDER BY …): the order is part of the value, as in an aggregate.
        before, walk.trace.shape = walk.trace.shape, 0
    if order is not None and (limits or kept or listed):
        for ordered in order.expressions:
            key = ordered.this if isinstance(ordered, exp.Ordered) else ordered
            if isinstance(key, exp.Var) and key.name.upper() == "ALL":
                all_columns(walk, made)
            else:
                _key(walk, key, made, place, alias_first=True)
    if listed:
        made.order = walk.trace.shape
        walk.trace.shape = before | (made.order if limits else 0)
    for limit in limits:
        for part in (limit.args.get("expression"), limit.args.get("count"), *limit.expressions):
            if isinstance(part, exp.Expr) and not isinstance(part, exp.Literal):
                shape(walk, part, place)


def order_of(walk: Walk, node: exp.Expr, made: Relation, env: Env | None) -> None:
    """The same after brackets or a set operation: only the columns of the result are there."""
    if node.args.get("limit") is None and node.args.get("offset") is None:
        return
    scope = Scope(walk.spelling, None)
    scope.add(Source((), made))
    order_by(walk, node, made, Place(scope, env))
