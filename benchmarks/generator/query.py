"""SQL that knows where its columns come from.

A model's SQL and the truth about its columns are made by the same calls, so they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .relation import Column, Kind, Origin, Relation

WIDEST = 12


@dataclass(frozen=True, slots=True)
class Expr:
    """A piece of SQL and the columns of parents whose values reach it."""

    sql: str
    origins: frozenset[Origin] = frozenset()


def expr(template: str, *parts: Expr) -> Expr:
    """Fill `{0}`, `{1}` … of a template; the result has the origins of every part."""
    origins: frozenset[Origin] = frozenset().union(*(part.origins for part in parts))
    return Expr(template.format(*(part.sql for part in parts)), origins)


@dataclass(frozen=True, slots=True)
class Scope:
    """Something in a FROM clause: a name, its columns and the origins of each."""

    name: str
    columns: tuple[Column, ...]
    origins: dict[str, frozenset[Origin]]

    def col(self, column: Column | str, *, bare: bool = False) -> Expr:
        """A reference to one of its columns; `bare` leaves the qualifier out."""
        name = column if isinstance(column, str) else column.name
        return Expr(name if bare else f"{self.name}.{name}", self.origins[name])


@dataclass(slots=True)
class Select:
    """One SELECT in the making. A name that is taken and a thirteenth column are left out."""

    source: Scope
    lines: list[str] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    origins: dict[str, frozenset[Origin]] = field(default_factory=dict)
    clauses: dict[str, str] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)
    influence: set[Origin] = field(default_factory=set)

    def add(self, column: Column, value: Expr) -> None:
        """Put `value as column` into the list."""
        if column.name in self.origins or len(self.columns) == WIDEST:
            return
        same = value.sql.rpartition(".")[2] == column.name
        self.lines.append(value.sql if same else f"{value.sql} as {column.name}")
        self.columns.append(column)
        self.origins[column.name] = value.origins

    def star(self, scope: Scope) -> None:
        """Put all columns of one scope into the list, as a star."""
        self.lines.append(f"{scope.name}.*" if self.joins else "*")
        self.columns.extend(scope.columns)
        self.origins.update(scope.origins)

    def join(self, kind: str, scope: Scope, on: Expr) -> None:
        """Join another scope on a condition."""
        self.joins.append(f"{kind} join {scope.name}\n        on {on.sql}")
        self.influence |= on.origins

    def join_using(self, kind: str, scope: Scope, name: str) -> None:
        """Join another scope on a column that both have."""
        self.joins.append(f"{kind} join {scope.name} using ({name})")
        self.influence |= self.source.origins[name] | scope.origins[name]

    def where(self, condition: Expr) -> None:
        """Keep the rows for which the condition, and those given before, hold."""
        before = self.clauses.get("where")
        self.clauses["where"] = f"{before}\n        and {condition.sql}" if before else condition.sql
        self.influence |= condition.origins

    def group_by(self, text: str, keys: Iterable[Expr]) -> None:
        """Group by the keys, written as `text`."""
        self.clauses["group by"] = text
        for key in keys:
            self.influence |= key.origins

    def shape(self, clause: str, condition: Expr) -> None:
        """Any other clause that shapes the rows: `having`, `qualify`."""
        self.clauses[clause] = condition.sql
        self.influence |= condition.origins

    def sql(self) -> str:
        """The text, indented as the body of a CTE."""
        items = ",\n".join(f"        {line}" for line in self.lines)
        parts = [f"    select\n{items}", f"    from {self.source.name}"]
        parts += [f"    {join}" for join in self.joins]
        for clause in ("where", "group by", "having", "qualify"):
            if clause in self.clauses:
                parts.append(f"    {clause} {self.clauses[clause]}")
        return "\n".join(parts)


class Query:
    """A model's whole statement: CTEs for its parents, CTEs that work, and the last `select *`."""

    def __init__(self) -> None:
        self.influence: set[Origin] = set()
        self.parents: list[Relation] = []
        self._ctes: list[str] = []
        self._names: set[str] = set()

    def read(self, relation: Relation, name: str) -> Scope:
        """A CTE that imports a parent."""
        scope = Scope(
            self._free(name),
            relation.columns,
            {column.name: frozenset([(relation.id, column.name)]) for column in relation.columns},
        )
        self.parents.append(relation)
        self._ctes.append(f"{scope.name} as (\n\n    select * from {relation.jinja}\n\n)")
        return scope

    def cte(self, name: str, *selects: Select) -> Scope:
        """A CTE of one SELECT, or of several with UNION ALL between them."""
        free = self._free(name)
        body = "\n\n    union all\n\n".join(select.sql() for select in selects)
        self._ctes.append(f"{free} as (\n\n{body}\n\n)")
        for select in selects:
            self.influence |= select.influence
        columns = tuple(selects[0].columns)
        branches = [list(select.origins.values()) for select in selects]
        origins = {
            column.name: frozenset().union(*(branch[place] for branch in branches))
            for place, column in enumerate(columns)
        }
        return Scope(free, columns, origins)

    def sql(self, last: Scope) -> str:
        """The statement that returns the last CTE."""
        return "with\n\n" + ",\n\n".join(self._ctes) + f"\n\nselect * from {last.name}\n"

    def _free(self, name: str) -> str:
        free = name
        while free in self._names:
            free += "_again"
        self._names.add(free)
        return free


def first(columns: Iterable[Column], *kinds: Kind) -> Column:
    """The first column of one of these kinds; a recipe asks only where the relation has one."""
    return next(column for column in columns if column.kind in kinds)
