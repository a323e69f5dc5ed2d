"""What `doctor` says of releases, places and engines; of the set-up itself in tests/test_main.py."""

import json
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
    assert "✗" not in shown


def said(capsys: pytest.CaptureFixture[str], status: int) -> dict[str, tuple[str, str]]:
    """What doctor found, with its remedy, by what it looked at."""
    assert main(["doctor", "--format", "json"]) == status
    report = json.loads(capsys.readouterr().out)
    return {fact["what"]: (fact["found"], fact["remedy"]) for fact in report["data"]["facts"]}


def test_raw_data_and_one_file(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Both work and could be better: warnings, with what to write; after that they are fine."""
    found = said(capsys, 0)
    assert found["raw data of dev"][0] == "prod's own: source raw"
    assert "environments.dev.sources.raw: {schema: raw_sample}" in found["raw data of dev"][1]
    assert "development writes the file that production is in, warehouse.duckdb" in found["engine of dev"][0]
    assert (
        "attach: [{path: warehouse.duckdb, alias: warehouse, read_only: true}]" in found["engine of dev"][1]
    )
    for accepted in ("{raw: {schema: raw_sample}}", "{raw: {}}"):
        text = (project.folder / "dbt_project.yml").read_text()
        project.write("dbt_project.yml", f"{text.rstrip()}\n        sources: {accepted}\n")
        assert said(capsys, 0)["raw data of dev"][1] == ""
        project.write("dbt_project.yml", text)


DEV = "dev: {type: duckdb, path: warehouse.duckdb, schema: dev}"


@pytest.mark.parametrize(
    ("output", "status", "found", "remedy"),
    [
        (
            "{type: duckdb, path: d.db, schema: dev, attach: [{path: warehouse.duckdb, read_only: true}]}",
            0,
            "meets a read-only copy of warehouse.duckdb",
            "",
        ),
        (
            "{type: duckdb, path: d.duckdb, schema: dev}",
            1,
            "does not attach its file",
            "attach: [{path: warehouse",
        ),
        (
            "{type: duckdb, path: d.duckdb, schema: dev, attach: [{path: warehouse.duckdb, alias: p}]}",
            1,
            "attached as p, and its relations are in warehouse",
            "write alias: warehouse",
        ),
        (
            "{type: duckdb, path: d.duckdb, schema: dev, attach: [{path: warehouse.duckdb}]}",
            0,
            "so that it can be written",
            "read_only: true",
        ),
        ("{type: duckdb, path: dev.duckdb, schema: dev}", 1, "calls the name ambiguous", "another name"),
        (
            "{type: duckdb, path: d.db, schema: dev, attach: [{path: warehouse.duckdb, alias: dev}]}",
            1,
            "a database is called dev",
            "another name",
        ),
        ("{type: duckdb, path: ':memory:', schema: dev}", 0, "no file of its own", ""),
        (
            "{type: postgres, host: h, user: u, dbname: x, schema: dev}",
            0,
            "is stopped if u may not write",
            "",
        ),
    ],
)
def test_engines(
    project: Project, capsys: pytest.CaptureFixture[str], output: str, status: int, found: str, remedy: str
) -> None:
    """What the database stops of SQL that names production itself, and what attach: should say."""
    project.edit("profiles.yml", DEV, f"dev: {output}")
    fact = said(capsys, status)["engine of dev"]
    assert found in fact[0]
    assert remedy in fact[1]
    assert bool(remedy) == bool(fact[1])


def test_a_file_over_the_limit(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """It is attached itself, and what that does not stop is said."""
    project.edit(
        "profiles.yml",
        DEV,
        "dev: {type: duckdb, path: d.db, schema: dev, attach: [{path: warehouse.duckdb, read_only: true}]}",
    )
    project.edit("dbt_project.yml", "    environments:\n", "    copy_limit: 1MB\n    environments:\n")
    with (project.folder / "warehouse.duckdb").open("r+b") as stream:
        stream.truncate(2_000_000)
    assert "more than copy_limit" in said(capsys, 0)["engine of dev"][0]


def test_two_servers_roles(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """One user for both is said, two are fine."""
    both = "type: postgres, host: h, dbname: warehouse"
    project.write(
        "profiles.yml",
        f"orchard: {{target: dev, outputs: {{dev: {{{both}, user: x, schema: dev}}, "
        f"prod: {{{both}, user: x, schema: analytics}}}}}}",
    )
    assert "dev connects as prod does (x)" in said(capsys, 0)["engine of dev"][0]
    project.edit("profiles.yml", "user: x, schema: dev", "user: y, schema: dev")
    assert said(capsys, 0)["engine of dev"][1] == ""


def test_one_relation_of_two_environments(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Found whatever environment is chosen now, with the relations; not with templates that differ."""
    assert said(capsys, 0)["one relation, two environments"][0].startswith("none: 4 relations")
    text = (project.folder / "dbt_project.yml").read_text()
    ci = "      ci: {when: {env_var: CI}, schema: 'x_{env:NUMBER}'}\n      dev:\n"
    project.write("dbt_project.yml", text.replace("      dev:\n", ci))
    assert said(capsys, 0)["one relation, two environments"][1] == ""
    project.edit("dbt_project.yml", "'x_{env:NUMBER}'", "'{target_schema}'")
    found, remedy = said(capsys, 1)["one relation, two environments"]
    assert found.startswith("ci (target dev) and dev (target dev) both give warehouse.dev.")
    assert found.endswith(" and 1 more")
    assert "template of its own" in remedy
    shutil.rmtree(project.folder / "target")
    assert "both give warehouse.dev.any_model" in said(capsys, 1)["one relation, two environments"][0]
    project.write("macros/generate_schema_name.sql", "{% macro generate_schema_name(a, b) %}x{% endmacro %}")
    project.edit("dbt_project.yml", "schema: '{target_schema}'", "reads: prod")
    assert "not looked at" in said(capsys, 0)["one relation, two environments"][0]


def test_a_package_that_names_itself(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Its relations are no environment's; said where it has any."""
    file = project.folder / "target/manifest.json"
    manifest = json.loads(file.read_text())
    macro = {"package_name": "courier", "name": "generate_schema_name", "macro_sql": ""}
    manifest["macros"]["macro.courier.generate_schema_name"] = macro
    file.write_text(json.dumps(manifest))
    assert "package courier" not in said(capsys, 0)
    parcel = {"unique_id": "model.courier.parcels", "resource_type": "model", "name": "parcels"}
    manifest["nodes"]["model.courier.parcels"] = {**parcel, "package_name": "courier", "path": "parcels.sql"}
    file.write_text(json.dumps(manifest))
    assert "names its 1 relations itself" in said(capsys, 0)["package courier"][0]


def test_no_manifest(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """What could not be looked at is skipped, not passed."""
    shutil.rmtree(project.folder / "target")
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "skipped sources, packages and relations of nodes: no manifest at" in shown
    assert "all fine" not in shown


def test_a_release_of_another_history(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch behind production is said."""
    monkeypatch.setattr("dbt_isolation.installation.facts.is_ancestor", lambda *_: False)
    found, remedy = said(capsys, 0)["releases of prod"]
    assert "is not in this branch's history" in found
    assert "up to date" in remedy


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
