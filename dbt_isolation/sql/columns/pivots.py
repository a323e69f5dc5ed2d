"""PIVOT and UNPIVOT."""

from sqlglot import exp

from dbt_isolation.sql.columns.ctes import Env
from dbt_isolation.sql.columns.expressions import children, names_of, value_of
from dbt_isolation.sql.columns.inputs import NOTHING, Value, both
from dbt_isolation.sql.columns.relations import Column, Relation
from dbt_isolation.sql.columns.scope import Scope, Source
from dbt_isolation.sql.columns.walk import Place, Walk


def pivoted(walk: Walk, relation: Relation, pivot: exp.Expr, env: Env | None) -> Relation:
    """A relation after the PIVOT or UNPIVOT that stands behind it."""
    scope = Scope(walk.spelling, None)
    scope.add(Source((), relation))
    scope.star = [*relation.columns, *relation.open]
    place = Place(scope, env)
    if relation.open:
        walk.trace.problem(pivot.key, f"the columns of {relation.open[0].table} are not known")
    if pivot.args.get("unpivot"):
        return _unpivot(walk, relation, pivot, place)
    return _pivot(walk, relation, pivot, place)


def pivot_statement(walk: Walk, node: exp.Pivot, scope: Scope, env: Env | None) -> Relation:
    """DuckDB's ``PIVOT t ON …``."""
    inner = walk.query(walk, node.this, scope.parent, env)
    return pivoted(walk, inner, node, env)


def _pivot(walk: Walk, relation: Relation, pivot: exp.Expr, place: Place) -> Relation:
    aggregates = pivot.args.get("using") or pivot.expressions
    fields = pivot.args.get("fields") or pivot.expressions
    used = set[str]()
    by = NOTHING
    for field in fields:
        target = field.this if isinstance(field, exp.In) else field
        by = both(by, value_of(walk, target, place))
        used |= _columns_in(walk, target)
    results = []
    for aggregate in aggregates:
        value = value_of(walk, aggregate.unalias(), place)
        used |= _columns_in(walk, aggregate)
        results.append(
            Value(0, value.plain | value.changed | by.inputs, value.grouped, value.shape | by.shape)
        )
    group = pivot.args.get("group")
    if group is not None:
        kept = []
        for key in group.expressions:
            value = value_of(walk, key, place)
            name = names_of(key)[-1] if isinstance(key, exp.Column) else exp.to_identifier(key.sql())
            found = relation.index.get(walk.spelling.key(name))
            kept.append(found or Column(walk.spelling.written(name), walk.spelling.key(name), value))
    else:
        kept = [column for column in relation.columns if column.key not in used]
    for column in kept:
        walk.trace.shape |= column.value.every
    names = pivot.args.get("columns") or _names(fields, aggregates)
    if not names or not results or len(names) % len(results):
        walk.trace.problem("pivot", "its columns depend on the data")
        every = NOTHING
        for value in results:
            every = both(every, value)
        return Relation(kept, anything=every)
    made = [
        Column(walk.spelling.written(name), walk.spelling.key(name), results[number % len(results)])
        for number, name in enumerate(names)
    ]
    return Relation((*kept, *made))


def _columns_in(walk: Walk, node: exp.Expr) -> set[str]:
    return {walk.spelling.key(column.this) for column in node.find_all(exp.Column) if column.this}


def _names(fields: list[exp.Expr], aggregates: list[exp.Expr]) -> list[exp.Expr]:
    """The columns of DuckDB's statement, where all values are given."""
    names = [""]
    for field in fields:
        if not isinstance(field, exp.In) or not field.expressions:
            return []
        values = [one.alias_or_name if one.alias else one.name for one in field.expressions]
        names = [f"{name}_{value}" if name else value for name in names for value in values]
    several = len(aggregates) > 1
    made = []
    for name in names:
        for aggregate in aggregates:
            label = aggregate.alias or (aggregate.sql(dialect="duckdb").lower() if several else "")
            made.append(exp.to_identifier(f"{name}_{label}" if label else name, quoted=True))
    return list(made)


def _unpivot(walk: Walk, relation: Relation, pivot: exp.Expr, place: Place) -> Relation:
    into = pivot.args.get("into")
    fields = pivot.args.get("fields") or []
    if fields:
        labels = [fields[0].this]
        listed = fields[0].expressions
        targets = [one for item in pivot.expressions for one in (item.expressions or [item])]
    else:
        labels = [into.this] if into is not None else [exp.to_identifier("name")]
        listed = pivot.expressions
        targets = into.expressions if into is not None else [exp.to_identifier("value")]
    rows = [_row(walk, item, place) for item in listed]
    if any(not row for row in rows):
        walk.trace.problem("unpivot", "it takes columns that are not known")
    if listed and isinstance(listed[0], exp.Columns | exp.Star):
        rows = [[column] for row in rows for column in row]
    used = {column.key for row in rows for column in row}
    values = []
    for number, target in enumerate(targets):
        value = NOTHING
        for row in rows:
            if number < len(row):
                value = both(value, row[number].value)
        name = target.this if isinstance(target, exp.Column) else target
        values.append(Column(walk.spelling.written(name), walk.spelling.key(name), value))
    if not pivot.args.get("include_nulls"):
        for column in values:
            walk.trace.shape |= column.value.every
    made = []
    for one in labels:
        name = one.this if isinstance(one, exp.Column) else one
        made.append(Column(walk.spelling.written(name), walk.spelling.key(name), NOTHING))
    kept = [column for column in relation.columns if column.key not in used]
    first = pivot.args.get("value_columns_first") or walk.spelling.dialect == "bigquery"
    return Relation((*kept, *values, *made) if first else (*kept, *made, *values))


def _row(walk: Walk, item: exp.Expr, place: Place) -> list[Column]:
    """The columns that make one row of an UNPIVOT."""
    if isinstance(item, exp.PivotAlias | exp.Alias | exp.Paren):
        return _row(walk, item.this, place)
    if isinstance(item, exp.Tuple):
        return [column for one in item.expressions for column in _row(walk, one, place)]
    if isinstance(item, exp.Column) and not isinstance(item.this, exp.Star):
        found = place.scope.find(names_of(item))
        return [found] if isinstance(found, Column) else []
    if isinstance(item, exp.Columns | exp.Star):
        star = item if isinstance(item, exp.Star) else item.this
        if isinstance(star, exp.Star):
            out = {walk.spelling.key(one.this) for one in star.args.get("except_") or () for one in [one]}
            columns = [one for one in place.scope.star if isinstance(one, Column)]
            return [column for column in columns if column.key not in out]
    if isinstance(item, exp.Identifier):
        found = place.scope.find([item])
        return [found] if isinstance(found, Column) else []
    return [column for child in children(item) for column in _row(walk, child, place)]
