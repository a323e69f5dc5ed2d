"""Reads the queries of a project."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from dbt_isolation.cache import Cache
from dbt_isolation.lineage.queries import Answer, Query, read


class Readers:
    """Answers queries as they are asked, in any order."""

    def __init__(self, dialect: str, cache: Cache | None = None, processes: int | None = None) -> None:
        self._dialect = dialect
        self._cache = cache
        self._processes = processes
        self._waiting: list[tuple[str, Query]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def ask(self, queries: Mapping[str, Query]) -> None:
        """Takes further queries, by unique id."""
        self._waiting += queries.items()

    def some(self) -> list[tuple[str, Answer]]:
        """Some answers; none when nothing is left to be asked."""
        waiting, self._waiting = self._waiting, []
        return [(name, read(query, self._dialect)) for name, query in waiting]
