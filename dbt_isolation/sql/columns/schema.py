"""The tables that a caller describes, found by the name that the SQL uses."""

import re
from collections.abc import Mapping, Sequence

from sqlglot import exp

from dbt_isolation.sql.columns.inputs import Origins, Value
from dbt_isolation.sql.columns.relations import Column, Relation, Unknown
from dbt_isolation.sql.columns.spelling import Spelling

_PART = re.compile(r'"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|([^.]+)')


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a dotted name, without quotes."""
    return tuple(part for found in _PART.findall(name) for text in found if text for part in (text,))


class Schema:
    """Finds tables, and makes a relation of each one once."""

    __slots__ = ("_exact", "_folded", "_made", "_origins", "_spelling", "_tables")

    def __init__(self, tables: Mapping[str, Mapping[str, str]], spelling: Spelling, origins: Origins) -> None:
        self._tables = tables
        self._spelling = spelling
        self._origins = origins
        self._made: dict[str, Relation] = {}
        #: By their parts as they stand, and as they are compared; made when a name is not simply there.
        self._exact: dict[tuple[str, ...], str] = {}
        self._folded: dict[tuple[str, ...], str] = {}

    def _index(self) -> None:
        spelling = self._spelling
        for name in self._tables:
            parts = tuple(part.replace("`", "") for part in parts_of(name))
            if spelling.dialect == "bigquery":
                parts = tuple(piece for part in parts for piece in part.split("."))
            self._exact.setdefault(parts, name)
            folded = tuple(spelling.raw_key(part, quoted=False) for part in parts)
            # What could mean two tables means neither.
            if self._folded.setdefault(folded, name) != name:
                self._folded[folded] = ""

    def table(self, names: Sequence[exp.Expr]) -> Relation:
        """The relation that a table's name, part by part, leads to."""
        written = tuple(name.name for name in names)
        found: str | None = ".".join(written)
        if found not in self._tables:
            if not self._exact:
                self._index()
            key = tuple(self._spelling.key(name) for name in names)
            folded, found = self._folded.get(key), self._exact.get(written)
            # Where no name keeps its case, its folded form is no spelling of its own.
            if folded != "" or self._spelling.raw_key("A") == "A":
                found = self._exact.get(key) or found or folded or None
        name = ".".join(written) if found is None else found
        made = self._made.get(name)
        if made is None:
            columns = None if found is None else self._tables[found]
            made = self._made[name] = self._relation(name, columns)
        return made

    def _relation(self, name: str, columns: Mapping[str, str] | None) -> Relation:
        unknown = Unknown(name, self._origins)
        if columns is None:
            return Relation((), open=(unknown,))
        bit, key = self._origins.bit, self._spelling.raw_key
        made = Relation(
            (
                Column(column, key(column), Value(bit(name, column)), str(kind or ""))
                for column, kind in columns.items()
            ),
            base=unknown,
        )
        for column in made.columns:
            made.index.setdefault(self._spelling.raw_key(column.name, quoted=False), column)
        return made
