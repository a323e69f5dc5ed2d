"""The `.env` file of dbt 1.12, for our own commands."""

from pathlib import Path

import pytest

from dbt_isolation import dotenv_file
from dbt_isolation.main import main
from tests.projects import DEPLOY, Project


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below one with a file."""
    (tmp_path / ".env").write_text("A=1\nB=2 # two\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    return tmp_path


@pytest.mark.parametrize("installed", ["1.11.3", "1.12.0"])
def test_loaded_as_dbt_does(folder: Path, monkeypatch: pytest.MonkeyPatch, installed: str) -> None:
    """From 1.12 on; what is set already stays."""
    monkeypatch.setattr("importlib.metadata.version", lambda _: installed)
    environ = {"A": "0"}
    dotenv_file.load(environ)
    later = installed == "1.12.0"
    assert environ == ({"A": "0", "B": "2"} if later else {"A": "0"})
    assert dotenv_file.stray(environ) == ({"B"} if later else set())
    (folder / ".env").unlink()
    assert dotenv_file.stray(environ) == set()


def test_it_makes_no_deployer(
    orchard: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`state push` takes the deployer's variable from the environment alone."""
    project = orchard.copy(tmp_path / "orchard")
    project.write(".env", f"{DEPLOY}=1\n")
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr("importlib.metadata.version", lambda _: "1.12.0")
    # As `load` sets it, for which this process is too late.
    monkeypatch.setenv(DEPLOY, "1")
    assert main(["state", "push", "--target", "prod"]) == 1
    assert f"{DEPLOY} in a .env file does not count" in capsys.readouterr().out
