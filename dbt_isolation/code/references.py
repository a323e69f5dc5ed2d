"""Which refs and sources a node's template names, and whether each is plainly a part of its SQL."""

import re
from dataclasses import dataclass

from jinja2 import nodes

from dbt_isolation.code import jinja_tree
from dbt_isolation.sql.unreadable import UnreadableError

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """``kind``: ref or source. ``names``: its arguments. ``plain``: it is written where it stands, always.

    What is not plain may be meant for something else than the SQL: it stands in a comment, in a condition, a
    loop or a block, or is given to a macro.
    """

    kind: str
    names: tuple[str, ...]
    plain: bool


def references(raw_code: str) -> tuple[Reference, ...]:
    """Those whose names are known; none of what is no template."""
    text = raw_code.replace("\r\n", "\n").replace("\r", "\n")
    try:
        tree = jinja_tree.parse(text)
    except UnreadableError:
        return ()
    comments = [match.span() for match in _COMMENT.finditer(text)]
    loaded = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "load"}
    plain: set[int] = set()
    for node in tree.body:
        if isinstance(node, nodes.Output):
            plain.update(id(one) for one in node.nodes)
        elif isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
            # A variable that nothing reads is for nothing.
            plain |= {id(node.node)} if node.target.name not in loaded else set()
    return tuple(
        Reference(kind, names, id(call) in plain and not _within(call.lineno, comments))
        for call in tree.find_all(nodes.Call)
        for kind in [_kind(call.node)]
        if kind
        for names in [_names(call)]
        if names
    )


def _within(offset: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= offset < end for start, end in spans)


def _kind(function: nodes.Node) -> str:
    name = function.name if isinstance(function, nodes.Name) else ""
    if isinstance(function, nodes.Getattr) and isinstance(function.node, nodes.Name):
        name = function.attr if function.node.name == "builtins" else ""
    return name if name in ("ref", "source") else ""


def _names(call: nodes.Call) -> tuple[str, ...]:
    found = [one.value for one in call.args if isinstance(one, nodes.Const) and isinstance(one.value, str)]
    return tuple(found) if len(found) == len(call.args) else ()
