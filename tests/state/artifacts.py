"""manifest.json and run_results.json of a small project, written by hand: no dbt is needed for them."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.artifacts.run_results import RunResults
from dbt_isolation.environments import Relation
from dbt_isolation.lineage.fingerprint import fingerprints
from dbt_isolation.state.commit import Commit
from dbt_isolation.state.ran import Ran
from dbt_isolation.state.release import Release
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import open_store

MANIFEST_V12 = "https://schemas.getdbt.com/dbt/manifest/v12.json"
_SECTIONS = (
    *("nodes", "sources", "macros", "exposures", "functions", "metrics", "semantic_models"),
    *("saved_queries", "unit_tests"),
)


class Shop:
    """A project in ``folder``, which tests change between runs; every method gives the unique id."""

    def __init__(self, folder: Path, name: str = "shop", schema: str = "analytics") -> None:
        self.folder = folder
        self.name = name
        self.schema = schema
        self.entries: dict[str, dict[str, dict[str, Any]]] = {section: {} for section in _SECTIONS}
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "dbt_project.yml").exists():
            (folder / "dbt_project.yml").write_text(f"name: {name}\n")

    def model(
        self,
        name: str,
        code: str = "select 1",
        *parents: str,
        materialized: str = "table",
        macros: Iterable[str] = (),
        config: Mapping[str, object] | None = None,
        **more: object,
    ) -> str:
        """Adds a model, or writes it anew; ``more`` is what else the manifest says of it."""
        written = {"materialized": materialized, **(config or {})}
        return self._node(
            "model", name, code, parents, macros, config=written, unrendered_config=written, **more
        )

    def column_test(self, model: str, column: str, name: str, **config: object) -> str:
        """Adds a generic test of a model's column."""
        return self._node(
            "test",
            f"{name}_{model.rpartition('.')[2]}_{column}",
            "{{ test }}",
            [model],
            (),
            config={"materialized": "test", **config},
            attached_node=model,
            column_name=column,
            test_metadata={"name": name, "kwargs": {"column_name": column}},
        )

    def seed(self, name: str, content: str = "id\n1\n") -> str:
        """Adds a seed with its file."""
        file = self.folder / f"seeds/{name}.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
        return self._node(
            "seed",
            name,
            "",
            (),
            (),
            config={"materialized": "seed"},
            original_file_path=f"seeds/{name}.csv",
            root_path=str(self.folder),
        )

    def test(self, name: str, code: str, *parents: str) -> str:
        """Adds a test of its parents."""
        return self._node("test", name, code, parents, (), config={"materialized": "test"})

    def source(self, name: str, schema: str = "raw") -> str:
        """Adds a source's table."""
        return self._add(
            "sources",
            f"source.{self.name}.raw.{name}",
            {
                "resource_type": "source",
                "name": name,
                "source_name": "raw",
                "package_name": self.name,
                "database": "warehouse",
                "schema": schema,
                "identifier": name,
            },
        )

    def exposure(self, name: str, label: str, *parents: str, owner: str = "") -> str:
        """Adds an exposure."""
        return self._add(
            "exposures",
            f"exposure.{self.name}.{name}",
            {
                "resource_type": "exposure",
                "name": name,
                "label": label,
                "depends_on": {"nodes": list(parents)},
                "owner": {"name": owner or None},
            },
        )

    def macro(self, name: str, code: str, *macros: str) -> str:
        """Adds a macro that uses ``macros``."""
        return self._add(
            "macros",
            f"macro.{self.name}.{name}",
            {
                "resource_type": "macro",
                "name": name,
                "package_name": self.name,
                "macro_sql": code,
                "depends_on": {"macros": list(macros)},
            },
        )

    def remove(self, unique_id: str) -> None:
        """Takes an entry out of the project."""
        for entries in self.entries.values():
            entries.pop(unique_id, None)

    def compile(self, *names: str) -> None:
        """Writes the SQL of models (all if not given) as dbt would compile it: ref and source, no more."""
        relations = {
            entry["name"]: f'"{entry["database"]}"."{entry["schema"]}"."{entry.get("alias", entry["name"])}"'
            for section in ("nodes", "sources")
            for entry in self.entries[section].values()
        }
        for entry in self.entries["nodes"].values():
            if entry["resource_type"] == "model" and (not names or entry["name"] in names):
                entry["compiled_code"] = re.sub(
                    r"\{\{ (?:ref\('(\w+)'\)|source\('\w+', '(\w+)'\)) \}\}",
                    lambda match: relations[match[1] or match[2]],
                    entry["raw_code"],
                )

    def manifest_json(self, invocation: str) -> bytes:
        """As dbt would write it."""
        parents = {
            unique_id: entry.get("depends_on", {}).get("nodes", [])
            for section in ("nodes", "exposures")
            for unique_id, entry in self.entries[section].items()
        }
        metadata = {
            "dbt_schema_version": MANIFEST_V12,
            "dbt_version": "1.11.0",
            "project_name": self.name,
            "adapter_type": "duckdb",
            "invocation_id": invocation,
        }
        children: dict[str, list[str]] = {one: [] for one in parents}
        for child, ones in parents.items():
            for one in ones:
                children.setdefault(one, []).append(child)
        content = {"metadata": metadata, **self.entries, "parent_map": parents, "child_map": children}
        return json.dumps(content).encode()

    def run_results_json(
        self, invocation: str, statuses: Mapping[str, str], command: str = "build", **args: object
    ) -> bytes:
        """As dbt would write it after a command that ended with ``statuses``."""
        results = [
            {
                "unique_id": unique_id,
                "status": status,
                "timing": [{"name": "execute", "completed_at": "2026-01-01T00:00:00Z"}],
            }
            for unique_id, status in statuses.items()
        ]
        return json.dumps(
            {
                "metadata": {"invocation_id": invocation, "generated_at": "2026-01-01T00:00:00Z"},
                "args": {"which": command, "target": "prod", "vars": {}, **args},
                "results": results,
            }
        ).encode()

    def write(self, *built: str, invocation: str = "", command: str = "build", **args: object) -> Path:
        """Writes the artifacts of a run that built ``built`` (all if not given) to ``target/``."""
        invocation = invocation or str(uuid4())
        target = self.folder / "target"
        target.mkdir(exist_ok=True)
        (target / "manifest.json").write_bytes(self.manifest_json(invocation))
        statuses = dict.fromkeys(built or self.buildable(), "success")
        (target / "run_results.json").write_bytes(
            self.run_results_json(invocation, statuses, command, **args)
        )
        return target

    def ran(
        self,
        *built: str,
        failed: Iterable[str] = (),
        invocation: str = "",
        actor: str = "deployer",
        sha: str = "",
    ) -> Ran:
        """A run of the commit ``sha`` that built ``built``: all if neither that nor ``failed`` is given."""
        invocation = invocation or str(uuid4())
        failed = tuple(failed)
        succeeded = built or (() if failed else self.buildable())
        statuses = {**dict.fromkeys(succeeded, "success"), **dict.fromkeys(failed, "error")}
        manifest_json = self.manifest_json(invocation)
        results_json = self.run_results_json(invocation, statuses)
        manifest = artifact.decode(manifest_json, "manifest.json")
        return Ran(
            manifest=manifest,
            manifest_json=manifest_json,
            results=msgspec.json.decode(results_json, type=RunResults),
            run_results_json=results_json,
            fingerprints=fingerprints(manifest, ProjectFiles(self.folder, {}, {})),
            actor=actor,
            commit=Commit(sha),
        )

    def buildable(self) -> tuple[str, ...]:
        """What a full build builds."""
        return tuple(
            unique_id
            for unique_id, node in self.entries["nodes"].items()
            if node["resource_type"] in ("model", "seed") and node["config"]["materialized"] != "ephemeral"
        )

    def _node(
        self,
        resource_type: str,
        name: str,
        code: str,
        parents: Iterable[str],
        macros: Iterable[str],
        **more: object,
    ) -> str:
        entry = {
            "resource_type": resource_type,
            "name": name,
            "package_name": self.name,
            "database": "warehouse",
            "schema": self.schema,
            "alias": name,
            "relation_name": f'"warehouse"."{self.schema}"."{name}"',
            "original_file_path": f"{resource_type}s/{name}.sql",
            "path": f"{name}.sql",
            "raw_code": code,
            "depends_on": {"nodes": list(parents), "macros": list(macros)},
            **more,
        }
        return self._add("nodes", f"{resource_type}.{self.name}.{name}", entry)

    def _add(self, section: str, unique_id: str, entry: dict[str, Any]) -> str:
        self.entries[section][unique_id] = {"unique_id": unique_id, **entry}
        return unique_id


def releases_in(folder: Path, project: str = "shop", environment: str = "prod") -> Releases:
    """The releases in the store that is the folder ``folder``."""
    return Releases(open_store(str(folder), Path(), {}), project, environment)


def current(releases: Releases) -> Release:
    """The current release, which there must be."""
    found = releases.current()
    assert found is not None
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder`` with its content."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def places(release: Release) -> dict[str, Relation]:
    """Where each node of a release is."""
    return {unique_id: node.relation for unique_id, node in release.nodes.items()}
