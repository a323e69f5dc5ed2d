"""The project as it was just parsed, as records with fingerprints: what evidence and reads compare."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.guard.session import Session
from dbt_isolation.lineage.fingerprint import Fingerprint, fingerprints


@dataclass(frozen=True, slots=True)
class Present:
    """The manifest of this invocation, and the fingerprint of each node."""

    manifest: Manifest
    fingerprints: Mapping[str, Fingerprint]

    @classmethod
    def of(cls, session: Session, manifest: Any) -> Self:
        """Of dbt's ``manifest`` in memory, which is on the disk already unless ``--no-write-json`` was said.

        Raises ``IsolationError``.
        """
        file = session.target_path / "manifest.json"
        if session.flags.WRITE_JSON and file.is_file():
            records = artifact.read(file)
        else:
            content = json.dumps(manifest.writable_manifest().to_dict(omit_none=False), default=str)
            records = artifact.decode(content.encode(), "the manifest in memory")
        assert session.run is not None
        files = ProjectFiles(session.project_dir, session.run.environ, session.flags.VARS or {})
        return cls(records, fingerprints(records, files))
