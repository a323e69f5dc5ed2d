"""What the names in one SELECT can mean."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlglot import exp

from dbt_isolation.sql.columns.inputs import Value
from dbt_isolation.sql.columns.relations import Column, Missing, Relation, Unknown
from dbt_isolation.sql.columns.spelling import Spelling


class Source(NamedTuple):
    """One item of FROM: ``path`` is the name that it goes by, with the schema's before it where written."""

    path: tuple[str, ...]
    relation: Relation
    hidden: bool = False
    """Whether only the join's own condition may name it, as the right side of a semi join."""


class Scope:
    """The sources, keys that joins merged, and aliases of one SELECT; ``parent`` is the one around it.

    ``star`` is what a star without a table's name stands for. A subquery in FROM without LATERAL is not
    ``strict``: a name that its own tables may have is theirs, whatever the query around it has.
    """

    __slots__ = (
        "_cache",
        "aliases",
        "merged",
        "parent",
        "sources",
        "spelling",
        "star",
        "strict",
        "windows",
    )

    def __init__(self, spelling: Spelling, parent: "Scope | None", strict: bool = True) -> None:
        self.spelling = spelling
        self.parent = parent
        self.strict = strict
        self.sources: list[Source] = []
        self.merged: dict[str, Column] = {}
        self.star: list[Column | Unknown] = []
        self.aliases: dict[str, Column] = {}
        self.windows: dict[str, exp.Expr] = {}
        self._cache: dict[tuple[str, ...], Column | Missing] = {}

    def add(self, source: Source) -> None:
        """One more source; what was found before may now mean something else."""
        self.sources.append(source)
        self._cache.clear()

    def find(self, names: Sequence[exp.Expr], aliases: bool = False) -> Column | Missing:
        """The column that a dotted name means; ``aliases`` says that it may be one of the select list."""
        keys = tuple(map(self.spelling.key, names))
        if aliases and self.aliases and len(keys) == 1:
            # Aliases come one by one, so what they decide is not kept.
            return self._bare(names[0], keys[0], True)
        found = self._cache.get(keys)
        if found is None:
            found = self._cache[keys] = (
                self._bare(names[0], keys[0], False) if len(keys) == 1 else self._dotted(names, keys)
            )
        return found

    def _bare(self, name: exp.Expr, key: str, aliases: bool) -> Column | Missing:
        if aliases and self.spelling.dialect == "clickhouse" and key in self.aliases:
            return self.aliases[key]
        merged = self.merged.get(key)
        if merged is not None:
            return merged
        hits = [s for s in self.sources if key in s.relation.index and not s.hidden]
        if len(hits) == 1:
            return hits[0].relation.index[key]
        if hits:
            if self.spelling.dialect == "clickhouse":
                return hits[0].relation.index[key]
            where = " and ".join(".".join(source.path) or "a subquery" for source in hits)
            return Missing(f"it is a column of {where}")
        alias = self.aliases.get(key) if aliases else None
        functions = [s for s in self.sources if s.relation.anything is not None]
        unknown = [(s, u) for s in self.sources if not s.hidden for u in s.relation.open]
        if unknown:
            return self._unlisted(name, key, alias, unknown, bool(functions))
        if alias is not None:
            return alias
        outer = self.parent.find((name,)) if self.parent is not None else None
        if isinstance(outer, Column):
            return outer
        if len(functions) == 1 and functions[0].relation.anything is not None:
            return Column(self.spelling.written(name), key, functions[0].relation.anything)
        if functions:
            return Missing("it may come from more than one table function")
        if key.lower() in self.spelling.pseudo:
            bases = [s.relation.base for s in self.sources if s.relation.base is not None]
            if len(bases) == 1:
                return bases[0].column(name.name, key)
        return outer or Missing("no table here has a column of this name")

    def _unlisted(
        self,
        name: exp.Expr,
        key: str,
        alias: Column | None,
        unknown: list[tuple[Source, Unknown]],
        functions: bool,
    ) -> Column | Missing:
        tables = " and ".join(dict.fromkeys(table.table for _, table in unknown))
        if alias is not None:
            return Missing(f"it is an alias, or a column of {tables}, whose columns are not known")
        if functions or len([s for s in self.sources if not s.hidden]) > 1 or len(unknown) > 1:
            return Missing(f"the columns of {tables} are not known, and there are other tables beside")
        if self.parent is not None and self.strict and isinstance(self.parent.find((name,)), Column):
            return Missing(
                f"the columns of {tables} are not known, and a table around the subquery has it too"
            )
        return unknown[0][1].column(name.name, key)

    def source(self, keys: tuple[str, ...]) -> Source | None:
        """The source that goes by a dotted name."""
        for source in reversed(self.sources):
            if source.path[-len(keys) :] == keys:
                return source
        return self.parent.source(keys) if self.parent is not None else None

    def _dotted(self, names: Sequence[exp.Expr], keys: tuple[str, ...]) -> Column | Missing:
        # The longest table name first; what follows the column are fields of it.
        own: Scope | None = self
        while own is not None:
            for length in range(len(keys) - 1, 0, -1):
                for source in reversed(own.sources):
                    if source.path[-length:] == keys[:length]:
                        found = in_source(source, names[length], keys[length], self.spelling)
                        whole = length + 1 == len(keys)
                        return found if whole or isinstance(found, Missing) else found._replace(type="")
            column = own._bare(names[0], keys[0], False) if _has(own, keys[0]) else None
            if isinstance(column, Column):
                return Column(names[-1].name, keys[-1], column.value)
            own = own.parent
        open_tables = [u for s in self.sources for u in s.relation.open]
        if len(open_tables) == 1 and len(self.sources) == 1 and len(names) == 2 and self.parent is None:
            return Missing(
                f"nothing here is called {names[0].name}, or it is a column of {open_tables[0].table}"
            )
        return Missing(f"nothing here is called {names[0].name}")


def _has(scope: Scope, key: str) -> bool:
    return key in scope.merged or any(
        key in s.relation.index or s.relation.anything is not None for s in scope.sources
    )


def in_source(source: Source, name: exp.Expr, key: str, spelling: Spelling) -> Column | Missing:
    """A column of one source."""
    relation = source.relation
    found = relation.index.get(key)
    if found is not None:
        return found
    if relation.anything is not None:
        return Column(spelling.written(name), key, relation.anything)
    if len(relation.open) == 1:
        return relation.open[0].column(name.name, key)
    if relation.open:
        tables = " and ".join(table.table for table in relation.open)
        return Missing(f"it may be a column of {tables}, whose columns are not known")
    if relation.base is not None and key.lower() in spelling.pseudo:
        return relation.base.column(name.name, key)
    return Missing(f"{'.'.join(source.path)} has no column of this name")


def whole_row(relation: Relation) -> Value | Missing:
    """All columns of a relation as one value."""
    if relation.open:
        return Missing(f"the columns of {relation.open[0].table} are not known")
    bits = 0 if relation.anything is None else relation.anything.every
    for column in relation.columns:
        bits |= column.value.every
    return Value(0, bits)
