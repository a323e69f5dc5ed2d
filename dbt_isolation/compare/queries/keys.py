"""Keys: numbers that are equal where two expressions, or two sets of rows, are proved to be the same."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt_isolation.compare.queries.relations import Leaf, Relation


class UnprovableError(Exception):
    """A query that this room cannot read well enough to prove anything; the message says why."""


class Keys:
    """Gives every distinct key a number. Both queries of a comparison share one, so equal numbers mean equal
    keys, without a hash that could collide. Parts are texts, numbers of other keys, and tuples of these.

    ``loose`` keys of columns leave out which rows their sources have: to name the columns that have changed
    where the rows have changed too. They prove nothing.
    """

    __slots__ = ("_numbers", "loose")

    def __init__(self, loose: bool = False) -> None:
        self.loose = loose
        self._numbers: dict[tuple[Any, ...], int] = {}

    def __call__(self, *parts: Any) -> int:
        return self._numbers.setdefault(parts, len(self._numbers))


class Node:
    """An expression whose columns are resolved. ``order`` says what the order of its parts means."""

    __slots__ = ("op", "order", "parts")

    def __init__(self, op: str, *parts: "Part", order: str = "list") -> None:
        self.op = op
        self.parts = parts
        self.order = order


class Ref(Node):
    """A column of a leaf: by name, by its place in the leaf's relation, or as an expression inside of it."""

    __slots__ = ("column", "leaf")

    def __init__(self, leaf: "Leaf", column: "str | int | Node") -> None:
        super().__init__("ref")
        self.leaf = leaf
        self.column = column


class Sub(Node):
    """A query in an expression; only its rows count where ``rows_only``."""

    __slots__ = ("relation", "rows_only")

    def __init__(self, relation: "Relation", rows_only: bool = False) -> None:
        super().__init__("sub")
        self.relation = relation
        self.rows_only = rows_only


Part = str | Node


class Env:
    """The numbers of a query's leaves; gives nodes their keys.

    While leaves are still being numbered it is ``provisional``: nothing made with it may be kept.
    """

    __slots__ = ("_memo", "clear", "ids", "keys", "outer", "provisional")

    def __init__(self, keys: Keys, outer: "Env | None" = None, provisional: bool = False) -> None:
        self.keys = keys
        self.outer = outer
        self.provisional: bool = provisional or (outer is not None and outer.provisional)
        self.ids: dict[Leaf, int] = {}
        #: The one source of a query that only picks columns: its columns are the query's.
        self.clear: Leaf | None = None
        # The node is kept beside its key, so that its id stays its own.
        self._memo: dict[int, tuple[Node, int]] = {}

    def leaf(self, leaf: "Leaf") -> int:
        """The number of a leaf, here or in a query around this one."""
        env: Env | None = self
        while env is not None:
            if leaf in env.ids:
                return env.ids[leaf]
            env = env.outer
        raise UnprovableError("a column belongs to a query that does not surround it")

    def key(self, node: Node) -> int:
        """The key of an expression."""
        known = self._memo.get(id(node))
        if known is not None:
            return known[1]
        key = self._key(node)
        self._memo[id(node)] = (node, key)
        return key

    def all(self, nodes: "list[Node]") -> tuple[int, ...]:
        """The keys of some expressions, in their order."""
        return tuple(self.key(node) for node in nodes)

    def set(self, nodes: "list[Node]") -> tuple[int, ...]:
        """The keys of some expressions of which neither order nor repetition counts."""
        return tuple(sorted({self.key(node) for node in nodes}))

    def _key(self, node: Node) -> int:
        if isinstance(node, Ref):
            if isinstance(node.column, str):
                return self.keys("ref", self.leaf(node.leaf), node.column)
            if (self.keys.loose and node.leaf.relation is not None) or node.leaf is self.clear:
                return node.leaf.column_key(node.column, self)
            return self.keys("ref", self.leaf(node.leaf), "#", node.leaf.column_key(node.column, self))
        if isinstance(node, Sub):
            sealed = node.relation.seal(self)
            if node.rows_only:
                return self.keys("rows", sealed.rows)
            return self.keys("query", sealed.rows, sealed.all_columns())
        parts = [self.key(part) if isinstance(part, Node) else part for part in node.parts]
        if node.order == "set":
            parts = sorted(set(parts), key=_sortable)
        elif node.order == "bag":
            parts.sort(key=_sortable)
        return self.keys(node.op, *parts)


def _sortable(part: int | str) -> tuple[int, str]:
    return (part, "") if isinstance(part, int) else (-1, part)
