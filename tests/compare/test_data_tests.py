"""Tests that are gone or find less."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt_isolation.artifacts import manifest
from dbt_isolation.compare.data_tests import test_changes as changes
from tests.state.artifacts import Shop

ORDERS = "model.shop.orders"
UNIQUE = "test.shop.unique_orders_id"


class Both:
    """The tests as they were, and ``shop``, which a test changes."""

    def __init__(self, folder: Path) -> None:
        self.was, self.shop = Shop(folder / "a"), Shop(folder / "b")
        for one in (self.was, self.shop):
            one.model("orders")
            one.column_test(ORDERS, "id", "unique")

    def edit(self, unique_id: str, **fields: Any) -> None:
        """Sets fields of a test, in its config if they are config."""
        entry = self.shop.entries["nodes"][unique_id]
        entry["config"] = {**entry["config"], **fields}

    def said(self, called: dict[str, str] | None = None) -> list[tuple[str, str]]:
        """Of which node, and what."""
        before, now = (manifest.decode(one.manifest_json(""), "") for one in (self.was, self.shop))
        return [(one.about, one.sentence) for one in changes(before, now, called or {})]


@pytest.fixture
def both(tmp_path: Path) -> Both:
    """A model with one test, on both sides."""
    return Both(tmp_path)


def test_nothing(both: Both) -> None:
    """Also where there are more now."""
    assert both.said() == []
    both.shop.column_test(ORDERS, "id", "not_null")
    assert both.said() == []


def test_removed(both: Both) -> None:
    """By column."""
    both.shop.remove(UNIQUE)
    assert both.said() == [(ORDERS, "unique of id: removed")]


def test_of_a_removed_node(both: Both) -> None:
    """It goes with it, a singular one too."""
    for shop in (both.was, both.shop):
        shop.test("positive", "select 1", ORDERS)
    both.shop.remove(ORDERS)
    both.shop.remove(UNIQUE)
    both.shop.remove("test.shop.positive")
    assert both.said() == []


def test_of_a_renamed_node(both: Both) -> None:
    """It is called otherwise and says the same; one that is gone is gone."""
    called = {ORDERS: "model.shop.sales"}
    both.shop.remove(ORDERS)
    both.shop.remove(UNIQUE)
    both.shop.model("sales")
    assert both.said(called) == [("model.shop.sales", "unique of id: removed")]
    new = both.shop.column_test("model.shop.sales", "id", "unique")
    for shop, one in ((both.was, UNIQUE), (both.shop, new)):
        shop.entries["nodes"][one]["test_metadata"]["kwargs"]["model"] = f"ref({one})"
    assert both.said(called) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ({}, {"severity": "WARN"}, "only warns now"),
        ({"severity": "warn"}, {"severity": "error"}, ""),
        ({}, {"where": "id > 1"}, "where: none → id > 1"),
        ({"where": "id > 1"}, {}, ""),
        ({"where": "id > 1"}, {"where": "id > 2"}, "where: id > 1 → id > 2"),
        ({}, {"limit": 10}, "limit: none → 10"),
        ({"limit": 10}, {}, ""),
        ({}, {"error_if": ">10"}, "error_if: none → >10"),
        ({}, {"error_if": "!= 0", "fail_calc": "count(*)"}, ""),
        ({}, {"fail_calc": "max(n)"}, "fail_calc: none → max(n)"),
    ],
)
def test_weakened(old: dict[str, Any], new: dict[str, Any], what: str, both: Both) -> None:
    """What looks at fewer rows or only warns; what looks at more is not said."""
    both.was.entries["nodes"][UNIQUE]["config"].update(old)
    both.edit(UNIQUE, **new)
    assert both.said() == ([(ORDERS, f"unique of id: {what}")] if what else [])


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [(["a"], ["a", "b"], "accepted_values of id: values: ['a'] → ['a', 'b']"), (["a", "b"], ["a"], "")],
)
def test_arguments(old: list[str], new: list[str], what: str, both: Both) -> None:
    """dbt names a test by its arguments: another one in its place is the same with others."""
    for shop, values in ((both.was, old), (both.shop, new)):
        name = shop.column_test(ORDERS, "id", "accepted_values")
        entry = shop.entries["nodes"].pop(name)
        entry["test_metadata"]["kwargs"]["values"] = values
        shop.entries["nodes"][f"{name}.{len(values)}"] = {**entry, "unique_id": f"{name}.{len(values)}"}
    assert both.said() == ([(ORDERS, what)] if what else [])


def test_a_singular_test(both: Both) -> None:
    """Is about the one node that it reads, or about none."""
    both.was.model("lines")
    both.shop.model("lines")
    both.was.test("positive", "select 1", ORDERS)
    both.was.test("equal", "select 1", ORDERS, "model.shop.lines")
    assert both.said() == [(ORDERS, "positive: removed"), ("", "equal: removed")]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda shop: None, [(ORDERS, "adds_up: removed")]),
        (lambda shop: shop.remove(ORDERS), []),
    ],
)
def test_unit_tests(edit: Callable[[Shop], None], said: list[tuple[str, str]], both: Both) -> None:
    """Of a model that is still there."""
    both.shop.remove(UNIQUE)
    both.was.remove(UNIQUE)
    both.was.entries["unit_tests"]["unit_test.shop.orders.adds_up"] = {
        "unique_id": "unit_test.shop.orders.adds_up",
        "depends_on": {"nodes": [ORDERS]},
    }
    edit(both.shop)
    assert both.said() == said
