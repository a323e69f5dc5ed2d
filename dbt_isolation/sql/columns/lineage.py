"""Column lineage of one query."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from sqlglot import exp

from dbt_isolation.sql.columns.inputs import Origin, Origins, Value
from dbt_isolation.sql.columns.parsing import dialect_name, parsed
from dbt_isolation.sql.columns.queries import query
from dbt_isolation.sql.columns.relations import Column, Relation
from dbt_isolation.sql.columns.schema import Schema
from dbt_isolation.sql.columns.spelling import Spelling
from dbt_isolation.sql.columns.walk import Walk
from dbt_isolation.sql.unreadable import UnreadableError

Kind = Literal["copy", "rename", "transform", "aggregate"]


class Unresolved(NamedTuple):
    """A name or a clause of the query that leads nowhere for sure, and why."""

    name: str
    reason: str


class ColumnLineage(NamedTuple):
    """What each output column of a query is made of.

    ``columns`` has the output columns in order, each with the input columns, as (table, column), whose
    values can reach it. ``kinds`` says how: ``copy`` and ``rename`` take the value as it is,
    ``aggregate`` goes through an aggregate somewhere, ``transform`` is all else, windows too.
    ``influence`` has the input columns that shape the rows or the grouping. ``types`` has the type of the
    columns for which the query or the schema says it. Nothing in ``unresolved`` is guessed: where it is
    not empty, inputs may be missing.
    """

    columns: dict[str, frozenset[Origin]]
    influence: frozenset[Origin]
    unresolved: tuple[Unresolved, ...]
    kinds: dict[str, dict[Origin, Kind]]
    types: dict[str, str]


def column_lineage(sql: str, *, dialect: str, schema: Mapping[str, Mapping[str, str]]) -> ColumnLineage:
    """Which input columns each output column of ``sql`` comes from, and which shape its rows.

    ``sql`` is one query, or one CREATE TABLE … AS, CREATE VIEW or INSERT … SELECT around it. ``dialect`` is a
    dbt adapter type or one of sqlglot's dialects. ``schema`` is ``{table: {column: type}}``, a table by its
    dotted name as the SQL writes it; a table that is not there may have any column.

    Tables and columns in the result are named as in ``schema``, or as in the SQL where the schema has none.
    An output column is called what the engine calls it in the relation that the query makes; a second one of
    the same name gets ``_1``, as in DuckDB.

    Raises ``UnreadableError`` for what is no SQL, no query, or too deep to be read.
    """
    name = dialect_name(dialect)
    tree = parsed(sql, name)
    spelling, origins = Spelling(name, schema), Origins()
    walk = Walk(sql, spelling, Schema(schema, spelling, origins), origins)
    walk.query = walk.derived = query
    body, names = _query_in(tree)
    try:
        made = query(walk, body, None, None)
    except RecursionError as error:
        raise UnreadableError("too deep") from error
    if names:
        made = made.renamed([(spelling.written(one), spelling.key(one)) for one in names])
    for table in made.open:
        walk.trace.problem(f"{table.table}.*", f"the columns of {table.table} are not known")
    return _said(walk, made)


def _query_in(tree: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]]:
    """The query of a statement, and the names that the statement gives its columns."""
    if isinstance(tree, exp.Create | exp.Insert):
        body, target = tree.expression, tree.this
        names = target.expressions if isinstance(target, exp.Schema) else []
        if isinstance(body, exp.Query | exp.Values | exp.Table):
            clause = tree.args.get("with_")
            if clause is not None and body.args.get("with_") is None:
                body.set("with_", clause)
            return body, [one.this if isinstance(one, exp.ColumnDef) else one for one in names]
    elif isinstance(tree, exp.Query | exp.Values | exp.Pivot | exp.Table):
        return tree, []
    raise UnreadableError("no query")


def _said(walk: Walk, made: Relation) -> ColumnLineage:
    columns: dict[str, frozenset[Origin]] = {}
    kinds: dict[str, dict[Origin, Kind]] = {}
    types: dict[str, str] = {}
    shape = walk.trace.shape
    taken = set[str]()
    for column in made.columns:
        name = _free(walk, column, taken)
        columns[name] = frozenset(walk.origins.of(column.value.inputs))
        kinds[name] = _kinds(walk, name, column.value)
        if column.type:
            types[name] = column.type
        shape |= column.value.shape
    unresolved = tuple(Unresolved(*problem) for problem in walk.trace.problems)
    return ColumnLineage(columns, frozenset(walk.origins.of(shape)), unresolved, kinds, types)


def _free(walk: Walk, column: Column, taken: set[str]) -> str:
    name, number = column.name, 0
    while walk.spelling.raw_key(name) in taken:
        number += 1
        name = f"{column.name}_{number}"
    taken.add(walk.spelling.raw_key(name))
    return name


def _kinds(walk: Walk, name: str, value: Value) -> dict[Origin, Kind]:
    said: dict[Origin, Kind] = {}
    key = walk.spelling.raw_key(name, quoted=False)
    for origin in walk.origins.of(value.plain):
        said[origin] = "copy" if walk.spelling.raw_key(origin[1], quoted=False) == key else "rename"
    for origin in walk.origins.of(value.changed):
        said[origin] = "transform"
    for origin in walk.origins.of(value.grouped):
        said[origin] = "aggregate"
    return said
