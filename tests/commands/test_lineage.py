"""`lineage` on a project that dbt has parsed."""

import json
from pathlib import Path

import pytest

from dbt_isolation.main import main
from tests.projects import Project


@pytest.fixture
def project(orchard: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy as the current folder."""
    copy = orchard.copy(tmp_path / "orchard")
    monkeypatch.chdir(copy.folder)
    monkeypatch.delenv("DBT_PROJECT_DIR", raising=False)
    return copy


def test_lineage(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Both directions, one of them, and as a chart."""
    assert main(["lineage", "apples"]) == 0
    shown = capsys.readouterr().out
    assert "is read by" in shown
    assert main(["lineage", "apples", "--format", "json"]) == 0
    both = json.loads(capsys.readouterr().out)["data"]
    assert main(["lineage", "apples", "--down", "--depth", "1", "--format", "json"]) == 0
    down = json.loads(capsys.readouterr().out)["data"]
    assert down["up"] == {}
    assert set(down["down"]) == {name for name, distance in both["down"].items() if distance == 1}
    assert {one for edge in both["edges"] for one in edge} <= {one["id"] for one in both["nodes"]}
    assert main(["lineage", "apples", "--format", "mermaid"]) == 0
    assert capsys.readouterr().out.startswith("flowchart LR\n")
    assert main(["lineage", "apples", "--format", "dot"]) == 0
    assert capsys.readouterr().out.startswith("digraph ")


def test_mistakes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A typo, a depth of nothing, no manifest."""
    assert main(["lineage", "aples"]) == 2
    assert "did you mean 'apples'" in capsys.readouterr().err
    assert main(["lineage", "apples", "--depth", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
    (project.folder / "target/manifest.json").unlink()
    assert main(["lineage", "apples"]) == 2
    assert "run `dbt parse` first" in capsys.readouterr().err
