"""Runs of a part: what was not built stands in the release as the one before had it."""

import json
from typing import Any

from dbt_isolation.state.push import Kind, push
from dbt_isolation.state.releases import Releases
from tests.state.artifacts import Shop, current


def _manifest(releases: Releases) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(releases.manifest(current(releases)))
    return found


def test_what_was_not_built_is_carried_over_whole(releases: Releases, shop: Shop) -> None:
    """A node edited and not built keeps its released code, fingerprint and relation."""
    orders, totals = shop.model("orders", "select 1"), shop.model("totals", "select 1")
    push(releases, shop.ran())
    before = current(releases).nodes[totals]
    shop.model("orders", "select 2")
    shop.model("totals", "select 2")
    push(releases, shop.ran(orders))
    assert current(releases).nodes[totals] == before
    nodes = _manifest(releases)["nodes"]
    assert (nodes[orders]["raw_code"], nodes[totals]["raw_code"]) == ("select 2", "select 1")


def test_what_was_never_built_is_not_in_it(releases: Releases, shop: Shop) -> None:
    """Nor are its tests and exposures, and the maps have no trace of them."""
    orders, totals = shop.model("orders"), shop.model("totals")
    check, page = shop.test("positive", "select 1", totals), shop.exposure("page", "A page", orders, totals)
    push(releases, shop.ran(orders))
    assert set(current(releases).nodes) == {orders}
    manifest = _manifest(releases)
    assert set(manifest["nodes"]) == {orders}
    assert manifest["exposures"] == {}
    assert set(manifest["parent_map"]) == {orders}
    assert check not in manifest["child_map"]
    assert page not in manifest["child_map"]
    assert totals not in manifest["child_map"]


def test_tests_follow_what_they_are_about(releases: Releases, shop: Shop) -> None:
    """A test edited together with an unbuilt model stays as it was; one of a built model is the new one."""
    orders, totals = shop.model("orders", "select 1"), shop.model("totals", "select 1")
    of_orders = shop.test("orders_positive", "select 1", orders)
    of_totals = shop.test("totals_positive", "select 1", totals)
    of_both = shop.test("both", "select 1", orders, totals)
    push(releases, shop.ran())
    shop.model("orders", "select 2")
    shop.model("totals", "select 2")
    for name, parents in (("orders_positive", [orders]), ("totals_positive", [totals])):
        shop.test(name, "select 2", *parents)
    shop.test("both", "select 2", orders, totals)
    new = shop.test("new", "select 2", totals)
    push(releases, shop.ran(orders))
    nodes = _manifest(releases)["nodes"]
    code = {one: nodes[one]["raw_code"] for one in (of_orders, of_totals, of_both)}
    assert code == {of_orders: "select 2", of_totals: "select 1", of_both: "select 1"}
    assert new not in nodes


def test_tests_of_what_is_as_released_are_new(releases: Releases, shop: Shop) -> None:
    """A test added to a model that did not change needs no build of the model."""
    orders, totals = shop.model("orders", "select 1"), shop.model("totals", "select 1")
    push(releases, shop.ran())
    shop.model("orders", "select 2")
    new = shop.test("new", "select 1", totals)
    push(releases, shop.ran(orders))
    assert new in _manifest(releases)["nodes"]


def test_sources_follow_what_reads_them(releases: Releases, shop: Shop) -> None:
    """A source that moved is as it was while a model that reads it is: through an ephemeral one too."""
    source, hidden, free = shop.source("orders"), shop.source("hidden"), shop.source("free")
    cleaned = shop.model("cleaned", "select 1", hidden, materialized="ephemeral")
    orders, totals = shop.model("orders", "select 1", source), shop.model("totals", "select 1", cleaned)
    push(releases, shop.ran())
    for name in ("orders", "hidden", "free"):
        shop.source(name, schema="raw_new")
    other = shop.model("other", "select 1")
    shop.model("orders", "select 2", source)
    shop.model("totals", "select 2", cleaned)

    def schemas() -> dict[str, str]:
        return {one: entry["schema"] for one, entry in _manifest(releases)["sources"].items()}

    push(releases, shop.ran(other))
    assert schemas() == {source: "raw", hidden: "raw", free: "raw_new"}
    push(releases, shop.ran(orders))
    assert schemas() == {source: "raw_new", hidden: "raw", free: "raw_new"}
    push(releases, shop.ran(totals))
    assert schemas() == {source: "raw_new", hidden: "raw_new", free: "raw_new"}


def test_exposures_follow_what_they_show(releases: Releases, shop: Shop) -> None:
    """Of several models: all of them must be as built."""
    orders, totals = shop.model("orders", "select 1"), shop.model("totals", "select 1")
    page = shop.exposure("page", "old", orders, totals)
    push(releases, shop.ran())
    shop.model("orders", "select 2")
    shop.model("totals", "select 2")
    shop.exposure("page", "new", orders, totals)
    push(releases, shop.ran(orders))
    assert _manifest(releases)["exposures"][page]["label"] == "old"
    push(releases, shop.ran(totals))
    assert _manifest(releases)["exposures"][page]["label"] == "new"


def test_macros_of_what_is_carried_over(releases: Releases, shop: Shop) -> None:
    """A macro that a node carried over uses, itself or through another, is as it was then; others are new."""
    deep = shop.macro("deep", "1")
    used, unused = shop.macro("used", "{{ deep() }}", deep), shop.macro("unused", "1")
    orders = shop.model("orders", "select {{ used() }}", macros=[used])
    totals = shop.model("totals", "select 1")
    push(releases, shop.ran())
    shop.macro("deep", "2")
    shop.macro("unused", "2")
    shop.model("totals", "select 2")
    push(releases, shop.ran(totals))
    macros = _manifest(releases)["macros"]
    assert (macros[deep]["macro_sql"], macros[unused]["macro_sql"]) == ("1", "2")
    push(releases, shop.ran(orders))
    assert _manifest(releases)["macros"][deep]["macro_sql"] == "2"


def test_a_macro_that_is_gone_stays_while_it_is_used(releases: Releases, shop: Shop) -> None:
    """The node carried over was built with it."""
    gone = shop.macro("gone", "1")
    orders = shop.model("orders", "select {{ gone() }}", macros=[gone])
    totals = shop.model("totals", "select 1")
    push(releases, shop.ran())
    shop.remove(gone)
    shop.model("orders", "select 1")
    shop.model("totals", "select 2")
    push(releases, shop.ran(totals))
    assert gone in _manifest(releases)["macros"]
    push(releases, shop.ran(orders))
    assert gone not in _manifest(releases)["macros"]


def test_an_ephemeral_model_follows_what_it_is_inlined_in(releases: Releases, shop: Shop) -> None:
    """Through another ephemeral one too; one that nothing built reads stays, or is not there yet."""
    inner = shop.model("inner", "select 1", materialized="ephemeral")
    outer = shop.model("outer", "select 1", inner, materialized="ephemeral")
    other = shop.model("other", "select 1", materialized="ephemeral")
    orders, totals = shop.model("orders", "select 1", outer), shop.model("totals", "select 1", other)
    push(releases, shop.ran())
    shop.model("inner", "select 2", materialized="ephemeral")
    shop.model("other", "select 2", materialized="ephemeral")
    new = shop.model("new", "select 1", materialized="ephemeral")
    assert push(releases, shop.ran(orders)).changed == (orders,)
    nodes = _manifest(releases)["nodes"]
    assert (nodes[inner]["raw_code"], nodes[other]["raw_code"]) == ("select 2", "select 1")
    assert new not in nodes
    assert push(releases, shop.ran(totals)).changed == (totals,)
    assert _manifest(releases)["nodes"][other]["raw_code"] == "select 2"
    assert inner not in current(releases).nodes


def test_one_process_per_model(releases: Releases, shop: Shop) -> None:
    """As orchestrators do: pushes in sequence give a release with all, each node by its own run."""
    previous: tuple[str, ...] = ()
    models = []
    for number in range(6):
        models.append(shop.model(f"m{number}", f"select {number}", *previous))
        previous = (models[-1],)
    runs = [shop.ran(one) for one in models]
    for number, ran in enumerate(runs, start=1):
        assert push(releases, ran).number == number
    release = current(releases)
    assert {one: node.release for one, node in release.nodes.items()} == {
        one: number for number, one in enumerate(models, start=1)
    }
    assert set(_manifest(releases)["nodes"]) == set(models)
    assert [push(releases, shop.ran(one)).kind for one in models] == [Kind.REFRESH] * 6


def test_the_manifest_of_parts_is_that_of_the_whole(releases: Releases, shop: Shop) -> None:
    """After every model was built in a run of its own, nothing tells it from a full build."""
    source, macro = shop.source("orders"), shop.macro("used", "1")
    inlined = shop.model("inlined", "select 1", source, materialized="ephemeral")
    orders = shop.model("orders", "select 1", inlined, macros=[macro])
    totals = shop.model("totals", "select 1", orders)
    shop.test("positive", "select 1", orders, totals)
    shop.exposure("page", "A page", totals)
    for one in (orders, totals):
        push(releases, shop.ran(one))
    parts = _manifest(releases)
    whole = json.loads(shop.manifest_json(parts["metadata"]["invocation_id"]))

    def sorted_maps(manifest: dict[str, Any]) -> dict[str, Any]:
        manifest["child_map"] = {one: sorted(found) for one, found in manifest["child_map"].items()}
        return manifest

    assert sorted_maps(parts) == sorted_maps(whole)
