"""Column lineage of whole projects, on manifests of the fewest fields."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from dbt_isolation.artifacts import catalog
from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.environments import Relation
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.columns import ColumnOf, Unknown, columns_of

SOURCE = {
    "source.p.shop.raw": {
        "unique_id": "source.p.shop.raw",
        "name": "raw",
        "source_name": "shop",
        "database": "w",
        "schema": "raw",
        "identifier": "raw",
    }
}
RAW = {"source.p.shop.raw": {"id": "INTEGER", "cents": "BIGINT", "paid": "BOOLEAN"}}


def node(name: str, *parents: str, kind: str = "model", **fields: Any) -> dict[str, Any]:
    """An entry of ``nodes`` that reads ``parents``."""
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


def manifest(*nodes: dict[str, Any]) -> Manifest:
    """With one source."""
    content = {"metadata": {}, "nodes": {one["unique_id"]: one for one in nodes}, "sources": SOURCE}
    return msgspec.convert(content, Manifest)


def test_a_chain() -> None:
    """From a source through two models, with stars; nodes come in any order."""
    found = columns_of(
        manifest(
            node("mart", "model.p.stg"),
            node("stg", "source.p.shop.raw"),
        ),
        {
            "model.p.stg": 'select id as order_id, cents / 100 as amount from "w"."raw"."raw" where paid',
            "model.p.mart": 'select *, sum(amount) over () as total from "w"."s"."stg"',
        },
        RAW,
        "duckdb",
    )
    raw = "source.p.shop.raw"
    assert list(found.types["model.p.mart"]) == ["order_id", "amount", "total"]
    assert found.value[ColumnOf("model.p.stg", "order_id")] == {ColumnOf(raw, "id"): "rename"}
    assert found.value[ColumnOf("model.p.stg", "amount")] == {ColumnOf(raw, "cents"): "transform"}
    assert found.influence["model.p.stg"] == {ColumnOf(raw, "paid")}
    assert found.value[ColumnOf("model.p.mart", "order_id")] == {ColumnOf("model.p.stg", "order_id"): "copy"}
    assert set(found.value[ColumnOf("model.p.mart", "total")]) == {ColumnOf("model.p.stg", "amount")}
    below = found.below()[ColumnOf("model.p.stg", "amount")]
    assert set(below) == {ColumnOf("model.p.mart", "amount"), ColumnOf("model.p.mart", "total")}
    assert found.unknown == []


def test_an_incremental_model() -> None:
    """Reads itself, whose columns are what it makes."""
    sql = (
        'select id, cents from "w"."raw"."raw" where id > (select max(id) from "w"."s"."log")'
        ' union all select * from "w"."s"."log" where false'
    )
    found = columns_of(manifest(node("log", "source.p.shop.raw")), {"model.p.log": sql}, RAW, "duckdb")
    assert ColumnOf("source.p.shop.raw", "id") in found.value[ColumnOf("model.p.log", "id")]
    assert ColumnOf("model.p.log", "id") in found.influence["model.p.log"]
    assert found.unknown == []


def test_what_is_not_known(tmp_path: Path) -> None:
    """Is listed with its reason: no SQL, Python, a stray relation, a source without columns."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/codes.csv").write_text("code,name\n1,x\n")
    found = columns_of(
        manifest(
            node("draft"),
            node("py", original_file_path="models/py.py", columns={"a": {"data_type": "text"}}),
            node("broken"),
            node("stray", "seed.p.codes"),
            node("star", "source.p.shop.raw"),
            node("codes", kind="seed", root_path=str(tmp_path), original_file_path="seeds/codes.csv"),
        ),
        {
            "model.p.broken": "select ((",
            "model.p.stray": "select c.code, o.x from w.s.codes c join other.o o on true",
            "model.p.star": 'select * from "w"."raw"."raw"',
        },
        {},
        "duckdb",
    )
    assert found.types["seed.p.codes"] == {"code": "", "name": ""}
    assert found.types["model.p.py"] == {"a": "text"}
    assert found.value[ColumnOf("model.p.stray", "code")] == {ColumnOf("seed.p.codes", "code"): "copy"}
    why = {one.unique_id.rsplit(".", 1)[1]: one for one in found.unknown}
    assert why["draft"] == Unknown("model.p.draft", "its columns", "not compiled")
    assert why["py"].why == "a Python model"
    assert why["broken"].what == "its SQL"
    assert "dbt knows" in why["stray"].why
    assert "star" in why


def test_circles_end() -> None:
    """As in a manifest that was made by hand: who is in one is not read, what reads it is."""
    found = columns_of(
        manifest(
            node("a", "model.p.b"),
            node("b", "model.p.a", columns={"x": {}}),
            node("below", "model.p.b"),
            node("itself", "model.p.itself", "model.p.below"),
            node("last", "model.p.itself"),
        ),
        {
            "model.p.a": "select x from w.s.b",
            "model.p.b": "select x from w.s.a",
            "model.p.below": "select * from w.s.b",
            "model.p.itself": "select * from w.s.itself",
            "model.p.last": "select y from w.s.itself",
        },
        {},
        "duckdb",
    )
    why = "depends on itself in a circle"
    assert found.unknown == [Unknown(f"model.p.{name}", "its columns", why) for name in ("a", "b", "itself")]
    assert ColumnOf("model.p.a", "x") not in found.value
    assert found.value[ColumnOf("model.p.below", "x")] == {ColumnOf("model.p.b", "x"): "copy"}
    assert found.value[ColumnOf("model.p.last", "y")] == {ColumnOf("model.p.itself", "y"): "copy"}


def test_names_that_differ_in_case() -> None:
    """The exact spelling wins, of parents and of others; what could mean two is not guessed."""
    entries = manifest(
        node("one", alias="Orders", columns={"x": {}}),
        node("two", alias="orders", columns={"x": {}}),
        node("exact", "model.p.one", "model.p.two"),
        node("neither", "model.p.one", "model.p.two"),
        node("stray"),
    )
    sql = {
        "model.p.one": "select 1 as x",
        "model.p.two": "select 2 as x",
        "model.p.exact": 'select a.x as a, b.x as b from "w"."s"."Orders" a join "w"."s"."orders" b on true',
        "model.p.neither": "select o.x from w.s.ORDERS o",
        "model.p.stray": 'select o.x, p.x as y from "w"."s"."Orders" o join w.s.ORDERS p on true',
    }
    for order in (entries, msgspec.structs.replace(entries, nodes=dict(reversed(entries.nodes.items())))):
        found = columns_of(order, sql, {}, "duckdb")
        assert found.value[ColumnOf("model.p.exact", "a")] == {ColumnOf("model.p.one", "x"): "rename"}
        assert found.value[ColumnOf("model.p.exact", "b")] == {ColumnOf("model.p.two", "x"): "rename"}
        assert found.value[ColumnOf("model.p.neither", "x")] == {}
        assert found.value[ColumnOf("model.p.stray", "x")] == {ColumnOf("model.p.one", "x"): "copy"}
        why = "more than one relation is called so"
        assert set(found.unknown) == {
            Unknown("model.p.neither", "w.s.ORDERS.x", why),
            Unknown("model.p.stray", "w.s.ORDERS.x", why),
        }


def test_a_part_of_a_project() -> None:
    """Only what is wanted, and what it is made of; what is known is not read, nor what is above it."""
    project = manifest(
        node("stg", "source.p.shop.raw"), node("mart", "model.p.stg"), node("other", "model.p.stg")
    )
    sql = {
        "model.p.stg": "select id from w.raw.raw",
        "model.p.mart": "select * from w.s.stg",
        "model.p.other": "select * from w.s.stg",
    }
    found = columns_of(project, sql, RAW, "duckdb", wanted=["model.p.mart"])
    assert list(found.types) == ["source.p.shop.raw", "model.p.stg", "model.p.mart"]
    found = columns_of(project, sql, RAW, "duckdb", wanted=["model.p.mart"], known={"model.p.stg": {"n": ""}})
    assert found.types == {"model.p.stg": {"n": ""}, "model.p.mart": {"n": ""}}
    assert found.value == {ColumnOf("model.p.mart", "n"): {ColumnOf("model.p.stg", "n"): "copy"}}
    assert list(columns_of(project, sql, RAW, "duckdb", wanted=["source.p.shop.raw"]).types) == [
        "source.p.shop.raw"
    ]


def test_relations_of_another_environment() -> None:
    """Under another name a parent, or the node itself, is still the same."""
    other = Relation("w", "prod", "stg")
    found = columns_of(
        manifest(node("stg", "source.p.shop.raw"), node("mart", "model.p.stg")),
        {
            "model.p.stg": "select id from w.raw.raw",
            "model.p.mart": "select * from w.prod.stg where id > (select max(id) from w.prod.mart)",
        },
        RAW,
        "duckdb",
        also={"model.p.stg": [other], "model.p.mart": [Relation("w", "prod", "mart")]},
    )
    assert found.value[ColumnOf("model.p.mart", "id")] == {ColumnOf("model.p.stg", "id"): "copy"}
    assert found.influence["model.p.mart"] == {ColumnOf("model.p.stg", "id"), ColumnOf("model.p.mart", "id")}
    assert found.unknown == []


def test_what_is_known_of_another_manifest() -> None:
    """A parent that is not in this one, such as one that was removed: known by its name and columns."""
    found = columns_of(
        manifest(node("mart", "model.p.gone")),
        {"model.p.mart": "select * from w.prod.gone"},
        {},
        "duckdb",
        known={"model.p.gone": {"x": "INTEGER"}},
        also={"model.p.gone": [Relation("w", "prod", "gone")]},
    )
    assert found.value == {ColumnOf("model.p.mart", "x"): {ColumnOf("model.p.gone", "x"): "copy"}}
    assert found.unknown == []


def test_what_an_ephemeral_model_reads() -> None:
    """Its SQL is part of its readers', so they need the columns of its parents."""
    inlined = '(select * from "w"."raw"."raw")'
    found = columns_of(
        manifest(
            node("inner", "source.p.shop.raw", config={"materialized": "ephemeral"}),
            node("outer", "model.p.inner", config={"materialized": "ephemeral"}),
            node("mart", "model.p.outer"),
        ),
        {
            "model.p.inner": 'select * from "w"."raw"."raw"',
            "model.p.outer": f"with __dbt__cte__inner as {inlined} select * from __dbt__cte__inner",
            "model.p.mart": f"with __dbt__cte__inner as {inlined}, __dbt__cte__outer as "
            "(select * from __dbt__cte__inner) select * from __dbt__cte__outer",
        },
        RAW,
        "duckdb",
    )
    assert list(found.types["model.p.mart"]) == ["id", "cents", "paid"]
    assert found.unknown == []


def test_a_catalog(tmp_path: Path) -> None:
    """Columns in their order; none is no error, half of one is."""
    file = tmp_path / "catalog.json"
    assert catalog.read(file) == {}
    file.write_text(
        '{"nodes": {"model.p.a": {"columns": {"y": {"type": "INT", "index": 2}, "x": {"index": 1}}}}}'
    )
    assert list(catalog.read(file)["model.p.a"].items()) == [("x", ""), ("y", "INT")]
    file.write_text('{"nodes": {"model')
    with pytest.raises(IsolationError, match="no catalog"):
        catalog.read(file)


def test_a_source_that_is_a_seed() -> None:
    """Two have one relation: the one that dbt says is read is meant, whether or not its columns are known."""
    project = manifest(node("stg", "source.p.shop.raw"), node("raw", kind="seed", schema="raw"))
    found = columns_of(project, {"model.p.stg": "select id from w.raw.raw"}, {}, "duckdb")
    assert found.value[ColumnOf("model.p.stg", "id")] == {ColumnOf("source.p.shop.raw", "id"): "copy"}
    assert found.unknown == []


def test_a_parent_is_read_in_another_environment() -> None:
    """As dbt compiles it where it defers: by its identifier, if no other parent may be meant."""
    project = manifest(node("stg", "source.p.shop.raw"), node("mart", "model.p.stg"))
    compiled = {"model.p.stg": "select id, paid from w.raw.raw"}
    for name in ('"prod"."analytics"."stg"', "analytics.STG", "`prod`.`analytics`.`stg`"):
        dialect = "bigquery" if "`" in name else "duckdb"
        found = columns_of(project, {**compiled, "model.p.mart": f"select * from {name} as s"}, RAW, dialect)
        assert found.value[ColumnOf("model.p.mart", "paid")] == {ColumnOf("model.p.stg", "paid"): "copy"}
        assert not found.unknown
    other = manifest(node("raw"), node("mart", "source.p.shop.raw", "model.p.raw"))
    found = columns_of(other, {"model.p.mart": "select id from W.RAW.RAW"}, RAW, "duckdb")
    assert found.value[ColumnOf("model.p.mart", "id")] == {ColumnOf("source.p.shop.raw", "id"): "copy"}
    twice = manifest(
        node("one", alias="stg", schema="a"),
        node("two", alias="stg", schema="b"),
        node("mart", "model.p.one", "model.p.two"),
    )
    found = columns_of(twice, {"model.p.mart": "select id from prod.c.stg"}, {}, "duckdb")
    assert not found.value[ColumnOf("model.p.mart", "id")]
    assert any("no relation" in one.why for one in found.unknown)
