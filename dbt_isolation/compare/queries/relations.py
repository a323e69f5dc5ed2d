"""What a query gives: rows, and columns over them; and the tree of joins that it takes its rows from.

A relation's rows have a key that says which rows there are and how often, without its columns' values; a
column's key says which value it has in each of these rows. So columns with equal keys over rows with equal
keys are the same, and a column that nobody uses makes no difference.
"""

from collections.abc import Callable

from sqlglot import exp

from dbt_isolation.compare.queries.keys import Env, Node, UnprovableError


class Out:
    """An output column; its expression is read when somebody asks for it.

    ``name`` is as compared, ``shown`` as written; ``source`` is what the SELECT has for it, unless that is a
    star. An ``open`` one stands for all columns, except ``without``, of something with columns unknown:
    ``open(name)`` gives one of them.
    """

    __slots__ = ("_make", "_node", "name", "open", "shown", "source", "without")

    def __init__(
        self,
        name: str,
        shown: str,
        make: Callable[[], Node],
        open_: Callable[[str], Node] | None = None,
        without: frozenset[str] = frozenset(),
        source: exp.Expr | None = None,
    ) -> None:
        self.source = source
        self.name = name
        self.shown = shown
        self.open = open_
        self.without = without
        self._make = make
        self._node: Node | None = None

    @property
    def node(self) -> Node:
        """The expression."""
        if self._node is None:
            self._node = self._make()
        return self._node


class Leaf:
    """One occurrence of a source of rows in a FROM: a table, a query or a function that makes rows.

    ``content`` is what makes two leaves the same kind of source, as texts and nodes; ``tag`` sets copies of a
    query apart that do not give the same rows though they read the same.
    """

    __slots__ = ("content", "dependent", "relation", "tag")

    def __init__(
        self, *content: str | Node, relation: "Relation | None" = None, dependent: bool = False, tag: str = ""
    ) -> None:
        self.content = content
        self.relation = relation
        self.dependent = dependent
        self.tag = tag

    def column_key(self, column: int | Node, env: Env) -> int:
        """The key of a column of the leaf's relation, by its place or as an expression inside of it."""
        if self.relation is None:
            return env.keys("place", str(column))
        sealed = self.relation.seal(env)
        return sealed.column(column) if isinstance(column, int) else sealed.node(column)

    def content_key(self, env: Env) -> int:
        """The key of its content."""
        if env.keys.loose and (self.relation is not None or self.content[0] == "table"):
            return env.keys("loose", *(self.content[:2] if self.relation is None else ()))
        if self.relation is not None:
            return env.keys("relation", self.relation.seal(env).rows, self.tag)
        return env.keys("leaf", *(env.key(part) if isinstance(part, Node) else part for part in self.content))


class Joined:
    """Two trees joined in a way that neither commutes nor takes filters through: FULL, ASOF, POSITIONAL."""

    __slots__ = ("how", "left", "on", "right")

    def __init__(self, how: str, left: "Tree", right: "Tree", on: list[Node]) -> None:
        self.how = how
        self.left = left
        self.right = right
        self.on = on


class Tree:
    """A FROM: sources that are all joined with each other, the LEFT joins upon them, and the conditions.

    Conditions of inner joins and of WHERE are one set: each holds of every row in the end, and none of them
    changes what a LEFT join adds to a row.
    """

    __slots__ = ("base", "filters", "lefts")

    def __init__(self) -> None:
        self.base: list[Leaf | Joined] = []
        self.lefts: list[tuple[Tree, list[Node]]] = []
        self.filters: list[Node] = []

    def take(self, other: "Tree") -> None:
        """Joins another tree to this one; conditions are still to come."""
        self.base += other.base
        self.lefts += other.lefts
        self.filters += other.filters

    def leaves(self) -> list[Leaf]:
        """Every leaf, in the order of the text."""
        found: list[Leaf] = []
        for one in self.base:
            found += [one] if isinstance(one, Leaf) else [*one.left.leaves(), *one.right.leaves()]
        for tree, _ in self.lefts:
            found += tree.leaves()
        return found

    def key(self, env: Env) -> int:
        """The key of its rows."""
        base = sorted(
            env.leaf(one)
            if isinstance(one, Leaf)
            else env.keys("joined", one.how, *self._sides(one, env), env.set(one.on))
            for one in self.base
        )
        lefts = sorted(env.keys("left", tree.key(env), env.set(on)) for tree, on in self.lefts)
        return env.keys("tree", tuple(base), tuple(lefts), env.set(self.filters))

    def _sides(self, joined: Joined, env: Env) -> tuple[int, ...]:
        sides = (joined.left.key(env), joined.right.key(env))
        return tuple(sorted(sides)) if joined.how == "full" else sides


def number(tree: Tree, env: Env) -> None:
    """Numbers a tree's leaves, so that the numbers do not depend on aliases or on the order of the text.

    Leaves of the same content are told apart by what the conditions say of each.
    """
    groups: dict[int, list[Leaf]] = {}
    leaves = tree.leaves()
    if env.keys.loose:
        env.ids.update(
            (leaf, env.keys("source", leaf.content_key(env), "0")) for leaf in leaves if not leaf.dependent
        )
        env.ids.update(
            (leaf, env.keys("source", leaf.content_key(env), "0")) for leaf in leaves if leaf.dependent
        )
        return
    for leaf in leaves:
        if not leaf.dependent:
            groups.setdefault(leaf.content_key(env), []).append(leaf)
    alike = [(content, group) for content, group in groups.items() if len(group) > 1]
    for content, group in groups.items():
        env.ids[group[0]] = env.keys("source", content, "0")
    for content, group in alike:
        signs = [_sign(tree, leaves, leaf, content, groups, env) for leaf in group] if len(group) < 6 else []
        ordered = sorted(zip(signs, range(len(group)), strict=True)) if signs else []
        for rank, (_, place) in enumerate(ordered or [(0, place) for place in range(len(group))]):
            env.ids[group[place]] = env.keys("source", content, str(rank))
    counts: dict[int, int] = {}
    for leaf in leaves:
        if leaf.dependent:
            content = leaf.content_key(env)
            counts[content] = rank = counts.get(content, -1) + 1
            env.ids[leaf] = env.keys("source", content, str(rank))


def _sign(
    tree: Tree, leaves: list[Leaf], leaf: Leaf, content: int, groups: dict[int, list[Leaf]], env: Env
) -> int:
    """What the tree says of one leaf, when all others of a content are taken for the same."""
    seen = Env(env.keys, env.outer, provisional=True)
    for other, members in groups.items():
        for member in members:
            seen.ids[member] = env.keys("source", other, "?")
    for other_leaf in leaves:
        if other_leaf.dependent:
            seen.ids[other_leaf] = env.keys("dependent")
    seen.ids[leaf] = env.keys("source", content, "!")
    return tree.key(seen)


class Sealed:
    """The keys of a relation where it stands."""

    __slots__ = ("_column", "_columns", "env", "rows")

    def __init__(self, rows: int, columns: int, column: Callable[[int], int], env: Env | None) -> None:
        self.rows = rows
        self.env = env
        self._column = column
        self._columns: list[int | None] = [None] * columns

    def column(self, place: int) -> int:
        """The key of one output column."""
        known = self._columns[place]
        if known is None:
            self._columns[place] = known = self._column(place)
        return known

    def node(self, node: Node) -> int:
        """The key of an expression over the relation's own sources."""
        if self.env is None:
            raise UnprovableError("a column of a set operation cannot be told by its name")
        return self.env.key(node)

    def all_columns(self) -> tuple[int, ...]:
        """The keys of all output columns."""
        return tuple(self.column(place) for place in range(len(self._columns)))


class Relation:
    """What a query gives. ``volatile`` if two runs of its text may differ; ``parts`` are those of its rows'
    key by name, once it is sealed, so that one can say what differs."""

    def __init__(self) -> None:
        self.outs: list[Out] = []
        self.volatile = False
        self.parts: dict[str, int] = {}
        self._sealed: Sealed | None = None

    def seal(self, outer: Env | None) -> Sealed:
        """Its keys, inside a query (or none) whose sources it may name."""
        if self._sealed is not None:
            return self._sealed
        sealed = self._seal(outer)
        if outer is None or not outer.provisional:
            self._sealed = sealed
        return sealed

    def _seal(self, outer: Env | None) -> Sealed:
        raise NotImplementedError
