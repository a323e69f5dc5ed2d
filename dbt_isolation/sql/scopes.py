"""What a name may mean where it stands: the CTEs that are visible, and the rows a FROM already has."""

from __future__ import annotations

from typing import NamedTuple

from dbt_isolation.sql.names import PLACEHOLDER, Name, Use, fold


class Scope(NamedTuple):
    """The CTEs of a WITH that are visible: those with a number below ``limit``, and the parent's.

    The name "" stands for any: a part of the list is not known.
    """

    parent: Scope | None
    names: dict[str, int]
    limit: int

    def hides(self, name: Name, dialect: str) -> bool:
        """Whether the name is, or may be, a CTE."""
        if len(name.parts) != 1:
            return False
        key = fold(name.parts[0], name.quoted[0], dialect)
        placeholder = PLACEHOLDER.fullmatch(name.parts[0]) is not None
        scope: Scope | None = self
        while scope is not None:
            if scope.names.get(key, scope.limit) < scope.limit:
                return True
            if not placeholder and scope.names.get("", scope.limit) < scope.limit:
                return True
            scope = scope.parent
        return False


NOWHERE = Scope(None, {}, 0)


class Level:
    """One query's FROM: the name each row goes by, with the table behind it, if it is one."""

    __slots__ = ("aliases", "parent")

    def __init__(self, parent: Level | None) -> None:
        self.parent = parent
        self.aliases: dict[str, Use | None] = {}

    def has(self, key: str) -> bool:
        """Whether the name is a row's, here or in a query around."""
        level: Level | None = self
        while level is not None:
            if key in level.aliases:
                return True
            level = level.parent
        return False


class Task(NamedTuple):
    """Tokens that are to be read, from ``lo`` to before ``hi``: a text, or what a pair of brackets holds.

    ``place`` says where the brackets stand: "query", "body" of a CTE or a view, "tables" in a table's place,
    "columns" of a table that is made, "brackets" that are not round, or "call" with the function's name in
    ``call``.
    """

    lo: int
    hi: int
    scope: Scope
    level: Level | None
    place: str
    call: str
