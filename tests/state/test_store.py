"""Where releases may stand: `state:` as users write it."""

import socket
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest

from dbt_isolation.errors import IsolationError
from dbt_isolation.state import store as stores
from dbt_isolation.state.local import Local
from dbt_isolation.state.push import Kind, push
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import UnreachableError, open_store
from tests.state.artifacts import Shop, current, files, releases_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """One model."""
    shop = Shop(tmp_path / "shop")
    shop.model("orders", "select 1")
    return shop


def _releases(state: str, folder: Path = Path(), **environ: str) -> Releases:
    return Releases(open_store(state, folder, environ), "shop", "prod")


@pytest.mark.parametrize("state", ["state", "./deep/../state", "file://{folder}/state", "{folder}/state"])
def test_folders(tmp_path: Path, shop: Shop, state: str) -> None:
    """Relative to the project, absolute, or as a URL."""
    releases = _releases(state.replace("{folder}", str(tmp_path)), tmp_path)
    push(releases, shop.ran())
    assert current(releases_in(tmp_path / "state")).number == 1
    assert (tmp_path / "state/shop/prod/current").is_file()


def test_variables(tmp_path: Path, shop: Shop) -> None:
    """They are filled in, and an unset one is named."""
    push(_releases("{env:PLACE}/state", tmp_path, PLACE="here"), shop.ran())
    assert current(releases_in(tmp_path / "here/state")).number == 1
    with pytest.raises(IsolationError, match="environment variable 'PLACE' is not set") as error:
        _releases("{env:PLACE}/state", tmp_path)
    assert "set PLACE" in error.value.hint


def test_files_can_be_read_by_others(tmp_path: Path, shop: Shop) -> None:
    """A store is shared: its files have the rights that the umask leaves, as any other file."""
    (tmp_path / "plain").touch()
    push(releases_in(tmp_path / "state"), shop.ran())
    rights = {file.stat().st_mode for file in (tmp_path / "state").rglob("*") if file.is_file()}
    assert rights == {(tmp_path / "plain").stat().st_mode}


@pytest.fixture
def memory(tmp_path: Path, shop: Shop) -> Iterator[str]:
    """A URL in memory with a release, put there by somebody's copying."""
    push(releases_in(tmp_path / "original"), shop.ran())
    place = f"/{uuid4()}"
    system = fsspec.filesystem("memory")
    for name, content in files(tmp_path / "original").items():
        system.pipe_file(f"{place}/{name}", content)
    yield f"memory:/{place}"
    system.rm(place, recursive=True)


def test_any_url_can_be_read(memory: str, shop: Shop, tmp_path: Path) -> None:
    """And only read: the refusal says where releases can be written."""
    releases = _releases(memory)
    release = current(releases)
    assert releases.manifest(release) == releases_in(tmp_path / "original").manifest(release)
    assert [switch.number for switch in releases.switches()] == [1]
    assert releases.refreshes(1) == 0
    local = Local.of(releases, tmp_path / "target")
    assert (local.artifacts(local.pull()) / "manifest.json").read_bytes() == releases.manifest(release)
    shop.model("orders", "select 2")
    for _ in range(2):
        with pytest.raises(IsolationError, match="can be read and not written") as error:
            push(releases, shop.ran())
        assert "s3://" in error.value.hint
    assert current(releases).number == 1


def test_an_empty_url() -> None:
    """No release, and none to list."""
    releases = _releases(f"memory://{uuid4()}")
    assert (releases.head(), releases.switches()) == (None, [])


@pytest.fixture
def exclusive(monkeypatch: pytest.MonkeyPatch) -> str:
    """A URL in memory that may be written: its file system can create exclusively, as object stores can."""
    monkeypatch.setattr(stores, "_EXCLUSIVE", {**stores._EXCLUSIVE, "memory": "memory"})
    return f"memory://{uuid4()}"


def test_writing_to_an_object_store(exclusive: str, shop: Shop) -> None:
    """As to a folder; beside the releases stands the file that proves that nothing is overwritten."""
    releases = _releases(exclusive)
    for version in (1, 2):
        shop.model("orders", f"select {version}")
        assert push(releases, shop.ran()).number == version
        assert push(_releases(exclusive), shop.ran()).kind is Kind.REFRESH
    assert releases.refreshes(1) == 1
    assert [switch.release for switch in releases.switches()] == [1, 2]
    assert not releases.store.create("shop/prod/switches/000001.json", b"")
    assert open_store(exclusive, Path(), {}).names("") == ["dbt_isolation_exclusive_create", "shop"]
    releases.abandon(2)
    releases.abandon(3)
    assert releases.store.names("shop/prod/releases/000002") == ["run_results.json"]


def test_a_store_that_overwrites(exclusive: str, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old client drops the condition in silence: nothing is written there but the proof."""
    releases = _releases(exclusive)
    system = fsspec.filesystem("memory")
    written = type(system).pipe_file

    def overwrite(self: Any, path: str, value: bytes, mode: str = "", **kwargs: Any) -> None:
        written(self, path, value, **kwargs)

    monkeypatch.setattr(type(system), "pipe_file", overwrite)
    for _ in range(2):
        with pytest.raises(IsolationError, match="lets a file that is there be created again") as error:
            push(releases, shop.ran())
        assert "s3fs" in error.value.hint
    assert releases.store.names("") == ["dbt_isolation_exclusive_create"]


class _RefusedError(OSError):
    """As s3fs raises what S3 said: the client's own error is its cause."""

    def __init__(self, code: str) -> None:
        super().__init__(5, f"the 412th request failed: {code}")
        self.__cause__ = type("ClientError", (Exception,), {"response": {"Error": {"Code": code}}})()


@pytest.mark.parametrize(
    ("code", "times", "created"),
    [
        ("PreconditionFailed", 1, False),
        ("ConditionalRequestConflict", 1, True),
        ("ConditionalRequestConflict", 99, None),
        ("InternalError", 1, None),
    ],
)
def test_what_an_object_store_says(
    exclusive: str, monkeypatch: pytest.MonkeyPatch, code: str, times: int, created: bool | None
) -> None:
    """By its code alone: there is one already; another request is under way, so once more; it failed."""
    store = open_store(exclusive, Path(), {})
    store.create("proof", b"")
    system = fsspec.filesystem("memory")
    written = type(system).pipe_file
    answers = iter([_RefusedError(code)] * times)

    def refuse(self: Any, *arguments: Any, **kwargs: Any) -> None:
        for error in answers:
            raise error
        written(self, *arguments, **kwargs)

    monkeypatch.setattr(type(system), "pipe_file", refuse)
    if created is None:
        with pytest.raises(UnreachableError, match=code):
            store.create("file", b"content")
        return
    assert store.create("file", b"content") is created
    assert store.read("file") == (b"content" if created else None)


def test_a_url_that_does_not_answer(tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up after a time, with a line that says so; the local copy goes on."""
    original = releases_in(tmp_path / "state")
    push(original, shop.ran())
    Local.of(original, tmp_path / "target").pull()
    monkeypatch.setattr(stores, "_READ_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        releases = _releases(f"http://127.0.0.1:{server.getsockname()[1]}/state")
        with pytest.raises(UnreachableError, match=r"/state/shop/prod/current: no answer in 0\.1 s"):
            releases.head()
        copy = Local.of(releases, tmp_path / "target").refresh()
    assert copy.release is not None
    assert "no answer" in copy.problem


def test_a_url_where_nobody_listens() -> None:
    """Refused at once, and the URL is named."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(UnreachableError, match=f"http://127.0.0.1:{port}/state/shop/prod/current: "):
        _releases(f"http://127.0.0.1:{port}/state").head()


def test_an_unknown_protocol() -> None:
    """It is shown, with where the known ones stand."""
    with pytest.raises(IsolationError, match="state: sw3://bucket: Protocol not known: sw3") as error:
        open_store("sw3://bucket", Path(), {})
    assert "docs/state.md" in error.value.hint


@pytest.mark.parametrize(
    ("state", "client", "extra"),
    [("s3://b", "s3fs", "s3"), ("gs://b", "gcsfs", "gs"), ("az://b", "adlfs", "abfs")],
)
def test_a_missing_extra(state: str, client: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named as pip takes it."""
    monkeypatch.setitem(sys.modules, client, None)
    monkeypatch.delitem(import_module("fsspec.registry")._registry, state.partition(":")[0], raising=False)
    with pytest.raises(IsolationError, match=f"state: {state}: ") as error:
        open_store(state, Path(), {})
    assert error.value.hint == f"pip install 'dbt-isolation[{extra}]'"


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shop: Shop) -> None:
    """A URL needs it, a folder does not."""
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(IsolationError, match="state: s3://bucket needs fsspec") as error:
        open_store("s3://bucket", Path(), {})
    assert "dbt-isolation[s3]" in error.value.hint
    push(_releases("state", tmp_path), shop.ran())
