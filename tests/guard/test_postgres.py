"""What differs on PostgreSQL, with a real server: views over production, readers of production, evidence."""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.dbt_process import call
from tests.projects import DEPLOY
from tests.projects.on_postgres import PostgresProject

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def pristine(
    orchard_on_postgres: PostgresProject, tmp_path_factory: pytest.TempPathFactory
) -> PostgresProject:
    """What no test touches."""
    return orchard_on_postgres.copy(tmp_path_factory.mktemp("pristine") / "orchard")


@pytest.fixture
def project(
    orchard_on_postgres: PostgresProject, pristine: PostgresProject, tmp_path: Path
) -> PostgresProject:
    """A folder of one's own; the database is made anew under its name, which the release knows."""
    shutil.copytree(pristine.folder, tmp_path / "orchard", symlinks=True)
    project = PostgresProject(tmp_path / "orchard", pristine.server, orchard_on_postgres.database)
    project.restore(pristine)
    return project


def kind(project: PostgresProject, name: str) -> str:
    """Whether a relation of development is a table or a view."""
    [(found,)] = project.query(
        "select table_type from information_schema.tables "
        f"where table_schema = 'dev' and table_name = '{name}'"
    )
    return str(found)


def rebuild_production(project: PostgresProject) -> None:
    """Production's next scheduled run."""
    result = project.dbt("run", "--target", "prod", **{DEPLOY: "1"})
    assert result.status == 0, result


def test_a_view_over_production_survives_its_rebuild(project: PostgresProject) -> None:
    """It is built as a table, and that is said; over what stands at home it is a view again."""
    result = project.dbt("run", "-s", "apples")
    assert result.status == 0, result
    assert "built as a table, not as views: apples" in result.output
    assert kind(project, "apples") == "BASE TABLE"
    rebuild_production(project)
    assert project.query("select distinct trees_at, apples_at from dev.apples") == [("prod", "dev")]

    result = project.dbt("run", "-s", "trees", "apples")
    assert result.status == 0, result
    assert "built as a table" not in result.output
    assert kind(project, "apples") == "VIEW"


def test_cross_views_view(project: PostgresProject) -> None:
    """`view` builds it all the same, and production's rebuild takes it away: what the default is for."""
    project.edit(
        "dbt_project.yml", "        reads: prod\n", "        reads: prod\n        cross_views: view\n"
    )
    result = project.dbt("run", "-s", "apples")
    assert result.status == 0, result
    assert kind(project, "apples") == "VIEW"
    rebuild_production(project)
    with pytest.raises(ValueError, match="not enough values"):
        kind(project, "apples")


def test_cross_views_error(project: PostgresProject) -> None:
    """`error` refuses before anything is built."""
    project.edit(
        "dbt_project.yml", "        reads: prod\n", "        reads: prod\n        cross_views: error\n"
    )
    result = project.dbt("run", "-s", "apples")
    assert result.status == 2
    assert "apples would be such a view" in result.output
    assert project.relations("dev") == set()


def test_evidence_is_kept_there_too(project: PostgresProject) -> None:
    """A change that is built is read at home, known from the table alone."""
    project.edit("models/apples.sql", "select tree_id", "select 0 + tree_id as tree_id")
    assert project.dbt("run", "-s", "apples").status == 0
    (project.folder / "target/dbt_isolation/evidence.jsonl").unlink()
    result = project.dbt("run", "-s", "baskets")
    assert result.status == 0, result
    assert "dbt-isolation:" not in result.output
    assert project.query("select distinct apples_at from dev.baskets") == [("dev",)]


_DOUBLED = """
functions:
  - name: doubled
    arguments: [{name: amount, data_type: int}]
    returns: {data_type: int}
"""


@pytest.mark.skipif(version("dbt-core").startswith("1.10."), reason="dbt 1.10 has no functions")
def test_functions_are_read_by_the_same_rules(project: PostgresProject) -> None:
    """Production's, then said where a change is not built, then the one at home."""
    project.write("functions/doubled.sql", "select amount * 2")
    project.write("functions/doubled.yml", _DOUBLED)
    project.write(
        "models/twice.sql",
        "{{ config(materialized='table') }} "
        "select {{ function('doubled') }}(tree_id) as d from {{ ref('trees') }}",
    )
    for result in (
        project.dbt("build", "--target", "prod", **{DEPLOY: "1"}),
        project.isolation("state", "push", "--target", "prod", **{DEPLOY: "1"}),
        project.dbt("run", "-s", "twice"),
    ):
        assert result.status == 0, result
        assert "dbt-isolation: doubled" not in result.output
    project.write("functions/doubled.sql", "select amount * 3")
    assert "doubled is read from prod" in project.dbt("run", "-s", "twice").output
    assert project.query("select max(d) from dev.twice") == [(6,)]
    assert project.dbt("build", "-s", "doubled").status == 0
    assert "dbt-isolation:" not in project.dbt("run", "-s", "twice").output
    assert project.query("select max(d) from dev.twice") == [(9,)]


_WRITES = """
{% macro sneak() %}{% if execute %}
  {% do run_query('insert into analytics.trees values (99, 1, null)') %}
{% endif %}{% endmacro %}
"""
_SEARCH_PATH = ("prod: {<<: *connection, ", "prod: {<<: *connection, search_path: 'pg_temp, analytics', ")


@pytest.mark.parametrize(
    "words", [("show", "-s", "sly"), ("compile", "-s", "sly"), ("test", "-s", "sly_test")]
)
@pytest.mark.parametrize("search_path", [False, True])
def test_a_reader_of_production_cannot_write_it(
    project: PostgresProject, words: tuple[str, ...], search_path: bool
) -> None:
    """On a connection that PostgreSQL itself keeps read-only, also where the profile has a `search_path`."""
    if search_path:
        project.edit("profiles.yml", *_SEARCH_PATH)
    project.write("macros/sneak.sql", _WRITES)
    project.write("models/sly.sql", "{{ sneak() }} select 1 as one")
    project.write("tests/sly_test.sql", "{{ sneak() }} select 1 as one where false")
    result = project.dbt(*words, "--target", "prod")
    assert result.status != 0
    assert "cannot execute INSERT in a read-only transaction" in result.output
    assert project.query("select count(*) from analytics.trees") == [(3,)]


def test_a_reader_keeps_the_search_path(project: PostgresProject) -> None:
    """What the profile says of the connection holds as before."""
    project.edit("profiles.yml", *_SEARCH_PATH)
    inline = "select count(*) as trees, current_setting('search_path') as path from trees"
    result = project.dbt("show", "--inline", inline, "--target", "prod", "--output", "json")
    assert result.status == 0, result
    assert '"trees": 3' in result.output
    assert '"path": "pg_temp, analytics"' in result.output


def _read_then_write(dev: list[str]) -> None:
    from dbt.cli.main import dbtRunner

    os.environ["PGOPTIONS"] = "-c statement_timeout=60000"
    assert dbtRunner().invoke(["show", "-s", "trees", "--target", "prod"]).success
    assert os.environ["PGOPTIONS"] == "-c statement_timeout=60000"
    del os.environ["PGOPTIONS"]
    assert not dbtRunner().invoke(["show", "--inline", "select 1 from nowhere", "--target", "prod"]).success
    assert "PGOPTIONS" not in os.environ
    assert dbtRunner().invoke(dev).success


def test_the_next_command_of_a_process_writes_again(project: PostgresProject) -> None:
    """What made the connection read-only is put back at the end of each command, however it ends."""
    result = call(_read_then_write, (["run", "-s", "trees"],), project.folder, project.environment())
    assert result.status == 0, result
    assert "trees" in project.relations("dev")
