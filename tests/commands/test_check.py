"""`check` on a project that dbt has parsed."""

import json
from pathlib import Path

import pytest

from dbt_isolation.checks import check_of
from dbt_isolation.main import main
from dbt_isolation.outcome import Finding, Severity
from tests.projects import Project


@pytest.fixture
def project(orchard: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy as the current folder, with layers."""
    copy = orchard.copy(tmp_path / "orchard")
    layers = "    layers: [{name: trees, path: models/trees.sql}, {name: fruit, path: models}]\n"
    copy.edit("dbt_project.yml", "    environments:\n", f"{layers}    environments:\n")
    monkeypatch.chdir(copy.folder)
    for name in ("DBT_PROFILES_DIR", "DBT_PROJECT_DIR", "DBT_PROFILE", "DBT_ISOLATION_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return copy


def found(capsys: pytest.CaptureFixture[str], status: int, *words: str) -> dict[str, set[str]]:
    """The nodes of the findings, by code and severity."""
    assert main(["check", "--format", "json", *words]) == status
    findings: dict[str, set[str]] = {}
    for one in json.loads(capsys.readouterr().out)["findings"]:
        findings.setdefault(f"{one['code']} {one['severity']}", set()).add(one["node"].split(".")[-1])
    return findings


def test_what_it_finds(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings end with 0; a weight per code and per path; only some files; only some checks."""
    everything = {"apples", "baskets", "ripe", "trees"}
    assert found(capsys, 0)["DI33 warn"] == everything
    assert found(capsys, 0, "--select", "di33") == {"DI33 warn": everything}
    assert found(capsys, 0, "--select", "DI33", "models/ripe.sql") == {"DI33 warn": {"ripe"}}
    weights = "    checks: {DI33: error, DI31: off, paths: [{path: models/ripe.sql, DI33: warn}]}\n"
    project.edit("dbt_project.yml", "    layers:", f"{weights}    layers:")
    assert found(capsys, 1) == {"DI33 error": everything - {"ripe"}, "DI33 warn": {"ripe"}}


def test_layers(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A model of a later layer that reads a source; the terminal shows what to do."""
    assert "DI12 error" not in found(capsys, 0)
    project.edit("dbt_project.yml", "path: models/trees.sql", "path: models/apples.sql")
    assert found(capsys, 1)["DI12 error"] == {"trees"}
    assert main(["check", "--select", "DI12"]) == 1
    assert "read a model of trees instead" in capsys.readouterr().out


def test_mistakes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown code; no manifest is skipped, not passed; a manifest of another project."""
    assert main(["check", "--select", "DI3"]) == 2
    assert "did you mean 'DI3" in capsys.readouterr().err
    project.write("macros/generate_schema_name.sql", "{% macro generate_schema_name(a, b) %}x{% endmacro %}")
    assert main(["check", "--select", "DI06"]) == 0
    assert "skipped DI06: the project's own macros name" in capsys.readouterr().out
    project.edit("dbt_project.yml", "name: orchard", "name: meadow")
    assert main(["check"]) == 2
    assert "is of project orchard, and this is meadow" in capsys.readouterr().err
    (project.folder / "target/manifest.json").unlink()
    assert main(["check"]) == 0
    assert "DI31, DI32, DI33: no manifest at" in capsys.readouterr().out


def test_a_check_that_breaks(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is a finding about that check; the others speak all the same."""

    class Broken:
        def check(self, subject: object) -> list[Finding]:
            raise ZeroDivisionError

    monkeypatch.setattr(
        "dbt_isolation.checks.findings.check_of",
        lambda code: Broken() if code == "DI31" else check_of(code),
    )
    assert main(["check"]) == 1
    shown = capsys.readouterr().out
    assert "DI31 the check itself failed, which is a bug of ours: ZeroDivisionError()" in shown
    assert "warn DI33" in shown


def test_noqa(project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What it silences is counted, in no baseline, and none of it where it has no reason and needs one."""

    class InLines:
        def check(self, subject: object) -> list[Finding]:
            path = "models/ripe.sql"
            return [Finding("DI31", Severity.ERROR, "no", path=path, line=line) for line in (1, 2, 3)]

    monkeypatch.setattr("dbt_isolation.checks.findings.check_of", lambda code: InLines())
    project.edit("dbt_project.yml", "    layers:", "    checks: {DI31: error}\n    layers:")
    project.write("models/ripe.sql", "a -- noqa: DI31\nb -- noqa: DI31 because\nc -- noqa: DI31 a seed\n")
    words = ["check", "--select", "DI31", "--format", "json"]
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["findings"] == []
    assert report["data"]["silenced"] == 3
    assert report["data"]["checks"] == [{"code": "DI31", "error": 0, "warn": 0, "known": 0, "silenced": 3}]
    assert main(["check", "--select", "DI31", "--baseline", "checks.json"]) == 0
    assert "3 findings are silenced by noqa" in capsys.readouterr().out
    assert json.loads((project.folder / "checks.json").read_text())["findings"] == []
    project.edit("dbt_project.yml", "{DI31: error}", "{DI31: error, noqa_reason: true}")
    assert main(words) == 1
    report = json.loads(capsys.readouterr().out)
    assert [one["line"] for one in report["findings"]] == [1, 2]
    assert all("needs a reason" in one["remedy"] for one in report["findings"])
    assert report["data"]["silenced"] == 1


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("checks: {DI99: off}", "unknown key 'DI99'"),
        ("checks: {DI31: loud}", "'loud' is none of off, warn, error"),
        ("checks: {DI31: true}", "True is none of off, warn, error"),
        ("checks: {paths: [{DI31: off}]}", "checks.paths[0]: path is missing"),
        ("checks: []", "checks: a mapping is needed"),
        ("checks: {noqa_reasn: true}", "did you mean 'noqa_reason'?"),
        ("checks: {noqa_reason: error}", "checks.noqa_reason: true or false is needed, not text"),
        ("checks: {paths: [{path: models, noqa_reason: true}]}", "unknown key 'noqa_reason'"),
        ("layers: {a: b}", "layers: a list is needed"),
        ("layers: [{name: a}]", "layers[0]: path is missing"),
        ("layers: [{pth: a}]", "did you mean 'path'?"),
    ],
)
def test_configuration(project: Project, capsys: pytest.CaptureFixture[str], block: str, says: str) -> None:
    """Each mistake names its key."""
    text = (project.folder / "dbt_project.yml").read_text()
    start = text.index("    layers:")
    end = text.index("\n", start)
    project.write("dbt_project.yml", text[:start] + f"    {block}" + text[end:])
    assert main(["check"]) == 2
    assert says in capsys.readouterr().err


def test_a_baseline(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """It is written, hides what was there, shows what is new, and loses what is fixed."""
    project.edit("dbt_project.yml", "    layers:", "    checks: {DI33: error}\n    layers:")
    words = ("--baseline", "checks.json")
    assert main(["check", *words, "models/ripe.sql"]) == 2
    assert "write it first" in capsys.readouterr().err
    assert found(capsys, 0, *words) == {}
    before = json.loads((project.folder / "checks.json").read_text())["findings"]
    assert {one["node"] for one in before if one["code"] == "DI33"} == {
        f"model.orchard.{name}" for name in ("apples", "baskets", "ripe", "trees")
    }
    manifest = json.loads((project.folder / "target/manifest.json").read_text())
    manifest["nodes"]["model.orchard.ripe"]["config"]["group"] = "fruit"
    new = {**manifest["nodes"]["model.orchard.trees"], "name": "pears", "unique_id": "model.orchard.pears"}
    manifest["nodes"]["model.orchard.pears"] = {
        **new,
        "alias": "pears",
        "original_file_path": "models/pears.sql",
    }
    (project.folder / "target/manifest.json").write_text(json.dumps(manifest))
    assert found(capsys, 1, *words, "--select", "DI33") == {"DI33 error": {"pears"}}
    after = json.loads((project.folder / "checks.json").read_text())["findings"]
    assert [one for one in before if one not in after] == [
        one for one in before if (one["code"], one["node"]) == ("DI33", "model.orchard.ripe")
    ]
    manifest["nodes"]["model.orchard.ripe"]["config"]["group"] = None
    (project.folder / "target/manifest.json").write_text(json.dumps(manifest))
    assert found(capsys, 1, *words, "--select", "DI33")["DI33 error"] == {"pears", "ripe"}


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1}', '{"version": 1, "findings": [1]}', "\x00"])
def test_what_is_no_baseline(project: Project, capsys: pytest.CaptureFixture[str], content: str) -> None:
    """Is said, and left as it is."""
    project.write("checks.json", content)
    assert main(["check", "--baseline", "checks.json"]) == 2
    assert "checks.json is no baseline" in capsys.readouterr().err
    assert (project.folder / "checks.json").read_text() == content
    project.write("checks.json", '{"version": 2}')
    assert main(["check", "--baseline", "checks.json"]) == 2
    assert "written by a later dbt-isolation" in capsys.readouterr().err


def test_statistics(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A count of each check, and no findings."""
    assert main(["check", "--baseline", "checks.json"]) == 0
    assert "findings are known: checks.json" in capsys.readouterr().out
    assert main(["check", "--statistics", "--baseline", "checks.json", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["findings"] == []
    [owners] = [one for one in report["data"]["checks"] if one["code"] == "DI33"]
    assert owners == {"code": "DI33", "error": 0, "warn": 0, "known": 4, "silenced": 0}
    assert main(["check", "--statistics"]) == 0
    assert "a model without an owner" in capsys.readouterr().out
