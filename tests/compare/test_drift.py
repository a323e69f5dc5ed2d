"""What another deployed since a branch began is told apart from what the branch changes."""

from pathlib import Path

import pytest

from dbt_isolation.compare.drift import Drift, drift
from dbt_isolation.errors import IsolationError
from dbt_isolation.state.push import push
from dbt_isolation.state.releases import Releases
from tests.state.artifacts import Shop, current
from tests.state.repository import Git

MINE, THEIRS, SHARED, NEW = (f"model.shop.{one}" for one in ("mine", "theirs", "shared", "new"))


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository with one commit, on which production's first release stands."""
    Shop(tmp_path / "shop")
    found = Git(tmp_path / "shop", monkeypatch)
    found("init", "--quiet", "--initial-branch=main")
    found.commit("first")
    return found


def _release(shop: Shop, releases: Releases, sha: str, *built: str) -> None:
    push(releases, shop.ran(*built, sha=sha))


def _began(shop: Shop, releases: Releases, git: Git) -> None:
    for name in ("mine", "theirs", "shared"):
        shop.model(name, "select 1 as id")
    _release(shop, releases, git("rev-parse", "HEAD"))


def _theirs(shop: Shop, releases: Releases, git: Git) -> None:
    """Another's commit, deployed, and not in this branch's history."""
    other = Shop(git.folder)
    other.entries = {name: dict(entries) for name, entries in shop.entries.items()}
    git("checkout", "--quiet", "-b", "other")
    for name in ("theirs", "shared", "new"):
        other.model(name, "select 2 as id")
    _release(other, releases, git.commit("theirs"))
    git("checkout", "--quiet", "main")


def test_another_s_change(git: Git, releases: Releases) -> None:
    """Theirs is what this branch has as it was; what both changed is named too."""
    shop = Shop(git.folder)
    _began(shop, releases, git)
    _theirs(shop, releases, git)
    shop.model("mine", "select 3 as id")
    shop.model("shared", "select 3 as id")
    git.commit("mine")
    found = drift(releases, current(releases), git.folder, shop.ran().fingerprints)
    assert found == Drift(1, frozenset({THEIRS, NEW}), frozenset({SHARED}))


def test_up_to_date(git: Git, releases: Releases) -> None:
    """Where the release's commit is in the history, and where git cannot say, nothing is."""
    shop = Shop(git.folder)
    _began(shop, releases, git)
    git.commit("later")
    assert drift(releases, current(releases), git.folder, shop.ran().fingerprints) is None
    shop.model("mine", "select 4 as id")
    _release(shop, releases, "")
    found = drift(releases, current(releases), git.folder / "..", shop.ran().fingerprints)
    assert found is None


def test_nothing_in_common(git: Git, releases: Releases) -> None:
    """No release of this branch's history: all may be another's."""
    shop = Shop(git.folder)
    for name in ("mine", "theirs"):
        shop.model(name, "select 1 as id")
    git("checkout", "--quiet", "-b", "other")
    _release(shop, releases, git.commit("other"))
    git("checkout", "--quiet", "main")
    assert drift(releases, current(releases), git.folder, shop.ran().fingerprints) == Drift(0)


def test_an_earlier_release_is_gone(git: Git, releases: Releases, tmp_path: Path) -> None:
    """It is said, and not taken for none."""
    shop = Shop(git.folder)
    _began(shop, releases, git)
    _theirs(shop, releases, git)
    next(tmp_path.rglob("000001/release.json")).unlink()
    with pytest.raises(IsolationError, match="what this branch began with cannot be told"):
        drift(releases, current(releases), git.folder, shop.ran().fingerprints)
