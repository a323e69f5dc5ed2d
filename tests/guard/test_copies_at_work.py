"""Copies of production's DuckDB file under real dbt: nobody waits, nobody harms production."""

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.dbt_process import call, dbt
from tests.guard.cellar import writer
from tests.projects import DEPLOY, ROOT, Project, link_package

INSERT = "import duckdb; duckdb.connect('prod.duckdb').execute('insert into bottles values (9)')"
#: Opens production for writing in the middle of development's run, as its deployer would.
DEPLOYS_MEANWHILE = f"""
import subprocess, sys

def model(dbt, session):
    found = dbt.source("bought", "bottles")
    subprocess.run([sys.executable, "-c", {INSERT!r}], check=True, timeout=60)
    return found
"""


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The cellar: three bottles in production, and development parsed."""
    folder = tmp_path_factory.mktemp("cellar") / "cellar"
    shutil.copytree(ROOT / "tests/projects/cellar", folder)
    link_package(folder)
    with duckdb.connect(str(folder / "prod.duckdb")) as connection:
        connection.execute("create table bottles as select i from range(3) t(i)")
    project = Project(folder)
    parsed = project.dbt("parse")
    assert parsed.status == 0, parsed
    return project


@pytest.fixture
def cellar(pristine: Project, tmp_path: Path) -> Project:
    """A copy of one's own."""
    return pristine.copy(tmp_path / "cellar")


def counted(cellar: Project) -> object:
    """How many bottles development's model counted."""
    [(found,)] = cellar.query("select bottles from counted", "dev")
    return found


def copy_of(cellar: Project) -> Path:
    """The copy."""
    [copy] = (cellar.folder / "target/dbt_isolation/copies").glob("*.duckdb")
    return copy


def bottles(cellar: Project) -> set[int]:
    """Those that production has."""
    return {int(str(row[0])) for row in cellar.query("select i from bottles", "prod")}


def test_runs_while_production_is_written(cellar: Project) -> None:
    """Production's deployer has the file open; without a copy there is nothing to read, and that is said."""
    with writer(cellar.folder / "prod.duckdb", "insert into bottles values (9)"):
        nothing = cellar.dbt("run")
        assert "is being written by process" in nothing.output, nothing
        assert nothing.status == 2, nothing
    first = cellar.dbt("run")
    assert first.status == 0, first
    with writer(cellar.folder / "prod.duckdb", "insert into bottles values (10)"):
        for words in (("build", "--no-write-json"), ("compile",)):
            again = cellar.dbt(*words)
            assert again.status == 0, again
            assert "Unable to do partial parsing" not in again.output, again
    assert counted(cellar) == 4
    assert bottles(cellar) == {0, 1, 2, 9, 10}


def test_what_does_not_connect_works_meanwhile(cellar: Project) -> None:
    """While production is written and there is no copy."""
    with writer(cellar.folder / "prod.duckdb"):
        for words in (("parse",), ("ls",), ("compile", "--no-populate-cache")):
            result = cellar.dbt(*words)
            assert result.status == 0, result


def test_production_is_written_while_development_runs(cellar: Project) -> None:
    """A run that has its copy open does not keep the deployer waiting, and reads what it began with."""
    cellar.write("models/meanwhile.py", DEPLOYS_MEANWHILE)
    result = cellar.dbt("run", "-s", "meanwhile")
    assert result.status == 0, result
    assert bottles(cellar) == {0, 1, 2, 9}
    assert cellar.query("select count(*) from meanwhile", "dev") == [(3,)]
    result = cellar.dbt("run", "-s", "counted")
    assert counted(cellar) == 4, result


def without_a_look_at_hooks() -> None:
    """Takes what the plugin says of hooks from this process."""
    from dbt_isolation.guard import plugin

    vars(plugin)["refused_hooks"] = lambda *_: []


@pytest.mark.parametrize(
    ("hook", "status"),
    [
        ("delete from prod.main.bottles", 1),
        ("detach prod; attach '{copy}' as prod; delete from prod.main.bottles", 0),
        ("copy (select 1) to '{copy}' (format csv)", 0),
    ],
)
def test_hooks_harm_a_copy_at_most(cellar: Project, hook: str, status: int) -> None:
    """What an attachment's name or path lets SQL do is done to the copy, and the next run has a new one.

    The plugin does not look at hooks here, as it would refuse what names the attachment.
    """
    assert cellar.dbt("run").status == 0
    before = (cellar.folder / "prod.duckdb").read_bytes()
    copy_of(cellar).chmod(0o600)
    harmful = ", ".join(f'after_commit("{one}")' for one in hook.format(copy=copy_of(cellar)).split("; "))
    model = (cellar.folder / "models/counted.sql").read_text()
    cellar.write("models/counted.sql", f"{{{{ config(post_hook=[{harmful}]) }}}} {model}")
    result = dbt(["run"], cellar.folder, cellar.environment(), before=without_a_look_at_hooks)
    assert result.status == status, result
    assert (cellar.folder / "prod.duckdb").read_bytes() == before
    cellar.write("models/counted.sql", model)
    result = cellar.dbt("run")
    assert (result.status, counted(cellar)) == (0, 3), result


def test_retry_reads_a_copy(cellar: Project) -> None:
    """`retry` makes credentials of its own, from what the earlier command was given."""
    cellar.write(
        "models/counted.sql", "select count(*) as bottles, {{ nothing }} as x from prod.main.bottles"
    )
    assert cellar.dbt("run", "--target", "dev").status == 1
    (cellar.folder / "models/counted.sql").write_text("select count(*) as bottles from prod.main.bottles")
    shutil.rmtree(cellar.folder / "target/dbt_isolation/copies")
    result = cellar.dbt("retry")
    assert (result.status, counted(cellar)) == (0, 3), result
    assert copy_of(cellar).is_file()


def test_run_from_elsewhere(cellar: Project) -> None:
    """Under --project-dir DuckDB takes paths from the working folder, and so does the copy's source."""
    elsewhere = Project(cellar.folder.parent)
    (cellar.folder / "prod.duckdb").rename(elsewhere.folder / "prod.duckdb")
    result = elsewhere.dbt("run", "--project-dir", "cellar", "--profiles-dir", "cellar")
    assert (result.status, counted(elsewhere)) == (0, 3), result
    assert copy_of(cellar).is_file()


def test_over_the_limit_production_is_attached(cellar: Project) -> None:
    """Read-only, and said; it is open then, and no deployer can write it."""
    cellar.edit("dbt_project.yml", "  dbt_isolation:\n", "  dbt_isolation:\n    copy_limit: 0MB\n")
    cellar.edit("profiles.yml", ", read_only: true", "")
    cellar.write("models/meanwhile.py", DEPLOYS_MEANWHILE)
    result = cellar.dbt("run")
    assert result.status == 1, result
    assert "copy_limit is 0 MB: it is attached itself, read-only" in result.output
    assert "Could not set lock" in result.output
    assert counted(cellar) == 3


def test_missing_production_is_said(cellar: Project) -> None:
    """With the path that the target names."""
    (cellar.folder / "prod.duckdb").unlink()
    result = cellar.dbt("run")
    assert result.status == 2, result
    assert "the target attaches prod.duckdb as prod" in result.output
    assert not (cellar.folder / "prod.duckdb").exists()


def _one_process() -> None:
    from dbt.cli.main import dbtRunner

    def run(*words: str) -> None:
        result = dbtRunner().invoke(["--quiet", "run", *words])
        assert result.success, result.exception

    run()
    run("--target", "prod")
    # dbt has production open still, and lets go of it for the next.
    run()
    [copy] = Path("target/dbt_isolation/copies").glob("*.duckdb")
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.execute("select bottles from counted").fetchall() == [(3,)]
    subprocess.run([sys.executable, "-c", INSERT], check=True, timeout=60)
    run()


def test_commands_in_one_process(cellar: Project) -> None:
    """dbt keeps its connection from one command to the next; a new copy is read all the same."""
    result = call(_one_process, (), cellar.folder, cellar.environment(**{DEPLOY: "1"}))
    assert (result.status, counted(cellar)) == (0, 4), result
