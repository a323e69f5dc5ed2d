"""`lineage` on a project that dbt has parsed."""

import json
import os
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


def test_a_column_of_what_is_not_compiled(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Is followed through what dbt would likely compile, through ephemeral models too."""
    assert main(["lineage", "baskets.trees_at", "--up", "--target", "dev", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert set(shown["data"]["up"]) == {"model.orchard.apples.trees_at", "model.orchard.trees.trees_at"}
    assert shown["skipped"] == []
    assert main(["lineage", "trees.tree_id", "--up", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert set(shown["data"]["up"]) == {"source.orchard.raw.trees.tree_id"}
    # The profile has two targets, and nobody said for which the project was parsed.
    assert {"what": "model.orchard.trees: its SQL", "why": "target.name is not known"} in shown["skipped"]


def test_an_edited_file(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a node that is shown is named: what is shown is older."""
    project.edit("models/apples.sql", "select tree_id", "select  tree_id")
    later = (project.folder / "target/manifest.json").stat().st_mtime + 10
    os.utime(project.folder / "models/apples.sql", (later, later))
    for asked in ("trees", "baskets.tree_id"):
        assert main(["lineage", asked, "--format", "json"]) == 0
        [finding] = json.loads(capsys.readouterr().out)["findings"]
        assert finding["path"] == "models/apples.sql"
        assert finding["remedy"] == "run `dbt parse` first"
    assert main(["lineage", "trees", "--up", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


def test_a_disagreement(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Of what is compiled is a warning."""
    file = project.folder / "target/manifest.json"
    manifest = json.loads(file.read_text())
    relation = manifest["nodes"]["model.orchard.trees"]["relation_name"]
    manifest["nodes"]["model.orchard.baskets"]["compiled_code"] = f"select * from {relation}"
    file.write_text(json.dumps(manifest))
    assert main(["lineage", "baskets", "--format", "json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert any("does not know it depends on model.orchard.trees" in one["message"] for one in findings)
    assert {one["code"] for one in findings} == {"lineage"}


def test_mistakes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A typo, a depth of nothing, no manifest."""
    assert main(["lineage", "aples"]) == 2
    assert "did you mean 'apples'" in capsys.readouterr().err
    assert main(["lineage", "apples", "--depth", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
    (project.folder / "target/manifest.json").unlink()
    assert main(["lineage", "apples"]) == 2
    assert "run `dbt parse` first" in capsys.readouterr().err
