"""Pushes that end half way: killed at any moment, out of disk, hindered by what stands in the way."""

import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dbt_isolation.errors import IsolationError
from dbt_isolation.state.push import Kind, push
from dbt_isolation.state.ran import Ran
from dbt_isolation.state.release import Release
from dbt_isolation.state.releases import Releases
from tests import dbt_process
from tests.state.artifacts import Shop, current, files, releases_in

#: What changes a folder, by the names that Python gives such calls.
_WRITES = frozenset({"os.link", "os.mkdir", "os.remove", "os.rename", "os.truncate"})
_MOST_WRITES = 100


def _shop(folder: Path, version: int) -> Shop:
    shop = Shop(folder)
    shop.model("orders", f"select {version}")
    shop.model("totals", f"select {version}", "model.shop.orders")
    return shop


def _kill_at(number: int, store: Path) -> None:
    """Kills this process when it is about to change something in ``store`` for the ``number``th time."""
    seen = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        writes = event in _WRITES or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if writes and any(str(one).startswith(str(store)) for one in arguments):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def _forked(act: Callable[[], object]) -> int:
    """The wait status of a fork that does ``act``."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def _kill_everywhere(folder: str) -> None:
    first = releases_in(Path(folder) / "first")
    push(first, _shop(Path(folder) / "shop", 1).ran(invocation="first"))
    killed = _shop(Path(folder) / "shop", 2).ran("model.shop.orders", invocation="killed")
    following = _shop(Path(folder) / "shop", 2).ran(invocation="following")
    seen = set()
    for number in range(1, _MOST_WRITES):
        store = Path(folder) / f"state{number}"
        shutil.copytree(Path(folder) / "first", store)

        def push_and_die(number: int = number, store: Path = store) -> None:
            _kill_at(number, store)
            push(releases_in(store), killed)

        status = _forked(push_and_die)
        seen.add(_look_after(releases_in(store), killed, following))
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL, (number, status)
    else:
        raise AssertionError("no end")
    assert number > 15
    assert seen == {1, 2}


def _look_after(releases: Releases, killed: Ran, following: Ran) -> int:
    """The number of the release that is current; the next push must succeed, and all stays readable."""
    found = current(releases)
    assert found.invocation_id == {1: "first", 2: "killed"}[found.number]
    assert set(found.nodes) == {"model.shop.orders", "model.shop.totals"}
    assert [switch.release for switch in releases.switches()] == list(range(1, found.number + 1))
    releases.manifest(found)
    pushed = push(releases, following)
    assert (pushed.kind, pushed.number > found.number) == (Kind.RELEASE, True)
    assert current(releases).invocation_id == "following"
    assert push(releases, killed).kind is (Kind.KNOWN if found.number == 2 else Kind.REFRESH)
    for switch in releases.switches():
        releases.manifest(releases.read(switch.release, switch.digest))
    return found.number


def test_killed_at_every_write(tmp_path: Path) -> None:
    """SIGKILL before each change of the store: the old release stands, or after the switch the new one."""
    result = dbt_process.call(_kill_everywhere, (str(tmp_path),), tmp_path, dbt_process.environment(tmp_path))
    assert result.status == 0, result


def _push_with_limit(folder: str, limit: int) -> None:
    """Pushes where no file may be longer than ``limit`` bytes; says what it was told."""
    shop = _shop(Path(folder) / "shop", 2)
    for number in range(40):
        shop.model(f"m{number}", os.urandom(200).hex())
    ran = shop.ran()
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        told = str(push(releases_in(Path(folder) / "state"), ran).kind)
    except IsolationError as error:
        told = error.message
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(told)


@pytest.mark.parametrize(
    ("limit", "where"),
    [(100, "run_results.json"), (9000, "manifest.json.gz"), (14000, "release.json"), (10**6, "")],
)
def test_no_space_left(tmp_path: Path, limit: int, where: str) -> None:
    """Wherever the disk is full: an error that names the file, nothing half written, the old release."""
    releases = releases_in(tmp_path / "state")
    push(releases, _shop(tmp_path / "shop", 1).ran())
    before = files(tmp_path / "state")
    result = dbt_process.call(
        _push_with_limit, (str(tmp_path), limit), tmp_path, dbt_process.environment(tmp_path)
    )
    assert result.status == 0, result
    if not where:
        assert result.output == "release\n"
        assert current(releases).number == 2
        return
    assert result.output.endswith(f"releases/000002/{where}: File too large\n")
    after = files(tmp_path / "state")
    claimed = set() if where == "run_results.json" else {"shop/prod/releases/000002/run_results.json"}
    assert after.keys() - before.keys() == claimed
    assert before.items() <= after.items()
    assert push(releases, _shop(tmp_path / "shop", 2).ran()).kind is Kind.RELEASE


@pytest.mark.parametrize(
    ("blocked", "shown"),
    [
        ("releases/000002", "releases/000002/run_results.json"),
        ("switches", "switches"),
        ("current", "current"),
        ("", "state"),
    ],
)
def test_something_stands_in_the_way(tmp_path: Path, blocked: str, shown: str) -> None:
    """A file where a folder should be, or a folder where a file should be, is an error that names it."""
    releases = releases_in(tmp_path / "state")
    push(releases, _shop(tmp_path / "shop", 1).ran())
    place = tmp_path / "state/shop/prod" / blocked if blocked else tmp_path / "state"
    kept = tmp_path / "kept"
    if place.exists():
        place.rename(kept)
    place.mkdir() if blocked == "current" else place.touch()
    with pytest.raises(IsolationError) as error:
        push(releases, _shop(tmp_path / "shop", 2).ran())
    assert f"{tmp_path}/state/" in error.value.message
    assert shown in error.value.message
    place.rmdir() if blocked == "current" else place.unlink()
    if kept.exists():
        kept.rename(place)
    assert current(releases).number == 1
    assert push(releases, _shop(tmp_path / "shop", 2).ran()).kind is Kind.RELEASE


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There too a file is created once, and what cannot be written whole is taken away."""

    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    releases = releases_in(tmp_path / "state")
    for version in (1, 2):
        assert push(releases, _shop(tmp_path / "shop", version).ran()).number == version
    assert not releases.store.create("shop/prod/switches/000001.json", b"")
    before = files(tmp_path / "state")
    assert not [name for name in before if ".writing-" in name]
    written: list[Release] = [releases.read(number) for number in (1, 2)]
    assert [one.number for one in written] == [1, 2]
