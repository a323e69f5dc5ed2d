"""Chains of AND and OR, and what their denial is."""

from sqlglot import exp

from dbt_isolation.compare.queries.keys import Node


def always(term: exp.Expr) -> bool:
    """Whether a condition is true of every row: TRUE, 1 = 1."""
    if isinstance(term, exp.EQ):
        one, other = bare(term.this), bare(term.expression)
        return isinstance(one, exp.Literal) and isinstance(other, exp.Literal) and one.args == other.args
    return isinstance(term, exp.Boolean) and bool(term.this)


def fields(node: Node, names: list[str]) -> Node:
    """A field of a struct, by the names that lead to it."""
    for name in names:
        node = Node("field", name, node)
    return node


def bare(node: exp.Expr) -> exp.Expr:
    """An expression without the brackets around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def terms(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """The operands of a chain of one operator, however deep it leans."""
    found: list[exp.Expr] = []
    ahead = [node]
    while ahead:
        one = bare(ahead.pop())
        if isinstance(one, kind):
            ahead += [one.expression, one.this]
        else:
            found.append(one)
    return found


def flat(op: str, terms: list[Node]) -> Node:
    """AND or OR of terms, of which some may be such chains themselves."""
    parts: list[Node] = []
    for term in terms:
        parts += [one for one in term.parts if isinstance(one, Node)] if term.op == op else [term]
    return Node(op, *parts, order="set")


def deny(node: Node) -> Node:
    """NOT of a condition, which three values of truth allow to be moved inside."""
    if node.op in ("eq", "neq"):
        return Node("neq" if node.op == "eq" else "eq", *node.parts, order="bag")
    if node.op in ("and", "or"):
        terms = [deny(part) for part in node.parts if isinstance(part, Node)]
        return flat("or" if node.op == "and" else "and", terms)
    if node.op == "not" and isinstance(node.parts[0], Node) and node.parts[0].op in _TRUTHS:
        return node.parts[0]
    return Node("not", node)


_TRUTHS = ("eq", "neq", "lt", "lte", "and", "or", "in", "is", "like", "ilike", "in query", "sub", "boolean")
