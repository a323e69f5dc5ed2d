"""One node's SQL with all that its lineage depends on, and what is said of it."""

from collections.abc import Mapping

import msgspec

#: How a column can be made of another, each by its place here.
KINDS = ("copy", "rename", "transform", "aggregate")


class Query(msgspec.Struct, frozen=True, array_like=True):
    """``tables``: the columns of what ``sql`` may read, by the names that it may use.

    ``itself``: the names under which it reads its own result, whose columns nobody knows beforehand.
    """

    sql: str
    tables: Mapping[str, Mapping[str, str]]
    itself: tuple[str, ...] = ()


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What ``column_lineage`` says of a query, short enough to be kept for thousands of them.

    ``inputs``: tables and columns, as the query or its ``tables`` call them. ``columns``: each one's name and
    type, and its inputs by their place there, each with the place of its kind in ``KINDS``. ``problem``: why
    nothing can be said at all.
    """

    inputs: list[tuple[str, str]] = []
    columns: list[tuple[str, str, list[tuple[int, int]]]] = []
    influence: list[int] = []
    unresolved: list[tuple[str, str]] = []
    problem: str | None = None

    def types(self) -> dict[str, str]:
        """The columns in order, each with its type or nothing."""
        return {name: kind for name, kind, _ in self.columns}


def read(query: Query, dialect: str) -> Answer:
    """The lineage of a query; ``dialect`` is a dbt adapter type."""
    answer = _read(query.sql, query.tables, dialect)
    if query.itself and answer.problem is None:
        made = answer.types()
        again = _read(query.sql, {**query.tables, **dict.fromkeys(query.itself, made)}, dialect)
        return answer if again.problem is not None else again
    return answer


def _read(sql: str, tables: Mapping[str, Mapping[str, str]], dialect: str) -> Answer:
    # The parser takes longer to import than all answers take to be found where they are remembered.
    from dbt_isolation.sql import UnreadableError, column_lineage

    try:
        found = column_lineage(sql, dialect=dialect, schema=tables)
    except UnreadableError as error:
        return Answer(problem=error.message)
    places: dict[tuple[str, str], int] = {}
    kinds = {kind: place for place, kind in enumerate(KINDS)}
    columns = [
        (
            name,
            found.types.get(name, ""),
            [(places.setdefault(one, len(places)), kinds[kind]) for one, kind in found.kinds[name].items()],
        )
        for name in found.columns
    ]
    influence = [places.setdefault(one, len(places)) for one in sorted(found.influence)]
    unresolved = [(one.name, one.reason) for one in found.unresolved]
    return Answer(list(places), columns, influence, unresolved)
