"""A recursive query: its rows and columns depend on all that its parts give."""

from dbt_isolation.compare.queries.keys import Env, Keys, UnprovableError
from dbt_isolation.compare.queries.relations import Out, Relation, Sealed


class _Itself(Relation):
    """What the query's own name means inside of it: the rows of the step before."""

    def __init__(self, keys: Keys, depth: int) -> None:
        super().__init__()
        self._keys = keys
        self._depth = str(depth)

    def _seal(self, outer: Env | None) -> Sealed:
        rows = self._keys("itself", self._depth)
        return Sealed(rows, len(self.outs), lambda place: self._keys("own", self._depth, str(place)), None)


class RecursiveRelation(Relation):
    """Begins with one query and goes on with another until that gives nothing new."""

    def __init__(self, keys: Keys, depth: int, distinct: bool) -> None:
        super().__init__()
        self._keys = keys
        self._how = "distinct" if distinct else "all"
        self._first: Relation | None = None
        self._next: Relation | None = None
        self.itself = _Itself(keys, depth)

    def begin(self, first: Relation) -> None:
        """Takes the query that it begins with, and that query's names."""
        self._first = first
        self.outs = [_named(out) for out in first.outs]
        self.itself.outs = [_named(out) for out in first.outs]

    def end(self, following: Relation) -> None:
        """Takes the query that it goes on with."""
        if len(following.outs) != len(self.outs) or any(out.open is not None for out in following.outs):
            raise UnprovableError("a recursive query whose columns are not known")
        self._next = following

    def _seal(self, outer: Env | None) -> Sealed:
        assert self._first is not None
        assert self._next is not None
        first, following = self._first.seal(outer), self._next.seal(outer)
        columns = (first.all_columns(), following.all_columns())
        rows = self._keys("recursive", self._how, first.rows, following.rows, *columns)
        return Sealed(
            rows,
            len(self.outs),
            lambda place: self._keys("step", str(place), *(one[place] for one in columns)),
            None,
        )


def _named(out: Out) -> Out:
    def make() -> "None":
        raise UnprovableError("a recursive query is not taken apart")

    return Out(out.name, out.shown, make)  # type: ignore[arg-type]
