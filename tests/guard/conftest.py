"""Fixtures of the guards' tests."""

from pathlib import Path

import duckdb
import pytest

from tests.guard.cellar import Cellar


@pytest.fixture(scope="session")
def cellars_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of production with three bottles."""
    path = tmp_path_factory.mktemp("file") / "prod.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table bottles as select i from range(3) t(i)")
    return path


@pytest.fixture
def cellar(cellars_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cellar:
    """A folder of one's own, where dbt is run."""
    monkeypatch.chdir(tmp_path)
    made = Cellar(tmp_path)
    made.production.write_bytes(cellars_file.read_bytes())
    return made
