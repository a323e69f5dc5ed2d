"""The cache: shared by processes, killed, damaged, without a folder to write to."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dbt_isolation import cache
from dbt_isolation.cache import Cache
from tests.projects import ROOT

KEYS = [number.to_bytes(16, "big") for number in range(1200)]
NOBODY = 65534

WRITER = """
import sys
from dbt_isolation.cache import Cache
mine = Cache(sys.argv[1], "answers")
for number in range(60):
    key = f"{sys.argv[2]} {number}".encode()
    mine.put({key: b"x"})
    assert mine.get([key]) == {key: b"x"}, number
"""

# With a cache of one page the transaction reaches the file before it ends.
KILLED = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1])
connection.execute("pragma cache_size = 1")
connection.execute("begin immediate")
connection.execute("delete from answers")
connection.executemany(
    "insert into answers values (?, 1, ?)", [(f"half {n}".encode(), bytes(500)) for n in range(2000)]
)
print("in the middle", flush=True)
time.sleep(60)
"""


def start(code: str, *words: str) -> "subprocess.Popen[str]":
    """A Python process with this package."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=ROOT, stdout=pipe, stderr=pipe, text=True
    )


@contextmanager
def a_folder_to_look_at() -> Iterator[Path]:
    """A folder that this process may change before the block and only read in it, root or not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        Cache(name, "answers").put({KEYS[0]: b""})
        folder.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            os.seteuid(user)
            folder.chmod(0o755)


def test_remembers(tmp_path: Path) -> None:
    """In a folder that it makes; any number of keys; nothing where there is nothing."""
    mine = Cache(str(tmp_path / "a/target"), "answers")
    assert mine.get(KEYS) == {}
    mine.put({})
    assert not (tmp_path / "a").exists()
    mine.put({key: key[-1:] for key in KEYS})
    assert mine.get(KEYS) == {key: key[-1:] for key in KEYS}
    assert mine.get([b"unknown", KEYS[7]]) == {KEYS[7]: b"\x07"}
    assert Cache(str(tmp_path / "a/target"), "readings").get(KEYS) == {}


def test_the_ones_not_used_for_longest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading counts as a use, once a day."""
    mine = Cache(str(tmp_path), "answers", most=20)
    mine.put(dict.fromkeys(KEYS[:10], b""))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3 * 24 * 3600)
    assert set(mine.get(KEYS[:5])) == set(KEYS[:5])
    monkeypatch.setattr(time, "time", lambda: now + 2 * 24 * 3600)
    mine.put(dict.fromkeys(KEYS[10:22], b""))
    left = set(mine.get(KEYS))
    assert len(left) == 18
    assert set(KEYS[:5]) < left


def test_processes_at_once(tmp_path: Path) -> None:
    """Each finds what it wrote, and none has anything to say."""
    processes = [start(WRITER, str(tmp_path), name) for name in ("a", "b", "c")]
    for process in processes:
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 0
    keys = [f"{name} {number}".encode() for name in ("a", "b", "c") for number in range(60)]
    assert len(Cache(str(tmp_path), "answers").get(keys)) == 180


def test_a_process_that_is_killed_while_it_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was there before is there, nothing of the half is, and it can be written."""
    mine = Cache(str(tmp_path), "answers")
    mine.put(dict.fromkeys(KEYS, b""))
    process = start(KILLED, mine.file)
    assert process.stdout is not None
    assert process.stdout.readline() == "in the middle\n"
    assert Path(f"{mine.file}-journal").exists()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert set(mine.get([*KEYS, b"half 1"])) == set(KEYS)
    mine.put({b"new": b""})
    assert mine.get([b"new"]) == {b"new": b""}
    assert capsys.readouterr() == ("", "")


def test_somebody_who_does_not_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is waited for, and then there is no cache this time."""
    monkeypatch.setattr(cache, "_PATIENCE", 0.05)
    mine = Cache(str(tmp_path), "answers")
    mine.put({KEYS[0]: b""})
    with sqlite3.connect(mine.file) as other:
        other.execute("begin exclusive")
        assert mine.get(KEYS) == {}
        mine.put({KEYS[1]: b""})
        other.rollback()
    assert mine.get(KEYS) == {KEYS[0]: b""}
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("how", ["no database", "cut off", "overwritten"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    """With one line that says so, by whoever reads or writes first."""
    for first in ("get", "put"):
        mine = Cache(str(tmp_path), "answers")
        mine.put(dict.fromkeys(KEYS, b""))
        file = Path(mine.file)
        whole = file.read_bytes()
        assert len(whole) > 5 * 4096
        file.write_bytes(
            {
                "no database": b"something else " * 1000,
                "cut off": whole[: len(whole) // 2],
                "overwritten": whole[:4096] + b"\xff" * (len(whole) - 4096),
            }[how]
        )
        if first == "get":
            assert mine.get(KEYS) == {}
        mine.put({b"new": b""})
        assert mine.get([b"new"]) == {b"new": b""}
        assert mine.get(KEYS[:3]) == {}
        said = capsys.readouterr()
        assert said.out == ""
        [line] = said.err.splitlines()
        assert line.startswith(f"dbt-isolation: {mine.file} was damaged (")
        assert line.endswith("and is made anew")


def test_a_file_of_another_layout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is another version's, and no damage."""
    mine = Cache(str(tmp_path), "answers")
    with sqlite3.connect(mine.file) as other:
        other.execute("create table answers (something)")
        other.execute("pragma user_version = 99")
    assert mine.get(KEYS) == {}
    mine.put({KEYS[0]: b""})
    assert mine.get(KEYS) == {KEYS[0]: b""}
    assert capsys.readouterr() == ("", "")


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there is read, and nothing is an error."""
    with a_folder_to_look_at() as folder:
        mine = Cache(str(folder), "answers")
        assert mine.get(KEYS) == {KEYS[0]: b""}
        mine.put({KEYS[1]: b""})
        assert mine.get(KEYS) == {KEYS[0]: b""}
        below = Cache(str(folder / "target"), "answers")
        below.put({KEYS[1]: b""})
        assert below.get(KEYS) == {}
    (tmp_path / "target").write_text("a file")
    mine = Cache(str(tmp_path / "target"), "answers")
    mine.put({KEYS[1]: b""})
    assert mine.get(KEYS) == {}
    assert capsys.readouterr() == ("", "")
