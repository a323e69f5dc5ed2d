"""Built projects, once a test process; tests copy them."""

import shutil
from collections.abc import Iterator
from typing import TypeVar

import duckdb
import pytest
from hypothesis import HealthCheck, settings

from tests.postgres import Server, start
from tests.projects import DEPLOY, ROOT, Project, link_package, shop_with_raw_data
from tests.projects.on_postgres import PostgresProject

Built = TypeVar("Built", bound=Project)

# A loaded machine is slow, not wrong: no deadline, and the number of examples bounds the time.
settings.register_profile(
    "test", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("all", settings.get_profile("test"), max_examples=1000)


def pytest_configure(config: pytest.Config) -> None:
    """`make test-all` asks for more examples."""
    settings.load_profile("test" if "not all" in config.option.markexpr else "all")


@pytest.fixture(scope="session")
def orchard(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The orchard, built in production and released; its development is empty."""
    folder = tmp_path_factory.mktemp("orchard") / "orchard"
    shutil.copytree(ROOT / "tests/projects/orchard", folder)
    link_package(folder)
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("create schema raw")
        connection.execute("create table raw.trees as select i as tree_id from range(1, 4) t(i)")
    return _released(Project(folder))


@pytest.fixture(scope="session")
def orchard_on_postgres(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> PostgresProject:
    """The same, on PostgreSQL."""
    folder = tmp_path_factory.mktemp("orchard") / "orchard"
    shutil.copytree(ROOT / "tests/projects/orchard", folder)
    link_package(folder)
    project = PostgresProject.of(folder, postgres, "orchard")
    project.execute("create schema raw; create table raw.trees as select generate_series(1, 3) as tree_id")
    return _released(project)


def _released(project: Built) -> Built:
    """Builds the orchard in production and makes a release of it."""
    for result in (
        project.dbt("build", "--target", "prod", **{DEPLOY: "1"}),
        project.isolation("state", "push", "--target", "prod", **{DEPLOY: "1"}),
        # So that the first run of a test finds the project parsed for its target.
        project.dbt("parse", "--target", "dev"),
    ):
        assert result.status == 0, result
    return project


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server of this test process, gone with it."""
    server = start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def depot_on_postgres(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> PostgresProject:
    """The depot as below, on PostgreSQL."""
    folder = tmp_path_factory.mktemp("depot") / "depot"
    shutil.copytree(ROOT / "tests/projects/depot", folder)
    link_package(folder)
    project = PostgresProject.of(folder, postgres, "depot")
    project.query(
        "create schema raw; create table raw.orders as select i as order_id, i * 10 as amount, "
        "timestamp '2026-01-01' as loaded_at from generate_series(0, 19) i"
    )
    return _in_use(project, "insert into raw.orders values (99, 990, '2026-01-02')")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shop with little raw data, built in production, then in development.

    ``built.json`` is the manifest of the latter.
    """
    project = shop_with_raw_data(tmp_path_factory.mktemp("shop") / "shop")
    for words, variables in (
        (("build", "--target", "prod"), {DEPLOY: "1"}),
        (("build", "--target", "dev"), {}),
    ):
        result = project.dbt(*words, **variables)
        assert result.status == 0, result
        assert "WARN=0" in result.output or "WARN" not in result.output, result
    shutil.copy(project.folder / "target/manifest.json", project.folder / "built.json")
    return project


@pytest.fixture(scope="session")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The depot, built in production and in development; its raw data and its seed have changed since.

    ``state/`` holds the artifacts of production's build.
    """
    folder = tmp_path_factory.mktemp("depot") / "depot"
    shutil.copytree(ROOT / "tests/projects/depot", folder)
    link_package(folder)
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("create schema raw")
        connection.execute(
            "create table raw.orders as select i as order_id, i * 10 as amount, "
            "timestamp '2026-01-01' as loaded_at from range(20) t(i)"
        )
    with duckdb.connect(str(folder / "vault.duckdb")) as connection:
        connection.execute("create schema analytics")
        connection.execute("create table analytics.secret as select 1 as id")
    return _in_use(Project(folder), "insert into raw.orders values (99, 990, timestamp '2026-01-02')")


def _in_use(project: Built, change: str) -> Built:
    """Builds the depot in production and in development; then its raw data and its seed change."""
    built = project.dbt("build", "--target", "prod", **{DEPLOY: "1"})
    assert built.status == 0, built
    shutil.copytree(project.folder / "target", project.folder / "state")
    built = project.dbt("build", "--target", "dev")
    assert built.status == 0, built
    project.execute(change)
    project.write("seeds/regions.csv", "region,tax\nnorth,11\n")
    return project
