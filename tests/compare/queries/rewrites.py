"""Ways to write a query otherwise that do not change what it gives."""

from collections.abc import Callable
from random import Random

import sqlglot
from sqlglot import exp


def rewritten(sql: str, random: Random) -> str:
    """The query in another writing: one to four ways, one after the other."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for way in random.sample(WAYS, random.randint(1, 4)):
        tree = way(tree, random)
    text = tree.sql(
        "duckdb", pretty=random.random() < 0.5, normalize_functions=random.choice(["upper", "lower"])
    )
    return text if random.random() < 0.5 else f"-- another\n{text}\n/* way */ ;"


def _aliases(tree: exp.Expr, random: Random) -> exp.Expr:
    """Sources and CTEs under other names, that no column has."""
    names = {"x": "q1", "c": "q2", "w": "q3", "y": "q4"}
    for node in tree.find_all(exp.Identifier):
        if node.this in names:
            node.set("this", names[node.this])
    return tree


def _turn(tree: exp.Expr, random: Random) -> exp.Expr:
    """Operands that commute, and lists whose order means nothing."""
    for node in list(tree.find_all(exp.And, exp.Or, exp.EQ, exp.NEQ, exp.Add, exp.Mul)):
        if random.random() < 0.6:
            one, other = node.this, node.expression
            node.set("this", exp.paren(other, copy=False))
            node.set("expression", exp.paren(one, copy=False))
    for listed in list(tree.find_all(exp.In)):
        listed.set("expressions", listed.expressions[::-1])
    return tree


def _compare(tree: exp.Expr, random: Random) -> exp.Expr:
    """BETWEEN and > by other signs, <> by NOT and =."""

    def other(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Between):
            low, high = node.args["low"], node.args["high"]
            return exp.paren(exp.and_(exp.GTE(this=node.this, expression=low), node.this.copy() <= high))
        if isinstance(node, exp.GT):
            return exp.LT(this=exp.paren(node.expression), expression=exp.paren(node.this))
        if isinstance(node, exp.NEQ):
            return exp.not_(exp.EQ(this=node.this, expression=node.expression))
        return node

    return tree.transform(other)


def _cases(tree: exp.Expr, random: Random) -> exp.Expr:
    """CASE x WHEN y as CASE WHEN x = y, COALESCE by another name."""
    for node in list(tree.find_all(exp.Case)):
        subject = node.args.get("this")
        if subject is not None:
            for branch in node.args["ifs"]:
                branch.set("this", exp.EQ(this=subject.copy(), expression=branch.this))
            node.set("this", None)
    return tree


def _brackets(tree: exp.Expr, random: Random) -> exp.Expr:
    """Brackets that say nothing."""
    for node in list(tree.find_all(exp.Column, exp.Binary)):
        if (
            isinstance(node.parent, exp.Binary | exp.Where | exp.Alias | exp.Case | exp.If)
            and random.random() < 0.4
        ):
            node.replace(exp.paren(node.copy()))
    return tree


def _more_ctes(tree: exp.Expr, random: Random) -> exp.Expr:
    """A CTE that nobody reads, before or behind the others."""
    unused = exp.CTE(
        this=sqlglot.parse_one("select 1 as one from u"), alias=exp.TableAlias(this=exp.to_identifier("idle"))
    )
    known = tree.args.get("with_")
    if known is None:
        tree.set("with_", exp.With(expressions=[unused]))
    else:
        known.set("expressions", random.choice([[unused, *known.expressions], [*known.expressions, unused]]))
    return tree


def _wrapped(tree: exp.Expr, random: Random) -> exp.Expr:
    """The whole as a CTE, of which everything is taken."""
    if random.random() < 0.5:
        return sqlglot.parse_one(f"select * from ({tree.sql('duckdb')}) as whole", read="duckdb")
    return sqlglot.parse_one(f"with final as ({tree.sql('duckdb')}) select final.* from final", read="duckdb")


def _extracted(tree: exp.Expr, random: Random) -> exp.Expr:
    """Subqueries of FROM as CTEs."""
    for place, node in enumerate(list(tree.find_all(exp.Subquery))):
        if isinstance(node.parent, exp.From | exp.Join) and node.parent_select is tree and node.alias:
            inner = node.this
            if inner.args.get("with_"):
                continue
            name = f"part{place}"
            cte = exp.CTE(this=inner.copy(), alias=exp.TableAlias(this=exp.to_identifier(name)))
            known = tree.args.get("with_")
            tree.set("with_", exp.With(expressions=[*(known.expressions if known else []), cte]))
            node.replace(exp.Table(this=exp.to_identifier(name), alias=node.args["alias"].copy()))
    return tree


def _ordered(tree: exp.Expr, random: Random) -> exp.Expr:
    """An order at the end, where nothing limits the rows."""
    if isinstance(tree, exp.Select) and not tree.args.get("limit") and not tree.args.get("order"):
        return tree.order_by("1")
    return tree


def _ordinals(tree: exp.Expr, random: Random) -> exp.Expr:
    """GROUP BY a column's place."""
    for node in list(tree.find_all(exp.Group)):
        select = node.parent
        if (
            isinstance(select, exp.Select)
            and len(node.expressions) == 1
            and node.expressions[0].sql() in ("x.a", "q1.a")
        ):
            node.set("expressions", [exp.Literal.number(1)])
    return tree


WAYS: list[Callable[[exp.Expr, Random], exp.Expr]] = [
    *(_aliases, _turn, _compare, _cases, _brackets, _more_ctes, _wrapped, _extracted, _ordered, _ordinals),
]
