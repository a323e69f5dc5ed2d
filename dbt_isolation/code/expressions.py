"""The value of a Jinja expression, as far as it can be known without running it."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

from dbt_isolation.code import dbt_context, strings
from dbt_isolation.code.arguments import Arguments
from dbt_isolation.code.choices import Choices
from dbt_isolation.code.events import Events
from dbt_isolation.code.given import Given
from dbt_isolation.code.scope import LONGEST, Scope, key_of, of_key
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
from dbt_isolation.code.values import known as known_value

#: What else a relation's parts are called.
_PARTS = {"name": "identifier", "table": "identifier", "dataset": "schema", "project": "database"}


class Expressions:
    """Reads expressions of ``source``; ``variables``: those that dbt_project.yml sets.

    ``given``: what is known of the run, and then ``follow`` gives what a macro of its makes of its arguments.
    """

    def __init__(
        self,
        source: str,
        events: Events,
        variables: Mapping[str, object],
        given: Given | None = None,
        follow: Callable[[str, Arguments], Value | None] | None = None,
    ) -> None:
        self._given = given
        self._names: Mapping[str, object] = given.names if given is not None else {}
        self._follow = follow
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
        if node.name in self._names:
            return known_value(self._names[node.name])
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
            found[key_of(key)] = self.value(pair.value)
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
        if isinstance(left, Unknown) and isinstance(right, Known) and right.value:
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
        pairs = zip([left, *others], others, strict=False)
        known = [strings.compared(one.op, *pair) for one, pair in zip(node.ops, pairs, strict=True)]
        return next((one for one in known if one != Known(True)), Known(True))

    def _getattr(self, node: nodes.Getattr) -> Value:
        return self._attribute(self.value(node.node), node.attr)

    def _getitem(self, node: nodes.Getitem) -> Value:
        of = self.value(node.node)
        if isinstance(node.arg, nodes.Slice):
            ends = [self.value(one) if one is not None else None for one in (node.arg.start, node.arg.stop)]
            return strings.part(of, *ends) if isinstance(of, Text) else Unknown(names(of))
        key = self.value(node.arg)
        if "target.name" in names(key) and not (isinstance(of, Global) and of.name == "target"):
            self._events.compared(_first(node), key, [of])
        literal = key.literal if isinstance(key, Text) else None
        if isinstance(of, Entries):
            if key_of(key) in of.values:
                return of.values[key_of(key)]
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
            if f"{of.name}.{name}" in self._names:
                return known_value(self._names[f"{of.name}.{name}"])
            known = dbt_context.attribute(of.name, name)
            return known if known is not None else Global(f"{of.name}.{name}")
        if isinstance(of, Text) and len(of.pieces) == 1 and isinstance(of.pieces[0], Hole):
            one = of.pieces[0]
            part = _PARTS.get(name, name)
            if one.kind in ("relation", "made") and part in ("database", "schema", "identifier"):
                if f"{one.what}.{part}" in self._names:
                    return known_value(self._names[f"{one.what}.{part}"])
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
            followed = self._follow(function.name, arguments) if self._follow is not None else None
            if followed is not None:
                return followed
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
                if len(of.values) < LONGEST:
                    of.values.append(arguments.positional[-1])
                return Known(None)
            if name == "extend" and arguments.positional and isinstance(arguments.positional[0], Items):
                of.values.extend(arguments.positional[0].values[: LONGEST - len(of.values)])
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
            return Items([Items([of_key(key, at), one]) for key, one in of.values.items()])
        if name == "values":
            return Items(list(of.values.values()))
        if name == "keys":
            return Items([of_key(key, at) for key in of.values])
        if name == "update" and arguments.positional and isinstance(arguments.positional[0], Entries):
            of.values.update(arguments.positional[0].values)
            return Known(None)
        if name == "get" and arguments.positional:
            key = arguments.positional[0]
            if "target.name" in names(key):
                self._events.compared(at, key, [of])
            default = arguments.positional[1] if len(arguments.positional) > 1 else Unknown(names(key))
            return of.values.get(key_of(key), default)
        return Unknown()

    def _filter(self, node: nodes.Filter) -> Value:
        of = self.value(node.node) if node.node is not None else Unknown()
        if self._given is not None and node.name in ("default", "d"):
            # A macro's argument that was not given is None.
            default = self._arguments(node).get("default_value", 0)
            return of if of != Known(None) else default if default is not None else Text()
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


def _first(node: nodes.Node) -> int:
    """Where the first name or literal of an expression stands."""
    found = [one.lineno for one in (node, *node.find_all((nodes.Name, nodes.Const)))]
    return min((one for one in found if one is not None), default=0)
