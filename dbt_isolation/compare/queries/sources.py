"""Reads FROM: the tree of joins, and the names by which its sources can be called."""

from typing import TYPE_CHECKING

from sqlglot import exp

from dbt_isolation.compare.queries.items import Items
from dbt_isolation.compare.queries.keys import Node, Sub, UnprovableError
from dbt_isolation.compare.queries.relations import Joined, Relation, Tree
from dbt_isolation.compare.queries.scopes import Scope, Visible, nullable

if TYPE_CHECKING:
    from dbt_isolation.compare.queries.reader import Reader

_OUTSIDE = ("this", "alias", "db", "catalog", "joins", "laterals")


class Rows(Relation):
    """The rows of a tree alone, as EXISTS and SEMI JOIN see them."""

    def __init__(self, reader: "Reader", tree: Tree) -> None:
        from dbt_isolation.compare.queries.select import SelectRelation

        super().__init__()
        self._select = SelectRelation(reader, tree)

    def seal(self, outer):  # type: ignore[no-untyped-def]
        return self._select.seal(outer)


class Sources(Items):
    """Reads one FROM into ``tree``, and what it makes visible into the scope."""

    def __init__(self, reader: "Reader", scope: Scope) -> None:
        super().__init__(reader, scope)
        self._comma = False

    def read(self, node: exp.Expr) -> None:
        """Reads the FROM, JOINs and LATERALs of a SELECT."""
        first = node.args.get("from_")
        if first is None:
            if node.args.get("joins") or node.args.get("laterals"):
                raise UnprovableError("a join without FROM")
            return
        self.read_item(first.this)
        for lateral in node.args.get("laterals") or []:
            self._lateral(lateral)
        for join in node.args.get("joins") or []:
            self._join(join)

    def read_item(self, node: exp.Expr) -> None:
        """A first source, with what is joined to it in its own brackets."""
        tree, visibles = self.source(node)
        self.tree.take(tree)
        self._show(visibles)
        for lateral in node.args.get("laterals") or []:
            self._lateral(lateral)
        for join in node.args.get("joins") or []:
            self._join(join)

    def _lateral(self, node: exp.Lateral) -> None:
        tree, visibles = self.source(node)
        if node.args.get("outer"):
            visibles = [visible.nullable(tree) for visible in visibles]
            self.tree.lefts.append((tree, []))
        else:
            self.tree.take(tree)
        self._show(visibles)

    def _show(self, visibles: list[Visible]) -> None:
        self._scope.visibles += visibles
        self._scope.star += [out for visible in visibles for out in visible.outs]

    def _join(self, join: exp.Join) -> None:
        odd = {key for key, value in join.args.items() if value} & {
            "match_condition",
            "nearest",
            "expressions",
            "pivots",
        }
        if odd:
            raise UnprovableError("an unusual join")
        side, kind, method = (str(join.args.get(key) or "").upper() for key in ("side", "kind", "method"))
        scope = self._scope
        earlier = list(scope.visibles)
        inner = join.this
        if (
            isinstance(inner, exp.Lateral)
            and not join.args.get("on")
            and not side
            and inner.args.get("outer")
        ):
            side = "LEFT"
        tree, visibles = self.source(inner)
        left = self.tree
        comma, self._comma = (
            self._comma,
            not (side or kind or method or join.args.get("on") or join.args.get("using")),
        )
        if side == "RIGHT" or side == "FULL":
            earlier = [visible.nullable(left) for visible in earlier]
            scope.star = nullable(scope.star, left)
            scope.merged = {out.name: out.node for out in scope.star if out.name in scope.merged}
        if side in ("LEFT", "FULL") and kind not in ("SEMI", "ANTI"):
            visibles = [visible.nullable(tree) for visible in visibles]
        scope.visibles = [*earlier, *visibles]
        star = scope.star
        scope.star = star + [out for visible in visibles for out in visible.outs]
        on = self._conditions(join, earlier, visibles, side, method == "NATURAL")
        if kind in ("SEMI", "ANTI"):
            scope.star = star
            if side == "RIGHT" or method:
                raise UnprovableError("an unusual join")
            scope.visibles = earlier
            tree.filters += on
            exists = Sub(Rows(self._reader, tree), rows_only=True)
            left.filters.append(exists if kind == "SEMI" else Node("not", exists))
        elif method in ("ASOF", "POSITIONAL") or (method and method != "NATURAL"):
            self.tree = Tree()
            self.tree.base = [Joined(f"{method} {side} {kind}", left, tree, on)]
        elif side == "FULL" or (comma and side == "RIGHT"):
            self.tree = Tree()
            self.tree.base = [
                Joined("full" if not comma and side == "FULL" else f"comma {side}", left, tree, on)
            ]
        elif side == "RIGHT":
            on += left.filters
            left.filters = []
            self.tree = tree
            tree.lefts.append((left, on))
        elif side == "LEFT":
            on += tree.filters
            tree.filters = []
            left.lefts.append((tree, on))
        elif kind in ("", "INNER", "CROSS"):
            left.take(tree)
            left.filters += on
        else:
            raise UnprovableError(f"a join of kind {side} {kind}")

    def _conditions(
        self, join: exp.Join, earlier: list[Visible], later: list[Visible], side: str, natural: bool
    ) -> list[Node]:
        using = [self._reader.names.identifier(one) for one in join.args.get("using") or []]
        if natural:
            if any(visible.is_open for visible in [*earlier, *later]):
                raise UnprovableError("a NATURAL JOIN of sources whose columns are not known")
            right = {name for visible in later for name in visible.by_name}
            using = [name for visible in earlier for name in visible.by_name if name in right]
            using = list(dict.fromkeys(using))
        found: list[Node] = []
        merged: dict[str, Node] = {}
        for name in using:
            one, other = self._side(name, earlier, True), self._side(name, later, False)
            found.append(Node("eq", one, other, order="bag"))
            merged[name] = one
            if side == "RIGHT":
                merged[name] = other
            elif side == "FULL":
                merged[name] = Node("coalesce", "expressions", Node("list", other), "this", one)
        self._scope.merge(merged)
        on = join.args.get("on")
        if on is not None:
            found += self._reading.conditions(on, "from")
        return found

    def _side(self, name: str, visibles: list[Visible], left: bool) -> Node:
        if left and name in self._scope.merged:
            return self._scope.merged[name]
        found = [node for node in (visible.known(name) for visible in visibles) if node is not None]
        if not found:
            maybe = [visible.maybe(name) for visible in visibles]
            found = [node for node in maybe if node is not None]
        if not found:
            found = [visible.pseudo(name) for visible in visibles if visible.pseudo is not None][:1]
        if not found:
            raise UnprovableError(f"USING names {name}, which is no column")
        return found[0] if len(found) == 1 else Node("one of", *found)
