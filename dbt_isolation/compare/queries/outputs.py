"""The output columns of a SELECT: stars spelled out, and the names that the engine gives."""

import re
from functools import partial
from typing import TYPE_CHECKING

from sqlglot import exp

from dbt_isolation.compare.queries.expressions import Expressions
from dbt_isolation.compare.queries.functions import is_volatile
from dbt_isolation.compare.queries.keys import Node, UnprovableError
from dbt_isolation.compare.queries.relations import Out
from dbt_isolation.compare.queries.scopes import Scope

if TYPE_CHECKING:
    from dbt_isolation.compare.queries.reader import Reader


class Outputs:
    """Reads a select list."""

    def __init__(self, reader: "Reader", scope: Scope, reading: Expressions) -> None:
        self._names = reader.names
        self._dialect = reader.dialect
        self._scope = scope
        self._reading = reading

    def read(self, node: exp.Select) -> list[Out]:
        """The columns; an alias can be seen in the rest of the SELECT from here on."""
        whole = node.args.get("kind")
        outs: list[Out] = []
        volatile: dict[str, int] = {}
        for place, one in enumerate(node.expressions):
            if isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star)):
                outs += self._star(one)
                continue
            if one.is_star and isinstance(one, exp.Dot):
                raise UnprovableError("the star of a struct")
            if isinstance(one, exp.Aliases):
                raise UnprovableError("one expression with several names")
            outs.append(self._one(one, place, volatile))
        if whole:
            parts: list[str | Node] = [str(whole)]
            for out in outs:
                parts += [out.name, out.node]
            return [Out("$row", "$row", partial(_itself, Node("row of", *parts)))]
        return outs

    def _one(self, one: exp.Expr, place: int, volatile: dict[str, int]) -> Out:
        inner = one.this if isinstance(one, exp.Alias) else one
        tag = ""
        if any(is_volatile(part) for part in inner.walk()):
            text = inner.sql()
            volatile[text] = count = volatile.get(text, 0) + 1
            tag = str(count)
        if isinstance(one, exp.Alias):
            alias = one.args["alias"]
            name, shown = self._names.identifier(alias), alias.name
        else:
            shown, quoted = _unnamed(inner, self._dialect, place)
            name = self._names.column(shown, quoted)
        out = Out(name, shown, partial(self._make, inner, tag, set(self._scope.aliases)), source=inner)
        if isinstance(one, exp.Alias):
            self._scope.alias(name, out)
            for column in inner.find_all(exp.Column):
                if len(column.parts) == 1 and self._names.identifier(column.this) == name:
                    self._scope.from_itself.add(name)
        return out

    def _make(self, inner: exp.Expr, tag: str, before: set[str]) -> Node:
        node = self._scope.reading_out(before, partial(self._reading.read, inner, "select"))
        return Node("volatile", tag, node) if tag else node

    def _star(self, one: exp.Expr) -> list[Out]:
        outs = list(self._scope.star)
        star = one
        if isinstance(one, exp.Column):
            star = one.this
            name = self._names.identifier(one.args["table"])
            visible = self._scope.source(name)
            if visible is None or len(one.parts) > 2:
                raise UnprovableError(f"{one.sql()} belongs to no source")
            outs = list(visible.outs)
        if star.args.get("ilike"):
            raise UnprovableError("a star with ILIKE")
        dropped = self._listed(star, "except_")
        replaced = {self._names.identifier(one.args["alias"]): one for one in star.args.get("replace") or []}
        renamed = {
            self._names.identifier(one.this): one.args["alias"] for one in star.args.get("rename") or []
        }
        found: list[Out] = []
        gone = frozenset(dropped) | frozenset(replaced) | frozenset(renamed)
        for out in outs:
            if out.open is not None:
                if gone:
                    found.append(_less(out, gone))
                    for name, alias in renamed.items():
                        made = partial(_of_open, out, name)
                        found.append(Out(self._names.identifier(alias), alias.name, made))
                    found += [self._one(one, 0, {}) for one in replaced.values()]
                else:
                    found.append(out)
            elif out.name in dropped:
                continue
            elif out.name in replaced:
                one = replaced[out.name]
                found.append(
                    Out(out.name, out.shown, partial(self._make, one.this, "", set()), source=one.this)
                )
            elif out.name in renamed:
                alias = renamed[out.name]
                found.append(Out(self._names.identifier(alias), alias.name, partial(_node_of, out)))
            else:
                found.append(out)
        if renamed and len([out for out in outs if out.open is not None]) > 1:
            raise UnprovableError("a star with RENAME over several sources whose columns are not known")
        return found

    def _listed(self, star: exp.Expr, key: str) -> list[str]:
        found = []
        for one in star.args.get(key) or []:
            column = one.this if isinstance(one, exp.Column) else one
            found.append(self._names.identifier(column))
        return found


def _less(out: Out, gone: frozenset[str]) -> Out:
    without = out.without | gone
    return Out("", "*", lambda: Node("less", out.node, *sorted(without)), out.open, without)


def _of_open(out: Out, name: str) -> Node:
    assert out.open is not None
    return out.open(name)


def _node_of(out: Out) -> Node:
    return out.node


def _itself(node: Node) -> Node:
    return node


_FUNCTION = re.compile(r"\s*([A-Za-z_]\w*)\s*\(")


def _unnamed(node: exp.Expr, dialect: str, place: int) -> tuple[str, bool]:
    """The name that an engine gives a column without an alias, and whether its case counts.

    Engines that make it of the text get it of the text, so that another writing is another name.
    """
    text = str(node.meta.get("text") or node.sql(dialect))
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        return node.name, bool(node.this.args.get("quoted"))
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        return node.expression.name, bool(node.expression.args.get("quoted"))
    if dialect == "bigquery":
        return f"f{place}_", False
    if dialect in ("postgres", "redshift"):
        if isinstance(node, exp.Cast) and isinstance(node.this, exp.Column):
            return _unnamed(node.this, dialect, place)
        if isinstance(node, exp.Case):
            return "case", False
        called = _FUNCTION.match(text)
        if called and isinstance(node, exp.Func) and not isinstance(node, exp.Cast):
            return called[1].lower(), False
    return text, False
