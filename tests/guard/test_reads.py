"""Where a plain dbt run reads what it does not build: every rule, with real dbt."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.dbt_process import dbt, environment
from tests.guard.attacks import without_plugin
from tests.projects import Project

HOME, PRODUCTION = "dev", "prod"


@pytest.fixture
def project(orchard: Project, tmp_path: Path) -> Project:
    """A copy of one's own."""
    return orchard.copy(tmp_path / "orchard")


def run(project: Project, *words: str, **variables: str | None) -> str:
    """Runs dbt, which must succeed; what it printed."""
    result = project.dbt(*words, **variables)
    assert result.status == 0, result
    return result.output


def change(project: Project, model: str) -> None:
    """Edits a model; every call makes it another."""
    file = project.folder / f"models/{model}.sql"
    file.write_text(file.read_text() + "  -- edited\n")


def read_at(project: Project, column: str, relation: str = "baskets") -> str:
    """Where the relation at home read the model that ``column`` comes from."""
    [(place,)] = project.query(f"select distinct {column} from dev.{relation}")
    return str(place)


def warnings(output: str) -> list[str]:
    """The lines that dbt-isolation itself printed."""
    return [line for line in output.splitlines() if line.startswith("dbt-isolation: ")]


def test_unbuilt_parents_are_read_in_production(project: Project) -> None:
    """In an empty instance a plain run of one model works, and says nothing about it."""
    output = run(project, "run", "-s", "baskets")
    assert read_at(project, "apples_at") == PRODUCTION
    assert not warnings(output)
    assert project.relations("dev") == {"baskets", "dbt_isolation_evidence"}


def test_a_stale_leftover_is_never_read(project: Project) -> None:
    """What is unchanged is read in production, also where a build of it stands at home."""
    run(project, "run", "-s", "trees", "apples")
    output = run(project, "run", "-s", "baskets")
    assert read_at(project, "apples_at") == PRODUCTION
    assert not warnings(output)


def test_what_the_run_builds_itself_is_read_at_home(project: Project) -> None:
    """Within one run, changed or not."""
    run(project, "run", "-s", "apples", "baskets")
    assert (read_at(project, "apples_at"), read_at(project, "trees_at")) == (HOME, PRODUCTION)


def test_a_change_that_is_built_is_read_at_home(project: Project) -> None:
    """And no longer once it is changed again, which is said with the command that builds it."""
    change(project, "apples")
    run(project, "run", "-s", "apples")
    assert not warnings(run(project, "run", "-s", "baskets"))
    assert read_at(project, "apples_at") == HOME

    change(project, "apples")
    [line] = warnings(run(project, "run", "-s", "baskets"))
    assert read_at(project, "apples_at") == PRODUCTION
    assert "apples is read from prod (warehouse.analytics.apples) by baskets: changed, but" in line
    assert "it has changed since it was built here" in line
    assert line.endswith("build it: dbt run -s apples")


def test_a_change_above_that_is_not_carried_through_is_said(project: Project) -> None:
    """A built change is of no use to a model below it while the model between is not built."""
    run(project, "run", "-s", "apples")
    change(project, "trees")
    run(project, "run", "-s", "trees")
    [line] = warnings(run(project, "run", "-s", "baskets"))
    assert read_at(project, "apples_at") == PRODUCTION
    assert "changed, but what it reads has changed since it was built here" in line


def test_unbuilt_change_error(project: Project) -> None:
    """`unbuilt_change: error` refuses the run before anything is built."""
    project.edit(
        "dbt_project.yml", "        reads: prod\n", "        reads: prod\n        unbuilt_change: error\n"
    )
    change(project, "apples")
    result = project.dbt("run", "-s", "baskets")
    assert result.status == 2
    assert "changed, but it is not built here" in result.output
    assert project.relations("dev") == set()
    run(project, "compile", "-s", "baskets")


def test_what_is_new_and_not_built_is_an_error(project: Project) -> None:
    """Nothing is executed; compile goes on; built, it is read; edited after that, it is an error again."""
    project.write("models/crates.sql", "select 1 as crate_id")
    project.edit("models/baskets.sql", "cross join", "cross join {{ ref('crates') }} cross join")
    result = project.dbt("run", "-s", "baskets")
    assert result.status == 2
    assert (
        "crates, which baskets would read, is new, and it is not built here, and prod has none; "
        "build it: dbt run -s crates" in result.output
    )
    assert project.relations("dev") == set()
    [line] = warnings(run(project, "compile", "-s", "baskets"))
    assert "crates" in line

    run(project, "run", "-s", "crates")
    run(project, "run", "-s", "baskets")
    change(project, "crates")
    assert project.dbt("run", "-s", "baskets").status == 2


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--empty",), "with only a part of its input (mode empty"),
        (("--sample", "3 days"), "with only a part of its input (mode sample"),
    ],
)
def test_a_build_on_a_part_of_the_input(project: Project, flags: tuple[str, ...], why: str) -> None:
    """Is read by runs of the same mode alone."""
    change(project, "apples")
    run(project, "run", "-s", "apples", *flags)
    [line] = warnings(run(project, "run", "-s", "baskets"))
    assert why in line
    assert read_at(project, "apples_at") == PRODUCTION
    if flags == ("--sample", "3 days"):
        assert not warnings(run(project, "run", "-s", "baskets", *flags))
        assert read_at(project, "apples_at") == HOME


def test_a_build_with_other_vars(project: Project) -> None:
    """Does not count for a run with the vars that are set now; a var that nobody names does not matter."""
    run(project, "run", "-s", "trees", "--vars", "{height: 3}")
    assert not warnings(run(project, "run", "-s", "apples"))
    assert read_at(project, "trees_at", "apples") == PRODUCTION
    assert not warnings(run(project, "run", "-s", "apples", "--vars", "{height: 3, unused: 1}"))
    assert read_at(project, "trees_at", "apples") == HOME
    [line] = warnings(run(project, "run", "-s", "apples", "--vars", "{height: 4}"))
    assert "it has changed since" in line
    assert read_at(project, "trees_at", "apples") == PRODUCTION


def test_a_build_whose_tests_failed(project: Project) -> None:
    """Is not read, until they pass."""
    project.edit("models/trees.sql", "select tree_id,", "select nullif(tree_id, 1) as tree_id,")
    assert project.dbt("build", "-s", "trees").status == 1
    [line] = warnings(run(project, "run", "-s", "apples"))
    assert "its tests failed here: test.orchard.not_null_trees_tree_id" in line
    assert read_at(project, "trees_at", "apples") == PRODUCTION

    project.edit("models/trees.sql", "nullif(tree_id, 1)", "nullif(tree_id, 99)")
    run(project, "build", "-s", "trees")
    assert not warnings(run(project, "run", "-s", "apples"))
    assert read_at(project, "trees_at", "apples") == HOME


def test_max_age(project: Project) -> None:
    """A build of three weeks ago is not read where `max_age` is 14 days."""
    project.edit("dbt_project.yml", "        reads: prod\n", "        reads: prod\n        max_age: 14d\n")
    change(project, "apples")
    run(project, "run", "-s", "apples")
    assert not warnings(run(project, "run", "-s", "baskets"))
    shutil.rmtree(project.folder / "target/dbt_isolation")
    with duckdb.connect(str(project.folder / "warehouse.duckdb")) as connection:
        connection.execute(
            "update dev.dbt_isolation_evidence set recorded_at = "
            "(recorded_at::timestamptz - interval 21 days)::text where unique_id = 'model.orchard.apples'"
        )
    [line] = warnings(run(project, "run", "-s", "baskets"))
    assert "it was built 21 days ago, and max_age is 14 days" in line
    assert read_at(project, "apples_at") == PRODUCTION


def test_a_record_whose_relation_is_gone(project: Project) -> None:
    """Counts for nothing."""
    change(project, "apples")
    run(project, "run", "-s", "apples")
    with duckdb.connect(str(project.folder / "warehouse.duckdb")) as connection:
        connection.execute("drop view dev.apples")
    [line] = warnings(run(project, "run", "-s", "baskets"))
    assert "and its relation is gone" in line
    assert read_at(project, "apples_at") == PRODUCTION


def test_another_machine_knows(project: Project) -> None:
    """The table says what was built here where the JSON lines do not; and they do where it does not."""
    change(project, "apples")
    run(project, "run", "-s", "apples")
    shutil.rmtree(project.folder / "target/dbt_isolation")
    assert not warnings(run(project, "run", "-s", "baskets"))
    assert read_at(project, "apples_at") == HOME


def test_a_clone_is_no_build(project: Project) -> None:
    """`dbt clone` needs no --state, copies production's, and takes the place of what was built."""
    change(project, "apples")
    run(project, "run", "-s", "apples")
    run(project, "clone", "-s", "apples", "--full-refresh")
    assert read_at(project, "apples_at", "apples") == PRODUCTION
    [line] = warnings(run(project, "run", "-s", "baskets"))
    assert "it was cloned here, not built" in line


def test_retry_reads_as_the_run_it_repeats(project: Project) -> None:
    """What the earlier run built is read at home, though the retry does not build it."""
    project.edit("models/baskets.sql", "select ripe", "select nothing, ripe")
    assert project.dbt("run", "-s", "apples", "baskets").status == 1
    project.edit("models/baskets.sql", "select nothing, ripe", "select ripe")
    run(project, "retry")
    assert (read_at(project, "apples_at"), read_at(project, "trees_at")) == (HOME, PRODUCTION)


def _spoil(project: Project) -> None:
    with duckdb.connect(str(project.folder / "warehouse.duckdb")) as connection:
        connection.execute("insert into dev.trees values (null, 1, 'dev')")


@pytest.mark.parametrize(
    "words",
    [
        ("test", "-s", "trees"),
        pytest.param(("build", "-s", "not_null_trees_tree_id"), marks=pytest.mark.all),
    ],
)
def test_a_test_reads_what_was_built_here(project: Project, words: tuple[str, ...]) -> None:
    """A selected test is run on the relation at home if that is the model's present self, changed or not."""
    output = run(project, *words)
    assert "1 test is of relations of prod, which are not built here as they are now: trees" in output
    run(project, "run", "-s", "trees")
    assert not warnings(run(project, *words))
    _spoil(project)
    assert project.dbt(*words).status == 1
    run(project, "run", "-s", "trees", "--empty")
    assert "1 test is of relations of prod" in run(project, *words)


def test_build_tests_what_it_builds(project: Project) -> None:
    """`dbt build -s x` tests the relation that it just built."""
    project.edit("models/trees.sql", "select tree_id,", "select nullif(tree_id, 1) as tree_id,")
    assert project.dbt("build", "-s", "trees").status == 1


def test_state_selectors_answer_as_without_us(project: Project) -> None:
    """`state:modified` selects the same nodes without --state and with it, with the plugin and without."""
    change(project, "apples")
    run(project, "run", "-s", "apples")
    change(project, "trees")
    project.write("models/crates.sql", "select 1 as crate_id")
    pulled = project.isolation("state", "pull", "--format", "json")
    folder = json.loads(pulled.output)["data"]["folder"]
    words = ["--quiet", "ls", "-s", "state:modified+", "--exclude", "state:new"]
    own = project.dbt(*words)
    given = project.dbt(*words, "--state", folder)
    plain = dbt(
        [*words, "--state", folder], project.folder, environment(project.folder), before=without_plugin
    )
    assert own.status == 0, own
    assert own.output == given.output == plain.output
    assert {"orchard.apples", "orchard.trees", "orchard.baskets"} <= set(own.output.split())
    run(project, "run", "-s", "state:modified", "--exclude", "trees", "crates")
    assert read_at(project, "trees_at", "apples") == PRODUCTION


def test_a_run_of_what_was_modified(project: Project) -> None:
    """In an empty instance its parents are read in production, at home once they are changed and built."""
    change(project, "baskets")
    assert not warnings(run(project, "run", "-s", "state:modified"))
    assert read_at(project, "apples_at") == PRODUCTION
    change(project, "apples")
    run(project, "run", "-s", "apples")
    assert not warnings(run(project, "run", "-s", "state:modified", "--exclude", "apples"))
    assert read_at(project, "apples_at") == HOME


def test_no_write_json(project: Project) -> None:
    """dbt asks no plugin there in time: the release is read as it is, and that is said."""
    change(project, "apples")
    run(project, "run", "-s", "apples", "--no-write-json")
    output = run(project, "run", "-s", "baskets", "--no-write-json")
    assert "release 1 of prod is read for all that this run does not build" in output
    assert read_at(project, "apples_at") == PRODUCTION
    assert not warnings(run(project, "run", "-s", "baskets"))
    assert read_at(project, "apples_at") == HOME


def test_the_users_own_flags_win(project: Project) -> None:
    """--no-defer reads all at home; a --defer of one's own is dbt's, which prefers the leftover."""
    result = project.dbt("run", "-s", "baskets", "--no-defer")
    assert result.status == 1
    run(project, "run", "-s", "apples")
    pulled = json.loads(project.isolation("state", "pull", "--format", "json").output)["data"]["folder"]
    run(project, "run", "-s", "baskets", "--defer", "--state", pulled)
    assert read_at(project, "apples_at") == HOME
    run(project, "run", "-s", "baskets", "--state", pulled)
    assert read_at(project, "apples_at") == PRODUCTION
    run(project, "run", "-s", "baskets", "--no-favor-state")
    assert read_at(project, "apples_at") == HOME


def test_before_the_first_release(project: Project) -> None:
    """Nothing is deferred, and it is said once."""
    shutil.rmtree(project.folder / "state")
    result = project.dbt("build", "--exclude-resource-type", "test")
    assert result.status == 0, result
    assert [line for line in warnings(result.output) if "no release of prod yet" in line] == warnings(
        result.output
    )
    assert len(warnings(result.output)) == 1
    assert read_at(project, "trees_at") == HOME


def test_a_store_that_does_not_answer(project: Project) -> None:
    """Is said, and the copy that is here is used; without a copy all is read here."""
    run(project, "compile", "-s", "baskets")
    project.edit(
        "dbt_project.yml", "    environments:\n", "    state: http://127.0.0.1:9/dbt\n    environments:\n"
    )
    output = run(project, "run", "-s", "baskets")
    assert "the copy of release 1 that is here is used" in output
    assert read_at(project, "apples_at") == PRODUCTION
    shutil.rmtree(project.folder / "target/dbt_isolation")
    output = project.dbt("run", "-s", "baskets").output
    assert "http://127.0.0.1:9/dbt" in output
    assert "all is read here" in output


def test_reading_commands_read_production_too(project: Project) -> None:
    """show and docs generate, in an empty instance."""
    assert "prod" in run(project, "show", "-s", "apples", "--output", "json")
    assert "prod" in run(project, "show", "--inline", "select apples_at from {{ ref('apples') }}")
    assert not warnings(run(project, "docs", "generate"))
    nodes = json.loads((project.folder / "target/manifest.json").read_text())["nodes"]
    assert '"analytics"."prices"' in nodes["model.orchard.baskets"]["compiled_code"]


def test_evidence_that_cannot_be_written_fails_nothing(project: Project) -> None:
    """It is said; and the JSON lines have it all the same."""
    with duckdb.connect(str(project.folder / "warehouse.duckdb")) as connection:
        connection.execute("create schema dev")
        connection.execute("create table dev.dbt_isolation_evidence (something int)")
    change(project, "apples")
    output = run(project, "run", "-s", "apples")
    assert "evidence of this run is not all written down" in output
    output = run(project, "run", "-s", "baskets")
    assert "could not be looked up" in output
    assert read_at(project, "apples_at") == PRODUCTION


def test_reads_explains_every_ref(project: Project) -> None:
    """The command answers as the run does, through ephemeral models; a ref to nowhere is a finding."""
    change(project, "apples")
    run(project, "run", "-s", "apples")
    run(project, "parse")
    result = project.isolation("reads", "baskets", "--format", "json")
    assert result.status == 0, result
    report = json.loads(result.output)
    rows = {row["what"]: (row["at"], row["relation"], row["why"]) for row in report["data"]["reads"]}
    assert rows == {
        "model.orchard.apples": ("home", "warehouse.dev.apples", "changed, and built here"),
        "seed.orchard.prices": ("prod", "warehouse.analytics.prices", "unchanged against release 1"),
    }
    assert [one["what"] for one in report["skipped"]] == ["model.orchard.apples"]
    shown = project.isolation("reads", "trees")
    assert "a source is read where its properties say" in shown.output
    change(project, "apples")
    assert "was edited after the project was parsed" in project.isolation("reads", "baskets").output
    project.write("models/crates.sql", "select * from {{ ref('boxes') }}")
    project.write("models/boxes.sql", "select 1 as box_id")
    run(project, "parse")
    nowhere = project.isolation("reads", "crates")
    assert nowhere.status == 1
    assert "build it: dbt run -s boxes" in nowhere.output
    typo = project.isolation("reads", "basket")
    assert (typo.status, "did you mean 'baskets'?" in typo.output) == (2, True)
    run(project, "parse", "--target", "prod")
    elsewhere = project.isolation("reads", "crates")
    assert elsewhere.status == 2
    assert "dbt parse --target dev" in elsewhere.output
