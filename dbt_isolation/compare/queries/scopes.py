"""What a name means where it stands."""

from collections.abc import Callable, Iterable
from functools import partial

from sqlglot import exp

from dbt_isolation.compare.queries.keys import Node, Ref, UnprovableError
from dbt_isolation.compare.queries.names import Names
from dbt_isolation.compare.queries.relations import Leaf, Out, Relation, Tree

#: Where a select alias is not visible in the select list, WHERE and the like.
_NO_LATERAL = ("postgres", "bigquery", "tsql", "trino", "athena", "mysql")
#: Where an alias is visible in the select list behind it, not before it.
_EARLIER_ONLY = ("duckdb", "redshift", "databricks", "spark")
_COLUMN_FIRST = ("duckdb", "postgres", "snowflake", "databricks", "spark", "trino", "athena", "tsql")


class Visible:
    """A source by the name that expressions call it by; ``pseudo`` makes columns that no schema lists."""

    __slots__ = ("alias", "by_name", "outs", "pseudo")

    def __init__(self, alias: str, outs: Iterable[Out], pseudo: Callable[[str], Node] | None = None) -> None:
        self.alias = alias
        self.outs = list(outs)
        self.pseudo = pseudo
        self.by_name: dict[str, list[Out]] = {}
        for out in self.outs:
            if out.open is None:
                self.by_name.setdefault(out.name, []).append(out)

    @property
    def is_open(self) -> bool:
        """Whether it may have columns that are not known."""
        return any(out.open is not None for out in self.outs)

    def known(self, name: str) -> Node | None:
        """A column that it surely has."""
        found = self.by_name.get(name)
        if not found:
            return None
        return found[0].node if len(found) == 1 else Node("one of", *(out.node for out in found))

    def maybe(self, name: str) -> Node | None:
        """A column that it may have."""
        found = [out.open(name) for out in self.outs if out.open is not None and name not in out.without]
        if not found:
            return None
        return found[0] if len(found) == 1 else Node("one of", *found)

    def column(self, name: str) -> Node:
        """A column that the SQL says it has."""
        node = self.known(name) or self.maybe(name) or (self.pseudo(name) if self.pseudo else None)
        if node is None:
            raise UnprovableError(f"{self.alias or 'a query'} has no column {name}")
        return node

    def row(self) -> Node:
        """The whole row, as a value."""
        parts: list[str | Node] = []
        for out in self.outs:
            parts += [out.name, out.node]
        return Node("row", *parts)

    def nullable(self, tree: Tree) -> "Visible":
        """The same when an outer join may leave its rows out: what is computed is then not computed."""
        return Visible(self.alias, nullable(self.outs, tree), self.pseudo)


def nullable(outs: list[Out], tree: Tree) -> list[Out]:
    """Columns of a tree whose rows an outer join may leave out."""
    leaves = tree.leaves()
    return [_nullable(out, leaves[0]) for out in outs]


def _nullable(out: Out, leaf: Leaf) -> Out:
    def wrap(node: Node) -> Node:
        return node if isinstance(node, Ref) else Node("matched", Ref(leaf, "*"), node)

    open_ = out.open
    return Out(
        out.name,
        out.shown,
        lambda: wrap(out.node),
        (lambda name: wrap(open_(name))) if open_ is not None else None,
        out.without,
    )


def opaque(relation: Relation, alias: str, tag: str = "") -> tuple[Leaf, Visible]:
    """A relation as a source of rows that is not taken apart."""
    leaf = Leaf(relation=relation, tag=tag)
    return leaf, Visible(alias, [_through(leaf, place, out) for place, out in enumerate(relation.outs)])


def _through(leaf: Leaf, place: int, out: Out) -> Out:
    open_ = out.open
    if open_ is None:
        return Out(out.name, out.shown, lambda: Ref(leaf, place))
    return Out("", "*", lambda: Ref(leaf, out.node), lambda name: Ref(leaf, open_(name)), out.without)


def rename(outs: list[Out], columns: list[exp.Identifier], names: Names) -> list[Out]:
    """Columns under the names of an alias's list."""
    if any(out.open is not None for out in outs[: len(columns)]) or len(columns) > len(outs):
        raise UnprovableError("an alias names columns that are not known")
    return [
        _renamed(outs[place], names.identifier(column), column.name) for place, column in enumerate(columns)
    ] + outs[len(columns) :]


def _node_of(out: Out) -> Node:
    return out.node


def _either(one: Out, other: Out) -> Node:
    return Node("one of", one.node, other.node)


def _itself(node: Node) -> Node:
    return node


def _renamed(out: Out, name: str, shown: str) -> Out:
    return Out(name, shown, lambda: out.node)


class Scope:
    """The names that a SELECT's expressions see; ``outer`` those of the query around it."""

    def __init__(self, dialect: str, outer: "Scope | None") -> None:
        self.dialect = dialect
        self.outer = outer
        self.visibles: list[Visible] = []
        #: What a star stands for.
        self.star: list[Out] = []
        #: Columns that USING has merged.
        self.merged: dict[str, Node] = {}
        #: The SELECT's own named output columns, and which of them name a column of a source in themselves.
        self.aliases: dict[str, Out] = {}
        self.from_itself: set[str] = set()
        self._reading: set[str] = set()
        #: Aliases that come before the output column that is being read.
        self._before: set[str] | None = None

    def alias(self, name: str, out: Out) -> None:
        """Names an output column; of two under one name engines take either."""
        other = self.aliases.get(name)
        if other is not None:
            out = Out(name, out.shown, partial(_either, other, out))
        self.aliases[name] = out

    def reading_out(self, before: set[str], read: Callable[[], Node]) -> Node:
        """Reads an output column, which sees the aliases before it."""
        known, self._before = self._before, before
        try:
            return read()
        finally:
            self._before = known

    def merge(self, columns: dict[str, Node]) -> None:
        """Makes one column of each that USING names; ``star`` has both sides by now."""
        if not columns:
            return
        self.merged |= columns
        rest: list[Out] = []
        made: dict[str, Out] = {}
        for out in self.star:
            if out.open is not None:
                rest.append(Out("", "*", partial(_node_of, out), out.open, out.without | set(columns)))
            elif out.name not in columns:
                rest.append(out)
            elif out.name not in made:
                made[out.name] = Out(out.name, out.shown, partial(columns.__getitem__, out.name))
                if self.dialect == "duckdb":
                    rest.append(made[out.name])
        for name, node in columns.items():
            made.setdefault(name, Out(name, name, partial(_itself, node)))
        # DuckDB leaves them where they stand in the left source, the others put them first.
        self.star = rest if self.dialect == "duckdb" else [*(made[name] for name in columns), *rest]
        if self.dialect == "duckdb" and any(out.open is not None for out in rest):
            self.star = [*(made[name] for name in columns if made[name] not in rest), *rest]

    def source(self, alias: str) -> Visible | None:
        """A source by its name, here or around."""
        scope: Scope | None = self
        while scope is not None:
            for visible in scope.visibles:
                if visible.alias == alias:
                    return visible
            scope = scope.outer
        return None

    def column(self, name: str, clause: str) -> Node:
        """What a bare name means in a clause: ``select``, ``where``, ``group``, ``order`` or another."""
        alias = self._alias(name, clause)
        if alias is not None and clause == "order":
            return alias
        known = self.merged.get(name)
        if known is None:
            found = [node for node in (visible.known(name) for visible in self.visibles) if node is not None]
            known = found[0] if len(found) == 1 else Node("one of", *found) if found else None
        if known is not None:
            if alias is None or self._column_wins(clause):
                return known
            return Node("either", known, alias)
        maybe = self._maybe(name)
        if alias is not None:
            if not maybe:
                return alias
            if name in self.from_itself and self._column_wins(clause):
                return maybe[0] if len(maybe) == 1 else Node("one of", *maybe)
            return Node("either", *maybe, alias)
        around = self.outer.find(name) if self.outer is not None else None
        if around is not None:
            maybe.append(around)
        if maybe:
            return maybe[0] if len(maybe) == 1 else Node("one of", *maybe)
        whole = self.source(name)
        if whole is not None:
            return whole.row()
        made = [visible.pseudo(name) for visible in self.visibles if visible.pseudo is not None]
        return made[0] if len(made) == 1 else Node("free", name, *made)

    def find(self, name: str) -> Node | None:
        """What a name means in a query inside this one, if anything."""
        if name in self.merged:
            return self.merged[name]
        found = [node for node in (visible.known(name) for visible in self.visibles) if node is not None]
        if not found:
            found = self._maybe(name)
            around = self.outer.find(name) if self.outer is not None else None
            found += [around] if around is not None else []
        if not found:
            return None
        return found[0] if len(found) == 1 else Node("one of", *found)

    def _maybe(self, name: str) -> list[Node]:
        found = [visible.maybe(name) for visible in self.visibles]
        return [node for node in found if node is not None]

    def _alias(self, name: str, clause: str) -> Node | None:
        out = self.aliases.get(name)
        if out is None or name in self._reading:
            return None
        if self._before is not None and name not in self._before and self.dialect in _EARLIER_ONLY:
            return None
        # MySQL and BigQuery see aliases in HAVING.
        hidden = clause in ("select", "where", "qualify") or (
            clause == "having" and self.dialect not in ("mysql", "bigquery")
        )
        if clause == "from" or (hidden and self.dialect in _NO_LATERAL and clause != "qualify"):
            return None
        self._reading.add(name)
        try:
            return out.node
        finally:
            self._reading.discard(name)

    def _column_wins(self, clause: str) -> bool:
        if self.dialect in ("clickhouse", ""):
            return False
        if clause in ("select", "where"):
            return True
        return self.dialect in _COLUMN_FIRST and clause in ("group", "having", "qualify")
