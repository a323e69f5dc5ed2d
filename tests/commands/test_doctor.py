"""What `doctor` says of releases; the rest of it is in tests/test_main.py."""

import shutil
from pathlib import Path

import pytest

from dbt_isolation.main import main
from tests.projects import Project


@pytest.fixture
def project(orchard: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy as the current folder."""
    copy = orchard.copy(tmp_path / "orchard")
    monkeypatch.chdir(copy.folder)
    for name in ("DBT_PROFILES_DIR", "DBT_PROJECT_DIR", "DBT_PROFILE", "DBT_ISOLATION_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return copy


def test_the_release_that_is_read(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Its number and place."""
    assert main(["doctor"]) == 0
    assert "releases of prod" in (shown := capsys.readouterr().out)
    assert "release 1, made 20" in shown
    assert "doctor: all fine" in shown


def test_no_release_yet(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Who makes one, and how."""
    shutil.rmtree(project.folder / "state")
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "releases of prod: none yet in state/orchard/prod" in shown
    assert "`dbt-isolation state push` with a target of prod" in shown


def test_a_store_that_does_not_answer(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """And one that was damaged, is a finding, not an error of doctor's."""
    (project.folder / "state/orchard/prod/releases/000001/release.json").write_text("{}")
    assert main(["doctor"]) == 1
    assert "release.json is not as it was written" in capsys.readouterr().out
    project.edit("dbt_project.yml", "    environments:\n", "    state: nowhere://x\n    environments:\n")
    assert main(["doctor"]) == 1
    assert "nowhere" in capsys.readouterr().out
