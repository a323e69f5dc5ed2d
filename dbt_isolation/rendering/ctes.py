"""Ephemeral models in front of what reads them, as dbt puts them there."""

from collections.abc import Mapping

from dbt_isolation.sql.tokens import Text, dialect_of
from dbt_isolation.sql.unreadable import UnreadableError


def with_ctes(sql: str, ctes: Mapping[str, str], dialect: str) -> str:
    """``sql`` with the queries of ``ctes``, by their names, in its WITH or one of its own."""
    if not ctes:
        return sql
    written = ", ".join(f" {name} as (\n{query}\n)" for name, query in ctes.items())
    try:
        tokens = Text(sql, dialect_of(dialect))
    except UnreadableError:
        return f"with{written} {sql}"
    if not tokens.keys or tokens.keys[0] != "with":
        return f"with{written} {sql}"
    last = tokens.tokens[1] if tokens.keys[1:2] == ["recursive"] else tokens.tokens[0]
    end = last.end + 1
    return f"{sql[:end]}{written}, {sql[end:]}"
