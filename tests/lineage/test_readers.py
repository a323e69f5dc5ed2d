"""Answers that are remembered, and processes that read."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.cache import Cache
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage import queries, readers
from dbt_isolation.lineage.columns import Columns, columns_of
from dbt_isolation.lineage.queries import Answer, Query
from dbt_isolation.lineage.readers import Readers
from tests.projects import ROOT

RAW = {"source.p.s.raw": {f"c{number}": "INTEGER" for number in range(6)}}


def entry(name: str, *parents: str) -> dict[str, Any]:
    """An entry of ``nodes``."""
    return {
        "unique_id": f"model.p.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": "s",
        "original_file_path": f"models/{name}.sql",
        "depends_on": {"nodes": list(parents)},
    }


def project(wide: int, deep: int) -> tuple[Manifest, dict[str, str]]:
    """Chains side by side, one model that cannot be read, and one that reads all ends."""
    nodes, sql = [entry("broken")], {"model.p.broken": "select (("}
    for chain in range(wide):
        above, table = "source.p.s.raw", "s.raw"
        for step in range(deep):
            name = f"m{chain}_{step}"
            nodes.append(entry(name, above))
            sql[f"model.p.{name}"] = (
                f"with a as (select * from {table}) "
                f"select *, c{step % 6} + {chain} as d{step} from a where c1 > 0"
            )
            above, table = f"model.p.{name}", f"s.{name}"
    ends = [f"m{chain}_{deep - 1}" for chain in range(wide)]
    nodes.append(entry("last", *(f"model.p.{name}" for name in ends)))
    sql["model.p.last"] = " union all ".join(f"select * from s.{name}" for name in ends)
    source = {"unique_id": "source.p.s.raw", "name": "raw", "schema": "s", "identifier": "raw"}
    content = {
        "metadata": {},
        "nodes": {one["unique_id"]: one for one in reversed(nodes)},
        "sources": {"source.p.s.raw": source},
    }
    return msgspec.convert(content, Manifest), sql


def read(of: tuple[Manifest, dict[str, str]], cache: Cache | None = None, processes: int = 1) -> Columns:
    """All columns of a project."""
    return columns_of(*of, RAW, "duckdb", cache=cache, processes=processes)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL of all queries that are read in this process."""
    found: list[str] = []

    def noting(query: Query, dialect: str) -> Answer:
        found.append(query.sql)
        return queries.read(query, dialect)

    monkeypatch.setattr(readers, "read", noting)
    return found


@pytest.mark.parametrize(("wide", "deep"), [(40, 3), (2, 30)])
def test_processes_find_the_same(
    wide: int, deep: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same order, and what they found is remembered."""
    monkeypatch.setattr(readers, "_ALONE", 2)
    monkeypatch.setattr(readers, "_ALONE_WITHOUT_FORK", 2)
    given = project(wide, deep)
    one = read(given)
    cache = Cache(str(tmp_path), "columns")
    two = read(given, cache, processes=2)
    assert one == two
    assert list(one.value) == list(two.value)
    assert list(one.types) == list(two.types)
    assert next(iter(one.value)).unique_id == "model.p.last"
    assert read(given, cache) == one


def test_a_large_program_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its processes begin small, and find the same."""
    monkeypatch.setattr(readers, "_ALONE", 2)
    monkeypatch.setattr(readers, "_LARGE", 0)
    monkeypatch.setattr(os, "fork", None)
    given = project(10, 2)
    assert read(given) == read(given, processes=2)


def test_only_what_changed_is_read(tmp_path: Path, asked: list[str]) -> None:
    """By content: a comment is one model's, another column all readers'."""
    given = project(2, 4)
    cache = Cache(str(tmp_path), "columns")
    first = read(given, cache)
    assert len(asked) == 10
    assert read(given, cache) == first
    assert len(asked) == 10
    given[1]["model.p.m0_1"] += " -- why"
    assert read(given, cache) == first
    assert len(asked) == 11
    given[1]["model.p.m0_1"] = "select 1 as one from s.m0_0"
    changed = read(given, cache)
    assert len(asked) == 15
    assert changed == read(given)
    again = read(given)
    columns_of(*given, {"source.p.s.raw": {"c1": "TEXT"}}, "duckdb", cache=cache, processes=1)
    assert read(given, cache) == again


def test_another_dialect_or_code_is_another_answer(
    tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found by others is not taken."""
    given = project(1, 1)
    cache = Cache(str(tmp_path), "columns")
    read(given, cache)
    columns_of(*given, RAW, "postgres", cache=cache)
    assert len(asked) == 6
    monkeypatch.setattr("dbt_isolation.lineage.answers._code", lambda: ["another"])
    read(given, cache)
    assert len(asked) == 9


def test_damaged_entries_are_read_again(tmp_path: Path, asked: list[str]) -> None:
    """Whatever stands in them; so is a file that is none, or gone."""
    given = project(1, 3)
    cache = Cache(str(tmp_path), "columns")
    first = read(given, cache)
    for damage in (b"", b"\x00" * 9, b"\x93\x01\x02\x03"):
        with sqlite3.connect(cache.file) as connection:
            connection.execute("update columns set value = ?", (damage,))
        connection.close()
        assert read(given, cache) == first
    assert len(asked) == 20
    Path(cache.file).write_bytes(b"no database at all")
    assert read(given, cache) == first
    Path(cache.file).unlink()
    assert read(given, cache) == first
    assert len(asked) == 30


def test_what_is_remembered_needs_no_parser(tmp_path: Path) -> None:
    """Its import takes longer than the rest."""
    script = (
        "import sys\n"
        "from dbt_isolation.cache import Cache\n"
        "from tests.lineage.test_readers import project, read\n"
        "before = 'sqlglot' in sys.modules\n"
        f"found = read(project(2, 3), Cache({str(tmp_path)!r}, 'columns'))\n"
        "print(before, 'sqlglot' in sys.modules, len(found.value))\n"
    )
    said = []
    for _ in range(2):
        ended = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        )
        said.append(ended.stdout.split())
    assert said == [["False", "True", "57"], ["False", "False", "57"]]


def test_inside_a_program_with_threads_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor for a few queries, nor where it was forbidden."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    many = {str(number): Query(f"select {number}", {}) for number in range(500)}

    def worth(number: int, processes: int | None = None) -> int:
        asking = Readers("duckdb", processes=processes)
        asking.ask(dict(list(many.items())[:number]))
        return asking._worth()

    monkeypatch.setattr("threading.active_count", lambda: 1)
    assert (worth(59), worth(500), worth(500, 1), worth(3, 8), worth(500, 8)) == (1, 2, 1, 1, 8)
    monkeypatch.setattr("threading.active_count", lambda: 2)
    assert worth(500) == 1


def test_a_process_that_dies() -> None:
    """Is told, with what it may have been at."""
    given = project(400, 3)

    def end_one() -> None:
        from multiprocessing import active_children

        for _ in range(500):
            time.sleep(0.01)
            if children := active_children():
                time.sleep(0.1)
                os.kill(children[0].pid or 0, signal.SIGKILL)
                return

    thread = threading.Thread(target=end_one)
    thread.start()
    with pytest.raises(IsolationError, match="ended from outside") as raised:
        read(given, processes=2)
    thread.join()
    assert "model.p.m" in raised.value.hint


@pytest.mark.skipif(not Path("/proc").exists(), reason="asks /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_children_end_at_once(how: signal.Signals) -> None:
    """With Ctrl-C, and when the parent is killed."""
    script = (
        "from tests.lineage.test_readers import project, read\n"
        "given = project(2000, 5)\n"
        "print('begins', flush=True)\n"
        "read(given, processes=2)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    children: list[str] = []
    until = time.monotonic() + 30
    while len(children) < 2 and time.monotonic() < until:
        time.sleep(0.02)
        tasks = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        children = tasks.read_text().split()
    assert len(children) == 2
    time.sleep(0.2)
    if how is signal.SIGINT:
        os.killpg(process.pid, how)
    else:
        os.kill(process.pid, how)
    assert process.wait(timeout=5) != 0
    process.stdout.close()
    until = time.monotonic() + 5
    while (left := [one for one in children if _runs(one)]) and time.monotonic() < until:
        time.sleep(0.02)
    assert left == []


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_no_more_than_asked(tmp_path: Path, asked: list[str]) -> None:
    """The rest is named; with each round more is remembered, until all is read."""
    given = project(2, 4)
    cache = Cache(str(tmp_path), "columns")
    rounds = []
    for _ in range(4):
        found = columns_of(*given, RAW, "duckdb", cache=cache, processes=1, most=4)
        rounds.append(len([one for one in found.unknown if one.why == readers.NOT_YET]))
    assert rounds == [6, 2, 0, 0]
    assert found == read(given)
