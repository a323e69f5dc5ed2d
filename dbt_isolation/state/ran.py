"""A dbt invocation that may become a release: its artifacts, and whether they say what a release needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from dbt_isolation import environments
from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts import run_results
from dbt_isolation.artifacts.manifest import BUILDABLE, Manifest, Node
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.artifacts.run_results import RunResults
from dbt_isolation.config.model import Config, Environment
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.fingerprint import Fingerprint, fingerprints
from dbt_isolation.state.commit import Commit, commit

_BUILDING = frozenset({"run", "build", "seed", "snapshot"})
_NEWEST_MANIFEST = 12


@dataclass(frozen=True, slots=True)
class Ran:
    """One dbt invocation: its artifacts as read and as written, the fingerprints, who and from where."""

    manifest: Manifest
    manifest_json: bytes
    results: RunResults
    run_results_json: bytes
    fingerprints: Mapping[str, Fingerprint]
    actor: str
    commit: Commit

    @property
    def invocation_id(self) -> str:
        """dbt's."""
        return self.results.metadata.invocation_id or ""

    def built(self) -> dict[str, Node]:
        """The nodes that it built, by unique id."""
        found = {}
        for result in self.results.results:
            node = self.manifest.get(result.unique_id)
            if node is not None and node.resource_type in BUILDABLE and result.status == "success":
                found[node.unique_id] = node
        return found

    @property
    def whole(self) -> bool:
        """Whether it built everything that there is to build."""
        built = self.built()
        return all(
            node.unique_id in built or node.ephemeral or node.external for node in self.manifest.buildable()
        )

    @classmethod
    def of(cls, folder: Path, files: ProjectFiles, actor: str) -> Self:
        """The last dbt command, whose artifacts are in ``folder``.

        Raises ``IsolationError`` where they are missing, cut off, of a later version or of two commands, and
        where the command was not one that builds whole relations.
        """
        results = run_results.read(folder / "run_results.json")
        manifest_json, run_results_json = (
            _bytes(folder / "manifest.json"),
            _bytes(folder / "run_results.json"),
        )
        _check_version(manifest_json)
        manifest = artifact.decode(manifest_json, str(folder / "manifest.json"))
        _check(manifest, results)
        return cls(
            manifest=manifest,
            manifest_json=manifest_json,
            results=results,
            run_results_json=run_results_json,
            fingerprints=fingerprints(manifest, files),
            actor=actor,
            commit=commit(files.folder),
        )

    def check_project(self, project: str) -> None:
        """Raises ``IsolationError`` for another project's artifacts."""
        found = self.manifest.metadata.project_name
        if found not in (None, project):
            raise IsolationError(
                f"manifest.json is of project '{found}', and this is '{project}'",
                "look at --project-dir and at DBT_TARGET_PATH",
            )

    def check_places(self, config: Config, environment: Environment) -> None:
        """Raises ``IsolationError`` where something was built outside of ``environment``."""
        for node in self.built().values():
            owner = environments.owner(config, node.database or "", node.schema_ or "")
            if owner is None or owner[0] != environment:
                raise IsolationError(
                    f"the last run built {node.unique_id} as {node.relation}, which environment "
                    f"'{environment.name}' does not own",
                    "push right after a run of its target; if that was one, add the place to its `owns`",
                )


class _Versioned(msgspec.Struct):
    metadata: dict[str, object] = {}


def _check_version(content: bytes) -> None:
    """Before anything else is read of it: a later version may have another shape."""
    try:
        schema = msgspec.json.decode(content, type=_Versioned).metadata.get("dbt_schema_version")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    version = str(schema).rpartition("/v")[2].removesuffix(".json")
    if version.isdecimal() and int(version) > _NEWEST_MANIFEST:
        raise IsolationError(
            f"manifest.json is of version {version}, and {_NEWEST_MANIFEST} is the latest known here",
            "update dbt-isolation",
        )


def _check(manifest: Manifest, results: RunResults) -> None:
    if results.command not in _BUILDING:
        raise IsolationError(
            f"the last dbt command here was `dbt {results.command}`, which builds nothing",
            "push right after a run or a build",
        )
    if not results.metadata.invocation_id:
        raise IsolationError("run_results.json does not say of which invocation it is", "run dbt again")
    if manifest.metadata.invocation_id != results.metadata.invocation_id:
        raise IsolationError(
            "manifest.json and run_results.json are of two dbt commands",
            "push right after a run or a build, before another dbt command",
        )
    for flag in ("empty", "sample", "event_time_start", "event_time_end"):
        if results.args.get(flag):
            raise IsolationError(
                f"the run was made with --{flag.replace('_', '-')}: what it built has not all of its rows",
                "run it again without, and push that",
            )


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise IsolationError(f"{file}: {error.strerror or error}", "run dbt first") from error
