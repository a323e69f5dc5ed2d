"""Jinja as dbt runs it, with values in it that are not known, and with an end to everything."""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any, cast

from jinja2 import TemplateError, nodes
from jinja2.environment import Template
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from dbt_isolation.rendering.budget import Budget
from dbt_isolation.rendering.doubts import Doubts, Unknown
from dbt_isolation.sql.unreadable import UnreadableError

#: dbt calls macros so inside their templates: a macro finds others, and itself, by what dbt looks up.
MACRO = "dbt_macro__"
_NOW = frozenset({"now", "utcnow", "today"})
_CHANCE = frozenset({"random", "lipsum"})
_TEMPLATE = re.compile(r"\{[{%#]|[#}%]\}")
_PADS = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs", "indent", "batch", "slice"})
_WIDE = re.compile(r"\d{5}|\*|\{[^}]*\{")
#: Filters whose result is the value's own, so that a value that is not known stays so.
_ROUNDS, _UNPACKED, _JOINED = "dbt_isolation_rounds", "dbt_isolation_unpacked", "dbt_isolation_joined"


class Sandbox(SandboxedEnvironment):
    """dbt's extensions and filters; ``doubts`` is the present node's."""

    intercepted_binops = frozenset({"+", "-", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", _Snapshots], cache_size=0)
        self.budget = Budget()
        self.doubts = Doubts()
        # Compiled templates ask the environment for it.
        vars(self)["concat"] = self._concat
        as_it_is: Callable[[Any], Any] = _same
        self.filters.update(dict.fromkeys(("as_text", "as_bool", "as_native", "as_number"), as_it_is))
        self.filters["is_list"] = _is_list
        self.filters = {name: self._filter(name, one) for name, one in self.filters.items()}
        self.filters[_ROUNDS] = self._rounds
        self.filters[_UNPACKED] = self._unpacked
        self.filters[_JOINED] = self._joined
        tests = cast(Mapping[str, Callable[..., Any]], self.tests)
        self.tests = {name: _test(one) for name, one in tests.items()}
        for name in _CHANCE:
            self.globals.pop(name, None)

    def render(self, text: str, names: Mapping[str, Any]) -> str:
        """What the template ``text`` makes; ``names``: what it finds by name."""
        # As dbt: it is not even taken apart.
        if _TEMPLATE.search(text) is None:
            return text
        template = self.template(text)
        return self._concat(template.root_render_func(self.context(template, names)))

    def template(self, text: str) -> Template:
        """Raises ``UnreadableError`` for what is no template."""
        try:
            return self.from_string(text)
        except TemplateError as error:
            raise UnreadableError(f"Jinja: {error.message}") from error

    def macro(self, template: Template, name: str, names: Mapping[str, Any]) -> Any:
        """The macro of that name in a template, to be called."""
        context = self.context(template, names)
        for _ in template.root_render_func(context):
            pass
        return context.vars[f"{MACRO}{name}"]

    def context(self, template: Template, names: Mapping[str, Any]) -> Context:
        """What a template runs in."""
        # Any mapping serves where nothing is imported or included; only a dictionary is foreseen.
        return self.context_class(self, cast(dict[str, Any], names), template.name, template.blocks)

    def call(self, context: Context, obj: Any, /, *arguments: Any, **named: Any) -> Any:
        """Each call is a step."""
        # The sandbox wraps what formats a string.
        method = getattr(obj, "__wrapped__", obj)
        name = getattr(method, "__name__", "")
        of = getattr(method, "__self__", None)
        if name in _NOW and issubclass(of if isinstance(of, type) else type(of), datetime.date):
            return self.doubts.unknown(f"{name}() differs from run to run")
        if name in _PADS:
            self.budget.width(*arguments, *named.values())
        if name in ("replace", "join") and isinstance(of, str):
            self.budget.longer(name, of, *arguments)
        if name in ("format", "format_map") and _WIDE.search(str(of)):
            raise UnreadableError("it pads a string beyond all use")
        return self.budget.made(super().call(context, obj, *arguments, **named))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Those that make something large are stopped before."""
        if operator == "*":
            self.budget.times(left, right)
        elif operator == "**":
            self.budget.power(left, right)
        elif operator == "%" and isinstance(left, str) and _WIDE.search(left):
            raise UnreadableError("it pads a string beyond all use")
        made = super().call_binop(context, operator, left, right)
        if isinstance(made, set) and len(made) > 1:
            self.unordered()
        return self.budget.made(made)

    def unordered(self) -> None:
        """A set was made: who goes through it does so in another order each time."""
        self.doubts.add("a set has no order")

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for one in list(tree.find_all(nodes.Node)):
            if isinstance(one, nodes.For):
                one.iter = _filtered(one.iter, _ROUNDS, _count(one.target))
            elif isinstance(one, nodes.Assign) and isinstance(one.target, nodes.Tuple):
                one.node = _filtered(one.node, _UNPACKED, _count(one.target))
            elif isinstance(one, nodes.Macro):
                one.name = f"{MACRO}{one.name}"
            for field in one.fields:
                value = getattr(one, field)
                if isinstance(value, nodes.Concat):
                    setattr(one, field, _joined(value))
                elif isinstance(value, list):
                    value[:] = [_joined(part) if isinstance(part, nodes.Concat) else part for part in value]
        return tree

    def _concat(self, parts: Iterable[str]) -> str:
        found = []
        for one in parts:
            self.budget.spend(1 + len(one))
            found.append(one)
        return "".join(found)

    def _joined(self, values: list[Any]) -> str:
        return self._concat(map(str, values))

    def _rounds(self, values: Any, count: int) -> Iterable[Any]:
        # A loop may ask for its length and for the next one.
        found = values if isinstance(values, str | list | tuple | dict) else list(self.budget.rounds(values))
        return _Rounds(self, found, count)

    def _unpacked(self, value: Any, count: int) -> Any:
        return [value] * count if isinstance(value, Unknown) else value

    def unpacked(self, value: Any, count: int) -> Any:
        """``value`` as so many names take it; 1 for a single one."""
        self.budget.spend(50)
        return self._unpacked(value, count) if count else value

    def _filter(self, name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
        passes = hasattr(filter_, "jinja_pass_arg")

        @wraps(filter_)
        def known(*arguments: Any, **named: Any) -> Any:
            given = arguments[1:] if passes else arguments
            for one in (*given, *named.values()):
                if isinstance(one, Unknown):
                    return one
            if name in _PADS:
                self.budget.width(*given[1:], *named.values())
            if name in ("replace", "join"):
                self.budget.longer(name, *given)
            if name in _CHANCE:
                return self.doubts.unknown(f"{name} differs from run to run")
            if name == "format" and _WIDE.search(str(given[0])):
                raise UnreadableError("it pads a string beyond all use")
            return self.budget.made(filter_(*arguments, **named))

        return known


class _Rounds:
    """What a loop goes through, each item a step; its length is known."""

    def __init__(self, sandbox: Sandbox, values: Any, count: int) -> None:
        self._sandbox = sandbox
        self._values = values
        self._count = count

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        for one in self._values:
            yield self._sandbox.unpacked(one, self._count)


def _filtered(node: nodes.Node, name: str, count: int) -> nodes.Filter:
    const = nodes.Const(count, lineno=node.lineno)
    return nodes.Filter(cast(nodes.Expr, node), name, [const], [], None, None, lineno=node.lineno)


def _joined(node: nodes.Concat) -> nodes.Filter:
    parts = nodes.List(node.nodes, lineno=node.lineno)
    return nodes.Filter(parts, _JOINED, [], [], None, None, lineno=node.lineno)


def _count(target: nodes.Node) -> int:
    return len(target.items) if isinstance(target, nodes.Tuple) else 0


def _test(test: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(test)
    def known(*arguments: Any, **named: Any) -> Any:
        unknown = next((one for one in arguments if isinstance(one, Unknown)), None)
        return unknown if unknown is not None else test(*arguments, **named)

    return known


def _same(value: Any) -> Any:
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


class _Snapshots(Extension):
    """Snapshots as they were first written, of which the body counts; no other block of dbt's is run."""

    tags = {"snapshot"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        while parser.stream.current.type != "block_end":
            next(parser.stream)
        return parser.parse_statements(("name:endsnapshot",), drop_needle=True)
