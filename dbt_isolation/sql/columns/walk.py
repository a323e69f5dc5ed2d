"""What one walk over a query carries along."""

from collections.abc import Callable
from typing import NamedTuple

from sqlglot import exp

from dbt_isolation.sql.columns.ctes import Env
from dbt_isolation.sql.columns.inputs import Origins
from dbt_isolation.sql.columns.relations import Relation
from dbt_isolation.sql.columns.schema import Schema
from dbt_isolation.sql.columns.scope import Scope
from dbt_isolation.sql.columns.spelling import Spelling
from dbt_isolation.sql.columns.trace import Trace


class Place(NamedTuple):
    """Where an expression stands: the names around it, and the CTEs that a subquery in it may read.

    ``aliases`` says that it may use those of the select list.
    """

    scope: Scope
    env: Env | None
    aliases: bool = False


class Walk:
    """The dialect, the schema, the text, and the trace that is being written.

    ``query`` resolves a query: the node, the scope around it or None, and the CTEs that it may read;
    ``derived`` the same for a subquery in FROM, with whether it says LATERAL.
    """

    __slots__ = ("chooses", "derived", "origins", "query", "schema", "spelling", "sql", "trace")

    def __init__(self, sql: str, spelling: Spelling, schema: Schema, origins: Origins) -> None:
        self.sql = sql
        self.spelling = spelling
        self.schema = schema
        self.origins = origins
        self.trace = Trace()
        #: Whether DuckDB's COLUMNS may stand somewhere.
        self.chooses = spelling.dialect in ("duckdb", "clickhouse", "") and "columns" in sql.lower()
        self.query: Callable[[Walk, exp.Expr, Scope | None, Env | None], Relation]
        self.derived: Callable[[Walk, exp.Expr, Scope | None, Env | None, bool], Relation]

    def text(self, node: exp.Expr) -> str:
        """What is written at a node that knows its place, else nothing."""
        start, end = node.meta.get("start"), node.meta.get("end")
        return "" if start is None or end is None else self.sql[start : end + 1]
