"""What a query reads from: a table, a CTE, a subquery, a table function, all seen as named columns."""

from collections.abc import Iterable
from typing import NamedTuple

from dbt_isolation.sql.columns.inputs import Origins, Value


class Column(NamedTuple):
    """An output column; ``key`` is its name as the dialect compares it, ``type`` as the schema has it."""

    name: str
    key: str
    value: Value
    type: str = ""


class Missing(NamedTuple):
    """Why a name leads to no column."""

    reason: str


class Unknown(NamedTuple):
    """A table of which only the name is known: it may have any column. So may a function's, and each is then
    made of the same ``value``."""

    table: str
    origins: Origins
    value: Value | None = None

    def column(self, name: str, key: str) -> Column:
        """The column that is meant by a name."""
        value = Value(self.origins.bit(self.table, name)) if self.value is None else self.value
        return Column(name, key, value)


class Relation:
    """Named columns in order; ``open`` are tables of which it has columns that nobody listed."""

    __slots__ = ("anything", "base", "columns", "index", "open", "order")

    def __init__(
        self,
        columns: Iterable[Column],
        *,
        open: tuple[Unknown, ...] = (),  # noqa: A002 - the word for it
        anything: Value | None = None,
        base: Unknown | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self.open = open
        #: What any further column of a table function is made of.
        self.anything = anything
        #: The table itself, when its columns are known from the schema.
        self.base = base
        #: What the rows are sorted by, where that is part of the value.
        self.order = 0
        self.index: dict[str, Column] = {}
        for column in self.columns:
            self.index.setdefault(column.key, column)

    def renamed(self, names: list[tuple[str, str]]) -> "Relation":
        """The same with the first columns called otherwise, each by its name and key."""
        given = (
            column._replace(name=name, key=key)
            for column, (name, key) in zip(self.columns, names, strict=False)
        )
        rest = self.columns[len(names) :]
        if len(names) > len(self.columns) and self.anything is not None:
            more = (Column(name, key, self.anything) for name, key in names[len(self.columns) :])
            return Relation((*given, *more))
        return Relation((*given, *rest), open=self.open, anything=self.anything)
