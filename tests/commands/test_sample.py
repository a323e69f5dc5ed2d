"""``sample`` as a user types it, with real dbt: on DuckDB, and what differs on PostgreSQL."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from dbt_isolation import operation
from dbt_isolation.errors import IsolationError
from dbt_isolation.main import main
from tests.dbt_process import dbt
from tests.projects import DEPLOY, ROOT, Project
from tests.projects.on_postgres import VARIABLE, PostgresProject

Captured = pytest.CaptureFixture[str]
PLACES = "        sources: {shop: {schema: shop_sample}, raw: {schema: raw}, bad: {schema: analytics_bad}}\n"
SOURCES = """\
version: 2
sources:
  - name: shop
    schema: shop
    config: {loaded_at_field: updated_at}
    tables:
      - name: customers
        config: {meta: {dbt_isolation: {sample_key: customer_id}}}
      - name: orders
        config: {loaded_at_field: "cast(ordered_on as timestamp)"}
      - name: lines
        identifier: "Order Lines ü"
  - name: bad
    schema: shop
    tables: [{name: customers}]
  - name: other
    schema: shop
    tables: [{name: customers}]
"""
CUSTOMERS = "source.depot.shop.customers"
#: On both engines: a key is a number here and text there, and some orders are of nobody.
DATA = """
create schema shop;
create table shop.customers as
  select i as customer_id, timestamptz '2026-01-01 00:30:00+02' + i * interval '1 day' as updated_at
  from generate_series(0, 199) t(i);
create table shop.orders as
  select i as order_id, case when i % 10 > 0 then cast(i % 200 as varchar) end as customer_id,
    date '2026-01-01' + cast(i % 300 as integer) as ordered_on
  from generate_series(0, 999) t(i);
create table shop."Order Lines ü" as select i as "the ""order"" of", 'x' as w from generate_series(0, 9) t(i);
"""
STAGING = "{{ config(materialized='view') }} select * from {{ source('shop', 'customers') }}"


def _prepare(project: Project) -> None:
    project.write("models/shop.yml", SOURCES)
    project.write("models/stg_customers.sql", STAGING)
    project.write("dbt_project.yml", (project.folder / "dbt_project.yml").read_text() + PLACES)
    project.execute(DATA)
    parsed = project.dbt("parse")
    assert parsed.status == 0, parsed


def _use(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes it the current folder; dbt is forked from a process that has imported it."""

    def run_dbt(words: Sequence[str]) -> tuple[int, str, str]:
        result = dbt(words, project.folder, project.environment())
        return result.status, result.output, ""

    monkeypatch.setattr(operation, "run_dbt", run_dbt)
    monkeypatch.chdir(project.folder)
    for name in ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR", "DBT_ISOLATION_ENVIRONMENT", DEPLOY):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def pristine(depot: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The depot with a shop's raw data, parsed; nothing is sampled."""
    project = depot.copy(tmp_path_factory.mktemp("sample") / "depot")
    _prepare(project)
    return project


@pytest.fixture
def project(pristine: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of one's own."""
    copy = pristine.copy(tmp_path / "depot")
    _use(copy, monkeypatch)
    return copy


def _sampled(capsys: Captured, *words: str, status: int = 0) -> dict[str, dict[str, Any]]:
    """What the JSON report says of each table, by its node."""
    capsys.readouterr()
    assert main(["sample", *words, "--format", "json"]) == status, capsys.readouterr()
    report = json.loads(capsys.readouterr().out)
    assert (report["command"], report["status"]) == ("sample", "findings" if status else "clean")
    return {one["node"]: one for one in report["data"].get("tables", [])}


def _said(capsys: Captured, *words: str, status: int = 2) -> str:
    capsys.readouterr()
    assert main(["sample", *words]) == status, capsys.readouterr()
    captured = capsys.readouterr()
    return captured.err if status == 2 else captured.out


def _rows(project: Project, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    return project.query(f"select {columns} from {table} order by 1")


def _expected(keys: Sequence[int], percent: int) -> list[tuple[int]]:
    """The keys of a sample by the documented rule."""
    digests = {key: hashlib.md5(str(key).encode(), usedforsecurity=False).hexdigest() for key in keys}
    return [(key,) for key in keys if int(digests[key][:8], 16) < percent * 16**8 // 100]


def test_everything_and_nothing(project: Project, capsys: Captured) -> None:
    """`--all` and `--schema-only`: the copy's columns are the original's; the comment says what it is."""
    found = _sampled(capsys, "shop", "--all")
    assert found[CUSTOMERS] == {
        "node": CUSTOMERS,
        "original": "warehouse.shop.customers",
        "relation": "warehouse.shop_sample.customers",
        "sample": "all rows",
        "rows": 200,
    }
    assert project.relations("shop_sample") == {"customers", "orders", "Order Lines ü"}
    assert _rows(project, "shop_sample.orders") == _rows(project, "shop.orders")
    said = _said(capsys, "shop.customers", "--schema-only", status=0)
    assert "samples of environment dev" in said
    assert "warehouse.shop_sample.customers" in said
    assert "no rows" in said
    assert project.query("describe shop_sample.customers") == project.query("describe shop.customers")
    assert _rows(project, "shop_sample.customers") == []
    comments = {
        str(name): str(comment)
        for name, comment in project.query("select table_name, comment from duckdb_tables()")
    }
    assert comments["customers"].startswith(
        "dbt-isolation sample of warehouse.shop.customers: no rows, made 2"
    )
    assert "warehouse.shop.Order Lines ü: all rows" in comments["Order Lines ü"]


def test_keys_meet(project: Project, capsys: Captured) -> None:
    """A sample by key is the same keys in every table and every time, and what has no key is left out."""
    words = ("shop.customers", "shop.orders", "--percent", "20", "--key", "orders=CUSTOMER_ID")
    found = _sampled(capsys, *words)
    assert {one["sample"] for one in found.values()} == {"20 % by customer_id"}
    customers = _rows(project, "shop_sample.customers", "customer_id")
    assert customers == _expected(range(200), 20)
    assert found[CUSTOMERS]["rows"] == len(customers)
    orders = _rows(project, "shop_sample.orders")
    whole = _rows(project, "shop.orders")
    assert orders == [one for one in whole if one[1] and (int(str(one[1])),) in customers]
    assert _sampled(capsys, *words) == found
    assert _rows(project, "shop_sample.orders") == orders
    _sampled(capsys, "shop.orders", "--percent", "100", "--key", "customer_id")
    assert _rows(project, "shop_sample.orders") == [one for one in whole if one[1]]


def test_the_key_of_each_table(project: Project, capsys: Captured) -> None:
    """Its own, else the first that it has, else its properties'; the error names every table without one."""
    said = _said(capsys, "shop", "--percent", "10")
    assert "shop.lines: no key to sample by\nshop.orders: no key to sample by\n" in said
    assert "customers" not in said
    assert "give it with --key TABLE=COLUMN, or to the source table as config: {meta: {dbt_isol" in said
    found = _sampled(
        capsys, "shop", "--percent", "50%", "--key", "order_id", "--key", 'shop.lines=the "order" of'
    )
    assert {one["sample"] for one in found.values()} == {
        "50 % by customer_id",
        "50 % by order_id",
        '50 % by the "order" of',
    }
    assert _rows(project, 'shop_sample."Order Lines ü"', '"the ""order"" of"') == _expected(range(10), 50)
    said = _said(capsys, "shop", "--percent", "10", "--key", "orders=customer", "--key", "w")
    assert "shop.orders: no key to sample by, no column 'customer'; did you mean 'customer_id'?" in said
    assert len(_rows(project, "shop_sample.orders")) > 400, "a refused command changed something"


def test_a_time_window(project: Project, capsys: Captured) -> None:
    """Of times with a zone, of dates, and by an expression that the properties have."""
    found = _sampled(capsys, "shop.customers", "shop.orders", "--since", "2026-07-01")
    assert found[CUSTOMERS]["sample"] == "since 2026-07-01 by updated_at"
    # The first is of 22:30 the day before, in UTC.
    assert [one for (one,) in _rows(project, "shop_sample.customers", "customer_id")] == [*range(182, 200)]
    assert {str(day) for (day,) in _rows(project, "shop_sample.orders", "ordered_on")} == {
        str(date(2026, 7, 1) + timedelta(days=one)) for one in range(119)
    }
    found = _sampled(
        capsys,
        *("shop.orders", "--since", "2026-07-01T12:00", "--time", "ordered_on"),
        *("--percent", "50", "--key", "order_id"),
    )
    assert found["source.depot.shop.orders"]["sample"] == (
        "50 % by order_id, since 2026-07-01T12:00 by ordered_on"
    )
    kept = {order for (order,) in _rows(project, "shop_sample.orders", "order_id")}
    assert kept == {order for (order,) in _expected(range(1000), 50) if order % 300 >= 181}
    said = _said(capsys, "shop.lines", "--since", "3d", "--time", "v")
    assert "shop.lines: no time column, no column 'v' or 'updated_at'; known: the " in said
    assert "config: {loaded_at_field: COLUMN}" in said


def test_development_reads_it(project: Project, capsys: Captured) -> None:
    """A run reads the copy, and a command after it, with the manifest of `docs generate`, the original."""
    _sampled(capsys, "shop.customers", "--percent", "10")
    results = project.folder / "target/run_results.json"
    for words in (("run", "-s", "stg_customers"), ("docs", "generate")):
        assert project.dbt(*words).status == 0
    before = results.read_bytes()
    assert _rows(project, "dev.stg_customers", "customer_id") == _expected(range(200), 10)
    _sampled(capsys, "shop.customers", "--percent", "30")
    assert _rows(project, "dev.stg_customers", "customer_id") == _expected(range(200), 30)
    assert results.read_bytes() == before


def test_somebodys_own_table(project: Project, capsys: Captured) -> None:
    """It is replaced only where that is asked for; after that it is a sample as any other."""
    project.execute("create schema shop_sample; create view shop_sample.customers as select 1 as one")
    before = _rows(project, "shop_sample.customers")
    said = _said(capsys, "shop", "--all", status=1)
    assert "refused: warehouse.shop_sample.customers is there, and nothing says that it is a sample" in said
    assert "--replace" in said
    assert _rows(project, "shop_sample.customers") == before
    assert project.relations("shop_sample") == {"customers"}
    _sampled(capsys, "shop", "--all", "--replace")
    assert _sampled(capsys, "shop.customers", "--all")[CUSTOMERS]["rows"] == 200


def test_an_error_in_the_middle(project: Project, capsys: Captured) -> None:
    """What dbt says is shown, the copies before it are made, and of the others the old ones stand."""
    _sampled(capsys, "shop", "--percent", "20", "--key", "order_id", "--key", "w")
    before = _rows(project, "shop_sample.orders")
    project.execute(
        "alter table shop.orders rename to kept; create view shop.orders as "
        "select *, case when order_id > 990 then error('it is broken') end as e from shop.kept"
    )
    said = _said(capsys, "shop", "--all")
    assert "it is broken" in said
    assert "copied before: warehouse.shop.customers, warehouse.shop.Order Lines ü" in said
    assert _rows(project, "shop_sample.orders") == before
    assert len(_rows(project, "shop_sample.customers")) == 200
    assert project.relations("shop_sample") == {"customers", "orders", "Order Lines ü"}
    project.execute("drop view shop.orders")
    assert "nothing was copied" in _said(capsys, "shop", "--all")


def test_refusals(project: Project, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A protected environment, its deployer's run too, and a place that it owns: status 1, without dbt."""
    monkeypatch.setattr(operation, "run_dbt", None)
    assert "'prod' is protected" in _said(capsys, "shop", "--all", "--target", "prod", status=1)
    monkeypatch.setenv(DEPLOY, "1")
    assert "'prod' is protected" in _said(capsys, "shop", "--all", "--target", "prod", status=1)
    said = _said(capsys, "bad", "--all", status=1)
    assert "refused: environment 'prod' owns warehouse.analytics_*" in said
    assert "give the source another place" in said


def test_a_place_that_only_dbt_knows(project: Project, capsys: Captured) -> None:
    """Where the manifest is of another target, the macro refuses what the command took for fine."""
    manifest = project.folder / "target/manifest.json"
    content = json.loads(manifest.read_text())
    content["sources"]["source.depot.bad.customers"]["database"] = "elsewhere"
    gone = content["sources"][CUSTOMERS]
    content["sources"]["source.depot.shop.gone"] = {
        **gone,
        "unique_id": "source.depot.shop.gone",
        "name": "gone",
        "identifier": "gone",
    }
    # Another package has declared the same table.
    content["sources"]["source.zoo.shop.customers"] = {**gone, "unique_id": "source.zoo.shop.customers"}
    manifest.write_text(json.dumps(content))
    said = _said(capsys, "bad", "--all", status=1)
    assert "refused: environment 'prod' owns warehouse.analytics_*" in said
    said = _said(capsys, "shop.gone", "shop.customers", "raw", "--all")
    assert "customers" not in said
    assert "shop.gone is not in the project any more\n" in said
    assert "raw.orders would be copied to warehouse.raw.orders, where a source's original is\n" in said
    assert "run `dbt parse`\n" in said


def test_dbt_of_another_target(project: Project, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked at is what is written, however dbt comes to another target."""
    project.edit("profiles.yml", "    prod: {", "    lab: {<<: *connection, schema: lab}\n    prod: {")
    project.edit("dbt_project.yml", "targets: [dev]", "targets: [dev, lab]")
    here = operation.run_dbt
    monkeypatch.setattr(operation, "run_dbt", lambda words: here([*words, "--target", "lab"]))
    assert "target dev was meant, and this is lab" in _said(capsys, "shop", "--all")
    assert project.relations("shop_sample") == set()


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        (("shp", "--all"), ("no source 'shp'\n  did you mean 'shop'?",)),
        (("shop.order", "--all"), ("no source 'shop.order'\n  did you mean 'shop.orders'?",)),
        (("other", "--all"), ("no place of its own for source 'other'", "other: {schema: other_sample}")),
        (("shop",), ("say how much",)),
        (
            ("shop.orders", "--percent", "9", "--key", "customers=a"),
            ("--key customers=a: no such table is copied\n",),
        ),
        (("shop", "--all", "--target", "nope"), ("no target 'nope'",)),
    ],
)
def test_mistakes(
    project: Project,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    messages: tuple[str, ...],
) -> None:
    """Status 2, what is wrong and what to do, without dbt."""
    monkeypatch.setattr(operation, "run_dbt", None)
    said = _said(capsys, *words)
    for message in messages:
        assert message in said


def test_mistakes_in_files(project: Project, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """No manifest, a name that cannot be quoted, a variable that is not set, two tables for one place."""
    monkeypatch.setattr(operation, "run_dbt", None)
    project.edit("dbt_project.yml", "raw: {schema: raw}", "other: {schema: 'o_{env:WHO}'}")
    assert "environment variable 'WHO' is not set" in _said(capsys, "other.customers", "--all")
    monkeypatch.setenv("WHO", "me")
    manifest = project.folder / "target/manifest.json"
    content = json.loads(manifest.read_text())
    content["sources"][CUSTOMERS]["schema"] = "elsewhere"
    content["sources"][CUSTOMERS]["config"]["meta"]["dbt_isolation"]["sample_key"] = 1
    content["sources"]["source.depot.other.customers"]["identifier"] = "quo'ted"
    manifest.write_text(json.dumps(content))
    assert """"quo'ted" holds a quote or a backslash""" in _said(capsys, "other", "--all")
    assert "sample_key: 1 is no column" in _said(capsys, "shop", "--percent", "3")
    content["sources"]["source.depot.other.customers"]["identifier"] = "customers"
    manifest.write_text(json.dumps(content))
    project.edit("dbt_project.yml", "'o_{env:WHO}'", "shop_sample")
    said = _said(capsys, "shop.customers", "--all")
    assert "shop.customers and other.customers (source.depot.other.customers) would both be" in said
    manifest.unlink()
    assert "no manifest at" in (said := _said(capsys, "shop", "--all"))
    assert "run `dbt parse` first" in said


def test_no_dbt(project: Project, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot be found, cannot be started, or says nothing that can be read."""
    monkeypatch.setattr(operation, "run_dbt", lambda words: (0, "hello\n{}\n[]", ""))
    assert "dbt could not copy it: it said nothing\n  nothing was copied\n" in _said(capsys, "shop", "--all")
    monkeypatch.setattr(operation, "run_dbt", lambda words: (-9, "", ""))
    assert "it ended with status -9 and said nothing" in _said(capsys, "shop", "--all")


def test_which_dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where dbt is not beside us, the one on the path; none, or one that is no program, is an error."""

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(operation, "version", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(IsolationError, match="there is no dbt here"):
        operation.run_dbt([])
    program = tmp_path / "dbt"
    program.write_text(f"#!{sys.executable}\nimport sys; print(sys.argv[1:]); sys.exit(3)")
    program.chmod(0o755)
    assert operation.run_dbt(["a", "é"]) == (3, "['a', 'é']\n", "")
    program.write_text("\0")
    with pytest.raises(IsolationError, match="dbt cannot be started"):
        operation.run_dbt([])


def _command(project: Project, *words: str) -> subprocess.Popen[str]:
    """The real command, from here."""
    return subprocess.Popen(
        [sys.executable, "-c", "from dbt_isolation.main import run; run()", "sample", *words],
        cwd=project.folder,
        env={**project.environment(), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_interrupted(pristine: Project, tmp_path: Path) -> None:
    """In the middle of a copy: status 130, dbt has ended, the old copy stands, and the next one is made."""
    project = pristine.copy(tmp_path / "depot")
    # A folder that is called as a package of dbt's is not dbt.
    project.write("dbt/__init__.py", "raise ImportError")
    process = _command(project, "shop", "--schema-only")
    assert process.communicate(timeout=120)[1] == ""
    assert process.returncode == 0
    pipe = project.folder / "pipe"
    os.mkfifo(pipe)
    project.execute(
        "drop table shop.orders; create view shop.orders as "
        f"select * from read_csv('{pipe}', columns = {{order_id: 'int'}}, auto_detect = false)"
    )
    process = _command(project, "shop", "--all")
    # Opens when the copy is made: dbt has begun to read.
    with pipe.open("wb"):
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=120)[1]
    assert (process.returncode, errors) == (130, "dbt-isolation: interrupted\n")
    assert len(_rows(project, "shop_sample.customers")) == 200
    assert [name for name, *_ in project.query("describe shop_sample.orders")] == [
        "order_id",
        "customer_id",
        "ordered_on",
    ]
    assert project.relations("shop_sample") == {"customers", "orders", "Order Lines ü"}


@pytest.fixture
def on_postgres(
    depot_on_postgres: PostgresProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> PostgresProject:
    """The same on PostgreSQL, in a session with another time zone."""
    project = depot_on_postgres.copy(tmp_path / "depot")
    _prepare(project)
    _use(project, monkeypatch)
    monkeypatch.setenv(VARIABLE, project.database)
    project.execute(f"alter database {project.database} set timezone to 'America/New_York'")
    return project


@pytest.mark.xdist_group("postgres")
def test_on_postgres(on_postgres: PostgresProject, capsys: Captured) -> None:
    """The same keys and times as on DuckDB; a view on a copy stays when the copy is made anew."""
    project = on_postgres
    words = ("shop", "--percent", "20", "--key", "orders=customer_id", "--key", 'the "order" of')
    _sampled(capsys, *words)
    assert _rows(project, "shop_sample.customers", "customer_id") == _expected(range(200), 20)
    assert _rows(project, 'shop_sample."Order Lines ü"', '"the ""order"" of"') == _expected(range(10), 20)
    built = project.dbt("run", "-s", "stg_customers")
    assert built.status == 0, built
    _sampled(capsys, "shop.customers", "shop.orders", "--since", "2026-07-01")
    assert project.query("select min(customer_id), count(*) from dev.stg_customers") == [(182, 18)]
    [(comment,)] = project.query("select obj_description('shop_sample.customers'::regclass)")
    assert str(comment).startswith("dbt-isolation sample of ")
    assert project.query("select min(ordered_on) from shop_sample.orders") == [(date(2026, 7, 1),)]


@pytest.mark.xdist_group("postgres")
def test_what_stands_in_the_way_on_postgres(on_postgres: PostgresProject, capsys: Captured) -> None:
    """Somebody's own table; then other columns, where a view would be dropped: nothing is lost."""
    project = on_postgres
    project.execute("create schema shop_sample; create table shop_sample.customers as select 1 as one")
    assert "nothing says that it is a sample" in _said(capsys, "shop.customers", "--all", status=1)
    _sampled(capsys, "shop.customers", "--all", "--replace")
    assert project.dbt("run", "-s", "stg_customers").status == 0
    project.execute("alter table shop.customers add column name text")
    said = _said(capsys, "shop.customers", "--all")
    assert "other objects depend on it" in said
    assert "stg_customers" in said
    assert project.query("select count(*) from dev.stg_customers") == [(200,)]
    assert project.relations("shop_sample") == {"customers"}
    project.execute("drop view dev.stg_customers")
    _sampled(capsys, "shop.customers", "--all")
    assert project.query("select count(*), count(name) from shop_sample.customers") == [(200, 0)]
