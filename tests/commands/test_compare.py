"""``compare`` as a user types it, with everything that may be wrong: what is said of it, and what to do."""

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from dbt_isolation.main import main
from dbt_isolation.state.push import push
from tests.commands.shop import PROJECT, enter
from tests.compare.sides import COUNTS, ORDERS, RAW, SQL, STAGED, fill
from tests.state.artifacts import Shop, releases_in

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The project in development, compiled, as the current folder; no release yet."""
    folder = tmp_path / "shop"
    enter(folder, monkeypatch)
    shop = Shop(folder, schema="dev")
    fill(shop)
    _write(shop)
    return shop


@pytest.fixture
def shop(fresh: Shop) -> Shop:
    """The same with a release of production."""
    _release(fresh)
    return fresh


def _release(shop: Shop, content: Callable[[Shop], None] = fill, *, compiled: bool = True) -> None:
    production = Shop(shop.folder)
    content(production)
    if compiled:
        production.compile()
    push(releases_in(shop.folder / "state"), production.ran(sha="1" * 40))


def _write(shop: Shop) -> None:
    shop.compile()
    shop.write()


def _orders(shop: Shop, code: str = SQL["orders"].replace("'lost'", "'gone'")) -> None:
    shop.model("orders", code, STAGED)
    _write(shop)


def _manifest(shop: Shop, edit: Callable[[dict[str, Any]], object]) -> None:
    file = shop.folder / "target/manifest.json"
    content = json.loads(file.read_bytes())
    edit(content)
    file.write_text(json.dumps(content))


def _said(capsys: Captured, *words: str, status: int = 0) -> str:
    """What is printed: to stderr where the status is 2, and never a traceback."""
    capsys.readouterr()
    assert main(["compare", *words]) == status
    captured = capsys.readouterr()
    assert (captured.err == "") is (status == 0)
    assert "Traceback" not in captured.err + captured.out
    return captured.out if status == 0 else captured.err


def _data(capsys: Captured, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_said(capsys, *words, "--format", "json"))
    return found


def _kinds(report: dict[str, Any]) -> dict[str, str]:
    return {node["id"].rpartition(".")[2]: node["kind"] for node in report["data"]["nodes"]}


def test_nothing_differs(shop: Shop, capsys: Captured) -> None:
    """One line with which release, one that says so."""
    said = _said(capsys)
    assert re.match(r"compared with release 1 of prod, made \S+Z by deployer at commit 1{12}\n", said)
    assert said.endswith("compare: as in release 1 of prod\n")


def test_no_release_yet(fresh: Shop, capsys: Captured) -> None:
    """Everything is new, and who makes the first."""
    said = _said(capsys)
    assert "no release of prod yet in state/shop/prod: everything is new" in said
    assert "dbt-isolation state push" in said
    assert "4 nodes, all new" in said
    assert "1 node, all new" in _said(capsys, "orders")
    assert "did you mean 'orders'?" in _said(capsys, "ordes", status=2)


def test_the_store_has_gone(shop: Shop, capsys: Captured) -> None:
    """A copy shows that there was a release: the store is perhaps elsewhere."""
    _said(capsys)
    (shop.folder / "state").rename(shop.folder / "elsewhere")
    said = _said(capsys)
    assert "no release of prod yet" in said
    assert "a copy of it is here: see whether the store is where `state:` says" in said


def test_the_store_is_away(shop: Shop, capsys: Captured) -> None:
    """With a copy that is compared with, and it is said; without one there is nothing to compare with."""
    _orders(shop)
    _said(capsys)
    place = shop.folder / "state/shop/prod"
    place.rename(shop.folder / "away")
    place.write_text("no folder")
    said = _said(capsys)
    assert "state store: state/shop/prod/current: Not a directory; the copy of release 1" in said
    assert "compare again when the store answers" in said
    assert "1 model_wide" in said
    shutil.rmtree(shop.folder / "target/dbt_isolation")
    assert "compare again when the store answers" in _said(capsys, status=2)


@pytest.mark.parametrize("name", ["release.json", "run_results.json", "manifest.json.gz"])
def test_a_damaged_release(name: str, shop: Shop, capsys: Captured) -> None:
    """Which file, and where it comes back from."""
    file = shop.folder / "state/shop/prod/releases/000001" / name
    file.write_bytes(file.read_bytes()[:50])
    said = _said(capsys, status=2)
    assert f"000001/{name} is not as it was written" in said
    assert "put it back from a backup" in said
    file.unlink()
    assert f"000001/{name} is missing" in _said(capsys, status=2)


def test_a_damaged_copy(shop: Shop, capsys: Captured) -> None:
    """It is made anew when it is gone."""
    _said(capsys)
    copy = shop.folder / "target/dbt_isolation/state/prod/000001/manifest.json"
    copy.write_bytes(copy.read_bytes()[:100])
    said = _said(capsys, status=2)
    assert "the copy of release 1 of prod cannot be read" in said
    found = re.search(r"delete (\S+): it is copied anew", said)
    assert found is not None
    Path(found[1]).unlink()
    assert "as in release 1" in _said(capsys)


def test_no_place_for_a_copy(shop: Shop, capsys: Captured) -> None:
    """A file stands where the folder would."""
    (shop.folder / "target/dbt_isolation").write_text("")
    assert "target/dbt_isolation" in _said(capsys, status=2)


def test_another_version_of_dbt(shop: Shop, capsys: Captured) -> None:
    """Said where something differs: that may be why."""
    _orders(shop)
    _manifest(shop, lambda content: content["metadata"].update(dbt_version="1.10.3"))
    assert "made with dbt 1.11.0, and this is 1.10.3" in _said(capsys)


def test_another_engine(shop: Shop, capsys: Captured) -> None:
    """What SQL gives on two engines is not compared."""
    _orders(shop)
    _manifest(shop, lambda content: content["metadata"].update(adapter_type="postgres"))
    said = _said(capsys)
    assert "release 1 of prod is of duckdb, and this project of postgres" in said
    assert "compare with a target of the same engine" in said
    assert _kinds(_data(capsys)) == {"orders": "unknown"}


def test_not_compiled(shop: Shop, capsys: Captured) -> None:
    """It is rendered, and comes to the same."""
    _orders(shop)
    _manifest(shop, lambda content: [node.pop("compiled_code", "") for node in content["nodes"].values()])
    assert _kinds(_data(capsys)) == {"orders": "model_wide"}


def test_a_release_that_was_not_compiled(fresh: Shop, capsys: Captured) -> None:
    """What was changed is unknown, with the reason."""
    _release(fresh, compiled=False)
    _orders(fresh)
    report = _data(capsys)
    assert _kinds(report) == {"orders": "unknown"}
    assert report["data"]["nodes"][0]["reason"] == (
        "It cannot be told: release 1 of prod has no compiled SQL of it."
    )


def test_a_circle(shop: Shop, capsys: Captured) -> None:
    """No manifest of dbt's has one: it is named."""
    shop.model("staged", SQL["staged"], ORDERS)
    _write(shop)
    said = _said(capsys, status=2)
    assert "in a circle: " in said
    assert STAGED in said
    assert "run `dbt parse` again" in said


def test_sql_that_cannot_be_read(shop: Shop, capsys: Captured) -> None:
    """That model is unknown and named, with the parser's word; the rest goes on."""
    shop.model("revenue", SQL["revenue"] + " -- the same", ORDERS)
    _orders(shop, "select * from where (")
    report = _data(capsys)
    assert _kinds(report) == {"orders": "unknown", "revenue": "none"}
    (skipped,) = report["skipped"]
    assert skipped == {"what": "model.shop.orders: its SQL", "why": "Expected table name but got 'where'"}


def test_names_that_differ_by_case(fresh: Shop, capsys: Captured) -> None:
    """They are two models."""

    def two(shop: Shop) -> None:
        fill(shop)
        shop.model("Orders", "select 1 as a from {{ ref('staged') }}", STAGED)

    _release(fresh, two)
    two(fresh)
    fresh.model("Orders", "select 2 as a from {{ ref('staged') }}", STAGED)
    _write(fresh)
    assert _kinds(_data(capsys)) == {"Orders": "column"}
    assert _kinds(_data(capsys, "Orders")) == {"Orders": "column"}
    assert _kinds(_data(capsys, "orders")) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff",
        b'{"metadata": {}}',
        b'{"metadata": {}, "nodes": []}',
        b"[" * 100_000,
    ],
)
def test_no_manifest_that_can_be_read(content: bytes, shop: Shop, capsys: Captured) -> None:
    """Cut off, something else, nothing."""
    (shop.folder / "target/manifest.json").write_bytes(content)
    said = _said(capsys, status=2)
    assert "target/manifest.json is no manifest that can be read" in said
    assert "run `dbt parse` again" in said


def test_no_manifest(shop: Shop, capsys: Captured) -> None:
    """None, a folder in its place, another project's."""
    file = shop.folder / "target/manifest.json"
    _manifest(shop, lambda content: content["metadata"].update(project_name="bank"))
    said = _said(capsys, status=2)
    assert "manifest.json is of project 'bank', and this is 'shop'" in said
    assert "--project-dir" in said
    file.unlink()
    assert "no manifest at target/manifest.json\n  run `dbt parse` first" in _said(capsys, status=2)
    file.mkdir()
    assert "target/manifest.json: Is a directory" in _said(capsys, status=2)


def test_against(shop: Shop, capsys: Captured) -> None:
    """A protected environment; a typo, and one that has no releases, with those that there are."""
    assert "as in release 1 of prod" in _said(capsys, "--against", "prod")
    assert "no release of staging yet" in _said(capsys, "--against", "staging")
    assert "no environment 'prd'\n  did you mean 'prod'?" in _said(capsys, "--against", "prd", status=2)
    assert "no environment ''" in _said(capsys, "--against", "", status=2)
    said = _said(capsys, "--against", "dev", status=2)
    assert "environment 'dev' has no releases: it is not protected\n  there are: prod, staging" in said


def test_targets(shop: Shop, capsys: Captured) -> None:
    """One that reads no other, one that is not there, one of no environment; its own for a protected one."""
    assert "as in release 1 of prod" in _said(capsys, "--target", "prod")
    said = _said(capsys, "--target", "lab", status=2)
    assert "environment 'lab' reads no other" in said
    assert "environments.lab.reads" in said
    assert "as in release 1 of prod" in _said(capsys, "--target", "lab", "--against", "prod")
    assert "no target 'prood'" in _said(capsys, "--target", "prood", status=2)
    assert "no environment lists target 'stray'" in _said(capsys, "--target", "stray", status=2)


def test_nodes(shop: Shop, capsys: Captured) -> None:
    """By name; one that was removed; typos; all are looked at before anything is compared."""
    shop.remove(COUNTS)
    shop.remove("exposure.shop.desk")
    _orders(shop)
    assert [node["became"] for node in _data(capsys, "counts")["data"]["nodes"]] == [["removed"]]
    assert _kinds(_data(capsys, ORDERS, "staged")) == {"orders": "model_wide"}
    assert "no node 'ordrs'\n  did you mean 'orders'?" in _said(capsys, "ordrs", status=2)
    assert "no node 'nothing_like'\n  known: " in _said(capsys, "orders", "nothing_like", status=2)
    assert "no node ''" in _said(capsys, "", status=2)


def test_the_folder(shop: Shop, capsys: Captured, tmp_path: Path) -> None:
    """Empty, not there; without a block; a typo in it."""
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nowhere"):
        said = _said(capsys, "--project-dir", str(tmp_path / name), status=2)
        assert f"no dbt_project.yml in {tmp_path / name}" in said
    project = shop.folder / "dbt_project.yml"
    project.write_text(PROJECT.replace("reads: prod", "read: prod"))
    assert "unknown key 'read'\n  did you mean 'reads'?" in _said(capsys, status=2)
    project.write_text("name: shop\nprofile: shop\n")
    assert "`dbt-isolation init` writes it" in _said(capsys, status=2)
    project.write_text("name: [")
    assert "dbt_project.yml:2:1: not valid YAML" in _said(capsys, status=2)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("terminal", "compared with release 1"),
        ("markdown", "## dbt-isolation compare: 1 model"),
        ("json", "{"),
        ("html", "<!doctype html>"),
        ("mermaid", "flowchart LR"),
        ("dot", "digraph"),
        ("sarif", "{"),
        ("junit", "<?xml"),
        ("github", ""),
    ],
)
def test_formats(name: str, begins: str, shop: Shop, capsys: Captured) -> None:
    """Of the same comparison; to a file too."""
    _orders(shop)
    assert _said(capsys, "--format", name).startswith(begins)
    file = shop.folder / "report"
    assert _said(capsys, "--format", name, "--output", str(file)) == ""
    assert file.read_text(encoding="utf-8").startswith(begins)


def test_output_that_cannot_be_written(shop: Shop, capsys: Captured) -> None:
    """Where it was to be."""
    assert "/nowhere/x: No such file or directory" in _said(capsys, "--output", "/nowhere/x", status=2)


def test_edited_since(shop: Shop, capsys: Captured) -> None:
    """The manifest is older than a file: what is compared is what it was."""
    file = shop.folder / "models/orders.sql"
    file.parent.mkdir()
    file.write_text("select 1")
    os.utime(file, (time.time() + 60,) * 2)
    said = _said(capsys)
    assert "edited after the project was parsed: models/orders.sql" in said
    assert "run `dbt compile` first" in said


def test_odd_names(fresh: Shop, capsys: Captured) -> None:
    """Quotes, other scripts, marks that mean something in a report."""

    def odd(shop: Shop) -> None:
        shop.source("payments")
        one = shop.model('it\'s "odd"', 'select 1 as "a ""b"" ü"')
        shop.model("日本", "select id from {{ source('raw', 'payments') }}", RAW)
        shop.exposure("board", "B|rd", one, owner="<script>alert(1)</script>")

    _release(fresh, odd)
    fresh.entries = {section: {} for section in fresh.entries}
    odd(fresh)
    fresh.model('it\'s "odd"', 'select 2 as "a ""b"" ü"')
    fresh.model("日本", "select id + 1 as id from {{ source('raw', 'payments') }}", RAW)
    _write(fresh)
    report = _data(capsys)
    assert {node["id"]: node["columns"] for node in report["data"]["nodes"]} == {
        'model.shop.it\'s "odd"': ['a "b" ü'],
        "model.shop.日本": ["id"],
    }
    for name in ("terminal", "markdown", "mermaid", "dot"):
        assert "日本" in _said(capsys, "--format", name)
    assert "<script>alert" not in _said(capsys, "--format", "html")


def test_a_long_chain(fresh: Shop, capsys: Captured) -> None:
    """Three thousand models, each of which reads the one before."""

    def chain(shop: Shop) -> None:
        shop.source("payments")
        shop.model("m0", "select id, cents from {{ source('raw', 'payments') }}", RAW)
        for place in range(1, 3000):
            code = f"select id, cents from {{{{ ref('m{place - 1}') }}}}"
            shop.model(f"m{place}", code, f"model.shop.m{place - 1}")

    _release(fresh, chain)
    fresh.entries = {section: {} for section in fresh.entries}
    chain(fresh)
    fresh.model("m0", "select id, cents + 1 as cents from {{ source('raw', 'payments') }}", RAW)
    _write(fresh)
    report = _data(capsys)
    assert report["data"]["summary"] == "1 column; 2999 of 2999 below affected"
    assert {tuple(one["columns"]) for one in report["data"]["reached"]} == {("cents",)}
    assert len(_said(capsys, "--format", "markdown")) < 65_536


@pytest.mark.parametrize(
    "place",
    [
        "dbt_isolation.commands.compare.compare",
        "dbt_isolation.commands.compare.drift",
        "dbt_isolation.compare.project.Project.read",
        "dbt_isolation.compare.comparison.impact",
        "dbt_isolation.commands.compare.blocks",
    ],
)
def test_interrupted(place: str, shop: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is just then; the next time nothing is amiss."""
    _orders(shop)

    def stop(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(place, stop)
        assert main(["compare"]) == 130
    assert capsys.readouterr().err == "dbt-isolation: interrupted\n"
    assert "1 model_wide" in _said(capsys)
