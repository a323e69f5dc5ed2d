"""The local copy of a release, and what it is worth."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dbt_isolation.errors import IsolationError
from dbt_isolation.state.commit import is_ancestor
from dbt_isolation.state.local import Copy, Local, Verdict
from dbt_isolation.state.push import push
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import UnreachableError
from tests.state.artifacts import Shop, files, releases_in
from tests.state.repository import Git


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """One model, in a folder without git."""
    shop = Shop(tmp_path / "shop")
    shop.model("orders", "select 1")
    return shop


@pytest.fixture
def local(releases: Releases, tmp_path: Path) -> Local:
    """The local copies."""
    return Local.of(releases, tmp_path / "target")


def _release(releases: Releases, shop: Shop, version: int, sha: str = "") -> None:
    shop.model("orders", f"select {version}")
    push(releases, shop.ran(sha=sha))


def _number(copy: Copy) -> int:
    return copy.release.number if copy.release is not None else 0


def _away(folder: Path) -> None:
    """A store that cannot be asked: a file where its folder was."""
    folder.rename(folder.with_name("kept"))
    folder.touch()


def test_verdicts(local: Local, releases: Releases, shop: Shop) -> None:
    """Missing without a release or a copy, fresh after a pull and a refresh, stale after the next release."""

    def verdict() -> Verdict:
        return local.verdict(shop.folder)

    assert verdict() is Verdict.MISSING
    assert local.pull().release is None
    _release(releases, shop, 1)
    assert verdict() is Verdict.MISSING
    local.pull()
    assert verdict() is Verdict.FRESH
    push(releases, shop.ran())
    assert verdict() is Verdict.FRESH
    _release(releases, shop, 2)
    assert verdict() is Verdict.STALE
    local.pull()
    assert verdict() is Verdict.FRESH
    (local.folder / "000002/release.json").unlink()
    assert verdict() is Verdict.MISSING
    assert _number(local.pull()) == 2
    assert verdict() is Verdict.FRESH


def test_the_commit_of_a_release(
    local: Local, releases: Releases, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fresh at the release's commit and after it; wrong before it, beside it and where it was not fetched."""
    git = Git(shop.folder, monkeypatch)
    git("init", "--quiet", "--initial-branch", "main")
    first, second = git.commit("first"), git.commit("second")
    _release(releases, shop, 1, second)
    local.pull()
    found = {}
    for place in ("second", "after", "first", "beside"):
        if place == "first":
            git("checkout", "--quiet", first)
        elif place != "second":
            git.commit(place)
        found[place] = local.verdict(shop.folder)
    assert found == {
        "second": Verdict.FRESH,
        "after": Verdict.FRESH,
        "first": Verdict.WRONG_COMMIT,
        "beside": Verdict.WRONG_COMMIT,
    }
    _release(releases, shop, 2, "0" * 40)
    local.pull()
    assert local.verdict(shop.folder) is Verdict.WRONG_COMMIT


def test_commits_that_are_not_known(
    local: Local, releases: Releases, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a commit, a repository, a history or git, nobody can say that it is wrong."""
    git = Git(shop.folder, monkeypatch)
    _release(releases, shop, 1, "0" * 40)
    local.pull()
    assert local.verdict(shop.folder) is Verdict.FRESH
    git("init", "--quiet")
    assert local.verdict(shop.folder) is Verdict.FRESH
    first, second = git.commit("first"), git.commit("second")
    assert is_ancestor(shop.folder, "") is None
    assert is_ancestor(shop.folder, first) is True
    clone = tmp_path / "clone"
    git("clone", "--quiet", "--depth", "1", shop.folder.as_uri(), str(clone))
    assert is_ancestor(clone, second) is True
    assert is_ancestor(clone, first) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert is_ancestor(shop.folder, first) is None
    assert local.verdict(shop.folder) is Verdict.FRESH


@pytest.mark.parametrize("sha", ["--help", "no commit", "HEAD", "\udcff", "\0", "0" * 39])
def test_what_is_no_commit(shop: Shop, monkeypatch: pytest.MonkeyPatch, sha: str) -> None:
    """A release may say anything."""
    git = Git(shop.folder, monkeypatch)
    git("init", "--quiet")
    git.commit("first")
    assert is_ancestor(shop.folder, sha) is None


def test_artifacts_as_dbt_wrote_them(local: Local, releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """Byte for byte, and without the store the second time."""
    ran = shop.ran()
    push(releases, ran)
    copy = local.pull()
    assert not (copy.folder / "manifest.json").exists()
    for _ in range(2):
        folder = local.artifacts(copy)
        assert (folder / "manifest.json").read_bytes() == ran.manifest_json
        assert (folder / "run_results.json").read_bytes() == ran.run_results_json
        if (tmp_path / "state").is_dir():
            _away(tmp_path / "state")


def test_the_store_is_not_there(local: Local, releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """The copy is used, and why; without one there is none; what is not copied cannot be had."""
    assert local.refresh() == Copy(None, local.folder)
    _release(releases, shop, 1)
    assert (_number(local.refresh()), local.refresh().problem) == (1, "")
    _release(releases, shop, 2)
    _away(tmp_path / "state")
    copy = local.refresh()
    assert _number(copy) == 1
    assert copy.problem.startswith(f"state store: {tmp_path}/state/shop/prod/current: ")
    for ask in (local.pull, lambda: local.verdict(tmp_path), lambda: local.artifacts(copy)):
        with pytest.raises(UnreachableError):
            ask()
    other = Local.of(releases, tmp_path / "other").refresh()
    assert other.release is None
    assert other.problem == copy.problem
    (tmp_path / "state").unlink()
    (tmp_path / "kept").rename(tmp_path / "state")
    assert (_number(local.refresh()), local.refresh().problem) == (2, "")


def test_refreshed_only_where_current_has_moved(local: Local, releases: Releases, shop: Shop) -> None:
    """Otherwise nothing is written."""
    _release(releases, shop, 1)
    local.artifacts(local.refresh())
    before = {file: file.stat().st_mtime_ns for file in local.folder.rglob("*")}
    push(releases, shop.ran())
    local.artifacts(local.refresh())
    assert {file: file.stat().st_mtime_ns for file in local.folder.rglob("*")} == before
    _release(releases, shop, 2)
    assert _number(local.refresh()) == 2


def test_a_release_damaged_in_the_store(local: Local, releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """It never becomes a copy; the copy of the one before is used, and why."""
    _release(releases, shop, 1)
    local.pull()
    _release(releases, shop, 2)
    (tmp_path / "state/shop/prod/releases/000002/release.json").write_text("{}")
    with pytest.raises(IsolationError, match="not as it was written"):
        local.pull()
    copy = local.refresh()
    assert _number(copy) == 1
    assert "not as it was written" in copy.problem


@pytest.mark.parametrize("name", ["head.json", "000001/release.json"])
@pytest.mark.parametrize("content", [b"", b"{", b'{"version": 9}'])
def test_a_damaged_copy_is_copied_anew(
    local: Local, releases: Releases, shop: Shop, name: str, content: bytes
) -> None:
    """Whatever stands in it."""
    _release(releases, shop, 1)
    local.pull()
    before = files(local.folder)
    (local.folder / name).write_bytes(content)
    assert local.verdict(shop.folder) is Verdict.MISSING
    assert _number(local.refresh()) == 1
    assert files(local.folder) == before


def test_another_store_with_the_same_number(
    local: Local, releases: Releases, shop: Shop, tmp_path: Path
) -> None:
    """`state:` was changed: the artifacts are those of the new store."""
    _release(releases, shop, 1)
    local.artifacts(local.pull())
    shop.model("orders", "select 2")
    ran = shop.ran()
    push(releases_in(tmp_path / "other"), ran)
    moved = Local.of(releases_in(tmp_path / "other"), tmp_path / "target")
    assert moved.verdict(shop.folder) is Verdict.STALE
    folder = moved.artifacts(moved.pull())
    assert (folder / "manifest.json").read_bytes() == ran.manifest_json


def test_copies_of_a_day_ago_are_removed(local: Local, releases: Releases, shop: Shop) -> None:
    """A run that began with an older copy may still read it; after a day none does."""
    for version in (1, 2):
        _release(releases, shop, version)
        local.artifacts(local.pull())
    os.utime(local.folder / "000001", (0, 0))
    _release(releases, shop, 3)
    local.pull()
    assert sorted(one.name for one in local.folder.iterdir()) == ["000002", "000003", "head.json"]


def test_many_runs_at_once(releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """Each has the whole copy, whoever wrote it."""
    ran = shop.ran()
    push(releases, ran)

    def pull(_: int) -> bytes:
        local = Local.of(releases, tmp_path / "target")
        return (local.artifacts(local.refresh()) / "manifest.json").read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(pull, range(16))) == {ran.manifest_json}
    assert not [name for name in files(tmp_path / "target") if ".writing-" in name]


def test_no_place_for_a_copy(releases: Releases, shop: Shop, tmp_path: Path) -> None:
    """The file that is in the way is named."""
    _release(releases, shop, 1)
    (tmp_path / "target").touch()
    with pytest.raises(IsolationError, match="target/dbt_isolation/state/prod/000001"):
        Local.of(releases, tmp_path / "target").pull()
    copy = Local.of(releases, tmp_path / "target").refresh()
    assert copy.release is None
    assert "target/dbt_isolation" in copy.problem
