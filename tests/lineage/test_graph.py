"""Who reads whom, on manifests of the fewest fields."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.graph import Lineage


def model(name: str, *parents: str, **fields: Any) -> dict[str, Any]:
    """A model's entry that reads ``parents``."""
    return {
        "unique_id": f"model.p.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": "s",
        "depends_on": {"nodes": list(parents)},
        **fields,
    }


def manifest(nodes: list[dict[str, Any]], **others: Any) -> Manifest:
    """A manifest with these nodes."""
    content = {"metadata": {}, "nodes": {one["unique_id"]: one for one in nodes}, **others}
    return msgspec.convert(content, Manifest)


SHOP = manifest(
    [
        model("stg", "source.p.shop.raw"),
        model("orders", "model.p.stg", "model.p.stg", "macro.p.none"),
        model("mart", "model.p.orders", version=2, meta={"owner": "sales"}),
        {**model("key", "model.p.orders"), "unique_id": "test.p.key", "resource_type": "test"},
    ],
    sources={"source.p.shop.raw": {"unique_id": "source.p.shop.raw", "name": "raw", "source_name": "shop"}},
    unit_tests={
        "unit_test.p.orders.ok": {
            "unique_id": "unit_test.p.orders.ok",
            "depends_on": {"nodes": ["model.p.orders"]},
        }
    },
    exposures={
        "exposure.p.page": {
            "unique_id": "exposure.p.page",
            "name": "page",
            "resource_type": "exposure",
            "owner": {"name": None, "email": "sales@shop.example"},
            "depends_on": {"nodes": ["model.p.mart", "model.p.orders"]},
        }
    },
)


def test_above_and_below() -> None:
    """How far each is; tests only where they are asked for; what the manifest does not have is left out."""
    lineage = Lineage.of(SHOP)
    assert lineage.above("model.p.mart") == {"model.p.orders": 1, "model.p.stg": 2, "source.p.shop.raw": 3}
    assert lineage.above("model.p.mart", 2) == {"model.p.orders": 1, "model.p.stg": 2}
    assert lineage.below("model.p.stg") == {"model.p.orders": 1, "model.p.mart": 2, "exposure.p.page": 2}
    assert set(Lineage.of(SHOP, tests=True).below("model.p.orders", 1)) == {
        *("model.p.mart", "exposure.p.page", "test.p.key", "unit_test.p.orders.ok")
    }
    edges = set(lineage.edges(lineage.below("model.p.stg")))
    assert edges == {
        *(("model.p.orders", "model.p.mart"), ("model.p.orders", "exposure.p.page")),
        ("model.p.mart", "exposure.p.page"),
    }
    assert lineage.vertices["exposure.p.page"].owner == "sales@shop.example"
    assert lineage.vertices["model.p.mart"].owner == "sales"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("stg", "model.p.stg"),
        ("mart", "model.p.mart"),
        ("mart.v2", "model.p.mart"),
        ("shop.raw", "source.p.shop.raw"),
        ("exposure.p.page", "exposure.p.page"),
    ],
)
def test_find(name: str, found: str) -> None:
    """By each of its names."""
    assert Lineage.of(SHOP).find(name).unique_id == found


def test_find_says_what_is_wrong() -> None:
    """A typo, and a name of two nodes."""
    with pytest.raises(IsolationError) as caught:
        Lineage.of(SHOP).find("order")
    assert "did you mean 'orders'" in caught.value.hint
    twice = manifest([model("a"), {**model("a"), "unique_id": "model.q.a"}])
    with pytest.raises(IsolationError) as caught:
        Lineage.of(twice).find("a")
    assert "model.p.a, model.q.a" in caught.value.hint


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20))
def test_any_graph(pairs: list[tuple[int, int]]) -> None:
    """Above and below are each other's mirror, also in circles; nothing is above itself."""
    parents: dict[int, list[str]] = {number: [] for number in range(7)}
    for child, parent in pairs:
        parents[child].append(f"model.p.m{parent}")
    lineage = Lineage.of(manifest([model(f"m{number}", *read) for number, read in parents.items()]))
    for one in lineage.vertices:
        above = lineage.above(one)
        assert one not in above
        for other, distance in above.items():
            assert lineage.below(other)[one] == distance
