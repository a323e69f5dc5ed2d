"""Built projects, once a test process; tests copy them."""

import shutil

import duckdb
import pytest
from hypothesis import HealthCheck, settings

from tests.projects import DEPLOY, ROOT, Project, link_package

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
    project = Project(folder)
    for result in (
        project.dbt("build", "--target", "prod", **{DEPLOY: "1"}),
        project.isolation("state", "push", "--target", "prod", **{DEPLOY: "1"}),
        # So that the first run of a test finds the project parsed for its target.
        project.dbt("parse", "--target", "dev"),
    ):
        assert result.status == 0, result
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
    project = Project(folder)
    built = project.dbt("build", "--target", "prod", **{DEPLOY: "1"})
    assert built.status == 0, built
    shutil.copytree(folder / "target", folder / "state")
    built = project.dbt("build", "--target", "dev")
    assert built.status == 0, built
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("insert into raw.orders values (99, 990, timestamp '2026-01-02')")
    project.write("seeds/regions.csv", "region,tax\nnorth,11\n")
    return project
