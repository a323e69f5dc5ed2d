"""What became of a node's columns."""

from collections.abc import Mapping

import pytest

from dbt_isolation.compare.columns import ColumnChanges, column_changes
from dbt_isolation.lineage.columns import ColumnOf, Columns

A, B = "model.shop.a", "model.shop.b"
Made = Mapping[str, Mapping[str, str]]


def _columns(node: str, types: Mapping[str, str], made: Made | None = None) -> Columns:
    """``made``: what each column is made of, as ``{column: {"parent.column": kind}}``."""
    return Columns(
        types={node: dict(types)},
        value={
            ColumnOf(node, name): {ColumnOf(*one.split(".")): kind for one, kind in inputs.items()}
            for name, inputs in (made or {}).items()
        },
    )


def _changes(before: Columns, now: Columns, **ids: str) -> ColumnChanges:
    return column_changes(before, A, now, A, ids)


def _of(old: str, new: str) -> ColumnChanges:
    """Of columns without types, each made of what is called as it is."""
    return _changes(*(_columns(A, dict.fromkeys(names.split(), "")) for names in (old, new)))


def test_nothing() -> None:
    """Case is no difference."""
    assert _of("id name", "id name") == ColumnChanges()
    assert _of("ID Name", "id NAME") == ColumnChanges()


def test_added_and_removed() -> None:
    """In their order; one that is made of nothing is not renamed."""
    found = _of("id old name older", "new id name newer")
    assert (found.added, found.removed) == (("new", "newer"), ("old", "older"))
    assert found.gone == ("old", "older")
    assert found.come == ("new", "newer")
    assert not found.reordered


def test_reordered() -> None:
    """Those that stayed; what came between them is no matter."""
    assert _of("a b c", "b a c").reordered
    assert not _of("a b c", "a x c").reordered
    assert _of("A b", "B a").reordered


def test_renamed() -> None:
    """Made of the same in the same way, and there is one each."""
    before = _columns(A, {"id": "", "old": ""}, {"id": {"s.id": "copy"}, "old": {"s.x": "copy"}})
    now = _columns(A, {"id": "", "new": ""}, {"id": {"s.id": "copy"}, "new": {"s.X": "rename"}})
    found = _changes(before, now)
    assert found.renamed == (("old", "new"),)
    assert (found.added, found.removed, found.gone, found.come) == ((), (), ("old",), ("new",))
    two = _columns(A, {"new": "", "newer": ""}, {one: {"s.x": "rename"} for one in ("new", "newer")})
    assert _changes(before, two).renamed == ()
    other = _columns(A, {"id": "", "new": ""}, {"id": {"s.id": "copy"}, "new": {"s.x": "transform"}})
    assert _changes(before, other).renamed == ()


def test_edges() -> None:
    """What a column is made of, and no longer; a renamed parent is the same."""
    before = _columns(A, {"x": ""}, {"x": {"s.a": "copy", "s.b": "transform"}})
    now = _columns(A, {"x": ""}, {"x": {"t.A": "transform", "t.c": "transform"}})
    found = _changes(before, now, s="t")
    assert found.edges_added == ((ColumnOf("t", "c"), ColumnOf(A, "x")),)
    assert found.edges_removed == ((ColumnOf("t", "b"), ColumnOf(A, "x")),)


def test_a_renamed_node() -> None:
    """Is compared with what it was."""
    before = _columns(B, {"x": "", "y": ""})
    now = _columns(A, {"x": ""})
    assert column_changes(before, B, now, A, {B: A}).removed == ("y",)


@pytest.mark.parametrize(
    ("old", "new", "differ"),
    [
        ("INTEGER", "BIGINT", True),
        ("INTEGER", "int", False),
        ("numeric(10,2)", "DECIMAL(10, 2)", False),
        ("numeric(10,2)", "numeric(10,3)", True),
        ("text", "VARCHAR", False),
        ("varchar(10)", "varchar", True),
        ("timestamp without time zone", "TIMESTAMP", False),
        ("timestamptz", "timestamp", True),
        ("double precision", "float8", False),
        ("", "INTEGER", False),
        ("INTEGER", "", False),
    ],
)
def test_types(old: str, new: str, differ: bool) -> None:
    """Of one name by which engines call them; what is not known differs from nothing."""
    found = _changes(_columns(A, {"X": old}), _columns(A, {"x": new}))
    assert found.retyped == ((("x", old, new),) if differ else ())


def test_what_is_not_known() -> None:
    """Nothing is said."""
    assert _changes(Columns(), _columns(A, {"x": ""})) == ColumnChanges()
    assert _changes(_columns(A, {"x": ""}), Columns()) == ColumnChanges()
