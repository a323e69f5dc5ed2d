"""The release store on S3: a real server that speaks S3, reached as a user's environment says."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Lock
from typing import Any
from uuid import uuid4

import fsspec
import pytest
from moto.moto_server import threaded_moto_server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from dbt_isolation.errors import IsolationError
from dbt_isolation.state.local import Local, Verdict
from dbt_isolation.state.push import Kind, Pushed, push
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import UnreachableError, open_store
from tests import dbt_process
from tests.state.artifacts import Shop, current

pytestmark = pytest.mark.all

_PUSHES = 4
_BUCKET = "releases"


def _one_by_one(create_app: Any) -> Any:
    """S3 itself looks whether an object is there and writes it in one step; the server does so in two."""
    application = DomainDispatcherApplication(create_app)
    lock = Lock()

    def serve(environ: Any, start_response: Any) -> Any:
        with lock:
            return application(environ, start_response)

    return serve


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    """The environment variables of a user with a bucket."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threaded_moto_server, "DomainDispatcherApplication", _one_by_one)
        server = threaded_moto_server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        variables = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "alice",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        for name, value in variables.items():
            patch.setenv(name, value)
        fsspec.filesystem("s3").mkdir(_BUCKET)
        yield variables
        server.stop()


@pytest.fixture
def state(environ: dict[str, str]) -> str:
    """A place of the test's own in the bucket."""
    return f"s3://{_BUCKET}/{uuid4()}"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two models."""
    shop = Shop(tmp_path / "shop")
    shop.model("orders", "select 1")
    shop.model("totals", "select 1")
    return shop


def _releases(state: str) -> Releases:
    return Releases(open_store(state, Path(), {}), "shop", "prod")


def test_push_pull_refresh(state: str, shop: Shop, tmp_path: Path) -> None:
    """As with a folder; what is pulled is byte for byte what was pushed."""
    releases = _releases(state)
    assert releases.head() is None
    assert releases.switches() == []
    local = Local.of(_releases(state), tmp_path / "target")
    for version in (1, 2):
        shop.model("orders", f"select {version}")
        ran = shop.ran()
        assert push(releases, ran).number == version
        assert push(releases, ran).kind is Kind.KNOWN
        assert push(_releases(state), shop.ran()).kind is Kind.REFRESH
        assert local.verdict(tmp_path) is (Verdict.MISSING if version == 1 else Verdict.STALE)
        folder = local.artifacts(local.pull())
        assert (folder / "manifest.json").read_bytes() == ran.manifest_json
        assert local.verdict(tmp_path) is Verdict.FRESH
    assert [switch.release for switch in releases.switches()] == [1, 2]
    assert [releases.refreshes(number) for number in (1, 2)] == [1, 1]


def test_create_is_exclusive(state: str) -> None:
    """The second does not write, for small files and for those in many parts."""
    store = open_store(state, Path(), {})
    assert store.create("file", b"first")
    assert not store.create("file", b"second")
    assert store.read("file") == b"first"
    store.remove("file")
    store.remove("file")
    assert store.create("file", b"third")
    large = bytes(101 * 2**20)
    assert not store.create("file", large)
    assert store.read("file") == b"third"


def test_pushes_at_once(state: str, shop: Shop) -> None:
    """All of them end up in the current release."""
    models = [shop.model(f"m{number}") for number in range(_PUSHES)]
    runs = [shop.ran(one) for one in models]
    barrier = Barrier(_PUSHES)

    def pushed(number: int) -> Pushed:
        ours = _releases(state)
        barrier.wait()
        return push(ours, runs[number])

    with ThreadPoolExecutor(_PUSHES) as pool:
        assert {one.kind for one in pool.map(pushed, range(_PUSHES))} == {Kind.RELEASE}
    assert set(current(_releases(state)).nodes) == set(models)
    assert len(_releases(state).switches()) == _PUSHES


def _push_and_die(folder: str, state: str, left: int) -> None:
    import os

    from tests.state.test_at_once import Meddled

    store = Meddled(open_store(state, Path(), {}))

    def before(call: str, path: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    store.before = before
    shop = Shop(Path(folder))
    shop.model("orders", "select 2")
    push(Releases(store, "shop", "prod"), shop.ran(invocation="killed"))


@pytest.mark.parametrize("calls", range(6))
def test_killed_half_way(state: str, environ: dict[str, str], shop: Shop, tmp_path: Path, calls: int) -> None:
    """After any number of writing calls: the old release, or after the switch the new one."""
    releases = _releases(state)
    push(releases, shop.ran(invocation="first"))
    result = dbt_process.call(
        _push_and_die,
        (str(tmp_path / "killed"), state, calls),
        tmp_path,
        dbt_process.environment(tmp_path, **environ),
    )
    assert result.status == (-signal.SIGKILL if calls < 5 else 0), result
    assert current(releases).invocation_id == ("first" if calls < 4 else "killed")
    shop.model("orders", "select 3")
    pushed = push(releases, shop.ran())
    assert pushed.kind is Kind.RELEASE
    assert current(_releases(state)).number == pushed.number


def test_a_bucket_that_does_not_exist(environ: dict[str, str], shop: Shop) -> None:
    """A mistake in `state:` is no empty store."""
    releases = _releases("s3://relaeses/state")
    with pytest.raises(UnreachableError, match="relaeses"):
        releases.head()
    with pytest.raises(IsolationError, match="relaeses"):
        push(releases, shop.ran())
