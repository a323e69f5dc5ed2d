"""The view that dbt 1.12 writes beside a model's latest version, in no manifest: named and guarded."""

from pathlib import Path

from dbt_isolation.installation.one_liners import POINTER_MACRO, one_liner
from dbt_isolation.installation.versions import has_pointers
from tests.guard.attacks import production
from tests.projects import DEPLOY, Project

PROPERTIES = """models:
  - name: fruits
    latest_version: 2
    config: {latest_version_pointer: {enabled: true}}
    versions: [{v: 1}, {v: 2}]
"""


def test_pointers(depot: Project, tmp_path: Path) -> None:
    """They have the environment's alias and its schema; without the one-liner the run is refused."""
    project = depot.copy(tmp_path / "depot")
    for version in (1, 2):
        project.write(f"models/fruits_v{version}.sql", f"select {version} as version")
    project.write("models/fruits.yml", PROPERTIES)
    project.edit(
        "dbt_project.yml",
        'schema: "{custom_schema}"',
        'schema: "{custom_schema}"\n        alias: "my_{alias}"',
    )
    refused = project.dbt("run", "-s", "fruits")
    assert refused.status == (2 if has_pointers() else 0), refused
    if has_pointers():
        assert f"the project's {POINTER_MACRO} does not call the package's" in refused.output
    project.write(f"macros/{POINTER_MACRO}.sql", one_liner(POINTER_MACRO))
    before = production(project, ("plugin",))
    result = project.dbt("run", "-s", "fruits")
    assert result.status == 0, result
    pointers = {"my_fruits"} if has_pointers() else set()
    found = project.relations("dev")
    assert {"my_fruits_v1", "my_fruits_v2", *pointers} <= found
    assert "fruits" not in found
    assert production(project, ("plugin",)) == before
    result = project.dbt("run", "-s", "fruits", "--target", "prod", **{DEPLOY: "1"})
    assert result.status == 0, result
    assert ("fruits" in project.relations("analytics")) == has_pointers()

    project.edit("models/fruits.yml", "enabled: true}", "enabled: true}, schema: analytics")
    before = production(project, ("plugin",))
    assert project.dbt("run", "-s", "fruits").status == 2
    assert production(project, ("plugin",)) == before
