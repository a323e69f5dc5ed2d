"""Copies of production's DuckDB files: which attachments, when they are made, and what goes wrong."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import Attachment, DuckDBCredentials

from dbt_isolation.config.block import parse
from dbt_isolation.environments import Target, run_of
from dbt_isolation.errors import IsolationError
from dbt_isolation.guard import copies, file_copy
from dbt_isolation.guard.session import Session
from tests.projects import ROOT

OPEN = (
    "import duckdb, signal, sys; signal.alarm(60); c = duckdb.connect(sys.argv[1]); "
    "c.execute(sys.argv[2]); print('open', flush=True); sys.stdin.read()"
)
CRASH = (
    "import duckdb, os, signal, sys; signal.alarm(60); c = duckdb.connect(sys.argv[1]); "
    "c.execute(sys.argv[2]); os._exit(0)"
)


@contextmanager
def writer(file: Path, sql: str = "select 1") -> Iterator[int]:
    """Another process that has the file open for writing, once it has run ``sql``; yields its number."""
    with subprocess.Popen(
        [sys.executable, "-c", OPEN, str(file), sql], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield process.pid
        process.communicate(timeout=60)


def write(file: Path, sql: str, code: str = CRASH) -> None:
    """Runs ``sql`` in a process that ends without closing the file."""
    subprocess.run([sys.executable, "-c", code, str(file), sql], check=True, timeout=60)


@dataclass
class Cellar:
    """A folder with production's file, and what a development target would attach."""

    folder: Path
    attach: list[dict[str, Any]] = field(
        default_factory=lambda: [{"path": "prod.duckdb", "alias": "prod", "read_only": True}]
    )
    path: str = "dev.duckdb"
    database: str = "dev"
    owns: tuple[str, ...] = ("prod.*",)
    settings: dict[str, Any] = field(default_factory=dict)
    dev: dict[str, Any] = field(default_factory=dict)
    target: str = "dev"
    command: str = "run"

    @property
    def production(self) -> Path:
        """Its file."""
        return self.folder / "prod.duckdb"

    def execute(self, sql: str, file: str = "prod.duckdb") -> None:
        """Changes a file, and closes it."""
        with duckdb.connect(str(self.folder / file)) as connection:
            connection.execute(sql)

    def session(self) -> Session:
        """One dbt command, with credentials of its own."""
        block = {
            "environments": {
                "prod": {
                    "targets": ["prod"],
                    "protected": True,
                    "owns": list(self.owns),
                    "deployer": {"env_var": "DEPLOY"},
                },
                "dev": {"targets": ["dev"], **self.dev},
            },
            **self.settings,
        }
        credentials = DuckDBCredentials(
            database=self.database,
            path=self.path,
            attach=[Attachment(**one) for one in self.attach],
        )
        run = run_of(parse(block, {}), Target(self.target, self.database, "main"), {})
        return Session(
            command=self.command,
            project="cellar",
            flags=SimpleNamespace(),
            credentials=credentials,
            project_dir=self.folder,
            target_path=self.folder / "target",
            run=run,
        )

    def read(self) -> list[Attachment]:
        """What the next run attaches."""
        session = self.session()
        copies.read_from_copies(session)
        return cast("list[Attachment]", session.credentials.attach)

    def copy(self) -> Path:
        """Where the only attachment's copy stands."""
        [attachment] = self.read()
        return Path(attachment.path)

    def bottles(self) -> int:
        """How many bottles the next run sees."""
        [attachment] = self.read()
        with duckdb.connect() as connection:
            connection.execute(attachment.to_sql())
            [found] = connection.execute("select count(*) from prod.bottles").fetchall()
            return int(found[0])

    def kept(self) -> set[str]:
        """The files in the folder of copies, but for the lock."""
        found = {file.name for file in (self.folder / "target/dbt_isolation/copies").iterdir()}
        return {name for name in found if not name.endswith(".lock")}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of production with three bottles."""
    path = tmp_path_factory.mktemp("file") / "prod.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table bottles as select i from range(3) t(i)")
    return path


@pytest.fixture
def cellar(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cellar:
    """A folder of one's own, where dbt is run."""
    monkeypatch.chdir(tmp_path)
    made = Cellar(tmp_path)
    made.production.write_bytes(file.read_bytes())
    return made


def test_reads_a_copy(cellar: Cellar) -> None:
    """The copy has production's name, is attached read-only, and has production's bytes and time."""
    [attachment] = cellar.read()
    copy = Path(attachment.path)
    assert copy.parent == cellar.folder / "target/dbt_isolation/copies"
    assert (attachment.alias, attachment.read_only) == ("prod", True)
    assert copy.read_bytes() == cellar.production.read_bytes()
    assert copy.stat().st_mtime_ns == cellar.production.stat().st_mtime_ns
    assert cellar.bottles() == 3


def test_twice_is_once(cellar: Cellar) -> None:
    """A copy is not copied."""
    session = cellar.session()
    copies.read_from_copies(session)
    once = session.credentials.attach[0].path
    copies.read_from_copies(session)
    assert session.credentials.attach[0].path == once


def test_a_change_is_read_at_the_next_run(cellar: Cellar) -> None:
    """And whoever reads the copy before it goes on with it."""
    copy = cellar.copy()
    with duckdb.connect(str(copy), read_only=True) as reader:
        before = copy.stat().st_ino
        cellar.execute("insert into bottles values (4)")
        assert cellar.bottles() == 4
        assert copy.stat().st_ino != before, "a copy that is read is never written"
        assert reader.execute("select count(*) from bottles").fetchall() == [(3,)]
    assert cellar.kept() == {copy.name}


def test_unchanged_costs_two_looks(cellar: Cellar, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls of `stat`, and neither file is opened."""
    copy = cellar.copy()
    session = cellar.session()
    looked: list[str] = []
    stat = os.stat

    def count(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        looked.append(str(path))
        return stat(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", count)
    monkeypatch.setattr(os, "open", pytest.fail)
    monkeypatch.setattr(Path, "open", pytest.fail)
    copies.read_from_copies(session)
    assert looked == [str(cellar.production), str(copy)]
    assert session.credentials.attach[0].path == str(copy)


@pytest.mark.parametrize("harm", ["copy (select 1) to '{0}'", "delete from bottles", None])
def test_a_damaged_copy_is_made_anew(cellar: Cellar, harm: str | None) -> None:
    """Overwritten, written to, or gone."""
    copy = cellar.copy()
    copy.chmod(0o600)
    before = cellar.production.read_bytes()
    if harm is None:
        copy.unlink()
    elif "{0}" in harm:
        duckdb.execute(harm.format(copy))
    else:
        cellar.execute(harm, str(copy))
    assert cellar.bottles() == 3
    assert cellar.production.read_bytes() == before


def test_what_a_log_would_add_to_a_copy_is_not_read(cellar: Cellar) -> None:
    """Changes that somebody made to the copy, and that no process put into its file."""
    copy = cellar.copy()
    copy.chmod(0o600)
    write(copy, "delete from bottles")
    assert copy.with_name(f"{copy.name}.wal").exists()
    cellar.execute("insert into bottles values (4)")
    assert cellar.bottles() == 4
    copy.chmod(0o600)
    write(copy, "delete from bottles")
    copies.remove_written_copies()
    assert cellar.kept() == set()
    assert cellar.bottles() == 4


def test_size_counts_beside_time(cellar: Cellar) -> None:
    """A file system with coarse times gives two states one time."""
    copy = cellar.copy()
    seen = copy.stat()
    copy.chmod(0o600)
    copy.write_bytes(b"short")
    os.utime(copy, ns=(seen.st_mtime_ns, seen.st_mtime_ns))
    assert cellar.bottles() == 3


@pytest.mark.parametrize(
    ("attachment", "changes"),
    [
        ({"path": "prod.duckdb"}, {}),
        ({"path": "prod.duckdb", "alias": "PROD"}, {}),
        ({"path": "prod.duckdb", "alias": '"prod"'}, {}),
        ({"path": "prod.duckdb", "alias": "prod_eu"}, {"owns": ("prod_*.main",)}),
        ({"path": "prod.duckdb", "type": "duckdb"}, {}),
        ({"path": "prod.duckdb", "options": {"read_only": True}}, {}),
        ({"path": "prod.duckdb", "options": {"READ_WRITE": True, "type": "duckdb"}}, {}),
        ({"path": "prod.duckdb", "read_only": True}, {"owns": ("*.main",)}),
        ({"path": "sub/../prod.duckdb"}, {}),
        ({"path": "prod.duckdb"}, {"path": ":memory:", "database": "memory"}),
        ({"path": "prod.duckdb"}, {"dev": {"database": "dev_{user}"}}),
        ({"path": "prod.duckdb", "alias": "prod", "read_only": True}, {"database": "prod"}),
    ],
)
def test_attachments_of_production(
    cellar: Cellar, attachment: dict[str, Any], changes: dict[str, Any]
) -> None:
    """By the name of the database, however the attachment is written; DuckDB takes what it becomes."""
    cellar.attach = [attachment]
    vars(cellar).update(changes)
    [found] = cellar.read()
    assert Path(found.path).parent == cellar.folder / "target/dbt_isolation/copies"
    with duckdb.connect() as connection:
        connection.execute(found.to_sql())
        name = (attachment.get("alias") or "prod").strip('"')
        [row] = connection.execute(
            "select readonly from duckdb_databases() where database_name = ?", [name]
        ).fetchall()
    assert row == (True,)


@pytest.mark.parametrize(
    ("attachment", "changes"),
    [
        ({"path": "prod.duckdb", "alias": "other"}, {}),
        ({"path": "prod.duckdb", "type": "sqlite"}, {}),
        ({"path": "prod.duckdb", "options": {"type": "sqlite"}}, {}),
        ({"path": "prod.duckdb", "is_ducklake": True}, {}),
        ({"path": "s3://bucket/prod.duckdb"}, {}),
        ({"path": "md:prod"}, {}),
        ({"path": ":memory:", "alias": "prod"}, {}),
        ({"path": "prod.duckdb"}, {"owns": ("*.main",)}),
        ({"path": "prod.duckdb"}, {"path": "./prod.duckdb"}),
        ({"path": "prod.duckdb", "alias": "prod"}, {"database": "prod"}),
        ({"path": "prod.duckdb", "alias": "prod"}, {"dev": {"database": "prod"}}),
        ({"path": "prod.duckdb"}, {"settings": {"mode": "observe"}}),
        ({"path": "prod.duckdb"}, {"target": "prod"}),
        ({"path": "prod.duckdb"}, {"target": "of_nobody"}),
        ({"path": "prod.duckdb"}, {"command": "list"}),
        ({"path": "prod.duckdb"}, {"command": "parse"}),
    ],
)
def test_other_attachments_stay(cellar: Cellar, attachment: dict[str, Any], changes: dict[str, Any]) -> None:
    """Another database, another engine, the target's own; observing, production, `ls`."""
    cellar.attach = [attachment]
    vars(cellar).update(changes)
    assert cellar.read() == [Attachment(**attachment)]
    assert not (cellar.folder / "target").exists()


@pytest.mark.parametrize("name", ["my-prod.duckdb", ".prod.v2.db", "main.duckdb", "temp.db", "two words.db"])
def test_the_name_without_an_alias(cellar: Cellar, name: str) -> None:
    """It is the one that DuckDB would give."""
    file = cellar.folder / name
    cellar.production.rename(file)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{file}' (read_only)")
        [(theirs,)] = connection.execute(
            "select database_name from duckdb_databases() where not internal and path is not null"
        ).fetchall()
    cellar.attach, cellar.owns = [{"path": name, "read_only": True}], ("*.*",)
    [attachment] = cellar.read()
    assert attachment.alias == f'"{theirs}"'
    with duckdb.connect() as connection:
        connection.execute(attachment.to_sql())
        assert connection.execute(f'select count(*) from "{theirs}".bottles').fetchall() == [(3,)]


def test_paths_are_absolute_home_or_of_the_working_folder(
    cellar: Cellar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file has one copy, however it is written."""
    monkeypatch.setenv("HOME", str(cellar.folder))
    found = set()
    for path in ("prod.duckdb", str(cellar.production), "~/prod.duckdb"):
        cellar.attach = [{"path": path, "alias": "prod"}]
        found.add(cellar.copy())
    assert len(found) == 1


def test_two_files_of_one_name(cellar: Cellar) -> None:
    """Two projects' files called prod.duckdb, and one file under two names, have copies of their own."""
    (cellar.folder / "eu").mkdir()
    cellar.execute("create table bottles as select 7 as i", "eu/prod.duckdb")
    cellar.owns = ("prod.*", "prod_eu.*")
    cellar.attach = [{"path": "prod.duckdb"}, {"path": "eu/prod.duckdb", "alias": "prod_eu"}]
    with duckdb.connect() as connection:
        for attachment in cellar.read():
            connection.execute(attachment.to_sql())
        assert connection.execute("select count(*) from prod.bottles").fetchall() == [(3,)]
        assert connection.execute("select i from prod_eu.bottles").fetchall() == [(7,)]


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


def test_over_the_limit(cellar: Cellar, capsys: pytest.CaptureFixture[str]) -> None:
    """The file itself is attached, read-only whatever was written, and that is said."""
    cellar.attach = [{"path": "prod.duckdb", "alias": "prod", "options": {"read_only": False}}]
    cellar.settings = {"copy_limit": "0MB"}
    [attachment] = cellar.read()
    assert (attachment.path, attachment.read_only) == ("prod.duckdb", True)
    assert "READ_ONLY" in attachment.to_sql()
    assert ", and copy_limit is 0 MB: it is attached itself, read-only" in capsys.readouterr().err
    assert not (cellar.folder / "target").exists()


def test_no_file(cellar: Cellar) -> None:
    """The error has the path as it is written; the command that goes on cannot make the file."""
    cellar.production.unlink()
    session = cellar.session()
    with pytest.raises(IsolationError, match=r"attaches prod\.duckdb as prod, .*there is no file /"):
        copies.read_from_copies(session)
    [attachment] = session.credentials.attach
    assert attachment.read_only
    assert not cellar.production.exists()


@pytest.mark.parametrize("content", [b"", b"i,j\n1,2\n" * 100])
def test_no_database(cellar: Cellar, content: bytes) -> None:
    """A file that is none of DuckDB's."""
    cellar.production.write_bytes(content)
    with pytest.raises(IsolationError, match=r"prod\.duckdb is no DuckDB database"):
        cellar.read()
    assert cellar.kept() == set()


def test_a_file_of_sqlite_is_left_to_duckdb(cellar: Cellar) -> None:
    """DuckDB sees by itself what it is."""
    cellar.production.write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    [attachment] = cellar.read()
    assert (attachment.path, attachment.read_only) == ("prod.duckdb", True)


def test_a_folder_that_cannot_be_written(cellar: Cellar) -> None:
    """Here a file stands in its place."""
    (cellar.folder / "target").write_text("")
    with pytest.raises(IsolationError, match="cannot be copied to"):
        cellar.read()


def test_a_file_that_cannot_be_looked_at(cellar: Cellar) -> None:
    """A path through a file."""
    cellar.attach = [{"path": "prod.duckdb/prod.duckdb"}]
    with pytest.raises(IsolationError, match="Not a directory"):
        cellar.read()


@pytest.mark.parametrize(("mode", "expected"), [(0o640, 0o440), (0o600, 0o400), (0o666, 0o444)])
def test_whoever_may_not_read_production_may_not_read_the_copy(
    cellar: Cellar, mode: int, expected: int
) -> None:
    """The copy's mode is production's, but nobody is to write it."""
    cellar.production.chmod(mode)
    assert cellar.copy().stat().st_mode & 0o777 == expected


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
