"""Pushes at once, and stores that answer late or not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from dbt_isolation.errors import IsolationError
from dbt_isolation.state.push import Kind, Pushed, push
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import Store, UnreachableError
from tests import dbt_process
from tests.state.artifacts import Shop, current, files, releases_in

_PUSHES = 6


class Meddled:
    """A store that calls ``before`` before each of its writing calls.

    ``lost``: part of a path whose create is done and then said to have failed, as by a client that got no
    answer and asked again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.url = store.url
        self.before: Callable[[str, str], None] = lambda call, path: None
        self.lost: str | None = None

    def read(self, path: str) -> bytes | None:
        """As the store."""
        return self._store.read(path)

    def names(self, folder: str) -> list[str]:
        """As the store."""
        return self._store.names(folder)

    def create(self, path: str, content: bytes) -> bool:
        """As the store."""
        self.before("create", path)
        created = self._store.create(path, content)
        return created and (self.lost is None or self.lost not in path)

    def replace(self, path: str, content: bytes) -> None:
        """As the store."""
        self.before("replace", path)
        self._store.replace(path, content)

    def remove(self, path: str) -> None:
        """As the store."""
        self.before("remove", path)
        self._store.remove(path)


def _away() -> None:
    raise UnreachableError("state store: away")


def _meddled(releases: Releases) -> tuple[Releases, Meddled]:
    store = Meddled(releases.store)
    return Releases(store, releases.project, releases.environment), store


def _meanwhile(store: Meddled, at: str, act: Callable[[], object]) -> None:
    """Has ``act`` done once, just before the store is asked to write a path with ``at`` in it."""

    def before(call: str, path: str) -> None:
        if at in path:
            store.before = lambda call, path: None
            act()

    store.before = before


@pytest.mark.parametrize("at", ["run_results.json", "manifest.json.gz", "release.json", "switches"])
def test_another_push_comes_first_with_other_nodes(releases: Releases, shop: Shop, at: str) -> None:
    """Whenever it does, both are in the end."""
    orders, totals = shop.model("orders"), shop.model("totals")
    ours, store = _meddled(releases)
    first = shop.ran(orders)
    _meanwhile(store, at, lambda: push(releases, first))
    second = shop.ran(totals)
    pushed = push(ours, second)
    assert (pushed.kind, pushed.changed) == (Kind.RELEASE, (totals,))
    release = current(releases)
    assert set(release.nodes) == {orders, totals}
    assert release.previous == release.nodes[orders].release
    assert list(release.pushed) == [first.invocation_id, second.invocation_id]
    assert [switch.number for switch in releases.switches()] == [1, 2]


def test_another_push_comes_first_with_another_version(
    releases: Releases, shop: Shop, tmp_path: Path
) -> None:
    """The second is told, and nothing of it is visible; the node's version is that of the first."""
    orders, totals = shop.model("orders", "select 1"), shop.model("totals", "select 1")
    push(releases, shop.ran())
    shop.model("orders", "select 2")
    first = shop.ran(orders, actor="first")
    shop.model("orders", "select 3")
    second = shop.ran(orders, totals, actor="second")
    ours, store = _meddled(releases)
    _meanwhile(store, "switches", lambda: push(releases, first))
    with pytest.raises(IsolationError, match=r"release 3 by first came first.*model\.shop\.orders") as error:
        push(ours, second)
    assert "nothing of this push is visible" in error.value.hint
    assert current(releases).nodes[orders].fingerprint == str(first.fingerprints[orders])
    assert [switch.release for switch in releases.switches()] == [1, 3]
    left = set(files(tmp_path / "state/shop/prod/releases/000002"))
    assert left == {"run_results.json"}
    assert push(releases, second).kind is Kind.RELEASE


def test_another_push_comes_first_with_the_same(releases: Releases, shop: Shop) -> None:
    """Two runs of one version at once: a release, and a refresh of it."""
    shop.model("orders")
    first, second = shop.ran(), shop.ran()
    ours, store = _meddled(releases)
    _meanwhile(store, "switches", lambda: push(releases, first))
    assert push(ours, second).kind is Kind.REFRESH
    assert (len(releases.switches()), releases.refreshes(current(releases).number)) == (1, 1)


def test_another_push_comes_first_with_a_new_node(releases: Releases, shop: Shop) -> None:
    """A run of an older project does not take the node out that it never had."""
    orders = shop.model("orders", "select 1")
    push(releases, shop.ran())
    shop.model("orders", "select 2")
    older = shop.ran()
    new = shop.model("new")
    newer = shop.ran(new)
    ours, store = _meddled(releases)
    _meanwhile(store, "switches", lambda: push(releases, newer))
    with pytest.raises(IsolationError, match=r"does not have: model\.shop\.new"):
        push(ours, older)
    assert set(current(releases).nodes) == {orders, new}


def test_many_pushes_in_threads(releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """One run per model, all at once: all of them end up in the current release."""
    models = [shop.model(f"m{number}") for number in range(_PUSHES)]
    runs = [shop.ran(one) for one in models]
    barrier = Barrier(_PUSHES)

    def pushed(number: int) -> Pushed:
        ours = releases_in(tmp_path / "state")
        barrier.wait()
        return push(ours, runs[number])

    with ThreadPoolExecutor(_PUSHES) as pool:
        found = list(pool.map(pushed, range(_PUSHES)))
    assert {one.kind for one in found} == {Kind.RELEASE}
    assert set(current(releases).nodes) == set(models)
    switches = releases.switches()
    assert [one.number for one in switches] == list(range(1, _PUSHES + 1))
    numbers = [one.release for one in switches]
    assert numbers == sorted(set(numbers))
    assert releases.head() == switches[-1]


def _push_one(folder: str, state: str, number: int) -> None:
    shop = Shop(Path(folder))
    models = [shop.model(f"m{one}") for one in range(_PUSHES)]
    pushed = push(releases_in(Path(state)), shop.ran(models[number], invocation=f"process-{number}"))
    assert pushed.kind is Kind.RELEASE


def test_many_pushes_in_processes(releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """As in threads."""

    def run(number: int) -> dbt_process.Result:
        arguments = (str(shop.folder), str(tmp_path / "state"), number)
        return dbt_process.call(_push_one, arguments, tmp_path, dbt_process.environment(tmp_path))

    with ThreadPoolExecutor(_PUSHES) as pool:
        for result in pool.map(run, range(_PUSHES)):
            assert result.status == 0, result
    assert set(current(releases).nodes) == {f"model.shop.m{number}" for number in range(_PUSHES)}


@pytest.mark.parametrize(
    "at", ["releases/000001/run_results", "manifest.json.gz", "release.json", "switches"]
)
def test_an_answer_is_lost(releases: Releases, shop: Shop, at: str) -> None:
    """The store wrote and could not say so: the push goes on, and takes nothing of its own away."""
    shop.model("orders")
    ours, store = _meddled(releases)
    store.lost = at
    ran = shop.ran()
    assert push(ours, ran).kind is Kind.RELEASE
    release = current(releases)
    assert release.invocation_id == ran.invocation_id
    assert releases.manifest(release) == ran.manifest_json
    assert len(releases.switches()) == 1


@pytest.mark.parametrize("at", ["run_results.json", "manifest.json.gz", "release.json", "switches"])
def test_a_store_that_goes_away(releases: Releases, shop: Shop, at: str) -> None:
    """An error; what was current stays current, and the same run can be pushed when it is back."""
    shop.model("orders", "select 1")
    push(releases, shop.ran())
    shop.model("orders", "select 2")
    ours, store = _meddled(releases)

    _meanwhile(store, at, _away)
    ran = shop.ran()
    with pytest.raises(UnreachableError, match="away"):
        push(ours, ran)
    assert current(releases).number == 1
    pushed = push(ours, ran)
    assert (pushed.kind, current(releases).number) == (Kind.RELEASE, pushed.number)


def test_a_store_that_goes_away_after_the_switch(releases: Releases, shop: Shop) -> None:
    """Without `current` the new release is found all the same."""
    shop.model("orders", "select 1")
    push(releases, shop.ran())
    shop.model("orders", "select 2")
    ours, store = _meddled(releases)

    _meanwhile(store, "current", _away)
    assert push(ours, shop.ran()).number == 2
    assert current(releases).number == 2
    assert current(ours).number == 2


def test_a_late_push_does_not_turn_current_back(releases: Releases, shop: Shop) -> None:
    """`current` may be written in the wrong order; readers go on from it to the last switch."""
    shop.model("orders", "select 1")
    ours, store = _meddled(releases)
    first = shop.ran()
    shop.model("orders", "select 2")
    second = shop.ran()
    _meanwhile(store, "current", lambda: push(releases, second))
    push(ours, first)
    assert b'"release": 1' in (releases.store.read("shop/prod/current") or b"")
    assert current(releases).number == 2


def test_a_number_stays_claimed(releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """Whose push failed may still be taking its files away when the next one writes."""
    shop.model("orders")
    ours, store = _meddled(releases)
    _meanwhile(store, "release.json", _away)
    with pytest.raises(UnreachableError):
        push(ours, shop.ran())
    assert set(files(tmp_path / "state")) == {"shop/prod/releases/000001/run_results.json"}
    assert push(ours, shop.ran()).number == 2
