"""Reads a query: what SELECTs, set operations and common table expressions share."""

from dataclasses import dataclass, field

from sqlglot import exp

from dbt_isolation.compare.queries.functions import is_volatile
from dbt_isolation.compare.queries.keys import Keys, UnprovableError
from dbt_isolation.compare.queries.names import Names
from dbt_isolation.compare.queries.recursive import RecursiveRelation
from dbt_isolation.compare.queries.relations import Relation
from dbt_isolation.compare.queries.scopes import Scope, rename
from dbt_isolation.compare.queries.select import read_select
from dbt_isolation.compare.queries.sets import SetRelation

#: So many times are queries read again where they are named again; then a query stands for itself.
_READINGS = 400


@dataclass(slots=True, eq=False)
class Cte:
    """A common table expression: where it can be named, and what is read of it so far."""

    query: exp.Query
    columns: list[exp.Identifier]
    around: "dict[str, Cte]"
    outer: Scope | None
    recursive: bool = False
    #: What has been read of it: with the order of its rows, and without.
    relations: dict[bool, Relation] = field(default_factory=dict)
    taken: bool = False
    #: While a recursive one is being read: what its own name means.
    itself: Relation | None = None


class Reader:
    """One query of a comparison. ``ordered`` while what is read feeds something that depends on its order."""

    def __init__(self, names: Names, keys: Keys) -> None:
        self.names = names
        self.keys = keys
        self.ordered = False
        self.dialect = names.dialect
        self._ctes: dict[str, Cte] = {}
        self._readings = 0
        # With the node itself, so that its id stays its own.
        self._held: dict[int, tuple[exp.Expr, Relation]] = {}
        self._shared: list[Cte] = []
        #: The recursive queries that are being read.
        self._within: list[RecursiveRelation] = []

    def query(
        self,
        node: exp.Expr,
        outer: Scope | None,
        *,
        keep_order: bool = False,
        ctes: "dict[str, Cte] | None" = None,
    ) -> Relation:
        """What a query gives; ``ctes`` are those that can be named where it stands, if it is read later."""
        known = self._held.pop(id(node), None)
        if known is not None:
            return known[1]
        self._readings += 1
        before = (self._ctes, self.ordered)
        try:
            self._ctes = self._ctes if ctes is None else ctes
            self.ordered = self.ordered or keep_order
            self._open(node, outer)
            if isinstance(node, exp.Subquery):
                return self._wrapped(node, outer, keep_order)
            if isinstance(node, exp.SetOperation):
                return SetRelation(self, node, outer, keep_order)
            if isinstance(node, exp.Select):
                return read_select(self, node, outer, keep_order)
            if isinstance(node, exp.Values | exp.Table):
                select = exp.Select(expressions=[exp.Star()], from_=exp.From(this=node.copy()))
                return read_select(self, select, outer, keep_order)
        finally:
            self._ctes, self.ordered = before
        raise UnprovableError(f"{node.key} is no query")

    def _wrapped(self, node: exp.Subquery, outer: Scope | None, keep_order: bool) -> Relation:
        extra = {key for key, value in node.args.items() if value} - {"this", "alias", "with_"}
        if not extra:
            return self.query(node.this, outer, keep_order=keep_order)
        # A query in brackets with a LIMIT of its own behind them.
        select = exp.Select(expressions=[exp.Star()])
        inner = exp.Subquery(this=node.this.copy())
        select.set("from_", exp.From(this=inner))
        for key in extra:
            value = node.args[key]
            select.set(key, [one.copy() for one in value] if isinstance(value, list) else value.copy())
        return read_select(self, select, outer, keep_order)

    def _open(self, node: exp.Expr, outer: Scope | None) -> None:
        clause = node.args.get("with_")
        if clause is None:
            return
        known = dict(self._ctes)
        recursive = bool(clause.args.get("recursive")) or self.dialect in ("tsql", "snowflake", "")
        for one in clause.expressions:
            if not isinstance(one.this, exp.Query):
                raise UnprovableError("a common table expression is no query")
            if one.args.get("key_expressions") or one.args.get("scalar"):
                raise UnprovableError("a common table expression of an unusual kind")
            alias = one.args["alias"]
            name = self.names.identifier(alias.this)
            cte = Cte(one.this, list(alias.args.get("columns") or []), dict(known), outer)
            if recursive and isinstance(one.this, exp.SetOperation) and self._names_itself(one.this, name):
                cte.recursive = True
            known[name] = cte
        if clause.args.get("recursive"):
            self._forward(clause)
        for one in known.values():
            if recursive and clause.args.get("search"):
                raise UnprovableError("a recursive query with SEARCH or CYCLE")
            if one.recursive:
                one.around = {**one.around, **{key: cte for key, cte in known.items() if cte is one}}
        self._ctes = known

    def _forward(self, clause: exp.Expr) -> None:
        """WITH RECURSIVE lets a query name a later one; such are not read."""
        later: set[str] = set()
        for one in reversed(clause.expressions):
            name = self.names.identifier(one.args["alias"].this)
            plain = not isinstance(one.this, exp.SetOperation)
            for other in later | ({name} if plain else set()):
                if self._names_itself(one.this, other):
                    raise UnprovableError(f"a query names {other}, which comes later")
            later.add(name)

    def _names_itself(self, query: exp.Expr, name: str) -> bool:
        tables = query.find_all(exp.Table)
        return any(not table.db and self.names.identifier(table.this) == name for table in tables)

    def cte(self, table: exp.Table) -> Cte | None:
        """The common table expression that a name means."""
        if table.db or not isinstance(table.this, exp.Identifier):
            return None
        return self._ctes.get(self.names.identifier(table.this))

    def visible_ctes(self) -> dict[str, Cte]:
        """The common table expressions that can be named here."""
        return self._ctes

    def read_cte(self, cte: Cte, *, fresh: bool) -> Relation:
        """What a common table expression gives: the one that is kept, or one to take apart."""
        if cte.itself is not None:
            return cte.itself
        known = cte.relations.get(self.ordered)
        if known is not None and (not fresh or not cte.taken or self._readings > _READINGS):
            return known
        before = self._ctes
        self._ctes = cte.around
        try:
            relation = self._recursive(cte) if cte.recursive else self.query(cte.query, cte.outer)
        finally:
            self._ctes = before
        if cte.columns:
            relation.outs = rename(relation.outs, cte.columns, self.names)
        if known is None:
            cte.relations[self.ordered] = relation
        return relation

    def hold(self, node: exp.Expr, relation: Relation) -> None:
        """Keeps what has been read of a query for the next who reads it: each level of nesting once."""
        self._held[id(node)] = (node, relation)

    def spent(self) -> bool:
        """Whether so much has been read that queries are no longer taken apart."""
        return self._readings > _READINGS

    def tag(self, cte: Cte) -> str:
        """What sets a common table expression apart whose rows another of the same text would not have."""
        if cte not in self._shared:
            self._shared.append(cte)
        return f"shared {self._shared.index(cte)}"

    def _recursive(self, cte: Cte) -> Relation:
        assert isinstance(cte.query, exp.SetOperation)
        relation = RecursiveRelation(
            self.keys, len(self._within), cte.query.args.get("distinct") is not False
        )
        first = self.query(cte.query.left, cte.outer)
        if cte.columns:
            first.outs = rename(first.outs, cte.columns, self.names)
        if any(out.open is not None for out in first.outs):
            raise UnprovableError("a recursive query whose columns are not known")
        relation.begin(first)
        own = next(key for key, one in cte.around.items() if one is cte)
        around = {**cte.around, own: Cte(cte.query, [], {}, None, itself=relation.itself)}
        before, self._ctes = self._ctes, around
        self._within.append(relation)
        try:
            relation.end(self.query(cte.query.right, cte.outer))
        finally:
            self._ctes = before
            self._within.pop()
        relation.volatile = any(is_volatile(node) for node in cte.query.walk())
        return relation
