"""``state`` and ``releases`` as a user types them."""

import json
from pathlib import Path
from typing import Any

import pytest

from dbt_isolation.main import main
from tests.commands.shop import PROFILES, PROJECT, enter
from tests.projects import DEPLOY, Project
from tests.state.artifacts import Shop, current, releases_in
from tests.state.repository import Git

ORDERS, TOTALS = "model.shop.orders", "model.shop.totals"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A project with two models as the current folder of its deployer."""
    folder = tmp_path / "shop"
    enter(folder, monkeypatch)
    monkeypatch.setenv(DEPLOY, "1")
    monkeypatch.setenv("DBT_ISOLATION_USER", "deployer")
    shop = Shop(folder)
    shop.model("orders", "select 1")
    shop.model("totals", "select 1")
    return shop


Captured = pytest.CaptureFixture[str]


def _data(capsys: Captured, *words: str, status: int = 0) -> dict[str, Any]:
    """The ``data`` of a command's json report."""
    capsys.readouterr()
    assert main([*words, "--format", "json"]) == status
    report = json.loads(capsys.readouterr().out)
    assert (report["version"], report["command"]) == (1, words[0])
    assert report["status"] == ("findings" if status else "clean")
    found: dict[str, Any] = report["data"]
    return found


def _said(capsys: Captured, *words: str, status: int = 0) -> str:
    """What a command prints for people: to stderr where its status is 2."""
    capsys.readouterr()
    assert main(words) == status
    captured = capsys.readouterr()
    assert (captured.err == "") is (status != 2)
    return captured.err if status == 2 else captured.out


def test_push(shop: Shop, capsys: Captured) -> None:
    """A release, the run once more, a refresh, a run that built nothing: each says what it became."""
    shop.write()
    said = _said(capsys, "state", "push")
    assert "release 1 of prod in state/shop/prod\n" in said
    assert "new or changed" in said
    assert ORDERS in said
    assert TOTALS in said
    assert "known already: this run is in release 1\n" in _said(capsys, "state", "push")
    shop.write()
    assert "a refresh of release 1" in _said(capsys, "state", "push", "--target", "prod")
    shop.model("orders", "select 2")
    shop.write(ORDERS)
    data = _data(capsys, "state", "push")
    assert data == {"kind": "release", "release": 2, "changed": [ORDERS], "described": []}
    check = shop.test("positive", "select 1", ORDERS)
    shop.write(check)
    assert "the run built nothing; release 2 stays current\n" in _said(capsys, "state", "push")
    nothing = {"kind": "nothing", "release": 2, "changed": [], "described": []}
    assert _data(capsys, "state", "push") == nothing
    shop.model("orders", "select 2", description="One row for each order.")
    shop.write(ORDERS)
    said = _said(capsys, "state", "push")
    assert "release 3" in said
    assert "same data, described otherwise" in said
    assert "new or changed" not in said


def test_push_of_nothing_before_the_first_release(shop: Shop, capsys: Captured) -> None:
    """It says that there is none."""
    shop.write(shop.test("positive", "select 1", ORDERS))
    assert "the run built nothing; there is no release yet\n" in _said(capsys, "state", "push")


def test_push_of_much(shop: Shop, capsys: Captured) -> None:
    """Twenty nodes are shown and the rest is counted; programs get all."""
    for number in range(30):
        shop.model(f"m{number}")
    shop.write()
    assert "… and 12 more" in _said(capsys, "state", "push")
    shop.model("orders", "select 2")
    for number in range(30):
        shop.model(f"m{number}", "select 2")
    shop.write()
    assert len(_data(capsys, "state", "push")["changed"]) == 31


def test_push_to_each_protected_environment(shop: Shop, capsys: Captured) -> None:
    """The run's own target decides; a target that does not fit what was built is the user's mistake."""
    shop.write()
    assert main(["state", "push"]) == 0
    shop.schema = "staging"
    shop.model("orders")
    shop.write(ORDERS, target="staging")
    assert "environment 'prod' does not own" in _said(capsys, "state", "push", "--target", "prod", status=2)
    assert "release 1 of staging" in _said(capsys, "state", "push")
    assert set(current(releases_in(shop.folder / "state", environment="staging")).nodes) == {ORDERS}
    assert set(current(releases_in(shop.folder / "state")).nodes) == {ORDERS, TOTALS}


def test_push_by_others_is_refused(shop: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the deployer's condition: status 1, why, and what to do; nothing is written."""
    shop.write()
    monkeypatch.delenv(DEPLOY)
    said = _said(capsys, "state", "push", status=1)
    assert "refused: environment 'prod' is protected: it is written only where DBT_ISOLATION_DEPLOY=1" in said
    assert "production is written by its deployer alone" in said
    assert not (shop.folder / "state").exists()


def test_push_of_development_is_refused(shop: Shop, capsys: Captured) -> None:
    """Only a protected environment has releases."""
    shop.write(target="dev")
    said = _said(capsys, "state", "push", status=1)
    assert "refused: only a protected environment has releases, and 'dev' is not" in said
    assert "dbt-isolation state push --target prod" in said
    assert _data(capsys, "state", "push", status=1) == {}
    assert not (shop.folder / "state").exists()


def test_pull(shop: Shop, capsys: Captured) -> None:
    """What the copy is worth and was worth, and the variables for a dbt without plugins."""
    shop.write()
    main(["state", "push"])
    said = _said(capsys, "state", "pull")
    folder = shop.folder / "target/dbt_isolation/state/prod/000001"
    assert "fresh: release 1 of prod (the copy here was missing)\n" in said
    assert f"export DBT_STATE={folder}\n" in said
    assert "export DBT_DEFER=true\nexport DBT_FAVOR_STATE=true\n" in said
    assert (folder / "manifest.json").read_bytes() == (shop.folder / "target/manifest.json").read_bytes()
    assert "fresh: release 1 of prod\n" in _said(capsys, "state", "pull")
    shop.model("orders", "select 2")
    shop.write()
    main(["state", "push"])
    data = _data(capsys, "state", "pull")
    folder = folder.with_name("000002")
    assert data == {
        "verdict": "fresh",
        "before": "stale",
        "release": 2,
        "folder": str(folder),
        "variables": {"DBT_STATE": str(folder), "DBT_DEFER": "true", "DBT_FAVOR_STATE": "true"},
    }


def test_pull_by_target(shop: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """The releases of what the target's environment reads, or its own; DBT_TARGET counts as for dbt."""
    shop.write()
    main(["state", "push"])
    assert "fresh: release 1 of prod" in _said(capsys, "state", "pull", "--target", "dev")
    assert "fresh: release 1 of prod" in _said(capsys, "state", "pull", "--target", "prod")
    assert "no release of staging" in _said(capsys, "state", "pull", "--target", "staging")
    monkeypatch.setenv("DBT_TARGET", "staging")
    assert "no release of staging" in _said(capsys, "state", "pull")
    said = _said(capsys, "state", "pull", "--target", "lab", status=2)
    assert "environment 'lab' reads no other" in said
    assert "environments.lab.reads" in said


def test_pull_before_the_first_release(shop: Shop, capsys: Captured) -> None:
    """A warning with who makes one."""
    said = _said(capsys, "state", "pull")
    assert "warn state missing: no release of prod in state/shop/prod" in said
    assert "dbt-isolation state push" in said
    assert _data(capsys, "state", "pull") == {"verdict": "missing"}


def test_pull_on_another_branch(shop: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning that names the commit; the release is copied all the same."""
    git = Git(shop.folder, monkeypatch)
    git("init", "--quiet")
    first = git.commit("first")
    sha = git.commit("second")
    shop.write()
    main(["state", "push"])
    git("checkout", "--quiet", first)
    said = _said(capsys, "state", "pull")
    assert f"wrong commit: commit {sha[:12]} of release 1 is not HEAD" in said
    assert "merge or rebase" in said
    assert "wrong commit: release 1 of prod (the copy here was missing)\n" in said
    data = _data(capsys, "state", "pull")
    assert (data["verdict"], data["before"], data["release"]) == ("wrong commit", "wrong commit", 1)
    git("checkout", "--quiet", sha)
    assert _data(capsys, "state", "pull")["verdict"] == "fresh"


def test_releases(shop: Shop, capsys: Captured) -> None:
    """Each with when, by whom, of which commit, how much it built and how often it was run again."""
    assert "no release of prod in state/shop/prod\n" in _said(capsys, "releases")
    assert _data(capsys, "releases") == {"environment": "prod", "current": None, "releases": []}
    for version in (1, 2):
        shop.model("orders", f"select {version}")
        shop.write()
        main(["state", "push"])
    shop.write()
    main(["state", "push"])
    data = _data(capsys, "releases", "list")
    assert (data["environment"], data["current"]) == ("prod", 2)
    releases = data["releases"]
    assert [one["number"] for one in releases] == [1, 2]
    assert [one["refreshes"] for one in releases] == [0, 1]
    assert releases[1]["built"] == [ORDERS, TOTALS]
    assert (releases[1]["actor"], releases[1]["commit"], releases[1]["dirty"]) == ("deployer", "", False)
    lines = [line.split() for line in _said(capsys, "releases").splitlines() if "deployer" in line]
    assert [(line[0], line[-3:]) for line in lines] == [
        ("1", ["unknown", "2", "0"]),
        ("→", ["unknown", "2", "1"]),
    ]


def test_releases_show(shop: Shop, capsys: Captured) -> None:
    """The current one, or the one that is named; one that is not there is the user's mistake."""
    assert "no release of prod" in _said(capsys, "releases", "show", status=2)
    shop.write()
    main(["state", "push"])
    shop.model("orders", "select 2")
    shop.write(ORDERS)
    main(["state", "push"])
    data = _data(capsys, "releases", "show")
    assert (data["number"], data["previous"], data["built"]) == (2, 1, [ORDERS])
    assert {one: node["release"] for one, node in data["nodes"].items()} == {ORDERS: 2, TOTALS: 1}
    assert data["nodes"][ORDERS]["relation"] == "warehouse.analytics.orders"
    said = _said(capsys, "releases", "show", "1")
    assert "release 1 of prod\n" in said
    assert "by deployer, commit unknown, after release none, dbt 1.11.0 on duckdb\n2 models\n" in said
    assert "warehouse.analytics.totals" in said
    said = _said(capsys, "releases", "show", "3", status=2)
    assert "no release 3 of prod\n  there are: 1, 2\n" in said


def test_releases_with_a_damaged_one(shop: Shop, capsys: Captured) -> None:
    """It is a finding with the remedy; the others are listed."""
    for version in (1, 2):
        shop.model("orders", f"select {version}")
        shop.write()
        main(["state", "push"])
    (shop.folder / "state/shop/prod/releases/000001/release.json").write_text("{}")
    data = _data(capsys, "releases", status=1)
    assert (data["current"], [one["number"] for one in data["releases"]]) == (2, [2])
    said = _said(capsys, "releases", status=1)
    assert "error releases state/shop/prod/releases/000001/release.json is not as it was written" in said
    assert "put it back from a backup" in said
    assert "release.json is not as it was" in _said(capsys, "releases", "show", "1", status=2)


@pytest.mark.parametrize("words", [("state", "push"), ("state", "pull"), ("releases",)])
def test_set_up_mistakes(
    shop: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """A mistyped target, one of no environment, no profile, no block, no project: status 2, what to do."""
    shop.write()
    said = _said(capsys, *words, "--target", "prd", status=2)
    assert "profiles.yml: no target 'prd'\n  did you mean 'prod'?\n" in said
    said = _said(capsys, *words, "--target", "stray", status=2)
    assert "no environment lists target 'stray'" in said
    assert "add 'stray' to the targets" in said
    profiles = shop.folder / "profiles.yml"
    profiles.write_text("shop: {outputs: {dev: , prod: }}\n")
    assert "profiles.yml: no target 'default'\n" in _said(capsys, *words, status=2)
    profiles.unlink()
    monkeypatch.setenv("HOME", str(shop.folder))
    assert "no profiles.yml in" in _said(capsys, *words, status=2)
    profiles.write_text(PROFILES)
    project = shop.folder / "dbt_project.yml"
    project.write_text(PROJECT.removeprefix("name: shop\n"))
    assert "dbt_project.yml has no name" in _said(capsys, *words, status=2)
    project.write_text("name: shop\nprofile: shop\n")
    said = _said(capsys, *words, status=2)
    assert "no vars: dbt_isolation: block; the package is inert here" in said
    assert "`dbt-isolation init` writes it" in said
    project.unlink()
    assert "no dbt_project.yml in" in _said(capsys, *words, status=2)


def test_the_store_of_the_configuration(
    shop: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`state:` is taken from the block, with its variables; what is wrong with it is the user's mistake."""
    text = PROJECT.replace("    environments:", '    state: "{env:PLACE}"\n    environments:')
    (shop.folder / "dbt_project.yml").write_text(text)
    shop.write()
    for words in (["state", "push"], ["state", "pull"], ["releases"]):
        assert "environment variable 'PLACE' is not set" in _said(capsys, *words, status=2)
    monkeypatch.setenv("PLACE", str(tmp_path / "elsewhere"))
    assert f"release 1 of prod in {tmp_path}/elsewhere/shop/prod\n" in _said(capsys, "state", "push")
    monkeypatch.setenv("PLACE", "memory://nowhere")
    said = _said(capsys, "state", "push", status=2)
    assert "memory://nowhere can be read and not written" in said
    assert "write releases to a folder, s3://, gs:// or abfs://" in said
    (tmp_path / "file").touch()
    monkeypatch.setenv("PLACE", str(tmp_path / "file"))
    for words in (["state", "push"], ["state", "pull"], ["releases"]):
        assert f"state store: {tmp_path}/file/shop/prod/current: " in _said(capsys, *words, status=2)


def test_artifacts_that_cannot_be_pushed(
    shop: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None, of another folder, of a command that builds nothing: status 2 and what to do."""
    assert "no run results at" in _said(capsys, "state", "push", status=2)
    shop.write(command="test")
    said = _said(capsys, "state", "push", status=2)
    assert "`dbt test`, which builds nothing\n  push right after a run or a build\n" in said
    (shop.write() / "run_results.json").write_text("{}")
    assert "holds no run results" in _said(capsys, "state", "push", status=2)
    shop.write().rename(shop.folder / "elsewhere")
    monkeypatch.setenv("DBT_TARGET_PATH", "elsewhere")
    assert "release 1 of prod" in _said(capsys, "state", "push")
    shop.write(target=["no", "text"])
    (shop.folder / "target/run_results.json").rename(shop.folder / "elsewhere/run_results.json")
    assert "no target" in _said(capsys, "state", "push", status=2)


def test_another_projects_artifacts(shop: Shop, capsys: Captured) -> None:
    """In a target folder that is shared."""
    other = Shop(shop.folder, name="bank")
    other.model("accounts")
    other.write()
    assert "manifest.json is of project 'bank', and this is 'shop'" in _said(
        capsys, "state", "push", status=2
    )


def test_dbt_takes_a_manifest_that_was_carried_over(
    depot: Project, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real artifacts, pushed node by node: dbt finds only what has changed since to be modified."""
    project = depot.copy(tmp_path / "depot")
    project.edit("dbt_project.yml", '{custom_schema}"', '{custom_schema}"\n        reads: prod')
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv(DEPLOY, "1")
    monkeypatch.setenv("DBT_ISOLATION_USER", "deployer")
    monkeypatch.setenv("DBT_TARGET_PATH", "state_artifacts")
    (project.folder / "state").rename(project.folder / "state_artifacts")
    results = project.folder / "state_artifacts/run_results.json"
    whole = json.loads(results.read_bytes())
    built = ("seed.depot.regions", "model.depot.orders", "snapshot.depot.order_history", "model.depot.totals")
    for number, one in enumerate(built):
        part = {**whole, "results": [result for result in whole["results"] if result["unique_id"] == one]}
        for name in ("run_results.json", "manifest.json"):
            file = results.with_name(name)
            content = json.loads(file.read_bytes()) if name == "manifest.json" else part
            content["metadata"]["invocation_id"] = f"invocation-{number}"
            file.write_text(json.dumps(content))
        assert _data(capsys, "state", "push")["changed"] == [one]
    folder = _data(capsys, "state", "pull", "--target", "dev")["folder"]
    listed = project.dbt("list", "--quiet", "--select", "state:modified", "--state", folder)
    assert listed.output.split() == ["depot.regions"], listed
