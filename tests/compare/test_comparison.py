"""What a comparison says of one change of each kind: golden reports, and the truths behind them.

`python -m tests.compare.test_comparison` writes the golden files anew.
"""

import io
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dbt_isolation.compare import words
from dbt_isolation.compare.blocks import blocks, data
from dbt_isolation.compare.change import ChangeKind
from dbt_isolation.compare.comparison import Comparison
from dbt_isolation.compare.drift import Drift
from dbt_isolation.compare.findings import remarks
from dbt_isolation.compare.nodes import Became
from dbt_isolation.outcome import Outcome, Skipped
from dbt_isolation.reports import report
from tests.compare.sides import COUNTS, ORDERS, RAW, REVENUE, SQL, STAGED, Sides, fill
from tests.projects import ROOT
from tests.state.artifacts import Shop

GOLDEN = ROOT / "tests/golden/compare"
FORMATS = {"terminal": "txt", "markdown": "md", "json": "json"}


def _orders(old: str, new: str) -> Callable[[Shop], object]:
    assert old in SQL["orders"]
    return lambda shop: shop.model("orders", SQL["orders"].replace(old, new), STAGED)


def _removed(shop: Shop) -> None:
    shop.remove(COUNTS)
    shop.remove("exposure.shop.desk")


def _renamed(shop: Shop) -> None:
    _removed(shop)
    shop.model("tallies", SQL["counts"], ORDERS)


def _moved(shop: Shop) -> None:
    shop.model("counts", SQL["counts"], ORDERS, config={"schema": "marts"})
    shop.entries["nodes"][COUNTS]["original_file_path"] = "models/marts/counts.sql"


def _stronger_and_weaker_tests(shop: Shop) -> None:
    shop.remove("test.shop.unique_orders_order_id")
    shop.column_test(STAGED, "id", "not_null")


def _star(shop: Shop) -> None:
    """A column goes from what a star and a name take from it."""
    shop.model("orders", SQL["orders"].replace(", status\n", "\n"), STAGED)
    shop.model("everything", "select * from {{ ref('orders') }}", ORDERS)


def _no_longer_read(shop: Shop) -> None:
    shop.model("counts", "select status, count(*) as orders from {{ ref('staged') }} group by status", STAGED)


#: One change of each kind.
SCENARIOS: dict[str, Callable[[Shop], object]] = {
    "nothing": lambda shop: None,
    "format": _orders("select id as order_id, customer", "-- by id\nSELECT id AS order_id,\n  customer"),
    "additive": _orders(", status\n", ", status, customer % 10 as region\n"),
    "column": _orders("cents / 100", "round(cents / 100)"),
    "column_nobody_reads": lambda shop: shop.model(
        "staged", SQL["staged"].replace("customer,", "customer, upper(status) as note,"), RAW
    ),
    "column_removed": _orders("cents / 100 as amount, ", ""),
    "column_renamed": _orders("as amount", "as eur"),
    "column_through_a_star": _star,
    "model_wide": _orders("'lost'", "'gone'"),
    "unknown": _orders("where", "where $$$ ("),
    "added": lambda shop: shop.model("late", "select * from {{ ref('orders') }}", ORDERS),
    "removed": _removed,
    "renamed": _renamed,
    "moved": _moved,
    "described": lambda shop: shop.model("counts", SQL["counts"], ORDERS, description="Orders by status."),
    "config": lambda shop: shop.model("counts", SQL["counts"], ORDERS, materialized="incremental"),
    "tests": _stronger_and_weaker_tests,
    "edges": _no_longer_read,
}


def _outcome(found: Comparison) -> Outcome:
    return Outcome(
        findings=tuple(remarks(found)),
        skipped=tuple(Skipped(what, why) for what, why in found.unknown),
        blocks=tuple(blocks(found)),
        data=data(found),
        summary=words.headline(found),
    )


def _written(found: Comparison, name: str) -> str:
    stream = io.StringIO()
    report(name).write("compare", _outcome(found), stream)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z", "2026-01-01T00:00:00Z", stream.getvalue())


def _compared(folder: Path, name: str) -> Comparison:
    sides = Sides(folder)
    SCENARIOS[name](sides.shop)
    return sides.compared()


@pytest.mark.parametrize("name", SCENARIOS)
def test_golden(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was looked at and found right."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    found = _compared(tmp_path, name)
    for format_, ends in FORMATS.items():
        assert _written(found, format_) == (GOLDEN / f"{name}.{ends}").read_text(encoding="utf-8"), format_
    page = io.StringIO()
    report("html").write("compare", _outcome(found), page)
    assert words.headline(found).split(";")[0] in page.getvalue()


def test_no_golden_is_left_over() -> None:
    """Each file is some scenario's."""
    expected = {f"{name}.{ends}" for name in SCENARIOS for ends in FORMATS.values()}
    assert {file.name for file in GOLDEN.iterdir()} == expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("format", ChangeKind.NONE),
        ("additive", ChangeKind.ADDITIVE),
        ("column", ChangeKind.COLUMN),
        ("column_removed", ChangeKind.COLUMN),
        ("model_wide", ChangeKind.MODEL_WIDE),
        ("unknown", ChangeKind.UNKNOWN),
        ("config", ChangeKind.MODEL_WIDE),
    ],
)
def test_kinds(name: str, kind: ChangeKind, tmp_path: Path) -> None:
    """Of the one node that each changes."""
    (node,) = _compared(tmp_path, name).nodes
    assert node.change is not None
    assert node.change.kind is kind


def test_impact_follows_columns(tmp_path: Path) -> None:
    """Who reads a changed column is reached; who reads the table and not the column is not."""
    found = {one.unique_id: one for one in _compared(tmp_path, "column").reached}
    assert found[REVENUE].columns == {"total"}
    assert found["exposure.shop.board"].affected
    assert not found[COUNTS].affected
    assert not found["exposure.shop.desk"].affected
    assert [found[one].distance for one in (REVENUE, "exposure.shop.board")] == [1, 2]


def test_a_column_that_nobody_reads_breaks_nobody(tmp_path: Path) -> None:
    """Though there is much below."""
    found = _compared(tmp_path, "column_nobody_reads").reached
    assert found
    assert not any(one.affected for one in found)


def test_what_breaks(tmp_path: Path) -> None:
    """Who names a column that is gone, and who reads that in turn; who takes a star only loses it."""
    found = {one.unique_id: one for one in _compared(tmp_path / "a", "column_removed").reached}
    assert found[REVENUE].broken == ("reads amount of orders, which is gone",)
    assert found["exposure.shop.board"].broken
    assert not found[COUNTS].broken

    def more(shop: Shop) -> None:
        fill(shop)
        shop.model("everything", "select * from {{ ref('orders') }}", ORDERS)
        shop.model("last", "select status from {{ ref('everything') }}", "model.shop.everything")

    sides = Sides(tmp_path / "b", more)
    sides.shop.model("orders", SQL["orders"].replace(", status\n", "\n"), STAGED)
    found = {one.unique_id: one for one in sides.compared().reached}
    assert not found["model.shop.everything"].broken
    assert found["model.shop.last"].broken == ("reads status of everything, which is gone",)
    assert found[COUNTS].broken


def test_only_what_is_asked(tmp_path: Path) -> None:
    """Two changes, one of them meant."""
    sides = Sides(tmp_path)
    _orders("'lost'", "'gone'")(sides.shop)
    sides.shop.model("staged", SQL["staged"].replace("cents,", "cents + 1 as cents,"), RAW)
    assert [one.pair.unique_id for one in sides.compared().nodes] == [ORDERS, STAGED]
    assert [one.pair.unique_id for one in sides.compared(ORDERS).nodes] == [ORDERS]


def test_an_incremental_model_over_production(tmp_path: Path) -> None:
    """Compiled where what it reads is in production alone, it is compared as if that were here."""

    def add(shop: Shop) -> None:
        fill(shop)
        shop.model("counts", SQL["counts"], ORDERS, materialized="incremental")

    sides = Sides(tmp_path, add)
    more = SQL["counts"].replace("as orders", "as orders, 1 as one")
    sides.shop.model("counts", more, ORDERS, materialized="incremental")
    sides.shop.compile()
    entry = sides.shop.entries["nodes"][COUNTS]
    entry["compiled_code"] = entry["compiled_code"].replace('"dev"', '"analytics"')
    (node,) = sides.compared(compiled=False).nodes
    assert node.change is not None
    assert node.change.kind is ChangeKind.ADDITIVE


def test_a_rename_is_one_change(tmp_path: Path) -> None:
    """Where the body is the same; what reads it is followed under its new name."""
    (node,) = _compared(tmp_path, "renamed").nodes
    assert node.pair.became == {Became.RENAMED}
    assert node.pair.before is not None
    assert node.pair.before.unique_id == COUNTS


def test_two_new_nodes_with_one_body_are_no_rename(tmp_path: Path) -> None:
    """It cannot be told which of them it became."""
    sides = Sides(tmp_path)
    _renamed(sides.shop)
    sides.shop.model("sums", SQL["counts"], ORDERS)
    assert [node.pair.became for node in sides.compared().nodes] == [
        {Became.REMOVED},
        {Became.ADDED},
        {Became.ADDED},
    ]


def test_another_s_change_is_not_shown_below(tmp_path: Path) -> None:
    """A column that production has got since is not one that this change takes away from a star."""

    def fill_more(shop: Shop) -> None:
        fill(shop)
        shop.model(
            "everything", "select * from {{ ref('orders') }} join {{ ref('staged') }} using (customer)"
        )
        shop.entries["nodes"]["model.shop.everything"]["depends_on"]["nodes"] = [ORDERS, STAGED]
        shop.exposure("wall", "Wall", "model.shop.everything")

    def theirs(shop: Shop) -> None:
        fill_more(shop)
        shop.model("staged", SQL["staged"].replace("cents,", "cents, 1 as later,"), RAW)

    sides = Sides(tmp_path, theirs)
    fill_more(sides.shop)
    _orders("cents / 100", "round(cents / 100)")(sides.shop)
    found = sides.compared(drift=Drift(1, frozenset({STAGED})))
    assert [node.pair.unique_id for node in found.nodes] == [ORDERS]
    assert not any(one.broken for one in found.reached)


def test_no_release(tmp_path: Path) -> None:
    """Everything is new."""
    shop = Sides(tmp_path).shop
    from dbt_isolation.artifacts.project import ProjectFiles
    from dbt_isolation.compare.comparison import compare
    from dbt_isolation.compare.project import Tree

    found = compare(None, Tree.of(shop.write(), ProjectFiles(shop.folder, {}, {})))
    assert {one.pair.unique_id for one in found.nodes} == {STAGED, ORDERS, REVENUE, COUNTS}
    assert words.headline(found) == "4 nodes, all new: there is no release yet"
    assert data(found)["release"] is None


def main() -> None:
    """Writes the golden files."""
    GOLDEN.mkdir(exist_ok=True)
    for name in SCENARIOS:
        with tempfile.TemporaryDirectory() as folder:
            found = _compared(Path(folder), name)
            for format_, ends in FORMATS.items():
                (GOLDEN / f"{name}.{ends}").write_text(_written(found, format_), encoding="utf-8")


if __name__ == "__main__":
    main()
