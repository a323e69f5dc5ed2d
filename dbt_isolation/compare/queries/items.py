"""One source in FROM: a table, a query, a function that makes rows, or several in brackets."""

from typing import TYPE_CHECKING

from sqlglot import exp

from dbt_isolation.compare.queries.expressions import Expressions
from dbt_isolation.compare.queries.functions import is_volatile
from dbt_isolation.compare.queries.keys import Node, Ref, Sub, UnprovableError
from dbt_isolation.compare.queries.relations import Leaf, Out, Relation, Tree
from dbt_isolation.compare.queries.scopes import Scope, Visible, opaque, rename

if TYPE_CHECKING:
    from dbt_isolation.compare.queries.reader import Cte, Reader

_OUTSIDE = ("this", "alias", "db", "catalog", "joins", "laterals")


class Items:
    """Reads sources; what they are joined to is read by the class that has them."""

    def __init__(self, reader: "Reader", scope: Scope) -> None:
        self._reader = reader
        self._scope = scope
        self._reading = Expressions(reader, scope)
        self.tree = Tree()

    def read_item(self, node: exp.Expr) -> None:
        """Reads a first source, with what is joined to it in its own brackets."""
        raise NotImplementedError

    def source(self, node: exp.Expr) -> tuple[Tree, list[Visible]]:
        """A source's rows, and by what names it can be called."""
        if isinstance(node, exp.Table):
            return self._table(node)
        if isinstance(node, exp.Final) and isinstance(node.this, exp.Table):
            table = node.this.copy()
            table.set("hints", [*(table.args.get("hints") or []), exp.var("final")])
            return self._table(table)
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
            sources = type(self)(reader, scope)
            sources.read_item(node.this)
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
        from dbt_isolation.compare.queries.select import SelectRelation

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
