"""FROM: tables, CTEs, subqueries, table functions, and how joins put them together."""

from sqlglot import exp

from dbt_isolation.sql.columns import ctes
from dbt_isolation.sql.columns.ctes import Env
from dbt_isolation.sql.columns.expressions import shape, value_of
from dbt_isolation.sql.columns.generators import table_function
from dbt_isolation.sql.columns.inputs import NOTHING, both, changed
from dbt_isolation.sql.columns.pivots import pivoted
from dbt_isolation.sql.columns.relations import Column, Missing, Relation, Unknown
from dbt_isolation.sql.columns.scope import Scope, Source
from dbt_isolation.sql.columns.walk import Place, Walk

Star = list[Column | Unknown]
_VALUES = {"duckdb": ("col{}", 0), "spark": ("col{}", 1), "databricks": ("col{}", 1),
           "mysql": ("column_{}", 0),
           "trino": ("_col{}", 0), "athena": ("_col{}", 0), "snowflake": ("COLUMN{}", 1)}  # fmt: skip


def add_sources(walk: Walk, scope: Scope, env: Env | None, node: exp.Expr) -> None:
    """Add one item of FROM, or a join, to a scope and to what its star stands for."""
    if isinstance(node, exp.Join):
        scope.star = _join(walk, scope, env, node, scope.star)
    else:
        scope.star = scope.star + _items(walk, scope, env, node)


def alias_names(walk: Walk, alias: exp.Expr | None) -> list[tuple[str, str]]:
    """The columns that an alias names, each by its name and key."""
    columns = alias.args.get("columns") if alias is not None else None
    names = [one.this if isinstance(one, exp.ColumnDef) else one for one in columns or ()]
    return [(walk.spelling.written(name), walk.spelling.key(name)) for name in names]


def _star(walk: Walk, relation: Relation, name: str) -> Star:
    if relation.anything is not None and not relation.columns:
        # A column of it can be named all the same.
        return [Unknown(f"{name}()", walk.origins, relation.anything)]
    return [*relation.columns, *relation.open]


def _items(walk: Walk, scope: Scope, env: Env | None, node: exp.Expr) -> Star:
    """Add the sources of one item; gives what a star stands for."""
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table | exp.Subquery) and not node.alias:
        star = _items(walk, scope, env, node.this)
    else:
        source = _source(walk, scope, env, node)
        scope.add(source)
        star = _star(walk, source.relation, source.path[-1] if source.path else node.key)
    for join in node.args.get("joins") or ():
        star = _join(walk, scope, env, join, star)
    for lateral in node.args.get("laterals") or ():
        star += _items(walk, scope, env, lateral)
    return star


def _source(walk: Walk, scope: Scope, env: Env | None, node: exp.Expr) -> Source:
    alias = node.args.get("alias")
    path: tuple[str, ...] = ()
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier | exp.Dot):
        path, relation = _table(walk, node, env)
    elif isinstance(node, exp.Subquery):
        relation = _derived(walk, scope, env, node, strict=False)
    elif isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
        relation = _derived(walk, scope, env, node.this, strict=True)
    elif isinstance(node, exp.Values):
        relation = values(walk, node, Place(scope, env))
    elif isinstance(node, exp.Pivot | exp.Query):
        relation = walk.query(walk, node, scope, env)
    else:
        path, relation, alias = table_function(walk, node, Place(scope, env))
    for pivot in node.args.get("pivots") or ():
        relation = pivoted(walk, relation, pivot, env)
        alias = pivot.args.get("alias") or alias
    if isinstance(alias, exp.TableAlias):
        names = alias_names(walk, alias)
        if names:
            relation = relation.renamed(names)
        if alias.this is not None:
            path = (walk.spelling.key(alias.this),)
    return Source(path, relation)


def _table(walk: Walk, node: exp.Table, env: Env | None) -> tuple[tuple[str, ...], Relation]:
    names = node.parts
    if len(names) == 1:
        key = walk.spelling.key(names[0])
        cte = ctes.find(env, key)
        if cte is not None:
            if cte.trace is not walk.trace:
                walk.trace.take(cte.trace)
            if cte.relation is None:
                walk.trace.problem(names[0].name, "it is read before it is known")
            return (key,), cte.relation or Relation(())
    return tuple(map(walk.spelling.key, names)), walk.schema.table(names)


def _derived(walk: Walk, scope: Scope, env: Env | None, node: exp.Subquery, strict: bool) -> Relation:
    """A subquery in FROM; without LATERAL only DuckDB's may read the tables before it."""
    around = scope if strict or walk.spelling.dialect == "duckdb" else scope.parent
    return walk.derived(walk, node, around, env, strict)


def values(walk: Walk, node: exp.Values, place: Place) -> Relation:
    """VALUES: each column of all rows."""
    columns: list[Column] = []
    pattern, first = _VALUES.get(walk.spelling.dialect, ("column{}", 1))
    for row in node.expressions:
        for number, cell in enumerate(row.expressions if isinstance(row, exp.Tuple) else [row]):
            value = value_of(walk, cell, place)
            if number == len(columns):
                name = pattern.format(number + first)
                columns.append(Column(name, walk.spelling.raw_key(name), value))
            else:
                columns[number] = columns[number]._replace(value=both(columns[number].value, value))
    return Relation(columns)


def _join(walk: Walk, scope: Scope, env: Env | None, join: exp.Join, left: Star) -> Star:
    kind = (join.args.get("kind") or "").upper()
    side = (join.args.get("side") or "").upper()
    method = (join.args.get("method") or "").upper()
    before = len(scope.sources)
    if kind == "ARRAY":
        return _array_join(walk, scope, env, join, left)
    right = _items(walk, scope, env, join.this)
    place = Place(scope, env)
    for name in ("on", "match_condition"):
        condition = join.args.get(name)
        if condition is not None:
            shape(walk, condition, place)
    keys = [one if isinstance(one, exp.Identifier) else one.this for one in join.args.get("using") or ()]
    named = [(walk.spelling.key(key), key) for key in keys]
    hidden = kind in ("SEMI", "ANTI")
    if method == "NATURAL":
        named = _natural(walk, left, right)
    merged = [
        column for key, name in named if (column := _merged(walk, key, name, left, right, side, hidden))
    ]
    if hidden:
        scope.sources[before:] = [source._replace(hidden=True) for source in scope.sources[before:]]
        scope.add(scope.sources.pop())
        return left
    if not merged:
        return left + right
    scope.merged.update((column.key, column) for column in merged)
    by_key = {column.key: column for column in merged}
    rest = [item for item in right if not isinstance(item, Column) or item.key not in by_key]
    if walk.spelling.keys_in_place:
        kept = [by_key.get(item.key, item) if isinstance(item, Column) else item for item in left]
        return kept + rest
    others = [item for item in left if not isinstance(item, Column) or item.key not in by_key]
    return [*merged, *others, *rest]


def _merged(
    walk: Walk, key: str, name: exp.Expr, left: Star, right: Star, side: str, hidden: bool
) -> Column | None:
    """The one column that USING makes of two; both decide which rows match."""
    one, other = _in_star(left, key, name), _in_star(right, key, name)
    for found in (one, other):
        if isinstance(found, Column):
            walk.trace.shape |= found.value.every
        else:
            walk.trace.problem(name.name, found.reason)
    if not isinstance(one, Column) or not isinstance(other, Column):
        return Column(name.name, key, NOTHING)
    if side == "RIGHT" and not hidden:
        return other._replace(name=one.name)
    if side == "FULL":
        return one._replace(value=changed(both(one.value, other.value)))
    return one


def _in_star(star: Star, key: str, name: exp.Expr) -> Column | Missing:
    found = [item for item in star if isinstance(item, Column) and item.key == key]
    if len(found) == 1:
        return found[0]
    if found:
        return Missing("a key of USING is on one side more than once")
    unknown = [item for item in star if isinstance(item, Unknown)]
    if len(unknown) == 1 and len(star) == 1:
        return unknown[0].column(name.name, key)
    if unknown:
        return Missing(f"the columns of {unknown[0].table} are not known, and there are other tables beside")
    return Missing("a key of USING is missing on one side")


def _natural(walk: Walk, left: Star, right: Star) -> list[tuple[str, exp.Expr]]:
    unknown = [item.table for item in (*left, *right) if isinstance(item, Unknown)]
    if unknown:
        walk.trace.problem("natural join", f"the columns of {unknown[0]} are not known")
        return []
    there = {item.key for item in right if isinstance(item, Column)}
    return [
        (item.key, exp.to_identifier(item.name, quoted=True))
        for item in left
        if isinstance(item, Column) and item.key in there
    ]


def _array_join(walk: Walk, scope: Scope, env: Env | None, join: exp.Join, left: Star) -> Star:
    """ClickHouse's ARRAY JOIN: a row for each element, under the array's name or an alias."""
    made = []
    for item in [join.this, *join.expressions]:
        inner = item.unalias() if isinstance(item, exp.Alias) else item
        value = value_of(walk, inner, Place(scope, env))
        walk.trace.shape |= value.every
        name = item.args["alias"] if isinstance(item, exp.Alias) else inner.this
        made.append(Column(walk.spelling.written(name), walk.spelling.key(name), changed(value)))
    scope.merged.update((column.key, column) for column in made)
    scope.add(Source((), Relation(())))
    keys = {column.key for column in made}
    return [*(item for item in left if not isinstance(item, Column) or item.key not in keys), *made]
