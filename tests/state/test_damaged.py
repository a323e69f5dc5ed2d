"""A store that is not as it was written: never read as if it were, and never stuck."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.errors import IsolationError
from dbt_isolation.state.local import Local
from dbt_isolation.state.push import Kind, push
from dbt_isolation.state.releases import Releases, sha256
from tests.state.artifacts import Shop, current, releases_in

ORDERS = "model.shop.orders"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two models."""
    return _shop(tmp_path)


def _shop(folder: Path) -> Shop:
    shop = Shop(folder / "shop")
    shop.model("orders", "select 1")
    shop.model("totals", "select 1")
    return shop


@pytest.fixture
def releases(tmp_path: Path, shop: Shop) -> Releases:
    """A store with two releases."""
    return _two_releases(tmp_path, shop)


def _two_releases(folder: Path, shop: Shop) -> Releases:
    releases = releases_in(folder / "state")
    push(releases, shop.ran())
    shop.model("orders", "select 2")
    push(releases, shop.ran())
    return releases


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder of the releases of prod."""
    return tmp_path / "state/shop/prod"


def _edit(file: Path, **changes: object) -> bytes:
    content: dict[str, Any] = json.loads(file.read_bytes())
    written = json.dumps(content | changes).encode()
    file.write_bytes(written)
    return written


def _switch_to(place: Path, number: int, **changes: object) -> None:
    """Edits the release, and the switch to it and ``current`` as well, so that the digest agrees."""
    written = _edit(place / f"releases/{number:06}/release.json", **changes)
    for file in (place / f"switches/{number:06}.json", place / "current"):
        _edit(file, digest=sha256(written))


def test_a_release_edited_by_hand(releases: Releases, place: Path) -> None:
    """It is an error that names the file, for readers and for a push of a part."""
    _edit(place / "releases/000002/release.json", actor="mallory")
    with pytest.raises(IsolationError, match=r"prod/releases/000002/release\.json is not as it was written"):
        releases.current()


def test_after_a_damaged_release(releases: Releases, shop: Shop, place: Path) -> None:
    """A run of a part cannot be pushed, as nothing can be carried over; one of the whole project can."""
    _edit(place / "releases/000002/release.json", actor="mallory")
    shop.model("orders", "select 3")
    with pytest.raises(IsolationError, match="not as it was written") as error:
        push(releases, shop.ran(ORDERS))
    assert "a run of the whole project" in error.value.hint
    pushed = push(releases, shop.ran())
    assert (pushed.kind, pushed.number) == (Kind.RELEASE, 3)
    assert current(releases).previous == 2


def test_a_truncated_manifest(releases: Releases, shop: Shop, place: Path) -> None:
    """The release itself is readable; its manifest is an error, also for a push that carries over from it."""
    file = place / "releases/000002/manifest.json.gz"
    file.write_bytes(file.read_bytes()[:-20])
    release = current(releases)
    with pytest.raises(IsolationError, match=r"manifest\.json\.gz is not as it was written"):
        releases.manifest(release)
    shop.model("orders", "select 3")
    with pytest.raises(IsolationError, match=r"manifest\.json\.gz is not as it was written"):
        push(releases, shop.ran(ORDERS))
    assert push(releases, shop.ran()).number == 3
    assert releases.manifest(current(releases))


@pytest.mark.parametrize("name", ["release.json", "manifest.json.gz"])
def test_a_missing_file(releases: Releases, place: Path, name: str) -> None:
    """It is named."""
    (place / "releases/000002" / name).unlink()
    with pytest.raises(IsolationError, match=f"prod/releases/000002/{name} is missing"):
        releases.manifest(current(releases))


@pytest.mark.parametrize(
    "content",
    [b"no gzip", b"\x1f\x8b" + b"\0" * 30, gzip.compress(b"{}" * 99)[:-9]],
    ids=["text", "broken", "cut off"],
)
def test_a_manifest_without_a_digest(releases: Releases, place: Path, content: bytes) -> None:
    """Bytes that are no gzip are an error, even where release.json does not say what they should be."""
    (place / "releases/000002/manifest.json.gz").write_bytes(content)
    _switch_to(place, 2, files={})
    with pytest.raises(IsolationError, match=r"releases/000002/manifest\.json\.gz"):
        releases.manifest(current(releases))


def test_current_is_lost(releases: Releases, shop: Shop, place: Path) -> None:
    """It is found again from the switches, for readers and for the next push; strange files do not matter."""
    (place / "current").unlink()
    for name in ("README", ".DS_Store", "000009.json.swp"):
        (place / "switches" / name).touch()
    assert current(releases).number == 2
    shop.model("orders", "select 3")
    assert push(releases, shop.ran()).number == 3
    assert current(releases).number == 3
    assert len(releases.switches()) == 3


def test_current_is_garbage(releases: Releases, place: Path) -> None:
    """It is an error that says what to do, and doing it helps."""
    (place / "current").write_bytes(b"<<<<<<< HEAD\n")
    with pytest.raises(IsolationError, match="prod/current cannot be read") as error:
        releases.head()
    assert "delete it" in error.value.hint
    (place / "current").unlink()
    assert current(releases).number == 2


def test_current_is_old(releases: Releases, place: Path) -> None:
    """A `current` brought back from a backup leads to the last switch."""
    (place / "current").write_bytes((place / "switches/000001.json").read_bytes())
    assert current(releases).number == 2


@pytest.mark.parametrize("file", ["switches/000002.json", "current"])
def test_a_switch_of_a_later_version(releases: Releases, place: Path, file: str) -> None:
    """It says what to update, whatever else may stand in it."""
    (place / "current").unlink()
    (place / file).write_text('{"version": 2, "points_to": "000002"}')
    with pytest.raises(IsolationError, match=f"prod/{file} is of version 2") as error:
        releases.head()
    assert error.value.hint == "update dbt-isolation"


def test_a_switch_under_another_name(releases: Releases, place: Path) -> None:
    """Copied over the next one, it is an error; readers do not go round in circles."""
    (place / "current").unlink()
    (place / "switches/000002.json").write_bytes((place / "switches/000001.json").read_bytes())
    for act in (releases.head, releases.switches):
        with pytest.raises(IsolationError, match=r"switches/000002\.json is switch 1"):
            act()


def test_a_release_of_a_later_version(releases: Releases, shop: Shop, place: Path) -> None:
    """Neither read nor built upon, not even by a whole run."""
    _switch_to(place, 2, version=2, nodes=[])
    for act in (releases.current, lambda: push(releases, shop.ran())):
        with pytest.raises(IsolationError, match=r"000002/release\.json is of version 2") as error:
            act()
        assert error.value.hint == "update dbt-isolation"
    assert releases.read(1).number == 1


def test_keys_that_are_not_known_are_ignored(releases: Releases, place: Path) -> None:
    """A later dbt-isolation may add some to the same version."""
    _switch_to(place, 2, weather="fine")
    assert current(releases).number == 2


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
_KEYS = st.sampled_from(["number", "release", "digest", "version", "nodes", "files", "pushed", "built"])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Releases, Path]:
    """A store with two releases, which a test puts back in order itself."""
    folder = tmp_path_factory.mktemp("damaged")
    return _two_releases(folder, _shop(folder)), folder


@given(
    name=st.sampled_from(["current", "switches/000002.json", "releases/000002/release.json"]),
    content=st.binary(max_size=30)
    | _JSON.map(lambda value: json.dumps(value).encode())
    | st.integers(0, 300)
    | st.dictionaries(_KEYS, _JSON, min_size=1, max_size=2),
    agrees=st.booleans(),
    lost=st.booleans(),
)
def test_any_bytes_are_read_or_refused(
    kept: tuple[Releases, Path], name: str, content: bytes | int | dict[str, Any], agrees: bool, lost: bool
) -> None:
    """Whatever stands in a file: it works, or one error that says why.

    ``content``: bytes, or how much of the file is left, or other values for some of its keys. ``agrees``:
    whether the switch has the digest of what then stands in release.json. ``lost``: whether there is no
    `current`.
    """
    releases, folder = kept
    place = folder / "state/shop/prod"
    names = ("current", "switches/000002.json", "releases/000002/release.json")
    before = {one: (place / one).read_bytes() for one in names}
    if isinstance(content, int):
        content = before[name][:content]
    elif isinstance(content, dict):
        content = json.dumps(json.loads(before[name]) | content).encode()
    (place / name).write_bytes(content)
    if agrees and name.startswith("releases"):
        for one in names[:2]:
            _edit(place / one, digest=sha256(content))
    if lost:
        (place / "current").unlink()
    local = Local(releases, folder / "copy")
    try:
        for act in (
            releases.head,
            releases.current,
            releases.switches,
            lambda: releases.read(2),
            lambda: local.verdict(folder),
            local.pull,
        ):
            try:
                act()
            except IsolationError as error:
                assert error.message
        copy = local.refresh()
        assert copy.release is not None or copy.problem or releases.head() is None
    finally:
        for one, written in before.items():
            (place / one).write_bytes(written)
