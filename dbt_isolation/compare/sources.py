"""Reads FROM: the tree of joins, and the names by which its sources can be called."""

from typing import TYPE_CHECKING

from sqlglot import exp

from dbt_isolation.compare.expressions import Expressions
from dbt_isolation.compare.functions import is_volatile
from dbt_isolation.compare.keys import Node, Ref, Sub, UnprovableError
from dbt_isolation.compare.relations import Joined, Leaf, Out, Relation, Tree
from dbt_isolation.compare.scopes import Scope, Visible, nullable, opaque, rename

if TYPE_CHECKING:
    from dbt_isolation.compare.reader import Cte, Reader

_OUTSIDE = ("this", "alias", "db", "catalog", "joins", "laterals")


class Rows(Relation):
    """The rows of a tree alone, as EXISTS and SEMI JOIN see them."""

    def __init__(self, reader: "Reader", tree: Tree) -> None:
        from dbt_isolation.compare.select import SelectRelation

        super().__init__()
        self._select = SelectRelation(reader, tree)

    def seal(self, outer):  # type: ignore[no-untyped-def]
        return self._select.seal(outer)


class Sources:
    """Reads one FROM into ``tree``, and what it makes visible into the scope."""

    def __init__(self, reader: "Reader", scope: Scope) -> None:
        self._reader = reader
        self._scope = scope
        self._reading = Expressions(reader, scope)
        self.tree = Tree()
        self._comma = False

    def read(self, node: exp.Expr) -> None:
        """Reads the FROM, JOINs and LATERALs of a SELECT."""
        first = node.args.get("from_")
        if first is None:
            if node.args.get("joins") or node.args.get("laterals"):
                raise UnprovableError("a join without FROM")
            return
        self._item(first.this)
        for lateral in node.args.get("laterals") or []:
            self._lateral(lateral)
        for join in node.args.get("joins") or []:
            self._join(join)

    def _item(self, node: exp.Expr) -> None:
        """A first source, with what is joined to it in its own brackets."""
        tree, visibles = self._source(node)
        self.tree.take(tree)
        self._show(visibles)
        for lateral in node.args.get("laterals") or []:
            self._lateral(lateral)
        for join in node.args.get("joins") or []:
            self._join(join)

    def _lateral(self, node: exp.Lateral) -> None:
        tree, visibles = self._source(node)
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
        tree, visibles = self._source(inner)
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

    def _source(self, node: exp.Expr) -> tuple[Tree, list[Visible]]:
        if isinstance(node, exp.Table):
            return self._table(node)
        if isinstance(node, exp.Subquery):
            return self._subquery(node)
        if isinstance(node, exp.Lateral | exp.Unnest | exp.Values | exp.Func):
            return self._function(node)
        if isinstance(node, exp.Query):
            return self._relation(self._reader.query(node, self._scope.outer), node, None)
        raise UnprovableError(f"{node.key} in FROM")

    def _alias(self, node: exp.Expr) -> str:
        alias = node.args.get("alias")
        return (
            self._reader.names.identifier(alias.this) if alias is not None and alias.this is not None else ""
        )

    def _table(self, node: exp.Table) -> tuple[Tree, list[Visible]]:
        reader, names = self._reader, self._reader.names
        extras = [key for key in sorted(node.args) if node.args[key] and key not in _OUTSIDE]
        if not isinstance(node.this, exp.Identifier):
            if isinstance(node.this, exp.Parameter | exp.Placeholder):
                raise UnprovableError("a parameter in FROM")
            return self._function(node)
        cte = reader.cte(node)
        alias = self._alias(node) or names.identifier(node.this)
        if cte is not None:
            if extras:
                return self._modified(reader.read_cte(cte, fresh=False), node, extras, alias)
            relation = reader.read_cte(cte, fresh=True)
            return self._relation(relation, node, cte, alias)
        first = node.parts[0]
        if len(node.parts) > 1 and isinstance(first, exp.Identifier):
            visible = next(
                (one for one in self._scope.visibles if one.alias == names.identifier(first)), None
            )
            if visible is not None and reader.dialect in ("bigquery", "", "databricks", "spark", "redshift"):
                column = exp.Column(
                    **{
                        key: part.copy()
                        for key, part in zip(
                            ("this", "table", "db", "catalog"), reversed(node.parts), strict=False
                        )
                    }
                )
                leaf = Leaf("elements", self._reading.read(column, "from"), dependent=True)
                return self._leaf(leaf, node, alias)
        content: list[str | Node] = ["table", names.table(node)]
        content += self._extras(node, extras)
        leaf = Leaf(*content)
        known = names.columns(node) if not node.args.get("pivots") else None
        tree = Tree()
        tree.base = [leaf]
        if known is None:
            outs = [Out("", "*", lambda: Ref(leaf, "*"), lambda name: Ref(leaf, name))]
        else:
            outs = [_named(leaf, name, shown) for name, shown in known]
        columns = node.args["alias"].args.get("columns") if node.args.get("alias") else None
        if columns:
            outs = rename(outs, columns, names)
        visible = Visible(alias, outs, None if columns else lambda name: Ref(leaf, name))
        return tree, [visible]

    def _modified(
        self, relation: Relation, node: exp.Expr, extras: list[str], alias: str
    ) -> tuple[Tree, list[Visible]]:
        """A query that is pivoted, sampled and the like: all of it may count."""
        content: list[str | Node] = ["modified", Sub(relation)]
        content += [f"{out.name}" for out in relation.outs]
        content += self._extras(node, extras)
        return self._leaf(Leaf(*content, dependent=True), node, alias)

    def _extras(self, node: exp.Expr, extras: list[str]) -> list[str | Node]:
        # Columns that these name are of the source itself, which the key has beside them.
        reading = Expressions(self._reader, Scope(self._reader.dialect, None))
        return [part for key in extras for part in (key, reading.value(node.args[key], "from"))]

    def _leaf(self, leaf: Leaf, node: exp.Expr, alias: str) -> tuple[Tree, list[Visible]]:
        """A source whose columns only its alias may tell."""
        tree = Tree()
        tree.base = [leaf]
        named = node.args.get("alias")
        columns = list(named.args.get("columns") or []) if named is not None else []
        outs = [
            _placed(leaf, place, self._reader.names.identifier(column), column.name)
            for place, column in enumerate(columns)
        ]
        offset = node.args.get("offset")
        if isinstance(offset, exp.Identifier):
            outs.append(_placed(leaf, -1, self._reader.names.identifier(offset), offset.name))
        if not columns:
            own = alias if isinstance(node, exp.Unnest | exp.Table) else ""
            outs.append(
                Out("", "*", lambda: Ref(leaf, "*"), lambda name: Ref(leaf, "own" if name == own else name))
            )
        return tree, [Visible(alias, outs, lambda name: Ref(leaf, name))]

    def _function(self, node: exp.Expr) -> tuple[Tree, list[Visible]]:
        """A function that makes rows, of what stands before it too."""
        if any(is_volatile(one) for one in node.walk()):
            raise UnprovableError("a source of rows that differs each time")
        alias = self._alias(node)
        inner = node.this if isinstance(node, exp.Lateral) else node
        if isinstance(inner, exp.Subquery):
            relation = self._reader.query(inner, self._scope)
            leaf, visible = opaque(relation, alias)
            leaf.dependent = True
            columns = node.args["alias"].args.get("columns") if node.args.get("alias") else None
            if columns:
                visible = Visible(alias, rename(visible.outs, columns, self._reader.names))
            tree = Tree()
            tree.base = [leaf]
            return tree, [visible]
        content: list[str | Node] = ["function", node.key]
        for key in sorted(node.args):
            value = node.args[key]
            if value and key not in ("alias", "joins", "laterals", "outer", "view", "cross_apply", "offset"):
                content += [key, self._reading.value(value, "from")]
        if node.args.get("offset"):
            content.append("offset")
        return self._leaf(Leaf(*content, dependent=True), node, alias)

    def _subquery(self, node: exp.Subquery) -> tuple[Tree, list[Visible]]:
        reader = self._reader
        extras = [
            key
            for key in sorted(node.args)
            if node.args[key] and key not in ("this", "alias", "joins", "laterals", "with_")
        ]
        if isinstance(node.this, exp.Table):
            if extras or node.args.get("alias"):
                raise UnprovableError("an alias of joined tables")
            scope = Scope(reader.dialect, self._scope.outer)
            sources = Sources(reader, scope)
            sources._item(node.this)
            if scope.merged:
                raise UnprovableError("USING inside of brackets")
            return sources.tree, scope.visibles
        if any(key not in ("pivots", "sample") for key in extras):
            relation = reader.query(node, self._scope.outer)
        else:
            relation = reader.query(node.this, self._scope.outer)
            if extras:
                return self._modified(relation, node, extras, self._alias(node))
        return self._relation(relation, node, None)

    def _relation(
        self, relation: Relation, node: exp.Expr, cte: "Cte | None", alias: str = ""
    ) -> tuple[Tree, list[Visible]]:
        """A query as a source: taken apart where that changes nothing."""
        from dbt_isolation.compare.select import SelectRelation

        reader = self._reader
        alias = alias or self._alias(node)
        named = node.args.get("alias")
        columns = list(named.args.get("columns") or []) if named is not None else []
        if isinstance(relation, SelectRelation) and relation.plain and not reader.spent():
            if cte is not None:
                cte.taken = True
            visible = Visible(alias, relation.outs)
            tree = Tree()
            tree.take(relation.tree)
        else:
            tag = reader.tag(cte) if cte is not None and relation.volatile else ""
            leaf, visible = opaque(relation, alias, tag)
            tree = Tree()
            tree.base = [leaf]
        if columns:
            visible = Visible(alias, rename(visible.outs, columns, reader.names))
        return tree, [visible]


def _named(leaf: Leaf, name: str, shown: str) -> Out:
    return Out(name, shown, lambda: Ref(leaf, name))


def _placed(leaf: Leaf, place: int, name: str, shown: str) -> Out:
    return Out(name, shown, lambda: Ref(leaf, f"#{place}"))
