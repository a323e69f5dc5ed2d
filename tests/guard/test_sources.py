"""Sources by environment, with real dbt: everything that dbt does follows."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.projects import DEPLOY, Project

SOURCES = "        sources: {raw: {schema: raw_sample}}\n"


@pytest.fixture
def project(depot: Project, tmp_path: Path) -> Project:
    """The depot, whose development has a sample of the raw data: one order, loaded on another day."""
    copy = depot.copy(tmp_path / "depot")
    text = (copy.folder / "dbt_project.yml").read_text()
    copy.write("dbt_project.yml", text + SOURCES)
    with duckdb.connect(str(copy.folder / "warehouse.duckdb")) as connection:
        connection.execute("create schema raw_sample")
        connection.execute(
            "create table raw_sample.orders as "
            "select 1 as order_id, 5 as amount, timestamp '2026-01-09' as loaded_at"
        )
    return copy


def test_runs_read_the_environments_own(project: Project) -> None:
    """Development reads the sample, also on an unchanged parse and without manifest.json; production not."""
    for words in ((), (), ("--no-write-json",)):
        result = project.dbt("run", "-s", "orders", *words)
        assert result.status == 0, result
        assert project.query("select count(*) from dev.orders") == [(1,)]
    result = project.dbt("run", "-s", "orders", "--target", "prod", **{DEPLOY: "1"})
    assert result.status == 0, result
    assert project.query("select count(*) from analytics.orders") == [(21,)]


def test_freshness_docs_and_show_follow(project: Project) -> None:
    """`source freshness`, `docs generate` and `show`."""
    assert project.dbt("source", "freshness").status == 0
    [found] = json.loads((project.folder / "target/sources.json").read_text())["results"]
    assert found["max_loaded_at"].startswith("2026-01-09")
    assert project.dbt("docs", "generate").status == 0
    manifest = json.loads((project.folder / "target/manifest.json").read_text())
    assert (
        manifest["sources"]["source.depot.raw.orders"]["relation_name"] == '"warehouse"."raw_sample"."orders"'
    )
    catalog = json.loads((project.folder / "target/catalog.json").read_text())
    assert catalog["sources"]["source.depot.raw.orders"]["metadata"]["schema"] == "raw_sample"
    shown = project.dbt("show", "--inline", "select count(*) as orders from {{ source('raw', 'orders') }}")
    assert "|      1 |" in shown.output, shown


def test_another_place_is_no_change(project: Project) -> None:
    """`state:modified` selects nothing for it."""
    result = project.dbt(
        "--quiet", "ls", "-s", "state:modified", "--state", "state", "--resource-type", "model"
    )
    assert result.status == 0, result
    assert not result.output.strip()
    result = project.dbt("run", "-s", "state:modified", "--state", "state")
    assert "Nothing to do" in result.output, result


def test_a_mistake_is_said(project: Project) -> None:
    """A source that the project has not, with the nearest that it has; a variable that is not set."""
    project.edit("dbt_project.yml", "{raw: {", "{rw: {")
    result = project.dbt("compile")
    assert result.status == 0, result
    assert "environments.dev.sources.rw: no such source; did you mean 'raw'?" in result.output
    project.edit("dbt_project.yml", "{rw: {schema: raw_sample}}", "{raw: {schema: 'raw_{env:SAMPLE}'}}")
    unset = project.dbt("run", "-s", "orders")
    assert (unset.status, "SAMPLE" in unset.output) == (2, True)
    result = project.dbt("run", "-s", "orders", SAMPLE="sample")
    assert result.status == 0, result
    assert project.query("select count(*) from dev.orders") == [(1,)]
