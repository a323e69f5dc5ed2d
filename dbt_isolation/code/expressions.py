"""The value of a Jinja expression, as far as it can be known without running it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

from dbt_isolation.code import dbt_context, strings
from dbt_isolation.code.arguments import Arguments
from dbt_isolation.code.choices import Choices
from dbt_isolation.code.events import Events
from dbt_isolation.code.values import (
    Entries,
    Global,
    Hole,
    Items,
    Known,
    Method,
    Text,
    Unknown,
    Value,
    bounded,
    hole,
    joined,
    names,
    text,
)

#: What else a relation's parts are called.
_PARTS = {"name": "identifier", "table": "identifier", "dataset": "schema", "project": "database"}
#: Longer lists are not gone through to their end: each of their items says the same.
_LONGEST = 50


@dataclass(slots=True)
class Scope:
    """The variables of a template; a block's own are gone after it."""

    levels: list[dict[str, Value]] = field(default_factory=lambda: [{}])

    def get(self, name: str) -> Value | None:
        """The innermost that is called so."""
        return next((level[name] for level in reversed(self.levels) if name in level), None)

    def set(self, name: str, value: Value) -> None:
        """In the innermost block."""
        self.levels[-1][name] = value


class Expressions:
    """Reads expressions of ``source``; ``variables``: those that dbt_project.yml sets."""

    def __init__(self, source: str, events: Events, variables: Mapping[str, object]) -> None:
        self._source = source
        self._events = events
        self._variables = variables
        self.choices = Choices(())
        self.scope = Scope()

    def value(self, node: nodes.Node) -> Value:
        """The value of ``node``; what it does on the way is in the events."""
        reader: Callable[[Any], Value] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        if reader is not None:
            return reader(node)
        found = frozenset[str]().union(
            *(names(self.value(one)) for one in node.iter_child_nodes() if isinstance(one, nodes.Expr))
        )
        return Unknown(found)

    def _const(self, node: nodes.Const) -> Value:
        if not isinstance(node.value, str):
            return Known(node.value) if isinstance(node.value, int | float | None) else Unknown()
        start = node.lineno + 1
        return text(node.value, start, exact=self._source.startswith(node.value, start))

    def _templatedata(self, node: nodes.TemplateData) -> Value:
        start = node.lineno
        return text(node.data, start, exact=self._source.startswith(node.data, start))

    def _name(self, node: nodes.Name) -> Value:
        known = self.scope.get(node.name)
        if known is not None:
            return known
        if node.name == "this":
            return hole("relation", "this", alias="this")
        if node.name in ("schema", "database"):
            return Unknown()
        return Global(node.name)

    def _list(self, node: nodes.List) -> Value:
        return Items([self.value(one) for one in node.items])

    def _tuple(self, node: nodes.Tuple) -> Value:
        return Items([self.value(one) for one in node.items])

    def _dict(self, node: nodes.Dict) -> Value:
        found: dict[object, Value] = {}
        for pair in node.items:
            key = self.value(pair.key)
            found[_key(key)] = self.value(pair.value)
        return Entries(found)

    def _concat(self, node: nodes.Concat) -> Value:
        return joined([self.value(one) for one in node.nodes])

    def _add(self, node: nodes.Add) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, Items) and isinstance(right, Items):
            bounded(len(left.values) + len(right.values))
            return Items([*left.values, *right.values])
        if isinstance(left, Known) and isinstance(right, Known):
            return Unknown()
        if isinstance(left, Text) or isinstance(right, Text):
            return joined([left, right])
        return Unknown(names(left) | names(right))

    def _mod(self, node: nodes.Mod) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, Text):
            return strings.percent(left, right.values if isinstance(right, Items) else [right])
        return Unknown(names(left) | names(right))

    def _condexpr(self, node: nodes.CondExpr) -> Value:
        if self.choices.taken(node, [(node.test, lambda: self.truth(node.test))]) == 0:
            return self.value(node.expr1)
        return self.value(node.expr2) if node.expr2 is not None else Text()

    def truth(self, node: nodes.Node) -> bool | None:
        """Whether a condition holds; None where only a run knows."""
        value = self.value(node)
        if isinstance(value, Known):
            return bool(value.value)
        if isinstance(value, Text) and value.literal is not None:
            return bool(value.literal)
        if isinstance(value, Items):
            return bool(value.values)
        return None

    def _and(self, node: nodes.And) -> Value:
        left, right = self.truth(node.left), self.truth(node.right)
        if left is False or right is False:
            return Known(False)
        return Known(True) if left and right else Unknown()

    def _or(self, node: nodes.Or) -> Value:
        left = self.value(node.left)
        right = self.value(node.right)
        if isinstance(left, Known) and not left.value:
            return right
        if isinstance(left, Text) and left.literal == "":
            return right
        # `var('x') or 'y'` is one of two; the names of both count.
        return left if isinstance(left, Text | Known) else Unknown(names(left) | names(right))

    def _not(self, node: nodes.Not) -> Value:
        known = self.truth(node.node)
        return Unknown() if known is None else Known(not known)

    def _compare(self, node: nodes.Compare) -> Value:
        left = self.value(node.expr)
        others = [self.value(one.expr) for one in node.ops]
        self._events.compared(_first(node), left, others)
        if len(others) == 1:
            return strings.compared(node.ops[0].op, left, others[0])
        return Unknown()

    def _getattr(self, node: nodes.Getattr) -> Value:
        return self._attribute(self.value(node.node), node.attr)

    def _getitem(self, node: nodes.Getitem) -> Value:
        of = self.value(node.node)
        if isinstance(node.arg, nodes.Slice):
            return Unknown(names(of))
        key = self.value(node.arg)
        if "target.name" in names(key) and not (isinstance(of, Global) and of.name == "target"):
            self._events.compared(_first(node), key, [of])
        literal = key.literal if isinstance(key, Text) else None
        if isinstance(of, Entries):
            if _key(key) in of.values:
                return of.values[_key(key)]
            return Unknown(names(key).union(*map(names, of.values.values())))
        if isinstance(of, Items) and isinstance(key, Known) and isinstance(key.value, int):
            return of.values[key.value] if -len(of.values) <= key.value < len(of.values) else Unknown()
        if literal is not None:
            return self._attribute(of, literal)
        return Unknown(names(of) | names(key))

    def _attribute(self, of: Value, name: str) -> Value:
        if isinstance(of, Entries) and name in of.values:
            return of.values[name]
        if isinstance(of, Global):
            known = dbt_context.attribute(of.name, name)
            return known if known is not None else Global(f"{of.name}.{name}")
        if isinstance(of, Text) and len(of.pieces) == 1 and isinstance(of.pieces[0], Hole):
            one = of.pieces[0]
            part = _PARTS.get(name, name)
            if one.kind in ("relation", "made") and part in ("database", "schema", "identifier"):
                if one.kind == "made":
                    index = ("database", "schema", "identifier").index(part)
                    return one.parts[index]
                return hole("name", one.what, part=part)
        return Method(of, name)

    def _call(self, node: nodes.Call) -> Value:
        function = self.value(node.node)
        arguments = self._arguments(node)
        at = _first(node)
        if isinstance(function, Method):
            return self._method(function, arguments, at)
        if isinstance(function, Global):
            return dbt_context.call(function.name, arguments, at, self._events, self._variables)
        return Unknown()

    def _arguments(self, node: nodes.Call | nodes.Filter | nodes.Test) -> Arguments:
        named = {str(getattr(one, "key", "")): self.value(getattr(one, "value", one)) for one in node.kwargs}
        found = Arguments([self.value(one) for one in node.args], named)
        if node.dyn_args is not None:
            self.value(node.dyn_args)
        if node.dyn_kwargs is not None:
            more = self.value(node.dyn_kwargs)
            if isinstance(more, Entries):
                found.named.update({str(key): one for key, one in more.values.items()})
        return found

    def _method(self, method: Method, arguments: Arguments, at: int) -> Value:
        of, name = method.of, method.name
        if isinstance(of, Items):
            if name in ("append", "insert") and arguments.positional:
                if len(of.values) < _LONGEST:
                    of.values.append(arguments.positional[-1])
                return Known(None)
            if name == "extend" and arguments.positional and isinstance(arguments.positional[0], Items):
                of.values.extend(arguments.positional[0].values[: _LONGEST - len(of.values)])
                return Known(None)
        if isinstance(of, Entries):
            return self._entries(of, name, arguments, at)
        given = [*arguments.positional, *arguments.named.values()]
        if name == "get" and any("target.name" in names(one) for one in given):
            self._events.compared(at, arguments.positional[0], [of])
        if isinstance(of, Text):
            return strings.method(of, name, arguments, at, self._events)
        return Unknown(names(of).union(*map(names, given)))

    def _entries(self, of: Entries, name: str, arguments: Arguments, at: int) -> Value:
        if name == "items":
            return Items([Items([_of_key(key, at), one]) for key, one in of.values.items()])
        if name == "values":
            return Items(list(of.values.values()))
        if name == "keys":
            return Items([_of_key(key, at) for key in of.values])
        if name == "update" and arguments.positional and isinstance(arguments.positional[0], Entries):
            of.values.update(arguments.positional[0].values)
            return Known(None)
        if name == "get" and arguments.positional:
            key = arguments.positional[0]
            if "target.name" in names(key):
                self._events.compared(at, key, [of])
            default = arguments.positional[1] if len(arguments.positional) > 1 else Unknown(names(key))
            return of.values.get(_key(key), default)
        return Unknown()

    def _filter(self, node: nodes.Filter) -> Value:
        of = self.value(node.node) if node.node is not None else Unknown()
        return strings.filtered(of, node.name, self._arguments(node), _first(node), self._events)

    def _test(self, node: nodes.Test) -> Value:
        of = self.value(node.node)
        arguments = self._arguments(node)
        if node.name in ("eq", "equalto", "==", "ne", "!=", "in", "sameas"):
            self._events.compared(_first(node), of, arguments.positional)
            if node.name in ("eq", "equalto", "==") and arguments.positional:
                return strings.compared("eq", of, arguments.positional[0])
        if node.name == "none" and isinstance(of, Known):
            return Known(of.value is None)
        return Unknown()


def loop_of(index: int, length: int) -> Entries:
    """The ``loop`` of one round, as far as templates ask for it."""
    return Entries(
        {
            "index": Known(index + 1),
            "index0": Known(index),
            "revindex": Known(length - index),
            "first": Known(index == 0),
            "last": Known(index == length - 1),
            "length": Known(length),
        }
    )


def rounds(value: Value) -> Sequence[Value]:
    """What a loop goes through; one unknown round where only a run knows."""
    if isinstance(value, Items):
        return value.values[:_LONGEST]
    if isinstance(value, Entries):
        return [_of_key(key, 0) for key in list(value.values)[:_LONGEST]]
    return [Unknown(names(value))]


def unpacked(value: Value, count: int) -> Iterator[Value]:
    """The values for ``count`` names at once."""
    if isinstance(value, Items) and len(value.values) == count:
        yield from value.values
    else:
        for _ in range(count):
            yield Unknown(names(value))


def _key(value: Value) -> object:
    if isinstance(value, Text):
        return value.literal if value.literal is not None else value
    return value.value if isinstance(value, Known) else id(value)


def _of_key(key: object, at: int) -> Value:
    return text(key, at) if isinstance(key, str) else Unknown()


def _first(node: nodes.Node) -> int:
    """Where the first name or literal of an expression stands."""
    found = [one.lineno for one in (node, *node.find_all((nodes.Name, nodes.Const)))]
    return min((one for one in found if one is not None), default=0)
