"""Incremental models and snapshots of an empty instance start from production's rows, with real dbt."""

from pathlib import Path

import pytest

from tests.projects import DEPLOY, Project
from tests.projects.on_postgres import PostgresProject

HARVEST = """{{ config(materialized='incremental', unique_key='tree_id', event_time='seen_on') }}
select tree_id, {{ "'later'" if is_incremental() else "'first'" }} as seen, current_date as seen_on
from {{ source('raw', 'trees') }}
{% if is_incremental() %} where tree_id > (select max(tree_id) from {{ this }}) {% endif %}
"""
SNAPSHOT = """snapshots:
  - name: tree_history
    relation: source('raw', 'trees')
    config: {unique_key: tree_id, strategy: check, check_cols: all}
"""


def with_harvest(project: Project) -> None:
    """An incremental model, one on it and a snapshot, built and released by production; one tree since."""
    project.write("models/harvest.sql", HARVEST)
    project.write("models/crates.sql", "select count(*) as trees from {{ ref('harvest') }}")
    project.write("snapshots/tree_history.yml", SNAPSHOT)
    words = ("-s", "harvest", "crates", "tree_history", "--target", "prod")
    for result in (
        project.dbt("build", *words, **{DEPLOY: "1"}),
        project.isolation("state", "push", "--target", "prod", **{DEPLOY: "1"}),
        project.dbt("parse", "--target", "dev"),
    ):
        assert result.status == 0, result
    project.execute("insert into raw.trees values (9)")


@pytest.fixture(scope="module")
def shared(orchard: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The orchard with a harvest."""
    project = orchard.copy(tmp_path_factory.mktemp("harvest") / "orchard")
    with_harvest(project)
    return project


@pytest.fixture
def project(shared: Project, tmp_path: Path) -> Project:
    """A copy of one's own."""
    return shared.copy(tmp_path / "orchard")


def build(project: Project, *words: str) -> str:
    """Runs `dbt build`, which must succeed; what it printed."""
    result = project.dbt("build", *words)
    assert result.status == 0, result
    return result.output


def seen(project: Project) -> list[tuple[object, ...]]:
    """How many rows of the harvest at home were made by which branch."""
    return project.query("select seen, count(*) from dev.harvest group by 1 order by 1")


def mode(project: Project, name: str) -> str:
    """The recorded mode of the last build."""
    sql = f"select mode from dev.dbt_isolation_evidence where unique_id like '%.{name}' and about = ''"
    [(found,)] = project.query(sql)
    return str(found)


@pytest.mark.xdist_group("starting")
def test_the_incremental_branch_runs(project: Project) -> None:
    """Production's three rows, and the new one by the incremental branch; the next run adds none."""
    output = build(project, "-s", "harvest", "crates", "tree_history")
    assert "harvest, tree_history: not built here yet, so starting from the rows of prod" in output
    assert seen(project) == [("first", 3), ("later", 1)]
    assert project.query("select count(*) from dev.tree_history") == [(4,)]
    assert project.query("select trees from dev.crates") == [(4,)]
    assert (mode(project, "harvest"), mode(project, "crates")) == ("full", "full")
    assert "starting from" not in build(project, "-s", "harvest")
    assert seen(project) == [("first", 3), ("later", 1)]


@pytest.mark.xdist_group("starting")
@pytest.mark.parametrize("words", [("--full-refresh",), ("--empty",), ("--exclude", "harvest")])
def test_what_starts_from_nothing(project: Project, words: tuple[str, ...]) -> None:
    """A full refresh, an empty build, and what is not selected."""
    assert "harvest" not in build(project, "-s", "harvest", "trees", *words).split("1 of")[0]
    if "--full-refresh" in words:
        assert seen(project) == [("first", 4)]


@pytest.mark.xdist_group("starting")
def test_no_more_than_so_many_rows(project: Project) -> None:
    """A part of the rows is said and recorded, with what is built on it, until a full refresh."""
    project.edit("dbt_project.yml", "        reads: prod", "        reads: prod\n        copy_rows: 2")
    output = build(project, "-s", "harvest", "crates")
    assert "harvest: not built here yet, so starting from 2 rows of prod, not all (copy_rows)" in output
    assert seen(project) == [
        ("first", 2),
        ("later", project.query("select count(*) - 2 from dev.harvest")[0][0]),
    ]
    assert (mode(project, "harvest"), mode(project, "crates")) == ("partial", "partial")
    build(project, "-s", "harvest")
    assert mode(project, "harvest") == "partial"
    build(project, "-s", "harvest", "crates", "--full-refresh")
    assert (mode(project, "harvest"), mode(project, "crates")) == ("full", "full")
    project.edit("dbt_project.yml", "copy_rows: 2", "copy_rows: 0")
    project.execute("drop table dev.harvest")
    assert "starting from" not in build(project, "-s", "harvest")
    assert seen(project) == [("first", 4)]


@pytest.mark.xdist_group("starting")
def test_clones(project: Project) -> None:
    """`dbt clone` makes a table of it; a view that an earlier one left gives way."""
    result = project.dbt("clone", "-s", "harvest")
    assert result.status == 0, result
    kinds = (
        "select table_name from information_schema.tables where table_schema = 'dev' and table_type = '{}'"
    )
    assert ("harvest",) in project.query(kinds.format("BASE TABLE"))
    assert ("harvest",) not in project.query(kinds.format("VIEW"))
    project.execute("drop table dev.harvest; create view dev.harvest as select * from analytics.harvest")
    build(project, "-s", "harvest")
    assert seen(project) == [("first", 3), ("later", 1)]


@pytest.mark.xdist_group("starting")
def test_what_cannot_be_copied_is_built_in_full(project: Project) -> None:
    """Production's relation is gone: said, and the run goes on."""
    project.execute("drop table analytics.harvest")
    output = build(project, "-s", "harvest")
    assert "harvest is built in full: production's rows could not be copied" in output
    assert seen(project) == [("first", 4)]


@pytest.mark.xdist_group("postgres")
def test_on_postgres(orchard_on_postgres: PostgresProject, tmp_path: Path) -> None:
    """The same on a server."""
    project = orchard_on_postgres.copy(tmp_path / "orchard")
    with_harvest(project)
    build(project, "-s", "harvest", "tree_history")
    assert seen(project) == [("first", 3), ("later", 1)]
    assert project.query("select count(*) from dev.tree_history") == [(4,)]
