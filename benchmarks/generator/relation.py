"""What a model can select from, and what a model is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Origin = tuple[str, str]
"""The unique id of a parent, and one of its columns."""

Kind = Literal["key", "ref", "money", "number", "category", "text", "flag", "day", "time"]

PROJECT = "bench"


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what its values are: recipes choose columns by kind, never by name."""

    name: str
    kind: Kind
    entity: str = ""
    """For a key or a reference: the entity whose key it is."""
    values: tuple[str, ...] = ()
    """For a category: all the values that it can have."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A source table or a model. Its first column is its key: unique and never null."""

    id: str
    jinja: str
    columns: tuple[Column, ...]
    noun: str
    """What one row is, in the singular."""
    complete: bool = False
    """Whether it has a row for every key of its entity."""
    depth: int = 0
    """Views between this relation and a table: long chains of views are slow to bind."""

    @property
    def key(self) -> Column:
        """The column that is unique and never null."""
        return self.columns[0]

    def all(self, *kinds: Kind) -> list[Column]:
        """Its columns of these kinds."""
        return [column for column in self.columns if column.kind in kinds]

    def has(self, *kinds: Kind) -> bool:
        """Whether it has at least one column of each of these kinds."""
        return {column.kind for column in self.columns}.issuperset(kinds)


@dataclass(frozen=True, slots=True)
class Model:
    """One generated model: its file, its properties and the truth about its columns."""

    name: str
    layer: str
    domain: str
    materialized: str
    sql: str
    relation: Relation
    description: str
    origins: dict[str, frozenset[Origin]]
    influence: frozenset[Origin]
    tests: dict[str, list[str]] = field(default_factory=dict)
    """By column: the data tests, each as the lines of its YAML."""


def plural(noun: str) -> str:
    """`order` becomes `orders`, `delivery` becomes `deliveries`."""
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
