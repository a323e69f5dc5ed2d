"""The select list."""

import re
from collections.abc import Iterable
from functools import cache

from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbt_isolation.sql.columns.ctes import Env
from dbt_isolation.sql.columns.expressions import column_of, names_of, value_of
from dbt_isolation.sql.columns.inputs import NOTHING, Value
from dbt_isolation.sql.columns.labels import label
from dbt_isolation.sql.columns.relations import Column, Missing, Relation, Unknown
from dbt_isolation.sql.columns.scope import Scope
from dbt_isolation.sql.columns.walk import Place, Walk

Items = list[Column | Unknown]


def project(walk: Walk, node: exp.Select, scope: Scope, env: Env | None) -> Relation:
    """The columns that a SELECT gives; its aliases come into the scope one after the other."""
    place = Place(scope, env, walk.spelling.lateral)
    made: Items = []
    unnamed = 0
    for position, item in enumerate(node.expressions):
        found = _item(walk, item, place)
        if found is None:
            name = label(walk, item, position, unnamed)
            unnamed += 1
            found = [Column(name, walk.spelling.raw_key(name), value_of(walk, item, place), _type(item))]
        elif isinstance(item, exp.Alias):
            scope.aliases.update((one.key, one) for one in found if isinstance(one, Column))
        made += found
    columns = [one for one in made if isinstance(one, Column)]
    return Relation(columns, open=tuple(one for one in made if isinstance(one, Unknown)))


def _item(walk: Walk, item: exp.Expr, place: Place) -> Items | None:
    """The columns of one item; None for one that has no name."""
    if isinstance(item, exp.Alias):
        name, inner = item.args["alias"], item.this
        if walk.chooses and inner.find(exp.Columns) is not None:
            return _many(walk, inner, place)
        column = column_of(walk, inner, place) if isinstance(inner, exp.Column) else None
        value = column.value if column is not None else value_of(walk, inner, place)
        kind = column.type if column is not None else _type(inner)
        return [Column(walk.spelling.written(name), walk.spelling.key(name), value, kind)]
    if isinstance(item, exp.Star):
        return _star(walk, item, place.scope.star, place)
    if isinstance(item, exp.Paren):
        return _item(walk, item.this, place) if isinstance(item.this, exp.Column | exp.Paren) else None
    if isinstance(item, exp.Column):
        if isinstance(item.this, exp.Star):
            return _qualified(walk, item, place)
        column = column_of(walk, item, place)
        if walk.spelling.dialect == "duckdb":
            return [column]
        return [column._replace(name=walk.spelling.written(item.this), key=walk.spelling.key(item.this))]
    if isinstance(item, exp.Aliases):
        return _several(walk, item, place)
    if isinstance(item, exp.Dot):
        if isinstance(item.expression, exp.Star):
            walk.trace.problem(item.sql(), "the fields of a value are not known")
            return []
        if isinstance(item.expression, exp.Identifier) and walk.spelling.dialect != "duckdb":
            name = item.expression
            return [Column(walk.spelling.written(name), walk.spelling.key(name), value_of(walk, item, place))]
    if (walk.chooses and item.find(exp.Columns) is not None) or _filtered(item) is not None:
        return _many(walk, item, place)
    return None


def _type(node: exp.Expr) -> str:
    if not isinstance(node, exp.Cast):
        return ""
    kind = node.args["to"]
    if any(value for name, value in kind.args.items() if name != "this"):
        return str(kind.sql())
    return _plain_type(kind.this) if isinstance(kind, exp.DataType) else str(kind.sql())


@cache
def _plain_type(kind: exp.DType | str) -> str:
    # To write one takes longer than to read a column, and most are of a few kinds.
    return exp.DataType(this=kind).sql()


def _several(walk: Walk, item: exp.Expr, place: Place) -> Items:
    """A function of several columns, each named: ``posexplode(x) as (p, v)``."""
    value = value_of(walk, item.this, place)
    first = isinstance(item.this, exp.Posexplode)
    return [
        Column(
            walk.spelling.written(name),
            walk.spelling.key(name),
            Value(shape=value.shape) if first and number == 0 else value,
        )
        for number, name in enumerate(item.expressions)
    ]


def _qualified(walk: Walk, item: exp.Column, place: Place) -> Items:
    """``t.*``, or the fields of a struct."""
    names = names_of(item)[:-1]
    keys = tuple(map(walk.spelling.key, names))
    source = place.scope.source(keys)
    star = item.this
    written = ".".join([*(name.name for name in names), "*"])
    if source is not None:
        relation = source.relation
        if relation.anything is not None and not relation.columns:
            return [Unknown(f"{written[:-2]}()", walk.origins, relation.anything)]
        return _star(walk, star, [*relation.columns, *relation.open], place)
    struct = place.scope.find(names)
    if isinstance(struct, Missing):
        walk.trace.problem(written, struct.reason)
        return []
    fields = _fields(struct.type)
    if not fields:
        walk.trace.problem(written, "the fields of this column are not known")
        return []
    made: Items = [
        Column(name, walk.spelling.raw_key(name, quoted=False), struct.value, kind) for name, kind in fields
    ]
    return _star(walk, star, made, place)


def _fields(text: str) -> list[tuple[str, str]]:
    """The fields of a struct's type."""
    if not re.match(r"\s*(struct|row|tuple|object)\s*[(<]", text, re.IGNORECASE):
        return []
    try:
        kind = exp.DataType.build(text, dialect="duckdb" if "(" in text else "bigquery")
    except (SqlglotError, ValueError):
        return []
    return [
        (one.name, one.args["kind"].sql())
        for one in kind.expressions
        if isinstance(one, exp.ColumnDef) and one.args.get("kind") is not None
    ]


def _star(walk: Walk, star: exp.Expr, items: Items, place: Place) -> Items:
    """A star with what it leaves out, replaces and renames."""
    key = walk.spelling.key
    left_out = {key(_last(one)) for one in star.args.get("except_") or ()}
    replaced = {key(one.args["alias"]): one for one in star.args.get("replace") or () if one.alias}
    renamed = {key(_last(one.this)): one.args["alias"] for one in star.args.get("rename") or () if one.alias}
    like = star.args.get("ilike")
    if not (left_out or replaced or renamed or like):
        return list(items)
    pattern = _like(like, True) if like is not None else None
    _look_for(walk, {*left_out, *replaced, *renamed}, items)
    made: Items = []
    for item in items:
        if isinstance(item, Unknown):
            if pattern is not None:
                walk.trace.problem("*", f"the columns of {item.table} are not known")
            made.append(item)
            for name in renamed.values():
                made.append(_renamed_unknown(walk, item, star, name))
        elif item.key in left_out or (pattern is not None and not pattern.fullmatch(item.name)):
            continue
        elif item.key in replaced:
            one = replaced[item.key]
            made.append(item._replace(value=value_of(walk, one.this, place), type=_type(one.this)))
        elif item.key in renamed:
            name = renamed[item.key]
            made.append(item._replace(name=walk.spelling.written(name), key=key(name)))
        else:
            made.append(item)
    return made


def _look_for(walk: Walk, named: Iterable[str], items: Items) -> None:
    """A star that leaves out what is not there fails."""
    there = {one.key for one in items if isinstance(one, Column)}
    if walk.spelling.dialect == "clickhouse" or any(isinstance(one, Unknown) for one in items):
        return
    for one in named:
        if one not in there:
            walk.trace.problem(one, "no table here has a column of this name")


def _renamed_unknown(walk: Walk, table: Unknown, star: exp.Expr, name: exp.Expr) -> Column:
    old = next(one for one in star.args["rename"] if one.args["alias"] is name)
    column = table.column(_last(old.this).name, walk.spelling.key(_last(old.this)))
    return column._replace(name=walk.spelling.written(name), key=walk.spelling.key(name))


def _last(node: exp.Expr) -> exp.Expr:
    return names_of(node)[-1] if isinstance(node, exp.Column) else node


def _like(node: exp.Expr, ignore_case: bool) -> re.Pattern[str]:
    text = "".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in node.name)
    return re.compile(text, re.IGNORECASE | re.DOTALL if ignore_case else re.DOTALL)


def _filtered(item: exp.Expr) -> re.Pattern[str] | None:
    """DuckDB's ``* like 'a%'``."""
    if isinstance(item, exp.Like | exp.ILike) and isinstance(item.this, exp.Star):
        return _like(item.expression, isinstance(item, exp.ILike))
    return None


def _many(walk: Walk, item: exp.Expr, place: Place) -> Items:
    """DuckDB's COLUMNS: one column for each that it takes, with what stands around it applied to each."""
    pattern = _filtered(item)
    inner = item.find(exp.Columns)
    star: exp.Expr = exp.Star()
    if inner is not None and isinstance(inner.this, exp.Literal):
        try:
            pattern = re.compile(f".*?(?:{inner.this.name}).*", re.DOTALL)
        except re.error:
            pattern = None
    elif inner is not None and isinstance(inner.this, exp.Star):
        star = inner.this
    elif inner is not None:
        walk.trace.problem("columns", "a choice of columns that is computed")
        return []
    chosen = _star(walk, star, place.scope.star, place)
    made: Items = []
    around = NOTHING if inner is None or item is inner else _around(walk, item, inner, place)
    for one in chosen:
        if isinstance(one, Unknown):
            walk.trace.problem("columns", f"the columns of {one.table} are not known")
        elif pattern is None or pattern.fullmatch(one.name):
            value = one.value
            if inner is not None and item is not inner:
                grouped = inner.find_ancestor(exp.AggFunc) is not None
                plain = value.plain | value.changed
                value = Value(
                    0,
                    around.plain | around.changed | (0 if grouped else plain),
                    around.grouped | value.grouped | (plain if grouped else 0),
                    value.shape | around.shape,
                )
            made.append(one._replace(value=value))
    return made


def _around(walk: Walk, item: exp.Expr, inner: exp.Expr, place: Place) -> Value:
    """What an expression is made of besides its COLUMNS."""
    value = NOTHING
    for column in item.find_all(exp.Column):
        if column.find_ancestor(exp.Columns) is not inner:
            found = value_of(walk, column, place)
            value = Value(0, value.changed | found.every)
    return value
