"""The half of the fingerprint that is metadata: what describes a node counts there, and nowhere else."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.lineage.fingerprint import Fingerprint, fingerprints
from tests.lineage.test_fingerprint import folder, manifest, node, of, one
from tests.projects import Project

__all__ = ["folder"]
GOLDEN = Path(__file__).parents[1] / "golden/described.json"


def column(**more: Any) -> dict[str, Any]:
    """A model's properties with one column."""
    return {"columns": {"a": {"name": "a", **more}}}


def config(**more: Any) -> dict[str, Any]:
    """A model's properties that configure it."""
    return {"unrendered_config": more}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"description": "an order"}, {"description": "one order"}),
        ({"description": "an order"}, {"description": "an  order"}),
        (column(), {}),
        (column(description="x"), column(description="y")),
        (column(tags=["x"]), column(tags=["y"])),
        (column(meta={"pii": True}), column(meta={"pii": False})),
        (column(data_type="int"), column(data_type="text")),
        (column(constraints=[{"type": "unique"}]), column(constraints=[{"type": "not_null"}])),
        ({"constraints": [{"type": "check", "expression": "a"}]}, {}),
        (config(tags=["x"]), config(tags=["x", "y"])),
        (config(tags="x"), config(tags="y")),
        (config(meta={"owner": "x"}), config(meta={"owner": "y"})),
        (config(docs={"show": True}), config(docs={"show": False})),
        (config(group="x"), config(group="y")),
        (config(access="public"), config(access="private")),
        (config(grants={"select": ["x"]}), config(grants={"select": ["y"]})),
        (config(schema="x"), config(schema="y")),
        (config(alias="x"), config()),
        (config(database="x"), config(database="{{ target.name }}")),
        (config(persist_docs={"relation": True}), config(persist_docs={"relation": False})),
        (config(snowflake_warehouse="x"), config(snowflake_warehouse="y")),
        ({"latest_version": 1}, {"latest_version": 2}),
        ({"deprecation_date": "2026-01-01T00:00:00+00:00"}, {"deprecation_date": None}),
    ],
)
def test_what_describes_counts_as_metadata_alone(
    folder: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """And what is read or built is decided by the other half."""
    before, after = (one(folder, "select 1", **more) for more in (first, second))
    assert str(before) == str(after)
    assert before.metadata != after.metadata
    assert before.parents_metadata == after.parents_metadata


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (config(tags=["x", "y"]), config(tags=["y", "x", "x"])),
        (config(tags="x"), config(tags=["x"])),
        (config(tags=[], meta={}, group=None), config()),
        (config(meta={"a": 1, "b": 2}), config(meta={"b": 2, "a": 1})),
        (config(grants={"select": ["x", "y"]}), config(grants={"+select": ["y", "x"]})),
        (config(**{"+tags": ["x"]}), config(tags=["x"])),
        (
            {"columns": {"a": {"tags": ["x", "y"]}, "b": {}}},
            {"columns": {"b": {"description": ""}, "a": {"tags": ["y", "x"]}}},
        ),
        ({"database": "dev", "schema": "dev", "alias": "x", "relation_name": "dev.x"}, {"database": "prod"}),
        ({"root_path": "/a", "patch_path": "shop://a.yml"}, {"root_path": "/b", "created_at": 1.5}),
        ({"path": "a.sql", "original_file_path": "models/a.sql"}, {"original_file_path": "models/b/a.sql"}),
        (
            {"deprecation_date": "2026-01-01T00:00:00+00:00"},
            {"deprecation_date": "2026-01-01T00:00:00+01:00"},
        ),
    ],
)
def test_what_says_the_same(folder: Path, first: dict[str, Any], second: dict[str, Any]) -> None:
    """The order of keys and tags, what is empty, and where this checkout, target and machine have it."""
    first, second = ({"original_file_path": "models/a.sql", **more} for more in (first, second))
    assert one(folder, "select 1", **first) == one(folder, "select 1", **second)


DESCRIBED = st.fixed_dictionaries(
    {},
    optional={
        "description": st.text(max_size=3),
        "columns": st.dictionaries(
            st.sampled_from("ab"),
            st.fixed_dictionaries({"description": st.sampled_from(["", "x", "é\n"])}),
        ),
        "unrendered_config": st.fixed_dictionaries(
            {}, optional={"tags": st.lists(st.sampled_from("xy")), "group": st.sampled_from([None, "g"])}
        ),
    },
)


@given(DESCRIBED, DESCRIBED, st.sampled_from(["select 1", "select 2"]))
def test_the_halves_do_not_know_of_each_other(
    folder: Path, first: dict[str, Any], second: dict[str, Any], code: str
) -> None:
    """However a node is described its data is that of its code, and the other way round."""
    before, after = one(folder, "select 1", **first), one(folder, code, **second)
    assert (str(before) == str(after)) is (code == "select 1")
    again = one(folder, code, **first)
    assert (str(again), again.described) == (str(after), before.described)


def test_code_counts_as_data_alone(folder: Path) -> None:
    """With its macros; and a config() in it is code."""
    assert one(folder, "select 1").described == one(folder, "select 2 -- more").described
    first, second = "{{ config(tags=['x']) }}", "{{ config(tags=['y']) }}"
    assert str(one(folder, first)) != str(one(folder, second))


@pytest.mark.parametrize(
    ("call", "literal"),
    [
        ("config(tags=['a'], meta={'b': none, 'c': True}, schema='target')", True),
        ("config({'tags': ['a']})", True),
        ("config(tags=['a']) }} select target.name {{ x", True),
        ("config(tags=['a' if target.name == 'prod' else 'b'])", False),
        ("config({'tags': [tag]})", False),
        ("config(materialized='view', tags=tags_of(x=1))", False),
    ],
)
def test_config_in_the_code(folder: Path, call: str, literal: bool) -> None:
    """dbt keeps what it comes to, which may be another for each target; literals are the same for all."""

    def rendered(tag: str) -> Fingerprint:
        return one(folder, f"{{{{ {call} }}}}", **config(tags=["from a file", tag]))

    assert str(rendered("x")) == str(rendered("y"))
    assert (rendered("x") != rendered("y")) is literal


def test_values_of_variables_count(folder: Path) -> None:
    """In what describes; environment variables and places are a machine's and a target's own."""

    def value(text: str, height: int, **environ: str) -> str:
        return one(folder, "x", environ, given={"height": height}, **config(**json.loads(text))).described

    meta = '{"meta": {"a": "{{ var(\'height\') }} {{ env_var(\'PLACE\') }}"}}'
    place = '{"schema": "{{ var(\'height\') }}"}'
    assert value(meta, 1) != value(meta, 2)
    assert value(meta, 1, PLACE="x") == value(meta, 1, PLACE="y")
    assert value(place, 1) == value(place, 2)


def test_parents_metadata(folder: Path) -> None:
    """A description above changes the parents' metadata alone, however far above, ephemeral ones' too."""

    def chain(source: str, first: str) -> dict[str, Fingerprint]:
        raw = {"unique_id": "source.shop.raw.t", "name": "t", "identifier": "t", "description": source}
        return of(
            folder,
            manifest(
                node("model.shop.a", parents=("source.shop.raw.t",), description=first),
                node("model.shop.b", parents=("model.shop.a",), config={"materialized": "ephemeral"}),
                node("model.shop.c", parents=("model.shop.b",)),
                node("model.shop.d"),
                sources={"source.shop.raw.t": raw},
            ),
        )

    before = chain("raw", "first")
    for after, changed in ((chain("raw", "1st"), "bc"), (chain("as loaded", "first"), "abc")):
        for name in changed:
            old, new = before[f"model.shop.{name}"], after[f"model.shop.{name}"]
            assert (str(old), old.metadata) == (str(new), new.metadata)
            assert old.parents_metadata != new.parents_metadata
        assert before["model.shop.d"] == after["model.shop.d"]


@pytest.mark.parametrize(
    "more",
    [
        {"source_description": "x"},
        {"tags": ["x"]},
        {"meta": {"a": 1}},
        {"config": {"meta": {"a": 1}}},
        column(description="x"),
        column(data_type="int"),
    ],
)
def test_what_describes_a_source(folder: Path, more: dict[str, Any]) -> None:
    """Counts for what reads it."""

    def reading(**more: Any) -> Fingerprint:
        raw = {"unique_id": "source.shop.raw.t", "name": "t", "identifier": "t", **more}
        found = manifest(
            node("model.shop.a", parents=("source.shop.raw.t",)), sources={"source.shop.raw.t": raw}
        )
        return of(folder, found)["model.shop.a"]

    assert str(reading()) == str(reading(**more))
    assert reading().metadata == reading(**more).metadata
    assert reading().described != reading(**more).described


_PROJECT = """
models:
  orchard:
    +tags: [fruit]
    +meta: {owner: "{{ env_var('TZ') }}"}
    +group: "{{ 'growers' if target.name == 'prod' else none }}"
"""
_DOCS = "{% docs tree %}\nA tree, as *planted*.\n{% enddocs %}\n"
_PROPERTIES = """
version: 2
groups: [{name: growers, owner: {name: Ann}}]
sources:
  - name: raw
    description: "as of {{ env_var('TZ') }}"
    tables:
      - name: trees
        description: '{{ doc("tree") }}'
        tags: [wood, fruit]
        config: {meta: {place: "{{ target.schema }}"}}
        columns: [{name: tree_id, description: "key on {{ env_var('TZ') }}", tags: [key]}]
models:
  - name: trees
    description: '{{ doc("tree") }}'
    config: {tags: [wood, tall], meta: {a: 1}, grants: {select: ["{{ target.name }}"]}, docs: {show: false}}
    columns:
      - {name: tree_id, description: "key, see {{ var('height') }}", config: {tags: [b, a], meta: {c: 1}}}
      - {name: kind, description: '{{ doc("tree") }}', data_type: text}
  - name: apples
    description: "apples of {{ env_var('TZ') }}"
    access: public
    meta: {target: "{{ target.name }}"}
    latest_version: 2
    versions:
      - v: 1
        defined_in: apples
        deprecation_date: 2030-01-01
        config: {alias: apples, tags: ["{{ target.name }}"]}
      - v: 2
        defined_in: apples_v2
        description: "second, on {{ env_var('TZ') }}"
  - name: baskets
"""


@pytest.fixture
def described(orchard: Project, tmp_path: Path) -> Callable[[str, str], dict[str, Fingerprint]]:
    """Parses `orchard`, described in every way, on a target in a time zone."""

    def parsed(target: str, zone: str) -> dict[str, Fingerprint]:
        project = orchard.copy(tmp_path / target)
        project.write("dbt_project.yml", (project.folder / "dbt_project.yml").read_text() + _PROJECT)
        project.write("models/docs.md", _DOCS)
        project.write("models/properties.yml", _PROPERTIES)
        project.write("models/apples_v2.sql", "{{ config(tags=['in_code']) }} select 1 as tree_id")
        result = project.dbt("parse", "--target", target, TZ=zone)
        assert result.status == 0, result.output
        files = ProjectFiles(project.folder, os.environ, {})
        return fingerprints(artifact.read(project.folder / "target/manifest.json"), files)

    return parsed


def test_the_same_for_every_target_zone_and_version(
    described: Callable[[str, str], dict[str, Fingerprint]],
) -> None:
    """With real dbt of any version: texts by target, blocks of documentation, versions, days."""
    found = described("dev", "UTC")
    assert found == described("prod", "Asia/Tokyo")
    assert {name: one.described for name, one in found.items()} == json.loads(GOLDEN.read_text())
