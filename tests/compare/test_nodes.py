"""Which nodes differ, and how: before any SQL is read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbt_isolation.artifacts import manifest
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.compare.nodes import Became, Pair, pairs
from dbt_isolation.lineage.fingerprint import fingerprints
from dbt_isolation.state.release import ReleasedNode
from tests.state.artifacts import Shop

A, B, SEED = "model.shop.a", "model.shop.b", "seed.shop.codes"


def _fill(shop: Shop) -> None:
    shop.macro("tax", "{% macro tax() %}0.2{% endmacro %}")
    shop.model("a", "select {{ tax() }} as tax", macros=["macro.shop.tax"])
    shop.model("b", "select tax from {{ ref('a') }}", A)
    shop.seed("codes")
    shop.entries["nodes"][SEED]["checksum"] = {"name": "sha256", "checksum": "1"}


class Both:
    """The project as it was, and ``shop``, which a test changes."""

    def __init__(self, folder: Path) -> None:
        self.was = Shop(folder / "shop", schema="prod")
        self.shop = Shop(folder / "shop", schema="dev")
        for one in (self.was, self.shop):
            _fill(one)

    def pairs(self, version: int = 1, apart: tuple[str, ...] = ()) -> list[Pair]:
        """What differs; ``version``: of the fingerprints that the release has."""
        before, now = (manifest.decode(one.manifest_json(""), "") for one in (self.was, self.shop))
        files = ProjectFiles(self.shop.folder, {}, {})
        made = fingerprints(before, files)
        released = {
            name: ReleasedNode(
                f"{version}:{str(one).partition(':')[2] if version == 1 else 'x:y'}",
                *("model", None, None, "", None, None, "", 1),
                metadata=one.described,
            )
            for name, one in made.items()
            if not before.nodes[name].ephemeral
        }
        return pairs(before, now, released, fingerprints(now, files), apart, lambda: made)

    def became(self, **more: Any) -> dict[str, set[Became]]:
        """The same, by unique id."""
        return {pair.unique_id: {*pair.became} for pair in self.pairs(**more)}


@pytest.fixture
def both(tmp_path: Path) -> Both:
    """Both sides of a small project."""
    return Both(tmp_path)


def test_nothing(both: Both) -> None:
    """Though one side is in another schema."""
    assert both.pairs() == []
    assert both.pairs(version=2) == []


def test_added_and_removed(both: Both) -> None:
    """In the order of their unique ids, and not one the other."""
    both.shop.model("c", "select 3 as other")
    both.shop.remove(B)
    assert both.became() == {B: {Became.REMOVED}, "model.shop.c": {Became.ADDED}}


def test_renamed(both: Both) -> None:
    """The same code under another name; a seed the same file."""
    both.shop.remove(B)
    both.shop.model("c", "select tax from {{ ref('a') }}  \n", A)
    entry = both.shop.entries["nodes"].pop(SEED)
    both.shop.entries["nodes"]["seed.shop.regions"] = {
        **entry,
        "unique_id": "seed.shop.regions",
        "name": "regions",
    }
    found = {pair.unique_id: pair for pair in both.pairs()}
    assert {name: {*pair.became} for name, pair in found.items()} == {
        "model.shop.c": {Became.RENAMED},
        "seed.shop.regions": {Became.RENAMED},
    }
    before = found["seed.shop.regions"].before
    assert before is not None
    assert before.unique_id == SEED


def test_another_seed_is_no_rename(both: Both) -> None:
    """Its file says something else."""
    both.shop.remove(SEED)
    both.shop.seed("regions")
    both.shop.entries["nodes"]["seed.shop.regions"]["checksum"] = {"name": "sha256", "checksum": "2"}
    assert both.became() == {SEED: {Became.REMOVED}, "seed.shop.regions": {Became.ADDED}}


def test_a_model_is_no_renamed_seed(both: Both) -> None:
    """Empty code is nothing that two have in common."""
    both.shop.remove(SEED)
    both.shop.model("codes", "")
    assert both.became() == {SEED: {Became.REMOVED}, "model.shop.codes": {Became.ADDED}}


@pytest.mark.parametrize("key", ["schema", "alias", "database"])
def test_moved_by_config(key: str, both: Both) -> None:
    """Nothing of its data is another."""
    both.shop.model("b", "select tax from {{ ref('a') }}", A, config={key: "mart"})
    (pair,) = both.pairs()
    assert pair.became == {Became.MOVED}
    assert pair.moves == (f"{key}: none → mart",)


def test_moved_by_file(both: Both) -> None:
    """The way of Windows to write a path is none."""
    both.shop.entries["nodes"][B]["original_file_path"] = "models\\b.sql"
    assert both.pairs() == []
    both.shop.entries["nodes"][B]["original_file_path"] = "models/marts/b.sql"
    (pair,) = both.pairs()
    assert pair.moves == ("models/b.sql → models/marts/b.sql",)


def test_changed_and_moved(both: Both) -> None:
    """Both are said."""
    both.shop.model("b", "select 1 as tax from {{ ref('a') }}", A, config={"schema": "mart"})
    assert both.became() == {B: {Became.CHANGED, Became.MOVED}}


def test_described(both: Both) -> None:
    """Words about it; nothing to build."""
    both.shop.model("b", "select tax from {{ ref('a') }}", A, description="All taxes.")
    assert both.became() == {B: {Became.DESCRIBED}}


def _macro(shop: Shop) -> None:
    shop.macro("tax", "{% macro tax() %}0.3{% endmacro %}")


def _code(shop: Shop) -> None:
    shop.model("a", "select {{ tax() }} + 1 as tax", macros=["macro.shop.tax"])


def _config(shop: Shop) -> None:
    shop.model("a", "select {{ tax() }} as tax", macros=["macro.shop.tax"], materialized="view")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("edit", [_macro, _code, _config])
def test_changed(edit: Callable[[Shop], None], version: int, both: Both) -> None:
    """By its code, a macro, its config; also where the release's hashes were made in another way."""
    edit(both.shop)
    assert both.became(version=version) == {A: {Became.CHANGED}}


def test_a_seed_s_content(both: Both) -> None:
    """Is its data, also for hashes made in another way, when the file that was hashed is gone."""
    both.shop.entries["nodes"][SEED]["checksum"] = {"name": "sha256", "checksum": "2"}
    assert both.became(version=2) == {SEED: {Became.CHANGED}}


def test_the_latest_version(both: Both) -> None:
    """A ref() without a version reads another model when there is a new one, with the same code."""
    for shop, latest in ((both.was, "model.shop.m.v1"), (both.shop, "model.shop.m.v2")):
        shop.model("reader", "select id from {{ ref('m') }}", latest)
    assert both.became() == {"model.shop.reader": {Became.CHANGED}}


def test_the_reader_of_a_renamed_one(both: Both) -> None:
    """Its own code is another, and no more is said."""
    both.shop.remove(A)
    both.shop.model("z", "select {{ tax() }} as tax", macros=["macro.shop.tax"])
    both.shop.model("b", "select tax from {{ ref('z') }}", "model.shop.z")
    assert both.became() == {B: {Became.CHANGED}, "model.shop.z": {Became.RENAMED}}


def test_ephemeral_models(both: Both) -> None:
    """They are in no release, and are compared all the same; who reads one changes with it."""
    for shop in (both.was, both.shop):
        shop.model("e", "select tax from {{ ref('a') }}", A, materialized="ephemeral")
        shop.model("f", "select tax from {{ ref('e') }}", "model.shop.e")
    assert both.pairs() == []
    both.shop.model("e", "select tax + 1 as tax from {{ ref('a') }}", A, materialized="ephemeral")
    assert both.became() == {"model.shop.e": {Became.CHANGED}, "model.shop.f": {Became.CHANGED}}


def test_other_projects_nodes(both: Both) -> None:
    """They are read, and not compared."""
    nothing = {"path": "", "original_file_path": "", "package_name": "bank"}
    both.was.model("theirs", **nothing)  # type: ignore[arg-type]
    both.shop.model("others", **nothing)  # type: ignore[arg-type]
    assert both.pairs() == []


def test_packages_nodes(both: Both) -> None:
    """They are built here, and compared as all."""
    for shop, code in ((both.was, "select 1 as id"), (both.shop, "select 2 as id")):
        shop.model("dates", code, package_name="calendar")
    assert both.became() == {"model.shop.dates": {Became.CHANGED}}


def test_what_is_left_out(both: Both) -> None:
    """Another's change, whichever it is."""
    both.shop.remove(B)
    _code(both.shop)
    both.shop.model("c", "select 3 as other")
    assert both.became(apart=(A, B, "model.shop.c")) == {}
