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


def model(name: str, parent: str, sql: str) -> dict[str, object]:
    """An entry of ``nodes`` that dbt has compiled."""
    return {
        "unique_id": f"model.p.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": "s",
        "original_file_path": f"models/{name}.sql",
        "depends_on": {"nodes": [parent]},
        "compiled_code": sql,
    }


def test_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Up and down, the same again from the cache, and after a change."""
    (tmp_path / "target").mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: p\nprofile: p\n")
    source = {
        "unique_id": "source.p.s.raw",
        "source_name": "s",
        "name": "raw",
        "schema": "s",
        "identifier": "raw",
    }
    models = {
        one["unique_id"]: one
        for one in (
            model("stg", "source.p.s.raw", "select id as key, n from s.raw"),
            model("mart", "model.p.stg", "select *, n + 1 as more from s.stg where key > 0"),
            model("other", "source.p.s.raw", "select (("),
        )
    }

    def compiled() -> None:
        content = {
            "metadata": {"adapter_type": "duckdb"},
            "nodes": models,
            "sources": {"source.p.s.raw": source},
        }
        (tmp_path / "target/manifest.json").write_text(json.dumps(content))

    def asked(*words: str) -> dict[str, object]:
        assert main(["lineage", *words, "--project-dir", str(tmp_path), "--format", "json"]) == 0
        found: dict[str, object] = json.loads(capsys.readouterr().out)["data"]
        return found

    compiled()
    first = asked("stg.N")
    assert first["up"] == {"source.p.s.raw.n": 1}
    assert first["down"] == {"model.p.mart.n": 1, "model.p.mart.more": 1}
    assert (tmp_path / "target/dbt_isolation_cache.db").exists()
    assert asked("stg.n") == first
    assert asked("mart.more", "--up")["up"] == {"model.p.stg.n": 1, "source.p.s.raw.n": 2}
    assert asked("mart.more", "--up")["influence"] == ["model.p.stg.key"]
    assert asked("stg.n", "--down")["up"] == {}
    assert asked("s.raw.n", "--down", "--depth", "1")["down"] == {"model.p.stg.n": 1}
    models["model.p.mart"]["compiled_code"] = "select n + 1 as more from s.stg"
    compiled()
    assert asked("stg.n")["down"] == {"model.p.mart.more": 1}
    assert main(["lineage", "stg.kex", "--project-dir", str(tmp_path)]) == 2
    assert "did you mean 'key'" in capsys.readouterr().err
    assert main(["lineage", "stk.key", "--project-dir", str(tmp_path)]) == 2
    assert "did you mean 'stg'" in capsys.readouterr().err
