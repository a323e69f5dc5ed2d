"""Real commits, with a real pre-commit and hooks that it installed from this repository."""

import json
import sys
from pathlib import Path

import pytest

from tests.hooks.repository import BAD, GOOD, Repository, blocked, hook_repository, hooked
from tests.projects import ROOT

# One worker builds what the hooks run in, once.
pytestmark = [pytest.mark.xdist_group("pre-commit"), pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home folder, with what pre-commit has installed."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Repository:
    """The repository that the hooks come from."""
    return hook_repository(tmp_path_factory.mktemp("hooks") / "dbt-isolation", home)


@pytest.fixture
def empty(hooks: Repository, home: Path, tmp_path: Path) -> Repository:
    """A repository with the hooks and nothing else."""
    return hooked(tmp_path / "repository", home, hooks)


@pytest.fixture
def shop(empty: Repository) -> Repository:
    """With one dbt project, and a commit."""
    empty.add_project()
    empty.write("models/orders.sql", GOOD)
    assert empty.commit(".").status == 0
    return empty


def test_blocks_and_passes(shop: Repository) -> None:
    """A bad model is not committed, and says where and what to do; the mended one is."""
    before = shop.git("rev-parse", "HEAD")
    shop.write("models/orders.sql", BAD)
    result = shop.commit(".")
    assert blocked(result, "models/orders.sql")
    assert shop.git("rev-parse", "HEAD") == before
    assert blocked(shop.commit("."), "models/orders.sql"), "and again"
    shop.write("models/orders.sql", "select 2 as order_id\n")
    assert shop.commit(".").status == 0
    assert shop.git("rev-parse", "HEAD") != before
    shop.write("README.md", "no model\n")
    assert shop.commit(".").status == 0


def test_pre_commit_understands_the_hooks(hooks: Repository) -> None:
    """The file that it reads in the hooks' repository."""
    result = hooks.pre_commit("validate-manifest", ".pre-commit-hooks.yaml")
    assert (result.status, result.output) == (0, "")


def test_what_is_staged_counts(shop: Repository) -> None:
    """Not what stands in the working tree, which is left as it is."""
    shop.write("models/orders.sql", "select 3 as order_id\n")
    shop.git("add", "models/orders.sql")
    shop.write("models/orders.sql", BAD)
    assert shop.commit().status == 0
    assert shop.read("models/orders.sql") == BAD
    shop.git("add", "models/orders.sql")
    shop.write("models/orders.sql", GOOD)
    assert blocked(shop.commit(), "models/orders.sql")
    assert shop.read("models/orders.sql") == GOOD


def test_renames_deletions_and_names(shop: Repository) -> None:
    """Files that are away are nobody's; names with blanks, quotes and any letters are as good as others."""
    names = ["models/deux côtés.sql", "models/日本/注文.sql", "models/it's -v.sql"]
    for name in names:
        shop.write(name, GOOD)
    assert shop.commit(".").status == 0
    for number, name in enumerate(names):
        shop.git("mv", name, f"models/moved {number}é.sql")
    assert shop.commit().status == 0
    shop.git("mv", "models/moved 0é.sql", "models/again ü.sql")
    shop.write("models/again ü.sql", BAD)
    assert blocked(shop.commit("."), "models/again ü.sql")
    shop.git("rm", "--force", "--quiet", "models/again ü.sql")
    shop.git("rm", "--quiet", "models/moved 1é.sql")
    assert shop.commit().status == 0
    shop.git("rm", "--quiet", "models/moved 2é.sql")
    (shop.folder / "models/orders.sql").unlink()
    assert shop.commit().status == 0, "one is staged, the other is not"


def test_naming(shop: Repository) -> None:
    """A one-line macro that is deleted or taken over blocks any commit; a wrong block is said."""
    macro = "macros/generate_schema_name.sql"
    line = shop.read(macro)
    shop.git("rm", "--quiet", macro)
    result = shop.commit()
    assert result.status == 1
    assert "dbt_project.yml: macro generate_schema_name: not in the project" in result.output
    assert f"write it to {macro}" in result.output
    shop.write(macro, line)
    shop.write("README.md", "more\n")
    assert shop.commit(".").status == 0
    project = shop.read("dbt_project.yml")
    shop.write("dbt_project.yml", project.replace("reads: prod", 'reads: prod, schema: "dev_{user}"'))
    shop.write(macro, "{% macro generate_schema_name(a, b) %}x{% endmacro %}")
    result = shop.commit(".")
    assert result.status == 1
    assert "does not return the package's" in result.output
    shop.write(macro, line)
    shop.write("dbt_project.yml", project.replace("reads:", "raeds:"))
    result = shop.commit(".")
    assert result.status == 1
    assert "did you mean 'reads'" in result.output


def test_several_projects(empty: Repository) -> None:
    """Each file is checked as its own project says; what is of no project is nobody's."""
    for project in ("sales", "people/payroll"):
        empty.add_project(project)
        empty.write(f"{project}/models/orders.sql", GOOD)
    empty.write("scripts/report.sql", BAD)
    empty.write("plain/dbt_project.yml", "name: plain\n")
    empty.write("plain/models/orders.sql", BAD)
    assert empty.commit(".").status == 0
    empty.write("people/payroll/models/orders.sql", BAD)
    empty.write("sales/models/orders.sql", "select 4 as order_id\n")
    result = empty.commit(".")
    assert blocked(result, "people/payroll/models/orders.sql")
    assert "sales/models/orders.sql" not in result.output
    (empty.folder / "people/payroll/macros/generate_alias_name.sql").unlink()
    empty.write("people/payroll/models/orders.sql", GOOD)
    result = empty.commit(".")
    assert "people/payroll/dbt_project.yml: macro generate_alias_name" in result.output
    assert result.status == 1


def test_a_changed_configuration_is_the_whole_projects(shop: Repository) -> None:
    """A file that was committed without the hooks is found when dbt_project.yml changes."""
    shop.write("models/late.sql", BAD)
    shop.git("add", "models/late.sql")
    shop.git("commit", "--quiet", "--no-verify", "--message", "in a hurry")
    shop.write("models/orders.sql", "select 5 as order_id\n")
    assert shop.commit(".").status == 0, "that is not about models/late.sql"
    shop.write("dbt_project.yml", shop.read("dbt_project.yml") + "\n# more\n")
    assert blocked(shop.commit("."), "models/late.sql")


def test_fix(shop: Repository) -> None:
    """What is certain is mended, which blocks once, as any fixer does; the next commit has it."""
    source = {"unique_id": "source.shop.raw.orders", "source_name": "raw", "name": "orders"}
    source |= {"database": "prod", "schema": "main", "identifier": "orders"}
    manifest = {"metadata": {"project_name": "shop"}, "nodes": {}, "sources": {source["unique_id"]: source}}
    shop.write("target/manifest.json", json.dumps(manifest))
    shop.write("models/orders.sql", "select * from prod.main.orders\n")
    result = shop.commit(".")
    assert result.status == 1
    assert "dbt-isolation: changed models/orders.sql" in result.output
    assert shop.read("models/orders.sql") == "select * from {{ source('raw', 'orders') }}\n"
    assert shop.commit(".").status == 0


@pytest.mark.all
def test_worktrees(shop: Repository, home: Path) -> None:
    """A worktree of the repository has the hooks, and a cache of its own."""
    shop.git("worktree", "add", "--quiet", "-b", "other", "../other tree")
    other = Repository(shop.folder.parent / "other tree", shop.variables)
    other.write("models/orders.sql", BAD)
    assert blocked(other.commit("."), "models/orders.sql")
    other.write("models/orders.sql", "select 6 as order_id\n")
    assert other.commit(".").status == 0
    assert (other.folder / "target/dbt_isolation_cache.db").is_file()
    shop.write("models/orders.sql", "select 7 as order_id\n")
    assert shop.commit(".").status == 0


@pytest.mark.all
def test_many_files(shop: Repository) -> None:
    """Six hundred at once; then the one that changed."""
    for number in range(600):
        shop.write(f"models/part {number % 7}/model_{number}.sql", f"select {number} as id\n")
    assert shop.commit(".").status == 0
    path = f"models/part {500 % 7}/model_500.sql"
    shop.write(path, BAD)
    assert blocked(shop.commit("."), path)
    assert blocked(shop.pre_commit("run", "--all-files"), path)


@pytest.mark.all
def test_try_repo(shop: Repository, hooks: Repository) -> None:
    """The way to try the hooks without writing them anywhere."""
    shop.write("models/orders.sql", BAD)
    shop.git("add", "models/orders.sql")
    words = ("try-repo", str(hooks.folder), "dbt-isolation-check", "--files", "models/orders.sql")
    assert blocked(shop.pre_commit(*words, timeout=300), "models/orders.sql")


@pytest.mark.all
def test_what_init_writes(shop: Repository, hooks: Repository) -> None:
    """Is an entry that pre-commit takes."""
    (shop.folder / ".pre-commit-config.yaml").unlink()
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from dbt_isolation.main import run; run()"
    words = ("init", "--hooks", "--package", str(hooks.folder))
    result = shop.run(sys.executable, "-c", code, *words)
    assert result.status == 0, result
    shop.write("models/orders.sql", BAD)
    assert blocked(shop.commit("."), "models/orders.sql")
