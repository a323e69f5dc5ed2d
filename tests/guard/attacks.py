"""The attacks of the guards' table: each changes a copy of the depot so that commands would harm production.

A layer is switched off by taking it away: the plugin from the process, the on-run-start from the package, and
naming by dbt's own, or for attacks by a custom schema by what many projects have, the custom schema as it is.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dbt_isolation
from tests.dbt_process import Result, call, dbt
from tests.projects import DEPLOY, ROOT, Project, link_package

LAYERS = ("naming", "on-run-start", "plugin")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "run": ("run",),
    "build": ("build",),
    "seed": ("seed",),
    "snapshot": ("snapshot",),
    "test": ("test",),
    "clone": ("clone", "--state", "state", "--full-refresh"),
    "retry": ("retry",),
    "run-operation": ("run-operation", "touch"),
    "compile": ("compile",),
    "docs": ("docs", "generate"),
    "show": ("show", "--inline", "select 1 as one"),
    "source": ("source", "freshness"),
}
AS_IT_IS = (
    "{% macro generate_schema_name(custom_schema_name=none, node=none) -%}"
    "{{ custom_schema_name or target.schema }}{%- endmacro %}"
)
_TEMPLATE = '        schema: "{custom_schema}"\n'
WIPE = "delete from analytics.orders"


@dataclass(frozen=True)
class Attack:
    """One attack: what it changes, and how dbt is called in it.

    ``as_it_is``: without our naming, the project names a custom schema as it is. ``by_naming``: it works
    through our naming alone, which then stays on beside the layer under test.
    """

    change: Callable[[Project], None] = lambda project: None
    words: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    operation: str = "touch"
    manifest_of: str = ""
    as_it_is: bool = False
    by_naming: bool = False


def _configure(setting: str) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        kinds = ("models", "seeds", "snapshots", "data_tests")
        project.write(
            "dbt_project.yml",
            (project.folder / "dbt_project.yml").read_text()
            + "\n".join(f"{kind}: {{depot: {{{setting}}}}}" for kind in kinds)
            + "\n",
        )

    return change


def _hook(kind: str) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        text = (project.folder / "dbt_project.yml").read_text()
        if kind == "on-run-end":
            text += f'on-run-end: ["{WIPE}"]\n'
        else:
            text += "\n".join(
                f'{nodes}: {{depot: {{+{kind}: "{WIPE}"}}}}' for nodes in ("models", "seeds", "snapshots")
            )
        project.write("dbt_project.yml", text + "\n")

    return change


def _run_query(project: Project) -> None:
    file = project.folder / "models/orders.sql"
    project.write("models/orders.sql", f"{{% do run_query('{WIPE}') %}}\n{file.read_text(encoding='utf-8')}")


def _target_schema(project: Project) -> None:
    project.edit("snapshots/order_history.yml", "strategy:", "target_schema: analytics\n      strategy:")


def _courier(project: Project) -> None:
    link_package(project.folder, ROOT / "integration_tests/third_party/courier", "courier")


def _variable(project: Project) -> None:
    project.edit("dbt_project.yml", '"{custom_schema}"', '"{env:AREA}"')
    assert project.dbt("parse", AREA="sandbox").status == 0


def _points_at_production(project: Project) -> None:
    project.edit("profiles.yml", "schema: dev", "schema: analytics")
    project.edit("dbt_project.yml", _TEMPLATE, "")


def _stray(project: Project) -> None:
    project.write(".env", f"{DEPLOY}=1\n")


_REDEFINED = json.dumps(
    {
        "dbt_isolation": {
            "environments": {
                "prod": {
                    "targets": ["prod"],
                    "protected": True,
                    "owns": ["nothing.at_all"],
                    "deployer": {"env_var": "HOME"},
                },
                "dev": {"targets": ["dev"]},
            }
        }
    }
)

ATTACKS: Mapping[str, Attack] = {
    "schema": Attack(_configure("+schema: analytics"), as_it_is=True),
    "database": Attack(_configure("+database: vault")),
    "pre_hook": Attack(_hook("pre-hook")),
    "post_hook": Attack(_hook("post-hook")),
    "on_run_end": Attack(_hook("on-run-end")),
    "operation": Attack(operation="wipe"),
    "run_query": Attack(_run_query),
    "target_schema": Attack(_target_schema),
    "package": Attack(_courier, words=("--vars", "{courier_enabled: true, courier_schema: analytics}")),
    "vars": Attack(_configure("+schema: analytics"), words=("--vars", _REDEFINED), as_it_is=True),
    "variable": Attack(_variable, variables={"AREA": "analytics"}, by_naming=True),
    "no_write_json": Attack(_configure("+schema: analytics"), words=("--no-write-json",), as_it_is=True),
    "no_partial_parse": Attack(
        _configure("+schema: analytics"), words=("--no-partial-parse",), as_it_is=True
    ),
    "prod": Attack(words=("--target", "prod")),
    "unlisted": Attack(words=("--target", "unlisted")),
    "profile": Attack(_points_at_production),
    "runner": Attack(manifest_of="prod"),
    "dotenv": Attack(_stray, words=("--target", "prod")),
}


def set_up(depot: Project, attack: Attack, folder: Path, layers: Collection[str]) -> Project:
    """A copy of the built depot with the attack in it, and only ``layers`` on."""
    project = depot.copy(folder)
    attack.change(project)
    if "naming" not in layers:
        for file in (folder / "macros").glob("generate_*_name.sql"):
            file.unlink()
        text = (folder / "dbt_project.yml").read_text(encoding="utf-8")
        project.write("dbt_project.yml", text.replace(_TEMPLATE, ""))
        if attack.as_it_is:
            project.write("macros/generate_schema_name.sql", AS_IT_IS)
    if "on-run-start" not in layers:
        package = folder.with_name(folder.name + "-package")
        shutil.copytree(ROOT / "macros", package / "macros")
        text = (ROOT / "dbt_project.yml").read_text()
        (package / "dbt_project.yml").write_text(text[: text.index("on-run-start")])
        link_package(folder, package)
    return project


def launch(project: Project, attack: Attack, command: str, layers: Collection[str]) -> Result:
    """Runs ``command`` under the attack."""
    words = [*COMMANDS[command], *attack.words]
    if command == "run-operation":
        words[1] = attack.operation
    if command == "retry":
        _fail_earlier(project, attack)
        words = ["retry", *(word for word in attack.words if word.startswith("--no-"))]
    variables = project.environment(**attack.variables)
    before = None if "plugin" in layers else without_plugin
    if attack.manifest_of:
        return call(_run_with_manifest, (words, attack.manifest_of, before), project.folder, variables)
    return dbt(words, project.folder, variables, before=before)


def without_plugin() -> None:
    """Takes the plugin from this process."""
    del dbt_isolation.__getattr__


def production(project: Project, layers: Collection[str]) -> Mapping[str, object]:
    """All that the attacks could harm: schemas, relations, rows and digests.

    What single layers do not claim is left out: naming alone diverts to schemas that are no one's, and dbt
    makes schemas before it calls on-run-start.
    """
    content = {
        **project.content("warehouse", r"analytics(_.*)?"),
        **{f"vault.{name}": value for name, value in project.content("vault", ".*").items()},
    }
    if "plugin" not in layers:
        content = {name: value for name, value in content.items() if value and "__refused" not in name}
    return content


def _fail_earlier(project: Project, attack: Attack) -> None:
    """Leaves the results of an earlier build, with the attack's words, in which everything failed."""
    file = project.folder / "target/run_results.json"
    results = json.loads((project.folder / "state/run_results.json").read_text())
    for result in results["results"]:
        result["status"] = "error"
    words = dict(zip(attack.words[::2], attack.words[1::2], strict=False))
    results["args"].update(
        which="build", invocation_command="dbt build", target=words.get("--target", "dev"), partial_parse=True
    )
    if "--vars" in words:
        import yaml

        results["args"]["vars"] = yaml.safe_load(words["--vars"])
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(results))


def _run_with_manifest(words: list[str], target: str, before: Callable[[], None] | None) -> None:
    from dbt.cli.main import dbtRunner

    if before is not None:
        before()
    parsed = dbtRunner().invoke(["parse", "--target", target])
    assert parsed.success, parsed.exception
    outcome = dbtRunner(manifest=parsed.result).invoke([*words, "--target", "dev"])
    if outcome.exception is not None:
        print(outcome.exception)
    os._exit(0 if outcome.success else 2 if outcome.exception is not None else 1)
