"""The SQL that a template makes, in as many texts as it takes to go through each of its branches."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from jinja2 import nodes

from dbt_isolation.code import jinja_tree
from dbt_isolation.code.arguments import Arguments
from dbt_isolation.code.choices import Choices
from dbt_isolation.code.events import Events
from dbt_isolation.code.expressions import Expressions
from dbt_isolation.code.given import DEEPEST, EndedError, Given, ReturnedError, call
from dbt_isolation.code.scope import Scope, loop_of, rounds, unpacked
from dbt_isolation.code.values import (
    Entries,
    Hole,
    Items,
    Known,
    Piece,
    Text,
    Unknown,
    Value,
    as_text,
)
from dbt_isolation.sql.unreadable import UnreadableError

#: dbt's naming macros, and what `init` has a project call its own ones.
_NAMING = re.compile(
    r"(?:(?:\w+__)?generate_(?:\w+_name|latest_version_pointer_alias)|project_(?:database|schema|alias)_name)$"
)
#: Calls whose block is run, and leaves nothing in its place.
_RUN = frozenset({"statement", "dbt.statement", "set_sql_header", "dbt.set_sql_header"})

#: A template that takes more is not gone through to its end.
_MOST_STEPS = 200_000


class _LoopLeftError(Exception):
    """A ``break`` or ``continue``."""

    def __init__(self, *, ends: bool) -> None:
        self.ends = ends


def render(
    tree: nodes.Template,
    source: str,
    events: Events,
    variables: Mapping[str, object],
    dialect: str = "",
    given: Given | None = None,
) -> Iterator[Text]:
    """Each text once: of the template itself, then of each macro in it.

    ``source``: the file in which the tree's offsets are; ``variables``: those of dbt_project.yml. ``given``:
    what is known of the run, whose macros are followed where they are called.
    """
    reader = _Renderer(source, events, variables, dialect, given)
    seen = set()
    for found in reader.texts(tree.body, {}):
        seen.add(found)
    globals_ = reader.kept
    for macro in tree.find_all(nodes.Macro):
        if macro.name.startswith("docs:"):
            continue
        before = dict(events.decisions)
        for found in reader.texts(macro.body, {**globals_, **reader.arguments(macro)}):
            seen.add(found)
        if _NAMING.match(macro.name):
            events.decisions = before
    yield from seen


class _Renderer:
    def __init__(
        self,
        source: str,
        events: Events,
        variables: Mapping[str, object],
        dialect: str,
        given: Given | None,
    ) -> None:
        self._source = source
        self._events = events
        self._given = given
        self._dialect = dialect
        self._packages = [given.package] if given is not None else []
        self._trees: dict[str, nodes.Macro] = {}
        follow = self._followed if given is not None else None
        self._expressions = Expressions(source, events, variables, given, follow)
        self._steps = 0
        self.kept: dict[str, Value] = {}

    def texts(self, body: Sequence[nodes.Node], known: Mapping[str, Value]) -> Iterator[Text]:
        """What ``body`` makes, a text a round."""
        choices = Choices(body, strict=self._given is not None)
        self._expressions.choices = choices
        for _ in choices.rounds():
            self._expressions.scope = Scope([dict(known)])
            found: list[Piece | Hole] = []
            with suppress(_LoopLeftError, EndedError):
                self._run(body, found)
            self.kept = self._expressions.scope.levels[0]
            yield Text(tuple(found))

    def arguments(self, macro: nodes.Macro) -> dict[str, Value]:
        """What the arguments of a macro are where nobody calls it: their defaults, or anything."""
        found: dict[str, Value] = {one.name: Unknown() for one in macro.args}
        self._expressions.choices = Choices(())
        for one, default in zip(macro.args[::-1], macro.defaults[::-1], strict=False):
            value = self._expressions.value(default)
            # An empty default says nothing of what callers give.
            found[one.name] = value if not _empty(value) else Unknown()
        return {**found, **dict.fromkeys(("varargs", "kwargs", "caller"), Unknown())}

    def _followed(self, name: str, arguments: Arguments) -> Value | None:
        """What dbt's function or a macro of the run gives; None where neither is known."""
        assert self._given is not None
        package = self._packages[-1]
        if name == "return" and len(self._packages) > 1:
            raise ReturnedError(arguments.positional[0] if arguments.positional else Known(None))
        macro = self._given.macro(name, package)
        if macro is None:
            return call(self._given, name, arguments, package, self._dialect)
        if len(self._packages) > DEEPEST:
            return Unknown()
        tree = self._tree(macro)
        outer = self._expressions.scope
        self._expressions.choices.entered(tree.body)
        self._packages.append(macro.partition(".")[0])
        self._expressions.scope = Scope([{}])
        found: list[Piece | Hole] = []
        try:
            self._bind_arguments(tree, arguments)
            self._run(tree.body, found)
        except ReturnedError as returned:
            return returned.value
        finally:
            self._expressions.scope = outer
            self._packages.pop()
        return Text(tuple(found))

    def _tree(self, macro: str) -> nodes.Macro:
        """A macro's, with offsets that are no other macro's: what is noted at one is noted once."""
        assert self._given is not None
        if macro not in self._trees:
            before = [self._given.macros[one] for one in self._trees]
            offset = len(self._source) + sum(map(len, before))
            tree = jinja_tree.parse(self._given.macros[macro])
            for node in tree.find_all(nodes.Node):
                if node.lineno is not None:
                    node.lineno += offset
            found = tree.find(nodes.Macro)
            if found is None:
                raise UnreadableError(f"no macro in {macro}")
            self._trees[macro] = found
        return self._trees[macro]

    def _bind_arguments(self, macro: nodes.Macro, arguments: Arguments) -> None:
        level = self._expressions.scope.levels[0]
        taken = [one.name for one in macro.args]
        level["varargs"] = Items(arguments.positional[len(taken) :])
        level["kwargs"] = Entries({key: one for key, one in arguments.named.items() if key not in taken})
        level["caller"] = Unknown()
        defaults = dict(zip(taken[::-1], macro.defaults[::-1], strict=False))
        for number, name in enumerate(taken):
            value = arguments.get(name, number)
            if value is None:
                value = self._expressions.value(defaults[name]) if name in defaults else Known(None)
            level[name] = value

    def _run(self, body: Sequence[nodes.Node], out: list[Piece | Hole]) -> None:
        for node in body:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise UnreadableError("its loops and branches go on for too long", node.lineno)
            run: Any = getattr(self, f"_{type(node).__name__.lower()}", None)
            if run is not None:
                try:
                    run(node, out)
                except UnreadableError as error:
                    raise UnreadableError(error.message, error.offset or node.lineno) from error

    def _output(self, node: nodes.Output, out: list[Piece | Hole]) -> None:
        for one in node.nodes:
            value = self._expressions.value(one)
            if isinstance(one, nodes.TemplateData):
                out.extend(as_text(value).pieces)
                continue
            # What is written is found where it is written, whatever it was made of elsewhere.
            start = max(self._source.rfind("{{", 0, one.lineno + 1), 0)
            pieces = as_text(value).pieces
            self._steps += len(pieces)
            for piece in pieces:
                if isinstance(piece, Hole):
                    out.append(replace(piece, start=start))
                else:
                    out.append(Piece(piece.text, start, exact=False))

    def _if(self, node: nodes.If, out: list[Piece | Hole]) -> None:
        branches = [node, *node.elif_]
        tests = [(one.test, partial(self._expressions.truth, one.test)) for one in branches]
        taken = self._expressions.choices.taken(node, tests)
        self._run(branches[taken].body if taken < len(branches) else node.else_, out)

    def _for(self, node: nodes.For, out: list[Piece | Hole]) -> None:
        values = rounds(self._expressions.value(node.iter))
        scope = self._expressions.scope
        for index, value in enumerate(values):
            scope.levels.append({"loop": loop_of(index, len(values))})
            self._bind(node.target, value)
            left_out = node.test is not None and self._expressions.truth(node.test) is False
            if left_out and self._given is not None:
                scope.levels.pop()
                continue
            try:
                self._run(node.body, out)
            except _LoopLeftError as left:
                if left.ends:
                    break
            finally:
                scope.levels.pop()
        if not values:
            self._run(node.else_, out)

    def _assign(self, node: nodes.Assign, out: list[Piece | Hole]) -> None:
        self._bind(node.target, self._expressions.value(node.node))

    def _assignblock(self, node: nodes.AssignBlock, out: list[Piece | Hole]) -> None:
        self._bind(node.target, self._block(node.body))

    def _callblock(self, node: nodes.CallBlock, out: list[Piece | Hole]) -> None:
        self._expressions.value(node.call)
        level: dict[str, Value] = {one.name: Unknown() for one in node.args}
        self._expressions.scope.levels.append(level)
        self._events.sql.setdefault(self._block(node.body), node.lineno)
        self._expressions.scope.levels.pop()
        name = node.call.node
        if not (isinstance(name, nodes.Name) and name.name in _RUN):
            out.append(Hole("text", start=node.lineno))

    def _filterblock(self, node: nodes.FilterBlock, out: list[Piece | Hole]) -> None:
        out.extend(self._block(node.body).pieces)

    def _with(self, node: nodes.With, out: list[Piece | Hole]) -> None:
        values = [self._expressions.value(one) for one in node.values]
        self._expressions.scope.levels.append({})
        for target, value in zip(node.targets, values, strict=True):
            self._bind(target, value)
        self._run(node.body, out)
        self._expressions.scope.levels.pop()

    def _scope(self, node: nodes.Scope, out: list[Piece | Hole]) -> None:
        self._run(node.body, out)

    def _macro(self, node: nodes.Macro, out: list[Piece | Hole]) -> None:
        self._expressions.scope.set(node.name, Unknown())

    def _exprstmt(self, node: nodes.ExprStmt, out: list[Piece | Hole]) -> None:
        self._expressions.value(node.node)

    def _break(self, node: nodes.Node, out: list[Piece | Hole]) -> None:
        raise _LoopLeftError(ends=True)

    def _continue(self, node: nodes.Node, out: list[Piece | Hole]) -> None:
        raise _LoopLeftError(ends=False)

    def _block(self, body: Sequence[nodes.Node]) -> Text:
        found: list[Piece | Hole] = []
        self._expressions.scope.levels.append({})
        try:
            self._run(body, found)
        finally:
            self._expressions.scope.levels.pop()
        return Text(tuple(found))

    def _bind(self, target: nodes.Node, value: Value) -> None:
        if isinstance(target, nodes.Name):
            self._expressions.scope.set(target.name, value)
        elif isinstance(target, nodes.Tuple):
            for one, part in zip(target.items, unpacked(value, len(target.items)), strict=True):
                self._bind(one, part)
        elif isinstance(target, nodes.NSRef):
            of = self._expressions.scope.get(target.name)
            if isinstance(of, Entries):
                of.values[target.attr] = value


def _empty(value: Value) -> bool:
    return value == Known(None) or value == Text() or isinstance(value, Known)
