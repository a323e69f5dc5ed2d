"""Where SQL and dbt disagree about what a node reads: by cases, each a raw text and what dbt made of it."""

from typing import Any

import msgspec
import pytest

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.lineage.refs import Disagreement, disagreements


def node(name: str, *parents: str, kind: str = "model", **fields: Any) -> dict[str, Any]:
    """An entry of ``nodes``."""
    return {
        "unique_id": f"{kind}.p.{name}",
        "resource_type": kind,
        "name": name,
        "alias": name,
        "database": "w",
        "schema": "s",
        "original_file_path": f"models/{name}.sql",
        "depends_on": {"nodes": list(parents)},
        **fields,
    }


def source(name: str, **fields: Any) -> dict[str, Any]:
    """An entry of ``sources``."""
    return {
        "unique_id": f"source.p.raw.{name}",
        "name": name,
        "source_name": "raw",
        "database": "w",
        "schema": "raw",
        "identifier": name,
        **fields,
    }


def found(raw_code: str, compiled: str, *parents: str, **fields: Any) -> list[Disagreement]:
    """What is said of the model ``mart``."""
    nodes = [
        node("orders"),
        node("items"),
        node("codes", kind="seed", schema="raw"),
        node("small", "model.p.items", config={"materialized": "ephemeral"}),
        node("mart", *parents, raw_code=raw_code, **fields),
    ]
    sources = [source("codes"), source("events"), source("files", meta={"external_location": "x.csv"})]
    content = {
        "metadata": {},
        "nodes": {one["unique_id"]: one for one in nodes},
        "sources": {one["unique_id"]: one for one in sources},
    }
    manifest = msgspec.convert(content, Manifest)
    return list(disagreements(manifest, {"model.p.mart": compiled}, "duckdb", list(manifest.nodes)))


ORDERS, ITEMS, SMALL = "model.p.orders", "model.p.items", "model.p.small"
REF = "{{ ref('orders') }}"
#: raw, compiled, what it depends on; then whom each disagreement is about.
AGREE: list[tuple[str, str, tuple[str, ...]]] = [
    (f"select * from {REF}", 'select * from "w"."s"."orders"', (ORDERS,)),
    # Case, and a name without its database.
    (f"select * from {REF}", "select * from S.Orders", (ORDERS,)),
    # Of another environment, as a deferred parent's is.
    (f"select * from {REF}", 'select * from "prod"."s"."orders"', (ORDERS,)),
    # Two that share a relation: one of them is enough.
    ("select * from {{ source('raw', 'codes') }}", "select * from w.raw.codes", ("source.p.raw.codes",)),
    ("select * from {{ ref('codes') }}", "select * from w.raw.codes", ("seed.p.codes",)),
    # What nobody has, a name alone, itself.
    (REF, "select * from w.s.orders, other.x.y, items, w.s.mart", (ORDERS,)),
    # Named for the order alone.
    (f"-- depends_on: {REF}\nselect 1", 'select 1 -- depends_on: "w"."s"."orders"', (ORDERS,)),
    (f"/* {REF} */ select 1", "select 1", (ORDERS,)),
    (f"{{% do {REF[3:-3]} %}}select 1", "select 1", (ORDERS,)),
    # Asked for while dbt compiles.
    ("select {{ dbt_utils.star(from=ref('orders')) }}", "select id", (ORDERS,)),
    ("{% set v = run_query('select 1 from ' ~ ref('orders')) %}select 1", "select 1", (ORDERS,)),
    ("{% set o = ref('orders') %}{% set v = values(o) %}select 1", "select 1", (ORDERS,)),
    ("{% call statement() %}select 1 from {{ ref('orders') }}{% endcall %}select 1", "select 1", (ORDERS,)),
    # A branch that was not taken; a macro that names it.
    (f"select 1 {{% if is_incremental() %}}from {REF}{{% endif %}}", "select 1", (ORDERS,)),
    ("select {{ 1 if true else ref('orders') }}", "select 1", (ORDERS,)),
    ("{{ by_macro() }}", "select 1", (ORDERS,)),
    # Ephemeral parents, and what those read.
    (
        "select * from {{ ref('small') }}",
        "with __dbt__cte__small as (select * from w.s.items) select * from __dbt__cte__small",
        (SMALL,),
    ),
    (
        "-- {{ ref('small') }}\nselect 1",
        "with __dbt__cte__small as (select * from w.s.items) -- __dbt__cte__small\nselect 1",
        (SMALL,),
    ),
    # Through CTEs; used once is enough.
    (
        f"with a as (select * from {REF}), b as (select * from a) select * from b",
        "with a as (select * from w.s.orders), b as (select * from a) select * from b",
        (ORDERS,),
    ),
    (
        f"with a as (select * from {REF}) select * from {REF}",
        "with a as (select * from w.s.orders) select * from w.s.orders",
        (ORDERS,),
    ),
    # In a string, which a function may read.
    (f"select * from query_table('{REF}')", "select * from query_table('w.s.orders')", (ORDERS,)),
    # A file is no relation; what is no SQL; what cannot be read.
    ("select * from {{ source('raw', 'files') }}", "select * from 'x.csv'", ("source.p.raw.files",)),
    (f"select '{REF}", "select 'x", (ORDERS,)),
    (f"{{% if {REF}", "select 1", (ORDERS,)),
]


@pytest.mark.parametrize(("raw_code", "compiled", "parents"), AGREE)
def test_agreement(raw_code: str, compiled: str, parents: tuple[str, ...]) -> None:
    """Nothing is said where there may be a reason."""
    assert found(raw_code, compiled, *parents) == []


def test_what_dbt_does_not_know() -> None:
    """A relation that a node or source has, and that is no ref; once each."""
    said = found(REF, "select * from w.s.orders join w.s.items on 1 join s.items i on 2", ORDERS)
    assert said == [
        Disagreement(
            "model.p.mart",
            "unknown to dbt",
            ITEMS,
            "mart reads w.s.items, and dbt does not know it depends on model.p.items",
            "write {{ ref('items') }} in place of the name, so that dbt builds it before",
        )
    ]
    [event] = found("", "with unused as (select * from raw.events) select 1")
    assert event.other == "source.p.raw.events"
    assert "{{ source('raw', 'events') }}" in event.remedy


def test_what_is_not_used() -> None:
    """In a CTE that nothing reads, directly or not, or in a variable that nothing reads."""
    dead = f"with a as (select * from {REF}), b as (select * from a) select 1"
    [said] = found(dead, dead.replace(REF, "w.s.orders"), ORDERS)
    assert (said.kind, said.other) == ("never used", ORDERS)
    assert said.message == (
        "mart depends on model.p.orders, which its SQL does not use but in the CTE 'a', which nothing reads"
    )
    assert said.remedy.endswith("-- depends_on: {{ ref('orders') }}")
    [said] = found("{% set o = ref('orders') %}select 1", "select 1", ORDERS)
    assert said.message == "mart depends on model.p.orders, which its SQL does not use"
    # A column of the same name is no use of it.
    [said] = found("{% set o = ref('orders') %}select orders", "select orders", ORDERS)
    assert said.kind == "never used"


def test_what_is_not_looked_at() -> None:
    """Python models, what is not compiled, what is not asked for."""
    assert found(REF, "def model(dbt, session): ...", ORDERS, original_file_path="models/mart.py") == []
    assert found(REF, "select 1", ORDERS, unique_id="model.p.other") == []
    manifest = msgspec.convert({"metadata": {}, "nodes": {}}, Manifest)
    assert list(disagreements(manifest, {"model.p.gone": "select 1"}, "", ["model.p.gone"])) == []
