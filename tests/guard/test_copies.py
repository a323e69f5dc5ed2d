"""Copies of production's DuckDB files: which attachments, and when they are made."""

import os
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import Attachment

from dbt_isolation.errors import IsolationError
from dbt_isolation.guard import copies
from tests.guard.cellar import Cellar, write


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
