"""The SQL of a project's nodes: what dbt compiled, and for the rest what it likely would."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.errors import IsolationError
from dbt_isolation.profile import profile_file, profile_of
from dbt_isolation.rendering.facts import Facts
from dbt_isolation.rendering.likely_sql import LikelySql


@dataclass(frozen=True, slots=True)
class ProjectSql:
    """``sql``: by unique id. ``uncertain``: why that of a node may be another, or why it has none."""

    sql: Mapping[str, str]
    uncertain: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def project_sql(
    manifest: Manifest, compiled: Mapping[str, str], facts: Facts, wanted: Iterable[str] | None = None
) -> ProjectSql:
    """That of the models and snapshots, or of those that are ``wanted`` and all that they are made of."""
    needed = None if wanted is None else _above(manifest, wanted)
    likely = LikelySql(manifest, facts)
    sql = dict(compiled)
    uncertain = {}
    for node in manifest.nodes.values():
        name = node.unique_id
        if name in compiled or (needed is not None and name not in needed):
            continue
        if node.resource_type not in ("model", "snapshot") or node.external or _is_python(node.path):
            continue
        found = likely.of(node)
        if found.sql:
            sql[name] = found.sql
        if found.uncertain:
            uncertain[name] = found.uncertain
    return ProjectSql(sql, uncertain)


def facts_of(
    files: ProjectFiles, dialect: str, *, target: str | None = None, profiles_dir: Path | None = None
) -> Facts:
    """What is known of the project in ``files``; ``target``: the one that it was parsed for, if that is told.

    Where it is not, and the profile has more than one, nothing is known of it.
    """
    return Facts(
        dialect,
        variables=files.set_variable,
        environ=files.environ,
        target=_target(files, target or files.environ.get("DBT_TARGET"), profiles_dir),
        orders=files.search_orders,
    )


def _target(files: ProjectFiles, name: str | None, profiles_dir: Path | None) -> Mapping[str, str]:
    try:
        profile = profile_of(
            files.folder, profile_file(files.folder, profiles_dir, files.environ), files.environ
        )
        if name is None and len(profile.targets) > 1:
            return {}
        target = profile.target(name or profile.default)
    except IsolationError:
        return {}
    known = {
        "name": target.name,
        "target_name": target.name,
        "schema": target.schema,
        "database": target.database,
    }
    return {key: value for key, value in known.items() if value and "{{" not in value}


def _above(manifest: Manifest, wanted: Iterable[str]) -> Collection[str]:
    found: set[str] = set()
    ahead = list(wanted)
    while ahead:
        name = ahead.pop()
        node = manifest.get(name)
        if node is not None and name not in found:
            found.add(name)
            ahead += node.depends_on.nodes
    return found


def _is_python(path: str) -> bool:
    return path.endswith(".py")
