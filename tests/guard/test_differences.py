"""What a plain run in development says at its end, with real dbt."""

import sqlite3
from pathlib import Path

import pytest

from tests.guard.test_reads import warnings
from tests.projects import DEPLOY, Project

_SAID = "dbt-isolation: compared with release 1 of prod: "


@pytest.fixture
def project(orchard: Project, tmp_path: Path) -> Project:
    """A copy of one's own, in which it is not switched off."""
    copy = orchard.copy(tmp_path / "orchard")
    copy.edit("dbt_project.yml", "    post_run: false\n", "")
    return copy


def said(project: Project, *words: str, **variables: str | None) -> list[str]:
    """What it says after a run that succeeds; nothing else may be said."""
    result = project.dbt(*words, **variables)
    assert result.status == 0, result
    return warnings(result.output)


def test_what_changed_and_whom_it_reaches(project: Project) -> None:
    """An added column, then a filter; each with the command for more."""
    project.edit("models/trees.sql", "as height,", "as height, 1 as shade,")
    summary, line, more = said(project, "run", "-s", "trees")
    assert summary.startswith(f"{_SAID}1 additive; ")
    assert line == "dbt-isolation:   additive trees: new: shade"
    assert more == "dbt-isolation:   all of it: dbt-isolation compare"

    project.edit("models/apples.sql", "{{ ref('trees') }}", "{{ ref('trees') }} where tree_id > 1")
    lines = said(project, "run", "-s", "trees", "apples", "--target", "dev")
    assert lines[0].startswith(f"{_SAID}1 model_wide, 1 additive; ")
    assert lines[-1].endswith("dbt-isolation compare --target dev")


def test_nothing_is_said_where_there_is_nothing_to_say(project: Project) -> None:
    """An unchanged project, a command that builds nothing, --quiet, and production itself."""
    assert said(project, "run", "-s", "trees") == []
    project.edit("models/trees.sql", "as height,", "as height, 1 as shade,")
    assert said(project, "compile", "-s", "trees") == []
    assert said(project, "--quiet", "run", "-s", "trees") == []
    assert said(project, "run", "-s", "trees", "--target", "prod", **{DEPLOY: "1"}) == []
    project.edit("dbt_project.yml", "  dbt_isolation:\n", "  dbt_isolation:\n    post_run: false\n")
    assert said(project, "run", "-s", "trees") == []


def test_what_is_new_is_news_to_who_builds_it(project: Project) -> None:
    """And not after each run of something else."""
    project.write("models/pears.sql", "select 1 as id")
    assert said(project, "run", "-s", "trees") == []
    assert said(project, "run", "-s", "pears")[0] == f"{_SAID}1 new"


def test_it_never_fails_a_run(project: Project) -> None:
    """A store's damage, SQL that nobody reads, a cache that is none: the run is what it is."""
    project.edit("models/trees.sql", "as height,", "as height, 1 as shade,")
    assert said(project, "run", "-s", "trees")
    with sqlite3.connect(project.folder / "target/dbt_isolation_cache.db") as connection:
        connection.execute("update columns set value = x'00'")
    connection.close()
    assert said(project, "run", "-s", "trees")
    for file in (project.folder / "target/dbt_isolation/state/prod").rglob("manifest.json"):
        file.write_text("{")
    assert said(project, "run", "-s", "trees") == []


@pytest.mark.all
def test_a_failed_run_says_it_too(project: Project) -> None:
    """And keeps its own status."""
    project.edit("models/trees.sql", "as height,", "as height, 1 / 'x' as shade,")
    result = project.dbt("run", "-s", "trees")
    assert result.status == 1
    assert f"{_SAID}1 additive" in result.output


@pytest.mark.all
def test_without_json(project: Project) -> None:
    """dbt leaves no manifest of the run to compare."""
    project.edit("models/trees.sql", "as height,", "as height, 1 as shade,")
    result = project.dbt("--no-write-json", "run", "-s", "trees")
    assert result.status == 0
    assert _SAID not in result.output
