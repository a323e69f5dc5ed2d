"""The two sides of a comparison: a project as a release has it, and as it is here."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from dbt_isolation.artifacts import catalog, compiled
from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.artifacts.project import ProjectFiles, was_edited
from dbt_isolation.environments import Relation
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.fingerprint import NOT_THE_USERS, Fingerprint, fingerprints
from dbt_isolation.lineage.graph import Lineage
from dbt_isolation.lineage.reach import read_by
from dbt_isolation.rendering.facts import Facts
from dbt_isolation.rendering.project import facts_of
from dbt_isolation.state.local import Copy, Local
from dbt_isolation.state.release import Release

Types = Mapping[str, str]


@dataclass(frozen=True)
class Project:
    """A manifest in ``file``, and the SQL that dbt compiled; called ``name`` for people.

    ``state``: of the file as it was read.
    """

    name: str
    file: Path
    state: tuple[int, int]
    manifest: Manifest
    compiled: Mapping[str, str]

    @classmethod
    def read(cls, name: str, file: Path) -> Self:
        """Of a manifest.json. Raises ``IsolationError``."""
        content, state = _read(file)
        return cls(name, file, state, *compiled.decode_all(content, str(file)))

    def written(self) -> bytes:
        """The manifest as it was written: so large that it is not kept.

        Raises ``IsolationError`` where it was written anew since it was read.
        """
        content, state = _read(self.file)
        if state != self.state:
            raise IsolationError(f"{self.file} was written anew meanwhile", "compare again")
        return content

    @cached_property
    def lineage(self) -> Lineage:
        """Who reads whom, without tests."""
        return Lineage.of(self.manifest)

    @property
    def dialect(self) -> str:
        """dbt's adapter type."""
        return self.manifest.metadata.adapter_type or ""

    def relation(self, unique_id: str) -> Relation | None:
        """Where a node or source is; None for what is no relation."""
        node = self.manifest.get(unique_id)
        if node is not None:
            return None if node.ephemeral else node.relation
        source = self.manifest.sources.get(unique_id)
        return source.relation if source is not None else None

    def names(self, unique_id: str) -> Iterator[str]:
        """How SQL may write its relation, with each kind of quotes; always as many."""
        relation = self.relation(unique_id)
        if relation is not None:
            parts = [one for one in (relation.database, relation.schema, relation.identifier) if one]
            for quote in ('"', "`", ""):
                yield ".".join(f"{quote}{part}{quote}" for part in parts)

    def texts(self, node: Node) -> Iterator[str]:
        """A node's template, and those of the project's and packages' macros that it uses."""
        yield node.raw_code
        seen: set[str] = set()
        ahead = list(node.depends_on.macros)
        while ahead:
            one = ahead.pop()
            macro = self.manifest.macros.get(one)
            if one not in seen and macro is not None and macro.package_name not in NOT_THE_USERS:
                seen.add(one)
                ahead += macro.depends_on.macros
                yield macro.macro_sql

    def inputs(self, node: Node) -> Iterator[str]:
        """The unique ids of the relations that its SQL reads: ephemeral models are part of the SQL."""
        yield from read_by(self.manifest, node)


@dataclass(frozen=True)
class Released(Project):
    """A release's project: the manifest of what is built there."""

    release: Release

    @classmethod
    def of(cls, local: Local, copy: Copy) -> "Released":
        """The copy's. Raises ``IsolationError``."""
        assert copy.release is not None
        name = f"release {copy.release.number} of {copy.release.environment}"
        file = local.artifacts(copy) / "manifest.json"
        try:
            found = Project.read(name, file)
        except IsolationError as error:
            raise IsolationError(
                f"the copy of {name} cannot be read: {error.message}", f"delete {file}: it is copied anew"
            ) from error
        return cls(found.name, found.file, found.state, found.manifest, found.compiled, copy.release)


@dataclass(frozen=True)
class Tree(Project):
    """The project as dbt parsed it here last. ``catalog``: columns that sources and seeds really have."""

    files: ProjectFiles
    facts: Facts
    fingerprints: Mapping[str, Fingerprint]
    catalog: Mapping[str, Types]
    edited: Collection[str]

    @classmethod
    def of(
        cls,
        target_path: Path,
        files: ProjectFiles,
        known: Mapping[str, Fingerprint] | None = None,
        *,
        target: str | None = None,
        profiles_dir: Path | None = None,
    ) -> "Tree":
        """What is in dbt's folder for artifacts; ``known`` are its fingerprints, where somebody has them.

        ``target`` and ``profiles_dir``: what it was parsed for. Raises ``IsolationError``.
        """
        file = target_path / "manifest.json"
        found = Project.read("this project", file)
        parsed = file.stat().st_mtime
        columns = catalog.read(target_path / "catalog.json")
        seeds = {one.unique_id for one in found.manifest.nodes.values() if one.resource_type == "seed"}
        return cls(
            found.name,
            found.file,
            found.state,
            found.manifest,
            found.compiled,
            files,
            facts_of(files, found.dialect, target=target, profiles_dir=profiles_dir),
            fingerprints(found.manifest, files) if known is None else known,
            # Models may have been built otherwise than they are now.
            {
                name: types
                for name, types in columns.items()
                if name in found.manifest.sources or name in seeds
            },
            frozenset(_edited(found.manifest, files.folder, parsed)),
        )


def _read(file: Path) -> tuple[bytes, tuple[int, int]]:
    """What is in a manifest.json, and in which state it is."""
    try:
        with file.open("rb") as stream:
            found = os.fstat(stream.fileno())
            return stream.read(), (found.st_mtime_ns, found.st_size)
    except FileNotFoundError as error:
        raise IsolationError(f"no manifest at {file}", "run `dbt parse` first") from error
    except OSError as error:
        raise IsolationError(f"{file}: {error.strerror or error}") from error


def _edited(manifest: Manifest, folder: Path, parsed: float) -> Iterator[str]:
    """The unique ids of what was edited after it was parsed."""
    for node in manifest.buildable():
        own = node.package_name == manifest.metadata.project_name
        if own and was_edited(folder, node, parsed):
            yield node.unique_id
