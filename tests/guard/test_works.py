"""What must still work under the guards, with real dbt."""

import json
from pathlib import Path

import pytest

from dbt_isolation.records import evidence
from tests.dbt_process import dbt, environment
from tests.guard.attacks import production
from tests.guard.table import TABLE
from tests.projects import DEPLOY, Project


@pytest.fixture(scope="module")
def shared(depot: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy for tests that leave it as it is."""
    return depot.copy(tmp_path_factory.mktemp("works") / "depot")


@pytest.fixture
def project(depot: Project, tmp_path: Path) -> Project:
    """A copy of one's own."""
    return depot.copy(tmp_path / "depot")


@pytest.mark.parametrize(
    ("name", "target"), [(name, target) for name, work in TABLE.works.items() for target in work.targets]
)
@pytest.mark.xdist_group("works")
def test_works(shared: Project, name: str, target: str) -> None:
    """Every row of the second table."""
    work = TABLE.works[name]
    before = production(shared, ("plugin",))
    result = shared.dbt(*work.words, "--target", target, **work.variables)
    assert result.status == 0, result
    assert production(shared, ("plugin",)) == before


def test_development_lands_at_home(project: Project) -> None:
    """A run in development writes its own schema, and production stays as it was."""
    before = production(project, ("plugin",))
    result = project.dbt("build")
    assert result.status == 0, result
    assert project.query("select count(*) from warehouse.dev.orders") == [(21,)]
    assert production(project, ("plugin",)) == before


def test_deployer_writes_production(project: Project) -> None:
    """With the deployer condition production is built, with dbt's own names."""
    result = project.dbt("build", "--target", "prod", **{DEPLOY: "1"})
    assert result.status == 0, result
    assert project.query("select count(*) from warehouse.analytics.orders") == [(21,)]


def test_deployer_of_one_is_none_of_another(project: Project) -> None:
    """The deployer of staging may not write production."""
    project.edit(
        "dbt_project.yml",
        "      dev:\n",
        "      staging:\n        targets: [unlisted]\n        protected: true\n"
        "        owns: [warehouse.staging]\n"
        "        deployer: {env_var: DBT_ISOLATION_DEPLOY}\n      dev:\n",
    )
    before = production(project, ("plugin",))
    result = project.dbt("run", "--target", "unlisted", **{DEPLOY: "1"})
    assert result.status == 2
    assert "environment 'prod' owns warehouse.analytics" in result.output
    assert production(project, ("plugin",)) == before


def test_only_what_is_selected_is_judged(project: Project) -> None:
    """A node that would be refused stops no run that leaves it out."""
    project.write("models/stray.sql", "{{ config(schema='analytics') }} select 1 as one")
    refused = project.dbt("run")
    assert refused.status == 2
    assert "model.depot.stray would be written to warehouse.analytics.stray" in refused.output
    assert "model.depot.orders" not in refused.output
    result = project.dbt("run", "--select", "orders")
    assert result.status == 0, result


def test_observe_says_and_lets_through(project: Project) -> None:
    """In `mode: observe` the run goes on as without us, and says what would be refused."""
    project.edit("dbt_project.yml", "  dbt_isolation:\n", "  dbt_isolation:\n    mode: observe\n")
    result = project.dbt("run", "--target", "prod")
    assert result.status == 0, result
    assert "dbt-isolation (plugin) would refuse `dbt run`" in result.output
    assert "dbt-isolation (on-run-start) would refuse `dbt run`" in result.output
    assert project.query("select count(*) from warehouse.analytics.orders") == [(21,)]


def test_without_a_block_it_is_inert(project: Project) -> None:
    """Without the block, names are dbt's own and any target may be written."""
    text = (project.folder / "dbt_project.yml").read_text()
    project.write("dbt_project.yml", text[: text.index("vars:")])
    listed = project.dbt("ls", "--resource-type", "model", "--output", "json", "--target", "unlisted")
    rows = [json.loads(line) for line in listed.output.splitlines() if line.startswith("{")]
    assert rows
    assert project.dbt("run", "--target", "unlisted").status == 0


def test_reading_production_cannot_write_it(project: Project) -> None:
    """A hook that writes fails on the connection itself when a reader runs it against production."""
    text = (project.folder / "dbt_project.yml").read_text()
    project.write("dbt_project.yml", text + 'on-run-end: ["delete from warehouse.analytics.orders"]\n')
    before = production(project, ("plugin",))
    result = project.dbt("test", "--select", "unique_orders_order_id", "--target", "prod")
    assert result.status != 0
    assert "read-only" in result.output
    assert production(project, ("plugin",)) == before


_MESH = """
from dbt.plugins.manager import dbtPlugin, dbt_hook
from dbt.plugins.manifest import ModelNodeArgs, PluginNodes


class Mesh(dbtPlugin):
    @dbt_hook
    def get_nodes(self):
        nodes = PluginNodes()
        nodes.add_model(
            ModelNodeArgs(
                name="orders_of_another", package_name="another", identifier="orders",
                schema="analytics", database="warehouse",
            )
        )
        return nodes


plugins = [Mesh]
"""


def _with_mesh() -> None:
    import sys

    sys.path.insert(0, str(Path("mesh").resolve()))


def test_nodes_of_other_projects_are_reads(project: Project) -> None:
    """In a mesh, another project's model stands in production, and reading it is no write."""
    project.write("mesh/dbt_mesh_for_test.py", _MESH)
    project.write("models/reader.sql", "select * from {{ ref('another', 'orders_of_another') }}")
    result = dbt(["run", "-s", "reader"], project.folder, environment(project.folder), before=_with_mesh)
    assert result.status == 0, result
    assert project.query("select count(*) from warehouse.dev.reader") == [(20,)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "targets: [dev]",
            "targets: [dev]\n        shema: x",
            "unknown key 'shema'\n    did you mean 'schema'?",
        ),
        ("{custom_schema}", "{custom_shema}", "unknown token '{custom_shema}'"),
        ("protected: true", "protected: false", "only for a protected environment"),
    ],
)
def test_a_wrong_block_refuses_writes_alone(project: Project, old: str, new: str, said: str) -> None:
    """A mistake in the block stops what writes, with file and key, and lets parsing work."""
    project.edit("dbt_project.yml", old, new)
    result = project.dbt("run")
    assert result.status == 2
    assert "dbt_project.yml: vars.dbt_isolation.environments." in result.output
    assert said in result.output
    parsed = project.dbt("parse")
    assert parsed.status == 0
    assert "dbt_project.yml: vars.dbt_isolation.environments." in parsed.output


def test_versions_must_agree(project: Project) -> None:
    """Macros of another version than the Python package are refused with what to do."""
    package = project.folder / "dbt_packages/dbt_isolation"
    source = package.resolve()
    package.unlink()
    package.mkdir()
    (package / "dbt_project.yml").write_text((source / "dbt_project.yml").read_text())
    (package / "macros").symlink_to(source / "macros")
    assert project.dbt("run").status == 0
    (package / "macros").unlink()
    import shutil

    shutil.copytree(source / "macros", package / "macros")
    version = package / "macros/guard/version.sql"
    version.write_text("{% macro version() %}{{ return('9.9.0') }}{% endmacro %}")
    result = project.dbt("run")
    assert result.status == 2
    assert "the package's macros are version 9.9.0" in result.output
    assert "set the revision in packages.yml" in result.output


def test_block_without_the_package(project: Project) -> None:
    """A block whose package is not installed protects by the plugin, and says what is missing."""
    (project.folder / "dbt_packages/dbt_isolation").unlink()
    (project.folder / "packages.yml").unlink()
    for file in (project.folder / "macros").glob("generate_*.sql"):
        file.unlink()
    result = project.dbt("run")
    assert result.status == 2
    assert "add the package to packages.yml and run `dbt deps`" in result.output


def _old_dbt() -> None:
    from dbt_isolation.guard import plugin

    vars(plugin)["dbt_version"] = "1.9.4"


def test_a_dbt_that_is_too_old_is_refused(project: Project) -> None:
    """The plugin says which versions it takes, before anything is written."""
    result = dbt(["run"], project.folder, environment(project.folder), before=_old_dbt)
    assert result.status == 2
    assert "needs dbt-core 1.10 or later, and this is 1.9.4" in result.output


def test_another_environment_by_name(project: Project) -> None:
    """`DBT_ISOLATION_ENVIRONMENT` gives development's names on any connection."""
    project.edit("dbt_project.yml", '"{custom_schema}"', '"lab_{user}"')
    before = production(project, ("plugin",))
    result = project.dbt("run", "--target", "prod", DBT_ISOLATION_ENVIRONMENT="dev")
    assert result.status == 0, result
    assert project.relations("lab_alice") == {"orders", "totals", evidence.TABLE}
    wrong = project.dbt("run", DBT_ISOLATION_ENVIRONMENT="prod")
    assert wrong.status == 2
    assert "DBT_ISOLATION_ENVIRONMENT names 'prod', which is protected" in wrong.output
    assert production(project, ("plugin",)) == before


def test_a_template_without_effect_is_refused(project: Project) -> None:
    """Without the one-line macro nothing would be named by the template; through another macro it is."""
    (project.folder / "macros/generate_schema_name.sql").unlink()
    result = project.dbt("run")
    assert result.status == 2
    assert "environments.dev.schema has no effect" in result.output
    assert "write it to macros/generate_schema_name.sql: {% macro generate_schema_name(" in result.output
    project.write(
        "macros/naming.sql",
        "{% macro generate_schema_name(name, node) %}{{ return(ours(name, node)) }}{% endmacro %}"
        "{% macro ours(name, node) %}"
        "{{ return(dbt_isolation.generate_schema_name(name, node)) }}{% endmacro %}",
    )
    assert project.dbt("run").status == 0


def test_a_database_called_like_the_schema(project: Project) -> None:
    """DuckDB's own words do not say what to do: said before they come."""
    project.edit("profiles.yml", "alias: vault", "alias: dev")
    result = project.dbt("run", "-s", "orders")
    assert "a database is called dev, as is this target's schema" in result.output
