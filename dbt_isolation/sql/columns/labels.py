"""What an engine calls a column that has no alias."""

from sqlglot import exp

from dbt_isolation.sql.columns.expressions import names_of
from dbt_isolation.sql.columns.walk import Walk

_POSITION = {"trino": "_col{}", "athena": "_col{}", "presto": "_col{}"}


def label(walk: Walk, node: exp.Expr, position: int, unnamed: int) -> str:
    """The name; ``position`` in the select list from 0, ``unnamed`` the number of those before without one.

    DuckDB, PostgreSQL and Redshift, BigQuery, Trino and Athena have rules that are followed here. Others call
    it by its text: that is then the text as the parser would write it.
    """
    dialect = walk.spelling.dialect
    if dialect in _POSITION:
        return _POSITION[dialect].format(position)
    if dialect == "bigquery":
        return f"f{unnamed}_"
    if dialect in ("postgres", "redshift"):
        return _postgres(walk, node) or "?column?"
    if dialect == "duckdb":
        return _duckdb(walk, node)
    text = node.sql(dialect=dialect or None)
    return text.upper() if dialect == "snowflake" else text


def _postgres(walk: Walk, node: exp.Expr) -> str:
    """By PostgreSQL's FigureColname: a column's or a function's name, a cast's type, else nothing."""
    while isinstance(
        node, exp.Paren | exp.Window | exp.Filter | exp.WithinGroup | exp.IgnoreNulls | exp.Collate
    ):
        node = node.this
    if isinstance(node, exp.Column):
        return walk.spelling.written(names_of(node)[-1])
    if isinstance(node, exp.Dot):
        return walk.spelling.written(node.expression)
    if isinstance(node, exp.Bracket):
        return _postgres(walk, node.this)
    if isinstance(node, exp.Cast):
        return _postgres(walk, node.this) or _type(node.args["to"])
    if isinstance(node, exp.Case):
        otherwise = node.args.get("default")
        return (_postgres(walk, otherwise) if otherwise is not None else "") or "case"
    if isinstance(node, exp.Exists):
        return "exists"
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select) and node.this.expressions:
        first = node.this.expressions[0]
        return walk.spelling.written(first.args["alias"]) if first.alias else _postgres(walk, first)
    if isinstance(node, exp.Array):
        return "array"
    if isinstance(node, exp.Func) and not isinstance(node, exp.Binary | exp.Connector | exp.Unary):
        return _function(walk, node)
    return ""


_TYPES = {"int": "int4", "bigint": "int8", "smallint": "int2", "boolean": "bool", "double": "float8",
          "float": "float4", "decimal": "numeric", "char": "bpchar", }  # fmt: skip


def _type(node: exp.Expr) -> str:
    kind = node.this
    text = str(getattr(kind, "value", kind)).lower()
    return _TYPES.get(text, text)


def _function(walk: Walk, node: exp.Expr) -> str:
    """A function's name as written, or as the parser calls it where it does not know the place."""
    written = walk.text(node)
    if written:
        return written.strip('"').lower()
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    names = node.sql_names() if isinstance(node, exp.Func) else []
    return names[0].lower() if names else ""


_BINARY: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%",
           exp.EQ: "=", exp.NEQ: "!=",
           exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=", exp.And: "AND", exp.Or: "OR",
           exp.DPipe: "||"}  # fmt: skip


def _duckdb(walk: Walk, node: exp.Expr) -> str:
    """By DuckDB's own writing of expressions, as far as plain ones go."""
    if isinstance(node, exp.Paren):
        return _duckdb(walk, node.this)
    if isinstance(node, exp.Column):
        return ".".join(name.name for name in names_of(node))
    if isinstance(node, exp.Count) and (node.this is None or isinstance(node.this, exp.Star)):
        return "count_star()"
    if type(node) in _BINARY:
        operator = _BINARY[type(node)]
        return f"({_duckdb(walk, node.this)} {operator} {_duckdb(walk, node.expression)})"
    if isinstance(node, exp.Neg):
        return (
            f"-{node.this.name}" if isinstance(node.this, exp.Literal) else f"(-({_duckdb(walk, node.this)}))"
        )
    if isinstance(node, exp.Not):
        return f"(NOT {_duckdb(walk, node.this)})"
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        kind = node.args["to"].sql(dialect="duckdb").replace("INT", "INTEGER") if _is_int(node) else ""
        kind = kind or node.args["to"].sql(dialect="duckdb").replace("TEXT", "VARCHAR")
        return f"CAST({_duckdb(walk, node.this)} AS {kind})"
    if isinstance(node, exp.Coalesce):
        return f"COALESCE({', '.join(_duckdb(walk, one) for one in (node.this, *node.expressions))})"
    if isinstance(node, exp.Boolean | exp.Null):
        return node.sql(dialect="duckdb") if isinstance(node, exp.Null) else str(bool(node.this)).lower()
    if isinstance(node, exp.Func):
        return _call(walk, node)
    return node.sql(dialect="duckdb")


def _is_int(node: exp.Expr) -> bool:
    return bool(node.args["to"].is_type("int"))


def _call(walk: Walk, node: exp.Expr) -> str:
    name = walk.text(node).lower()
    parts = [value for key, value in node.args.items() if key in ("this", "expression", "expressions")]
    flat = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    if not name or any(not isinstance(one, exp.Expr) for one in flat if one is not None):
        return node.sql(dialect="duckdb", normalize_functions="lower")
    inner = [one for one in flat if one is not None]
    if len(inner) == 1 and isinstance(inner[0], exp.Distinct):
        return f"{name}(DISTINCT {', '.join(_duckdb(walk, one) for one in inner[0].expressions)})"
    return f"{name}({', '.join(_duckdb(walk, one) for one in inner)})"
