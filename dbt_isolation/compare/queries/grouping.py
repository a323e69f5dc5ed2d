"""GROUP BY, in all its spellings."""

from typing import TYPE_CHECKING

from sqlglot import exp

from dbt_isolation.compare.queries.expressions import Expressions
from dbt_isolation.compare.queries.functions import Holds, holds
from dbt_isolation.compare.queries.keys import Node, UnprovableError
from dbt_isolation.compare.queries.sets import at_place

if TYPE_CHECKING:
    from dbt_isolation.compare.queries.select import SelectRelation


def read_group(
    relation: "SelectRelation", node: exp.Select, reading: Expressions, shape: Holds, dialect: str
) -> None:
    group = node.args.get("group")
    having = node.args.get("having")
    if group is None:
        aggregates = shape.aggregate or having is not None
        if not aggregates and any(node.args.get(key) is not None for key in ("order", "qualify")):
            after = [node.args[key] for key in ("order", "qualify") if node.args.get(key) is not None]
            aggregates = holds(after, dialect).aggregate
        if aggregates:
            relation.group = []
        elif shape.unknown and not shape.bare:
            # A function that nobody knows may be an aggregate where no column stands outside of it.
            relation.other.append(Node("may aggregate", *sorted(set(shape.unknown))))
        return
    keys: list[Node] = []
    for term in group.expressions:
        keys.append(group_key(relation, term, reading))
    if group.args.get("all"):
        keys += _all_keys(relation, node, dialect)
    for kind in ("grouping_sets", "cube", "rollup", "totals"):
        value = group.args.get(kind)
        if value:
            keys.append(Node(kind, reading.value(value, "group")))
    relation.group = (relation.group or []) + keys


def group_key(relation: "SelectRelation", term: exp.Expr, reading: Expressions) -> Node:
    while isinstance(term, exp.Paren):
        term = term.this
    if isinstance(term, exp.Literal) and not term.is_string:
        return at_place(relation.outs, term.name)
    if isinstance(term, exp.Rollup | exp.Cube | exp.GroupingSets):
        inner = [group_key(relation, one, reading) for one in term.expressions]
        return Node(term.key, *inner)
    if isinstance(term, exp.Tuple):
        return Node("tuple", *(group_key(relation, one, reading) for one in term.expressions))
    return reading.read(term, "group")


def _all_keys(relation: "SelectRelation", node: exp.Select, dialect: str) -> list[Node]:
    """What GROUP BY ALL groups by: every column without an aggregate."""
    if any(isinstance(one, exp.Star) or one.is_star for one in node.expressions):
        if holds(node.expressions, dialect).aggregate and len(node.expressions) > 1:
            raise UnprovableError("GROUP BY ALL beside a star")
        return [out.node for out in relation.outs]
    return [
        out.node
        for out, one in zip(relation.outs, node.expressions, strict=True)
        if not holds([one], dialect).aggregate
    ]
