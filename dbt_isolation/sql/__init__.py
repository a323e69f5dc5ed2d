"""What SQL text names, by its tokens alone: a text may be half a statement, or have holes in any position.

And ``column_lineage``, from a syntax tree: which input columns each output column of a query comes from.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt_isolation.sql.columns.lineage import ColumnLineage, Unresolved, column_lineage
    from dbt_isolation.sql.unreadable import UnreadableError

__all__ = ["ColumnLineage", "UnreadableError", "Unresolved", "column_lineage"]


def __getattr__(name: str) -> object:
    # The parser is imported when it is asked for: it takes longer than most of what else stands here.
    if name == "UnreadableError":
        from dbt_isolation.sql.unreadable import UnreadableError

        return UnreadableError
    if name in __all__:
        from dbt_isolation.sql.columns import lineage

        return getattr(lineage, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
