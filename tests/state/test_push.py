"""What a run becomes: a release, a refresh, or nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from dbt_isolation.errors import IsolationError
from dbt_isolation.reads.decide import Evidence, reads
from dbt_isolation.records.evidence import Mode
from dbt_isolation.state.push import Kind, push
from dbt_isolation.state.release import Refresh, decode_release
from dbt_isolation.state.releases import Releases
from tests.state.artifacts import Shop, current, files, places, releases_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A seed, and two models in a row."""
    shop = Shop(tmp_path / "shop")
    shop.seed("regions")
    orders = shop.model("orders", "select 1 as id")
    shop.model("totals", "select count(*) from orders", orders)
    return shop


ORDERS, TOTALS, REGIONS = "model.shop.orders", "model.shop.totals", "seed.shop.regions"


def test_the_first_release(releases: Releases, shop: Shop) -> None:
    """Everything that was built is in it, with fingerprint, relation and when."""
    ran = shop.ran()
    assert releases.head() is None
    assert releases.current() is None
    pushed = push(releases, ran)
    assert (pushed.kind, pushed.number) == (Kind.RELEASE, 1)
    assert pushed.changed == (ORDERS, TOTALS, REGIONS)
    release = current(releases)
    assert (release.number, release.previous, release.built) == (1, 0, [ORDERS, TOTALS, REGIONS])
    assert (release.project, release.environment, release.actor) == ("shop", "prod", "deployer")
    assert release.invocation_id == ran.invocation_id
    assert {str(relation) for relation in places(release).values()} == {
        "warehouse.analytics.orders",
        "warehouse.analytics.totals",
        "warehouse.analytics.regions",
    }
    for unique_id, node in release.nodes.items():
        assert node.fingerprint == str(ran.fingerprints[unique_id])
        assert (node.release, node.built_at) == (1, "2026-01-01T00:00:00Z")
    assert releases.manifest(release) == ran.manifest_json
    assert releases.content(1, "run_results.json") == ran.run_results_json


def test_nothing_changed_is_a_refresh(releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """Any number of scheduled runs append run records and leave the release alone."""
    push(releases, shop.ran())
    before = files(tmp_path / "state")
    for number in range(1, 4):
        pushed = push(releases, shop.ran(actor="scheduler"))
        assert (pushed.kind, pushed.number, pushed.changed) == (Kind.REFRESH, 1, ())
        assert releases.refreshes(1) == number
    after = files(tmp_path / "state")
    assert before.items() <= after.items()
    [*_, name] = sorted(after.keys() - before.keys())
    record = msgspec.json.decode(after[name], type=Refresh)
    assert (record.release, record.actor, record.command) == (1, "scheduler", "build")
    assert record.results == {ORDERS: "success", TOTALS: "success", REGIONS: "success"}


def test_something_changed_is_the_next_release(releases: Releases, shop: Shop) -> None:
    """What differs is said; what was built alike says which release built it last."""
    push(releases, shop.ran())
    shop.model("totals", "select count(*) as n from orders", ORDERS)
    pushed = push(releases, shop.ran(ORDERS, TOTALS))
    assert (pushed.kind, pushed.number, pushed.changed) == (Kind.RELEASE, 2, (TOTALS,))
    release = current(releases)
    assert (release.number, release.previous) == (2, 1)
    assert {one: node.release for one, node in release.nodes.items()} == {ORDERS: 2, TOTALS: 2, REGIONS: 1}
    assert [switch.release for switch in releases.switches()] == [1, 2]
    assert releases.read(1).number == 1


def test_a_change_of_place_is_a_release(releases: Releases, shop: Shop) -> None:
    """The same code in another schema is another relation."""
    push(releases, shop.ran())
    shop.schema = "analytics_core"
    shop.model("orders", "select 1 as id")
    pushed = push(releases, shop.ran(ORDERS))
    assert (pushed.kind, pushed.changed) == (Kind.RELEASE, (ORDERS,))
    assert str(places(current(releases))[ORDERS]) == "warehouse.analytics_core.orders"
    assert str(places(current(releases))[TOTALS]) == "warehouse.analytics.totals"


def test_a_change_of_documentation_is_a_release(releases: Releases, shop: Shop) -> None:
    """With the new documentation in it; for everything that reads by the release nothing has changed."""
    push(releases, shop.ran())
    before = current(releases)
    shop.model("orders", "select 1 as id", description="One row for each order.")
    ran = shop.ran()
    pushed = push(releases, ran)
    assert (pushed.kind, pushed.number, pushed.changed) == (Kind.RELEASE, 2, ())
    assert pushed.described == (ORDERS, TOTALS)
    release = current(releases)
    assert [one.fingerprint for one in release.nodes.values()] == [
        one.fingerprint for one in before.nodes.values()
    ]
    described = json.loads(releases.manifest(release))["nodes"][ORDERS]["description"]
    assert described == "One row for each order."
    read = reads(
        ran.manifest,
        ran.fingerprints,
        before,
        Evidence.of(()),
        mode=Mode.FULL,
        now=datetime.now(UTC),
        max_age=None,
    )
    assert not any(one.changed for one in read.values())
    assert push(releases, shop.ran()).kind is Kind.REFRESH


def test_documentation_of_what_is_not_built_waits(releases: Releases, shop: Shop) -> None:
    """Until it is built: the release has what describes it as it was built, and still sees the difference."""
    push(releases, shop.ran())
    old = current(releases).nodes[ORDERS]
    shop.model("orders", "select 1 as id", description="One row for each order.")
    assert push(releases, shop.ran(REGIONS)).kind is Kind.REFRESH
    shop.seed("regions", "id\n2\n")
    pushed = push(releases, shop.ran(REGIONS))
    assert (pushed.changed, pushed.described) == ((REGIONS,), ())
    assert current(releases).nodes[ORDERS] == old
    assert "description" not in json.loads(releases.manifest(current(releases)))["nodes"][ORDERS]
    assert push(releases, shop.ran()).described == (ORDERS, TOTALS)


def test_a_sources_documentation(releases: Releases, shop: Shop) -> None:
    """Is that of what reads it."""
    raw = shop.source("orders")
    shop.model("orders", "select 1 as id", raw)
    push(releases, shop.ran())
    shop.entries["sources"][raw]["description"] = "As the till writes them."
    assert push(releases, shop.ran()).described == (ORDERS, TOTALS)
    source = json.loads(releases.manifest(current(releases)))["sources"][raw]
    assert source["description"] == "As the till writes them."


def test_a_release_from_before_there_was_metadata(releases: Releases, shop: Shop) -> None:
    """What described its nodes is not known, so the next run of them records it."""
    ran = shop.ran()
    plain = {name: replace(one, metadata="", parents_metadata="") for name, one in ran.fingerprints.items()}
    push(releases, replace(ran, fingerprints=plain))
    content = json.loads(releases.content(1, "release.json"))
    for node in content["nodes"].values():
        del node["metadata"]
    assert decode_release(json.dumps(content).encode(), "release.json").nodes[ORDERS].metadata == ""
    pushed = push(releases, shop.ran())
    assert (pushed.kind, pushed.described) == (Kind.RELEASE, (ORDERS, TOTALS, REGIONS))


def test_a_seeds_content_is_a_change(releases: Releases, shop: Shop) -> None:
    """Though no file of dbt's says what stands in it."""
    push(releases, shop.ran())
    shop.seed("regions", "id\n2\n")
    assert push(releases, shop.ran()).changed == (REGIONS,)


def test_the_same_run_twice_is_known(releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """Of a release and of a refresh; nothing is written."""
    ran = shop.ran()
    push(releases, ran)
    before = files(tmp_path / "state")
    assert (push(releases, ran).kind, push(releases, ran).number) == (Kind.KNOWN, 1)
    assert files(tmp_path / "state") == before
    again = shop.ran()
    assert push(releases, again).kind is Kind.REFRESH
    assert push(releases, again).kind is Kind.KNOWN
    assert releases.refreshes(1) == 1


def test_a_run_pushed_again_after_another_is_known(releases: Releases, shop: Shop) -> None:
    """It does not bring back what the other has built over since."""
    first = shop.ran()
    push(releases, first)
    shop.model("orders", "select 2 as id")
    second = shop.ran(ORDERS)
    push(releases, second)
    pushed = push(releases, first)
    assert (pushed.kind, pushed.number) == (Kind.KNOWN, 1)
    assert current(releases).nodes[ORDERS].fingerprint == str(second.fingerprints[ORDERS])


def test_a_run_that_built_nothing(releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """All of it failed, or only tests ran: nothing is written, before the first release and after."""
    assert push(releases, shop.ran(failed=[ORDERS])) == (pushed := push(releases, shop.ran(failed=[ORDERS])))
    assert (pushed.kind, pushed.number) == (Kind.NOTHING, 0)
    assert files(tmp_path / "state") == {}
    push(releases, shop.ran())
    before = files(tmp_path / "state")
    assert push(releases, shop.ran(failed=[ORDERS, TOTALS])).number == 1
    check = shop.test("positive", "select 1", ORDERS)
    assert push(releases, shop.ran(check)).kind is Kind.NOTHING
    assert files(tmp_path / "state") == before


def test_what_failed_stays_as_it_was(releases: Releases, shop: Shop) -> None:
    """A full build in which a node failed: the others are new, that one is the old one."""
    push(releases, shop.ran())
    old = current(releases).nodes[TOTALS]
    shop.model("orders", "select 2 as id")
    shop.model("totals", "select error()", ORDERS)
    pushed = push(releases, shop.ran(ORDERS, REGIONS, failed=[TOTALS]))
    assert pushed.changed == (ORDERS,)
    assert current(releases).nodes[TOTALS] == old


def test_a_node_removed_from_the_project(releases: Releases, shop: Shop) -> None:
    """It leaves the release with the next one; if it comes back, it must be built again."""
    push(releases, shop.ran())
    shop.remove(TOTALS)
    assert push(releases, shop.ran()).kind is Kind.REFRESH
    shop.model("orders", "select 2 as id")
    push(releases, shop.ran(ORDERS))
    assert set(current(releases).nodes) == {ORDERS, REGIONS}
    shop.model("totals", "select count(*) from orders", ORDERS)
    shop.seed("regions", "id\n3\n")
    push(releases, shop.ran(REGIONS))
    assert set(current(releases).nodes) == {ORDERS, REGIONS}
    push(releases, shop.ran(TOTALS))
    assert set(current(releases).nodes) == {ORDERS, REGIONS, TOTALS}


def test_several_projects_and_environments(tmp_path: Path) -> None:
    """One store; each project and each protected environment has its own numbers and its own current."""
    shop = Shop(tmp_path / "shop")
    shop.model("orders")
    bank = Shop(tmp_path / "bank", name="bank")
    bank.model("accounts")
    state = tmp_path / "state"
    places = [("shop", "prod", shop), ("shop", "staging", shop), ("bank", "prod", bank)]
    for project, environment, one in places:
        pushed = push(releases_in(state, project, environment), one.ran())
        assert (pushed.kind, pushed.number) == (Kind.RELEASE, 1)
    shop.model("orders", "select 2")
    assert push(releases_in(state, "shop", "staging"), shop.ran()).number == 2
    heads = [current(releases_in(state, project, environment)) for project, environment, _ in places]
    assert [(one.project, one.environment, one.number) for one in heads] == [
        ("shop", "prod", 1),
        ("shop", "staging", 2),
        ("bank", "prod", 1),
    ]
    assert set(heads[2].nodes) == {"model.bank.accounts"}


def test_order_does_not_depend_on_clocks(
    releases: Releases, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release that says it is of the future is followed by one that says it is of the past."""
    times = iter(["2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "1970-01-01T00:00:00Z"] * 2)
    monkeypatch.setattr("dbt_isolation.state.push.now", lambda: next(times))
    monkeypatch.setattr("dbt_isolation.state.releases.now", lambda: next(times))
    push(releases, shop.ran())
    assert current(releases).created_at.startswith("2099")
    shop.model("orders", "select 2 as id")
    push(releases, shop.ran())
    assert (current(releases).number, current(releases).created_at[:4]) == (2, "1970")


def test_a_push_that_never_comes_first(
    releases: Releases, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives up with an error, and nothing of it is visible."""
    push(releases, shop.ran())
    shop.model("orders", "select 2 as id")
    monkeypatch.setattr(Releases, "switch", lambda *_: False)
    monkeypatch.setattr("dbt_isolation.state.push._ATTEMPTS", 3)
    with pytest.raises(IsolationError, match="others were faster"):
        push(releases, shop.ran())
    monkeypatch.undo()
    assert current(releases).number == 1
    assert push(releases, shop.ran()).kind is Kind.RELEASE
