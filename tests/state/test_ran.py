"""Which artifacts can be pushed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.config.block import parse
from dbt_isolation.errors import IsolationError
from dbt_isolation.state.ran import Ran
from tests.projects import Project
from tests.state.artifacts import Shop
from tests.state.repository import Git

ORDERS = "model.shop.orders"
CONFIG = parse(
    {
        "environments": {
            "prod": {
                "targets": ["prod"],
                "protected": True,
                "owns": ["warehouse.analytics"],
                "deployer": {"env_var": "DEPLOY"},
            },
            "staging": {
                "targets": ["staging"],
                "protected": True,
                "owns": ["warehouse.staging"],
                "deployer": {"env_var": "DEPLOY"},
            },
        }
    },
    {},
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """One model."""
    shop = Shop(tmp_path / "shop")
    shop.model("orders")
    return shop


def _read(shop: Shop) -> Ran:
    return Ran.of(shop.folder / "target", ProjectFiles(shop.folder, {}, {}), "deployer")


def _edit(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content: dict[str, Any] = json.loads(file.read_bytes())
    change(content)
    file.write_text(json.dumps(content))


@pytest.mark.parametrize("command", ["run", "build", "seed", "snapshot"])
def test_commands_that_build(shop: Shop, command: str) -> None:
    """What they wrote is read as it is."""
    target = shop.write(command=command)
    ran = _read(shop)
    assert set(ran.built()) == {ORDERS}
    assert ran.whole
    assert ran.manifest_json == (target / "manifest.json").read_bytes()
    assert ran.run_results_json == (target / "run_results.json").read_bytes()


def test_what_dbt_wrote(depot: Project) -> None:
    """Real artifacts: what production's build of the depot built, all of it."""
    ran = Ran.of(depot.folder / "state", ProjectFiles(depot.folder, {}, {}), "deployer")
    assert set(ran.built()) == {
        "model.depot.orders",
        "model.depot.totals",
        "seed.depot.regions",
        "snapshot.depot.order_history",
    }
    assert ran.whole
    assert ran.invocation_id
    ran.check_project("depot")


@pytest.mark.parametrize("command", ["test", "compile", "generate", "list", "run-operation", "clone", "show"])
def test_commands_that_build_nothing(shop: Shop, command: str) -> None:
    """Another command after the run has written over its results."""
    shop.write(command=command)
    with pytest.raises(IsolationError, match=f"`dbt {command}`, which builds nothing") as error:
        _read(shop)
    assert "right after a run" in error.value.hint


@pytest.mark.parametrize(
    ("flag", "shown"), [("empty", "--empty"), ("sample", "--sample"), ("event_time_start", "--event-time")]
)
def test_runs_on_a_part_of_the_data(shop: Shop, flag: str, shown: str) -> None:
    """Their relations have not all of their rows."""
    shop.write(**{flag: "2026-01-01"})
    with pytest.raises(IsolationError, match=f"{shown}.*not all of its rows"):
        _read(shop)


def test_artifacts_of_two_commands(shop: Shop) -> None:
    """`dbt parse` after the run, or another dbt in the same folder."""
    target = shop.write()
    (target / "manifest.json").write_bytes(shop.manifest_json("another"))
    with pytest.raises(IsolationError, match="of two dbt commands") as error:
        _read(shop)
    assert "before another dbt command" in error.value.hint


def test_artifacts_of_nobody_knows(shop: Shop) -> None:
    """Without an invocation a run could not be told from another."""
    target = shop.write()
    for name in ("manifest.json", "run_results.json"):
        _edit(target / name, lambda content: content["metadata"].pop("invocation_id"))
    with pytest.raises(IsolationError, match="does not say of which invocation it is"):
        _read(shop)


@pytest.mark.parametrize("shape", ["the same", "another"])
def test_a_manifest_of_a_later_version(shop: Shop, shape: str) -> None:
    """It says what to update, also where the manifest has another shape by then."""
    target = shop.write()

    def change(content: dict[str, Any]) -> None:
        content["metadata"]["dbt_schema_version"] = "https://schemas.getdbt.com/dbt/manifest/v99.json"
        if shape == "another":
            content["nodes"] = list(content["nodes"].values())

    _edit(target / "manifest.json", change)
    with pytest.raises(
        IsolationError, match=r"manifest\.json is of version 99, and 12 is the latest"
    ) as error:
        _read(shop)
    assert error.value.hint == "update dbt-isolation"


@pytest.mark.parametrize("name", ["manifest.json", "run_results.json"])
def test_no_artifacts(shop: Shop, name: str) -> None:
    """`--no-write-json`, or no run yet: the file is named, with what writes it."""
    target = shop.write()
    (target / name).unlink()
    with pytest.raises(IsolationError, match=name) as error:
        _read(shop)
    assert "run dbt first" in error.value.hint


@pytest.mark.parametrize("name", ["manifest.json", "run_results.json"])
@pytest.mark.parametrize("content", ["", "{}", "[]", '{"metadata": 3}', "{" * 2000])
def test_artifacts_cut_off(shop: Shop, name: str, content: str) -> None:
    """Or something else altogether."""
    (shop.write() / name).write_text(content)
    with pytest.raises(IsolationError, match=name):
        _read(shop)


def test_another_projects_artifacts(shop: Shop) -> None:
    """Two projects that share a target folder."""
    shop.write()
    _read(shop).check_project("shop")
    with pytest.raises(IsolationError, match="is of project 'shop', and this is 'bank'") as error:
        _read(shop).check_project("bank")
    assert "DBT_TARGET_PATH" in error.value.hint


@pytest.mark.parametrize("schema", ["staging", "dev_alice"])
def test_built_in_another_environment(shop: Shop, schema: str) -> None:
    """Another protected one's place, or nobody's; what failed there was not built."""
    shop.model("totals")
    shop.schema = schema
    shop.model("orders")
    shop.write()
    with pytest.raises(IsolationError, match=rf"model\.shop\.orders as warehouse\.{schema}\.orders") as error:
        _read(shop).check_places(CONFIG, CONFIG.environments["prod"])
    assert "right after a run of its target" in error.value.hint
    shop.write("model.shop.totals")
    _read(shop).check_places(CONFIG, CONFIG.environments["prod"])


def test_the_commit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """HEAD, and whether files of the project that git knows differ from it; nothing where there is no git."""
    shop.write()
    assert (_read(shop).commit.sha, _read(shop).commit.dirty) == ("", False)
    git = Git(shop.folder, monkeypatch)
    git("init", "--quiet")
    assert _read(shop).commit.sha == ""
    sha = git.commit("first")
    (shop.folder / "new.sql").touch()
    assert (_read(shop).commit.sha, _read(shop).commit.dirty) == (sha, False)
    with (shop.folder / "dbt_project.yml").open("a") as stream:
        stream.write("version: 1.0.0\n")
    assert _read(shop).commit.dirty
    monkeypatch.setenv("PATH", str(shop.folder))
    assert _read(shop).commit.sha == ""
