"""Which branch a template takes: each is taken in one of the rounds that go through it."""

from collections.abc import Callable, Iterator, Sequence

from jinja2 import nodes

#: More rounds than any template that people write needs.
_MOST = 60
_Branch = tuple[int, int]


class Choices:
    """Leads through ``body`` until each branch was taken.

    A condition that is known is kept to, and within a round equal conditions have equal values; what no such
    round reaches is taken at the end all the same, unless the choices are ``strict``.
    """

    def __init__(self, body: Sequence[nodes.Node], *, strict: bool = False) -> None:
        self._strict = strict
        self._called: dict[int, set[_Branch]] = {}
        self._taken: list[_Branch] = []
        self._inside: dict[_Branch, set[_Branch]] = {}
        self._open: set[_Branch] = set()
        for node in body:
            self._open |= self._find(node)
        self._assumed: dict[str, bool] = {}
        self._forced = False
        self._new = False

    def rounds(self) -> Iterator[int]:
        """A number for each round; the caller goes through the body in it."""
        for number in range(_MOST):
            self._new = False
            self._assumed.clear()
            self._taken.clear()
            yield number
            if not self._open or (self._forced and not self._new):
                return
            self._forced = self._forced or not self._new

    def entered(self, body: Sequence[nodes.Node]) -> None:
        """The branches taken so far lead to those of ``body``, a macro's."""
        if id(body) not in self._called:
            self._called[id(body)] = set[_Branch]().union(*map(self._find, body))
            self._open |= self._called[id(body)]
            self._new = True
        for branch in self._taken:
            self._inside[branch] |= self._called[id(body)]

    def taken(self, node: nodes.Node, tests: Sequence[tuple[nodes.Node, Callable[[], bool | None]]]) -> int:
        """The branch of ``node`` in this round: the number of the test that holds, or how many there are."""
        values = [test() for _, test in tests]
        chosen = len(tests)
        for number, ((condition, _), known) in enumerate(zip(tests, values, strict=True)):
            key, negated = _said(condition)
            if known is not None and (self._strict or not self._forced):
                holds = known
            elif self._forced:
                holds = self._is_open((id(node), number))
            elif key in self._assumed:
                holds = self._assumed[key] is not negated
            else:
                holds = self._is_open((id(node), number)) or not self._is_open((id(node), len(tests)))
                self._assumed[key] = holds is not negated
            if holds:
                chosen = number
                break
        branch = (id(node), chosen)
        self._new = self._new or branch in self._open
        self._open.discard(branch)
        self._taken.append(branch)
        return chosen

    def _is_open(self, branch: _Branch) -> bool:
        return branch in self._open or not self._open.isdisjoint(self._inside.get(branch, ()))

    def _find(self, node: nodes.Node) -> set[_Branch]:
        found: set[_Branch] = set()
        if isinstance(node, nodes.Macro):
            return found
        if isinstance(node, nodes.If):
            found |= self._find(node.test)
            tests = [node, *node.elif_]
            bodies = [*((one.test, *one.body) for one in tests), tuple(node.else_)]
        elif isinstance(node, nodes.CondExpr):
            found |= self._find(node.test)
            bodies = [(node.expr1,), (node.expr2,) if node.expr2 is not None else ()]
        else:
            bodies = []
            for child in node.iter_child_nodes():
                found |= self._find(child)
        for number, body in enumerate(bodies):
            inside = set[_Branch]().union(*map(self._find, body)) if body else set()
            self._inside[(id(node), number)] = inside
            found |= {(id(node), number)} | inside
        return found


def _said(condition: nodes.Node) -> tuple[str, bool]:
    negated = False
    while isinstance(condition, nodes.Not):
        condition, negated = condition.node, not negated
    return repr(condition), negated
