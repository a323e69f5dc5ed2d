"""Making a copy of production's DuckDB file: who else has it open, what a crash left, what goes wrong."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_isolation.errors import IsolationError
from dbt_isolation.guard import file_copy
from tests.guard.cellar import OPEN, Cellar, write, writer
from tests.projects import ROOT


def test_being_written_reads_the_copy_there_is(cellar: Cellar, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said once production's file has changed; until then the copy is right. No lock is taken."""
    assert cellar.bottles() == 3
    with writer(cellar.production, "insert into bottles values (4)") as process:
        assert cellar.bottles() == 3
        assert not capsys.readouterr().err
        os.utime(cellar.production)
        assert cellar.bottles() == 3
        assert f"prod.duckdb is being written by process {process}: the copy of 20" in capsys.readouterr().err
    assert cellar.bottles() == 4


def test_being_written_without_a_copy(cellar: Cellar) -> None:
    """There is nothing to read; a damaged copy is nothing either."""
    with writer(cellar.production) as process:
        with pytest.raises(IsolationError, match=f"is being written by process {process}, and there is no"):
            cellar.read()
        copies_folder = cellar.folder / "target/dbt_isolation/copies"
        assert not list(copies_folder.glob("*.duckdb"))
    copy = cellar.copy()
    copy.chmod(0o600)
    copy.write_bytes(b"damaged")
    with writer(cellar.production), pytest.raises(IsolationError, match="there is no copy") as raised:
        cellar.read()
    assert "run this again when production's run has ended" in str(raised.value)
    assert cellar.bottles() == 3


def test_a_reader_of_production_is_no_writer(cellar: Cellar) -> None:
    """Others may read it meanwhile."""
    code = OPEN.replace("sys.argv[1]", "sys.argv[1], read_only=True")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(cellar.production), "select 1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert cellar.bottles() == 3
        process.communicate(timeout=60)


@pytest.mark.parametrize("moment", ["_copy", "_logs"])
def test_changed_while_it_is_copied(
    cellar: Cellar, monkeypatch: pytest.MonkeyPatch, moment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was copied may be of two states, and is not used."""
    assert cellar.bottles() == 3
    cellar.execute("insert into bottles values (4)")
    real = getattr(file_copy, moment)

    def meanwhile(*arguments: Any) -> Any:
        done = real(*arguments)
        if moment == "_copy":
            cellar.production.write_bytes(cellar.production.read_bytes())
        else:
            (cellar.folder / "prod.duckdb.wal").write_bytes(b"log")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(file_copy, moment, meanwhile)
        assert cellar.bottles() == 3
    assert "prod.duckdb is being written: the copy of" in capsys.readouterr().err
    (cellar.folder / "prod.duckdb.wal").unlink(missing_ok=True)
    assert cellar.bottles() == 4
    assert len(cellar.kept()) == 1


def test_this_process_has_it_open(cellar: Cellar) -> None:
    """Its locks would go if the file were opened and closed here: another could write beside it."""
    with duckdb.connect(str(cellar.production)):
        with pytest.raises(IsolationError, match="is being written by this very process"):
            cellar.read()
        other = subprocess.run(
            [sys.executable, "-c", OPEN, str(cellar.production), "select 1"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Could not set lock" in other.stderr
    assert cellar.bottles() == 3


@pytest.mark.parametrize("link", [False, True])
def test_what_a_crash_left_in_the_log(cellar: Cellar, link: bool) -> None:
    """Committed changes are read; production's files stay as they are, and the next run copies nothing."""
    if link:
        (cellar.folder / "2026").mkdir()
        cellar.production.rename(cellar.folder / "2026/prod.duckdb")
        cellar.production.symlink_to("2026/prod.duckdb")
    write(cellar.production, "insert into bottles values (4)")
    log = Path(os.path.realpath(cellar.production)).with_name("prod.duckdb.wal")
    before = cellar.production.read_bytes(), log.read_bytes()
    assert cellar.bottles() == 4
    assert (cellar.production.read_bytes(), log.read_bytes()) == before
    copy = cellar.copy()
    assert cellar.kept() == {copy.name}
    seen = copy.stat()
    assert (cellar.bottles(), copy.stat().st_ino) == (4, seen.st_ino)
    cellar.execute("insert into bottles values (5)")
    assert cellar.bottles() == 5


def test_a_log_that_cannot_be_read(cellar: Cellar) -> None:
    """An error that says so; nothing half-made stays."""
    cellar.execute("create table other as select 1 as i", "other.duckdb")
    write(cellar.folder / "other.duckdb", "insert into other values (2)")
    (cellar.folder / "other.duckdb.wal").rename(cellar.folder / "prod.duckdb.wal")
    with pytest.raises(IsolationError, match="was left with a log of changes that DuckDB cannot read"):
        cellar.read()
    assert cellar.kept() == set()


@pytest.mark.parametrize("found", [errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])
@pytest.mark.parametrize("after", [0, 2])
def test_where_the_system_does_not_copy(
    cellar: Cellar, monkeypatch: pytest.MonkeyPatch, found: int, after: int
) -> None:
    """It is copied by hand, from where the system stopped."""
    monkeypatch.setattr(file_copy, "_CHUNK", 100_000)
    monkeypatch.setattr(os, "copy_file_range", _failing(OSError(found, "no"), after), raising=False)
    copy = cellar.copy()
    assert copy.read_bytes() == cellar.production.read_bytes()


def test_a_full_disk(cellar: Cellar, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error with a remedy; the copy before it stays, and nothing else."""
    copy = cellar.copy()
    before = copy.read_bytes()
    cellar.execute("insert into bottles values (4)")
    with monkeypatch.context() as patch:
        patch.setattr(file_copy, "_CHUNK", 100_000)
        full = OSError(errno.ENOSPC, "No space left on device")
        patch.setattr(os, "copy_file_range", _failing(full, 2), raising=False)
        with pytest.raises(
            IsolationError, match=r"cannot be copied to .*: No space left on device"
        ) as raised:
            cellar.read()
    assert "--target-path" in raised.value.hint
    assert (copy.read_bytes(), cellar.kept()) == (before, {copy.name})
    assert cellar.bottles() == 4


def test_interrupted(cellar: Cellar, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C leaves the copy before it, and nothing else."""
    copy = cellar.copy()
    cellar.execute("insert into bottles values (4)")
    with monkeypatch.context() as patch:
        patch.setattr(file_copy, "_CHUNK", 100_000)
        patch.setattr(os, "copy_file_range", _failing(KeyboardInterrupt(), 2), raising=False)
        with pytest.raises(KeyboardInterrupt):
            cellar.read()
    assert cellar.kept() == {copy.name}
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.execute("select count(*) from bottles").fetchall() == [(3,)]
    assert cellar.bottles() == 4


KILLED = """
import os, signal, sys
from pathlib import Path
from dbt_isolation.guard import file_copy
signal.alarm(60)
def stop(*_):
    print("half", flush=True)
    sys.stdin.read()
file_copy._writer = lambda file, seen=[]: stop() if seen else seen.append(1)
with file_copy.Place.of(Path(sys.argv[2]), lambda: print("waits", flush=True)) as place:
    place.make(Path(sys.argv[1]), None)
print("made", flush=True)
"""


def _making(cellar: Cellar, copy: Path) -> "subprocess.Popen[str]":
    """A process that makes the copy, and waits before it puts it in place."""
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(cellar.production), str(copy)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_what_a_killed_process_left_is_removed(cellar: Cellar) -> None:
    """By the next one that copies."""
    copy = cellar.copy()
    copy.unlink()
    with _making(cellar, copy) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    assert cellar.kept() == {f".{copy.name}.{process.pid}"}
    assert cellar.bottles() == 3
    assert cellar.kept() == {copy.name}


def test_two_at_once(cellar: Cellar) -> None:
    """The second waits, leaves alone what the first one writes, and both end right."""
    copy = cellar.copy()
    copy.unlink()
    with _making(cellar, copy) as first, _making(cellar, copy) as second:
        assert first.stdout is not None
        assert second.stdout is not None
        said = {first.stdout.readline(), second.stdout.readline()}
        assert said == {"half\n", "waits\n"}
        assert len(cellar.kept()) == 1
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.close()
        ends = [first.stdout.read(), second.stdout.read()]
        assert all(end.endswith("made\n") for end in ends)
        assert [first.wait(60), second.wait(60)] == [0, 0]
    assert cellar.kept() == {copy.name}
    assert cellar.bottles() == 3


def test_where_the_file_system_clones(cellar: Cellar, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing is copied; here the system call is played."""

    def clone(target: Any, request: int, source: int) -> int:
        assert request == 0x40049409
        os.sendfile(target.fileno(), source, 0, os.fstat(source).st_size)
        return 0

    monkeypatch.setattr("dbt_isolation.guard.file_copy.fcntl.ioctl", clone)
    monkeypatch.setattr(os, "copy_file_range", _failing(AssertionError("copied"), 0), raising=False)
    assert cellar.copy().read_bytes() == cellar.production.read_bytes()


def _failing(error: BaseException, after: int) -> Callable[..., int]:
    """`os.copy_file_range`, which works ``after`` times."""
    real = getattr(os, "copy_file_range", None)
    calls = []

    def copy(*arguments: Any) -> int:
        calls.append(1)
        if len(calls) > after or real is None:
            raise error
        return int(real(*arguments))

    return copy
