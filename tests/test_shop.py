"""The shop, as any user would run it: every kind of node lands where it should."""

import csv
import json
import re
from pathlib import Path

import duckdb
import pytest

from dbt_isolation.artifacts import compiled
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.lineage.refs import disagreements
from dbt_isolation.records.evidence import TABLE
from dbt_isolation.rendering.likely_sql import LikelySql
from dbt_isolation.rendering.project import facts_of
from tests.postgres import Server
from tests.projects import DEPLOY, Project, shop_with_raw_data
from tests.projects.on_postgres import PostgresProject

#: A Python model that runs inside DuckDB, and seeds with its rounding: it divides in floating point.
_NOT_ON_POSTGRES = ("--exclude", "customer_segments", "tag:expected")
_TYPES = {"VARCHAR": "text", "DOUBLE": "double precision", "HUGEINT": "numeric"}


@pytest.mark.all
@pytest.mark.xdist_group("postgres")
def test_it_builds_on_postgres(postgres: Server, tmp_path: Path) -> None:
    """In production, and a mart of it in an empty development instance."""
    there = shop_with_raw_data(tmp_path / "shop")
    project = PostgresProject.of(there.folder, postgres, "shop")
    project.execute("create schema raw")
    with duckdb.connect(str(there.folder / "warehouse.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw'"
        ).fetchall():
            columns = connection.execute(
                "select column_name, data_type from duckdb_columns() where schema_name = 'raw' "
                f"and table_name = '{table}' order by column_index"
            ).fetchall()
            file = tmp_path / f"{table}.csv"
            connection.execute(f"copy raw.{table} to '{file}' (header false)")
            definitions = ", ".join(f"{name} {_TYPES.get(kind, kind)}" for name, kind in columns)
            project.execute(f"create table raw.{table} ({definitions})")
            with (
                postgres.connect(project.database) as warehouse,
                warehouse.cursor() as cursor,
                file.open() as rows,
            ):
                cursor.copy_expert(f"copy raw.{table} from stdin csv", rows)
    for result in (
        project.dbt("build", "--target", "prod", *_NOT_ON_POSTGRES, **{DEPLOY: "1"}),
        project.isolation("state", "push", "--target", "prod", **{DEPLOY: "1"}),
        project.dbt("build", "--select", "kpi_monthly", *_NOT_ON_POSTGRES),
    ):
        assert result.status == 0, result
    assert project.relations("dev_alice") == {"kpi_monthly", TABLE}
    with (project.folder / "seeds/expected/kpi_monthly_expected.csv").open() as rows:
        rates = [row["purchase_rate"] for row in csv.DictReader(rows)]
    found = project.query("select purchase_rate::text from analytics.kpi_monthly order by month_start")
    assert [rate for (rate,) in found] == rates


def _schemas(project: Project) -> dict[str, set[str]]:
    rows = project.query("select table_schema, table_name from information_schema.tables")
    found: dict[str, set[str]] = {}
    for schema, table in rows:
        found.setdefault(str(schema), set()).add(str(table))
    return found


@pytest.mark.xdist_group("shop")
def test_development_mirrors_production(shop: Project) -> None:
    """Schema by schema, the same relations under another name, and the evidence of them."""
    found = _schemas(shop)
    twins = {
        name: name.replace("analytics", "dev_alice", 1) for name in found if name.startswith("analytics")
    }
    assert len(twins) >= 5
    assert TABLE in found["dev_alice"]
    for production, development in twins.items():
        assert found[production] == found[development] - {TABLE}
    assert set(found) == {*twins, *twins.values(), "raw"}


@pytest.mark.parametrize(
    ("node", "schema", "alias"),
    [
        ("model.shop.stg_orders", "dev_alice_staging", "stg_orders"),
        ("model.shop.fct_orders", "dev_alice_marts", "fct_orders"),
        ("model.shop.customer_segments", "dev_alice_marts", "customer_segments"),
        ("model.shop.dim_customers.v1", "dev_alice_marts", "dim_customers_v1"),
        ("model.shop.dim_customers.v2", "dev_alice_marts", "dim_customers_v2"),
        ("model.shop.kpi_monthly", "dev_alice", "kpi_monthly"),
        ("model.shop.int_payments_with_fees", "dev_alice_intermediate", "int_payments_with_fees"),
        ("seed.shop.countries", "dev_alice_reference", "countries"),
        ("snapshot.shop.customers_snapshot", "dev_alice_snapshots", "customers_snapshot"),
    ],
)
@pytest.mark.xdist_group("shop")
def test_every_kind_of_node_is_named(shop: Project, node: str, schema: str, alias: str) -> None:
    """SQL, Python, incremental, versioned and ephemeral models, seeds, snapshots."""
    nodes = json.loads((shop.folder / "built.json").read_text())["nodes"]
    assert (nodes[node]["schema"], nodes[node]["alias"]) == (schema, alias)


@pytest.mark.xdist_group("shop")
def test_tests_are_named(shop: Project) -> None:
    """Tests that store failures, generic and singular, stay in development."""
    manifest = json.loads((shop.folder / "built.json").read_text())
    tests = [node for node in manifest["nodes"].values() if node["unique_id"].startswith("test.shop.")]
    assert {node["schema"] for node in tests} == {"dev_alice_dbt_test__audit"}
    assert {unit["schema"] for unit in manifest["unit_tests"].values()} <= {
        "dev_alice",
        "dev_alice_marts",
        "dev_alice_intermediate",
        "dev_alice_staging",
    }


def _as_written(sql: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"--[^\n]*|/\*.*?\*/", "", sql, flags=re.DOTALL))


@pytest.mark.xdist_group("shop")
def test_likely_sql_is_what_dbt_compiles(shop: Project) -> None:
    """Wherever it is certain, which is nearly everywhere: what asks the database says so."""
    manifest, sql = compiled.read_all(shop.folder / "built.json")
    files = ProjectFiles(shop.folder, shop.environment(), {})
    likely = LikelySql(manifest, facts_of(files, "duckdb", target="dev"))
    uncertain = {}
    nodes = [
        one
        for one in manifest.nodes.values()
        if one.resource_type in ("model", "snapshot", "test")
        and one.test_metadata is None
        and one.unique_id in sql
        and not one.original_file_path.endswith(".py")
    ]
    for node in nodes:
        found = likely.of(node)
        if found.uncertain:
            uncertain[node.unique_id] = found.uncertain
        else:
            assert _as_written(found.sql) == _as_written(sql[node.unique_id]), node.unique_id
    assert len(nodes) > 30
    assert uncertain.keys() == {"model.shop.dim_dates"}
    assert all("asks the database" in one for one in uncertain["model.shop.dim_dates"])


@pytest.mark.xdist_group("shop")
def test_sql_and_dbt_agree_about_what_is_read(shop: Project) -> None:
    """No node of it is said to read something else than dbt says."""
    manifest, sql = compiled.read_all(shop.folder / "built.json")
    assert list(disagreements(manifest, sql, "duckdb", list(manifest.nodes))) == []


@pytest.mark.xdist_group("shop")
def test_the_package_that_escapes_is_refused(shop: Project) -> None:
    """Courier's own naming puts its models into production; nothing of it arrives."""
    before = _schemas(shop)
    result = shop.dbt("build", "--vars", "{courier_enabled: true, courier_schema: analytics}")
    assert result.status == 2
    assert (
        "model.courier.courier_zones would be written to warehouse.analytics.courier_zones" in result.output
    )
    assert _schemas(shop) == before


@pytest.mark.xdist_group("shop")
def test_init_knows_every_name(shop: Project, tmp_path: Path) -> None:
    """What dbt names models, versions, seeds, snapshots and stored tests in production, init would too."""
    project = shop.copy(tmp_path / "shop")
    parsed = project.dbt("parse", "--target", "prod")
    assert parsed.status == 0, parsed
    result = project.isolation("init", "--dry-run", "--manifest", "target/manifest.json")
    assert result.status == 0, result
    assert "nothing to change" in result.output
    assert "skipped" not in result.output
    manifest = (project.folder / "target/manifest.json").read_text()
    moved = manifest.replace('"alias": "dim_customers_v2"', '"alias": "dim_customers"')
    assert moved != manifest
    (project.folder / "moved.json").write_text(moved)
    result = project.isolation("init", "--dry-run", "--manifest", "moved.json")
    assert result.status == 1, result
    assert "1 relations of production would move" in result.output
