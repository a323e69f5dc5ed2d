"""The columns of a node before and now, and what each was and is made of."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from dbt_isolation.lineage.columns import ColumnOf, Columns

#: From an input to the column that is made of it.
Edge = tuple[ColumnOf, ColumnOf]

#: What engines call one type by: a contract and a database rarely write the same.
_ONE_NAME = {
    **dict.fromkeys(("int", "int4", "signed", "int32"), "integer"),
    **dict.fromkeys(("int8", "int64", "long"), "bigint"),
    **dict.fromkeys(("text", "string", "charactervarying", "nvarchar"), "varchar"),
    **dict.fromkeys(("float8", "doubleprecision", "float64"), "double"),
    **dict.fromkeys(("numeric",), "decimal"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("timestampwithtimezone",), "timestamptz"),
    **dict.fromkeys(("timestampwithouttimezone",), "timestamp"),
}


@dataclass(frozen=True, slots=True)
class ColumnChanges:
    """What became of a node's columns, in their order.

    ``renamed``: old name and new. ``retyped``: name, old type and new. ``reordered``: whether those that
    stayed stand in another order. ``edges_added`` and ``edges_removed``: what a column is made of.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()
    reordered: bool = False
    edges_added: tuple[Edge, ...] = ()
    edges_removed: tuple[Edge, ...] = ()

    @property
    def gone(self) -> tuple[str, ...]:
        """Names that nobody finds any more: removed, or renamed."""
        return (*self.removed, *(old for old, _ in self.renamed))

    @property
    def come(self) -> tuple[str, ...]:
        """Names that were not there before."""
        return (*self.added, *(new for _, new in self.renamed))


def column_changes(
    before: Columns, old_id: str, now: Columns, new_id: str, ids: Mapping[str, str]
) -> ColumnChanges:
    """Of the node ``old_id`` of ``before`` that is ``new_id`` now.

    ``ids``: what nodes that were renamed are called now. Where the columns of one of the two are not known,
    or only as somebody wrote them down, nothing is said.
    """
    old, new = before.types.get(old_id), now.types.get(new_id)
    if not old or not new:
        return ColumnChanges()
    known = {name.lower(): name for name in old}
    come = [name for name in new if name.lower() not in known]
    stayed = [name for name in new if name.lower() in known]
    left = {name.lower() for name in new}
    gone = [name for name in old if name.lower() not in left]
    made_before = _made(
        before, old_id, lambda one: ColumnOf(ids.get(one.unique_id, one.unique_id), one.column)
    )
    made_now = _made(now, new_id, lambda one: one)
    renamed = _renamed(gone, come, made_before, made_now)
    taken = {name for pair in renamed for name in pair}
    edges_before, edges_now = (_edges(new_id, made) for made in (made_before, made_now))
    return ColumnChanges(
        added=tuple(name for name in come if name not in taken),
        removed=tuple(name for name in gone if name not in taken),
        renamed=renamed,
        retyped=tuple(
            (name, old[known[name.lower()]], new[name])
            for name in stayed
            if differ(old[known[name.lower()]], new[name])
        ),
        reordered=[known[name.lower()] for name in stayed] != [name for name in old if name.lower() in left],
        edges_added=_besides(edges_now, edges_before),
        edges_removed=_besides(edges_before, edges_now),
    )


_Made = Mapping[str, Mapping[ColumnOf, str]]


def _made(columns: Columns, unique_id: str, called: Callable[[ColumnOf], ColumnOf]) -> _Made:
    return {
        name: {called(one): kind for one, kind in columns.value.get(ColumnOf(unique_id, name), {}).items()}
        for name in columns.types.get(unique_id, {})
    }


def _renamed(
    gone: Collection[str], come: Collection[str], before: _Made, now: _Made
) -> tuple[tuple[str, str], ...]:
    """Pairs of names whose columns are made of the same, in the same way, and of which there is one each."""
    found = []
    for name in gone:
        body = _plain(before[name])
        if not body:
            continue
        same = [one for one in come if _plain(now[one]) == body]
        if len(same) == 1 and sum(_plain(before[one]) == body for one in gone) == 1:
            found.append((name, same[0]))
    return tuple(found)


def _plain(made: Mapping[ColumnOf, str]) -> set[tuple[str, str, str]]:
    # A column that gets another name is renamed where it was copied.
    return {
        (one.unique_id, one.column.lower(), "copy" if kind == "rename" else kind)
        for one, kind in made.items()
    }


def _edges(unique_id: str, made: _Made) -> list[Edge]:
    return [(one, ColumnOf(unique_id, name)) for name, inputs in made.items() for one in inputs]


def _besides(edges: Iterable[Edge], others: Iterable[Edge]) -> tuple[Edge, ...]:
    known = {_folded(edge) for edge in others}
    return tuple(edge for edge in edges if _folded(edge) not in known)


def _folded(edge: Edge) -> tuple[str, str, str, str]:
    (read, column), (reader, other) = edge
    return read, column.lower(), reader, other.lower()


def differ(old: str, new: str) -> bool:
    """Whether both are known, and another type."""
    plain = []
    for kind in (old, new):
        name, bracket, size = kind.lower().replace(" ", "").partition("(")
        plain.append(_ONE_NAME.get(name, name) + bracket + size)
    return all(plain) and plain[0] != plain[1]
