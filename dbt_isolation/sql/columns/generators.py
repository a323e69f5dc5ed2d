"""Functions that stand in FROM: their arguments decide how many rows there are."""

from sqlglot import exp

from dbt_isolation.sql.columns.expressions import children, value_of
from dbt_isolation.sql.columns.functions import name_of
from dbt_isolation.sql.columns.inputs import NOTHING, Value, changed
from dbt_isolation.sql.columns.relations import Column, Relation
from dbt_isolation.sql.columns.walk import Place, Walk

#: Columns that count rows: no value of the arguments reaches them.
_COUNTS = frozenset(("seq", "index", "pos", "ordinality", "offset"))
_FLATTEN = ("seq", "key", "path", "index", "value", "this")
_NAMED_BY_ALIAS = frozenset(("duckdb", "postgres", "redshift", ""))
_OWN = ("alias", "pivots", "joins", "laterals", "offset", "sample")

Found = tuple[tuple[str, ...], Relation, exp.Expr | None]


def table_function(walk: Walk, node: exp.Expr, place: Place) -> Found:
    """What it is called, its columns, and the alias that still has to be given to it."""
    alias = node.args.get("alias")
    call = node
    while isinstance(call, exp.Table | exp.Lateral | exp.TableFromRows) and isinstance(call.this, exp.Expr):
        call = call.this
    value = _arguments(walk, call, place)
    offset = node.args.get("offset") or call.args.get("offset")
    named = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    table = alias.args.get("this") if isinstance(alias, exp.TableAlias) else None
    name = _name(walk, call)
    if named:
        columns = [_column(walk, one, value, call, number) for number, one in enumerate(named)]
    elif _is_flatten(walk, call):
        columns = [_plain(walk, one, NOTHING if one in _COUNTS else value) for one in _FLATTEN]
    elif isinstance(call, exp.Posexplode):
        columns = [_plain(walk, "pos", NOTHING), _plain(walk, "col", value)]
    elif isinstance(call, exp.Explode):
        columns = [_plain(walk, "col", value)]
    elif name in ("unnest", "generate_series", "range") and walk.spelling.dialect in _NAMED_BY_ALIAS:
        columns = [_plain(walk, walk.spelling.written(table) if table is not None else name, value)]
    else:
        columns = []
    if isinstance(offset, exp.Identifier):
        columns.append(Column(walk.spelling.written(offset), walk.spelling.key(offset), NOTHING))
    elif offset and (columns or walk.spelling.dialect == "bigquery"):
        columns.append(
            _plain(walk, "offset" if walk.spelling.dialect == "bigquery" else "ordinality", NOTHING)
        )
    # An element of BigQuery's arrays may be a struct, and then its fields go by their own names.
    fields = not columns or (walk.spelling.dialect == "bigquery" and isinstance(call, exp.Unnest))
    relation = Relation(columns, anything=value if fields else None)
    path: tuple[str, ...] = (name,) if name else ()
    if table is not None:
        path = (walk.spelling.key(table),)
    elif walk.spelling.dialect == "bigquery" and named:
        path = (walk.spelling.key(named[0]),)
    return path, relation, None


def _arguments(walk: Walk, call: exp.Expr, place: Place) -> Value:
    bits = 0
    for name, child in call.args.items():
        if name in _OWN:
            continue
        for one in child if isinstance(child, list) else [child]:
            if not isinstance(one, exp.Expr):
                continue
            parts = children(one) if isinstance(one, exp.Kwarg) else [one]
            for part in parts:
                value = value_of(walk, part, place)
                walk.trace.shape |= value.every
                bits |= value.inputs
    return changed(Value(bits))


def _column(walk: Walk, name: exp.Expr, value: Value, call: exp.Expr, number: int) -> Column:
    ident = name.this if isinstance(name, exp.ColumnDef) else name
    counts = isinstance(call, exp.Posexplode) and number == 0
    if _is_flatten(walk, call):
        counts = number < len(_FLATTEN) and _FLATTEN[number] in _COUNTS
    return Column(walk.spelling.written(ident), walk.spelling.key(ident), NOTHING if counts else value)


def _plain(walk: Walk, name: str, value: Value) -> Column:
    ident = exp.to_identifier(name)
    return Column(walk.spelling.written(ident), walk.spelling.key(ident), value)


def _is_flatten(walk: Walk, call: exp.Expr) -> bool:
    return walk.spelling.dialect == "snowflake" and (
        isinstance(call, exp.Explode) or name_of(call) == "flatten"
    )


def _name(walk: Walk, call: exp.Expr) -> str:
    if isinstance(call, exp.Unnest):
        return "unnest"
    return (walk.text(call) or name_of(call) or call.key).lower()
