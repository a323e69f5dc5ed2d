"""Whom a change reaches is held against what DuckDB builds of random projects before and after it."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import assume, event, given
from hypothesis import strategies as st

from dbt_isolation.compare.change import ChangeKind
from dbt_isolation.compare.comparison import Comparison
from dbt_isolation.compare.impact import Reached
from tests.compare.random_projects import DATA, SOURCE, Model, Result, Rows, built, edits, projects
from tests.compare.sides import RAW, Sides
from tests.state.artifacts import Shop


def _fill(shop: Shop, project: Sequence[Model]) -> None:
    shop.source("payments")
    for model in project:
        parents = dict.fromkeys(RAW if one == SOURCE else f"model.shop.{one}" for one in model.parents)
        shop.model(model.name, model.code, *parents)


def _compared(
    before: Sequence[Model], now: Sequence[Model], schema: str = "dev", *, backwards: bool = False
) -> Comparison:
    with tempfile.TemporaryDirectory() as folder:
        sides = Sides(Path(folder), lambda shop: _fill(shop, before))
        sides.shop.schema = schema
        _fill(sides.shop, now)
        if backwards:
            sides.shop.entries["nodes"] = dict(reversed(sides.shop.entries["nodes"].items()))
        return sides.compared()


def _unsaid(was: Result | None, is_: Result | None, said: Reached | None) -> str:
    """What is not said of a model that was not changed itself; empty where nothing is missing."""
    if was is None or (said is not None and (said.rows or said.broken)):
        return ""
    if is_ is None:
        return "it cannot be built any more"
    columns, new, lost = (said.columns, said.new, said.lost) if said is not None else (set(), set(), set())
    folded = [{one.lower() for one in side.columns} for side in (was, is_)]
    if not folded[1] - folded[0] <= {*new, *columns}:
        return "it has a new column"
    if not folded[0] - folded[1] <= {*lost, *columns}:
        return "it has lost a column"
    same = [one for one in was.columns if one in is_.columns and one.lower() not in columns]
    if same != [one for one in is_.columns if one in was.columns and one.lower() not in columns]:
        return "its columns stand in another order"
    return "" if was.of(same) == is_.of(same) else f"other values in {same}"


@given(st.data())
def test_nothing_is_left_unsaid(data: st.DataObject) -> None:
    """What DuckDB builds otherwise after an edit is said to be reached, by column."""
    before = data.draw(projects())
    now = data.draw(edits(before))
    changed = {f"model.shop.{one.name}" for one, other in zip(before, now, strict=True) if one != other}
    assume(changed)
    found = _compared(before, now)
    assert {one.pair.unique_id for one in found.nodes} == changed
    said = {one.unique_id: one for one in found.reached}
    own = {one.pair.unique_id: one.change for one in found.nodes}
    tables: list[Rows] = [data.draw(DATA) for _ in range(3)]
    for rows in tables:
        was, is_ = built(before, rows), built(now, rows)
        for model, edited in zip(before, now, strict=True):
            name = f"model.shop.{model.name}"
            missing = _unsaid(was[model.name], is_[model.name], said.get(name))
            change = own.get(name)
            if change is not None and change.kind is not ChangeKind.NONE:
                # What it changes itself is said of itself.
                continue
            assert not missing, (
                f"{model.name}: {missing}; {said.get(name)}\n"
                + "\n".join(
                    f"{one.name}: {one.code}  =>  {two.code}" for one, two in zip(before, now, strict=True)
                )
                + f"\n{edited.code}\n{rows}\n{was}\n{is_}\n{found.unknown}"
            )


@given(projects(), st.data())
def test_writing_otherwise_reaches_nobody(project: tuple[Model, ...], data: st.DataObject) -> None:
    """Format, comments and a CTE around it: without effect, and nothing is reached."""
    now = tuple(replace(one, written=data.draw(st.integers(0, 2))) for one in project)
    found = _compared(project, now)
    ways = {f"model.shop.{one.name}": one.written for one in now}
    for one in found.nodes:
        assert one.change is not None
        # A CTE around what nothing can be proved of is not seen through.
        proved = ways[one.pair.unique_id] != 2 or one.change.kind is not ChangeKind.UNKNOWN
        event(str(one.change.kind))
        assert not proved or one.change.kind is ChangeKind.NONE, (one.change, one.now)
    if all(one.change is not None and one.change.kind is ChangeKind.NONE for one in found.nodes):
        assert not found.reached


@given(st.data())
def test_names_and_order_are_no_matter(data: st.DataObject) -> None:
    """Of the environment's schema, and of the nodes in the manifest."""
    before = data.draw(projects())
    now = data.draw(edits(before))
    one, other = _compared(before, now), _compared(before, now, "elsewhere", backwards=True)
    assert [(node.pair.unique_id, node.change, node.columns) for node in one.nodes] == [
        (node.pair.unique_id, node.change, node.columns) for node in other.nodes
    ]
    assert one.reached == other.reached
    assert one.graph == other.graph


@given(projects())
def test_nothing_differs_from_itself(project: tuple[Model, ...]) -> None:
    """Though it stands under other names in production."""
    found = _compared(project, project)
    assert not found.nodes
    assert not found.reached
    assert not found.tests
    assert not found.graph.edges_added
    assert not found.graph.edges_removed
