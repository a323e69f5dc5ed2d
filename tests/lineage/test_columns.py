"""Column lineage of whole projects, on manifests of the fewest fields."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from dbt_isolation.artifacts import catalog
from dbt_isolation.artifacts.manifest import Manifest
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
    """As in a manifest that was made by hand."""
    found = columns_of(
        manifest(node("a", "model.p.b"), node("b", "model.p.a")),
        {"model.p.a": "select x from w.s.b", "model.p.b": "select x from w.s.a"},
        {},
        "duckdb",
    )
    assert found.value[ColumnOf("model.p.a", "x")] == {ColumnOf("model.p.b", "x"): "copy"}


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
