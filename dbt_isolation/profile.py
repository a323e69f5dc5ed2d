"""The project's profile in profiles.yml: which targets there are, as far as files say."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from dbt_isolation.config.settings import read_yaml, suggestion
from dbt_isolation.environments import Target
from dbt_isolation.errors import IsolationError


def profile_file(
    project_dir: Path, profiles_dir: Path | None, environ: Mapping[str, str] = os.environ
) -> Path:
    """The profiles.yml that dbt would take: as told, the variable's, the project's, the home folder's.

    Raises ``IsolationError`` where there is none.
    """
    told = profiles_dir or (Path(environ["DBT_PROFILES_DIR"]) if environ.get("DBT_PROFILES_DIR") else None)
    folders = [told] if told else [project_dir, Path.home() / ".dbt"]
    for folder in folders:
        if (folder / "profiles.yml").is_file():
            return folder / "profiles.yml"
    raise IsolationError(
        f"no profiles.yml in {' or '.join(map(str, folders))}", "name its folder with --profiles-dir"
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """The project's profile in ``file``; ``default`` is the target that dbt takes where none is named.

    ``outputs``: what each target says, by its name.
    """

    file: Path
    targets: tuple[Target, ...]
    default: str
    outputs: Mapping[str, Mapping[str, Any]]

    def target(self, name: str) -> Target:
        """The target of that name. Raises ``IsolationError`` where there is none."""
        found = {one.name: one for one in self.targets}
        if name not in found:
            hint = suggestion(name, found) if found else "add one to the profile's outputs"
            raise IsolationError(f"{self.file}: no target '{name}'", hint)
        return found[name]


def profile_of(project_dir: Path, profiles: Path, environ: Mapping[str, str] = os.environ) -> Profile:
    """The project's profile, its default target first; ``env_var()`` in it is rendered.

    Raises ``IsolationError`` for a missing profile.
    """
    project = read_yaml(project_dir / "dbt_project.yml")
    name = environ.get("DBT_PROFILE") or project.get("profile")
    all_profiles = read_yaml(profiles)
    profile = all_profiles.get(name) if isinstance(name, str) else None
    outputs = profile.get("outputs") if isinstance(profile, Mapping) else None
    if not isinstance(outputs, Mapping) or not outputs:
        known = ", ".join(str(one) for one in all_profiles if one != "config")
        raise IsolationError(
            f"{profiles}: no profile '{name}' with outputs, which dbt_project.yml or DBT_PROFILE names",
            f"profiles there: {known}",
        )
    default = str(profile.get("target", "default")) if isinstance(profile, Mapping) else ""
    default = _rendered(default, environ)
    rendered = {
        str(name): _all_rendered(output, environ)
        for name, output in outputs.items()
        if isinstance(output, Mapping)
    }
    found = [_target(name, output) for name, output in rendered.items()]
    targets = tuple(sorted(found, key=lambda target: target.name != default))
    return Profile(profiles, targets, default, rendered)


def duckdb_name(path: str) -> str:
    """What DuckDB calls the database at ``path``: the file's name up to its first dot."""
    if path in ("", ":memory:"):
        return "memory"
    return PurePath(path.partition("?")[0].removeprefix("md:")).name.lstrip(".").split(".")[0]


def _target(name: str, output: Mapping[str, Any]) -> Target:
    def text(*keys: str) -> str:
        return next((str(output[key]) for key in keys if output.get(key)), "")

    database = text("database", "dbname", "project", "catalog")
    schema = text("schema", "dataset")
    if output.get("type") == "duckdb":
        database = database or duckdb_name(text("path"))
        schema = schema or "main"
    return Target(
        name=name,
        database=database,
        schema=schema,
        user=text("user", "username"),
        adapter_type=text("type"),
    )


def _all_rendered(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _rendered(value, environ)
    if isinstance(value, Mapping):
        return {key: _all_rendered(one, environ) for key, one in value.items()}
    return [_all_rendered(one, environ) for one in value] if isinstance(value, list) else value


def _rendered(text: str, environ: Mapping[str, str]) -> str:
    """``text`` with each plain ``{{ env_var('NAME', 'default') }}`` replaced; other Jinja stays as it is."""
    return re.sub(
        r"\{\{\s*env_var\(\s*(['\"])(\w+)\1\s*(?:,\s*(['\"])(.*?)\3\s*)?\)\s*\}\}",
        lambda match: environ.get(match[2], match[4] if match[4] is not None else match[0]),
        text,
    )
