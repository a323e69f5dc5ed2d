"""How far the package is set up in a project: one line a fact, fine or with what to do.

Everything is read from files; nothing here starts dbt or connects to anything.
"""

import os
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dbt_isolation import __version__
from dbt_isolation.config.model import Config
from dbt_isolation.config.settings import read_yaml, suggestion
from dbt_isolation.environments import Target, run_of
from dbt_isolation.errors import IsolationError

ONE_LINERS = ("generate_database_name", "generate_schema_name", "generate_alias_name")
_OLDEST_DBT, _FIRST_UNKNOWN_DBT = (1, 10), (3, 0)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at; ``remedy`` is empty where it is fine."""

    what: str
    found: str
    remedy: str = ""


def agrees(macros: str) -> bool:
    """Whether macros of this version and this Python package work together: the first two parts are equal."""
    return macros.split(".")[:2] == __version__.split(".")[:2]


def supports(dbt_core: str) -> bool:
    """Whether dbt-core of this version is in the range that the package takes."""
    return _OLDEST_DBT <= tuple(map(int, re.findall(r"\d+", dbt_core)[:2])) < _FIRST_UNKNOWN_DBT


def one_liner(name: str) -> str:
    """The root project's macro ``name``, one of ``ONE_LINERS``, that returns the package's."""
    custom = name.replace("generate_", "custom_")
    head = f"{{% macro {name}({custom}=none, node=none) -%}}"
    return f"{head}{{{{ return(dbt_isolation.{name}({custom}, node)) }}}}{{%- endmacro %}}"


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
    """The project's profile in ``file``; ``default`` is the target that dbt takes where none is named."""

    file: Path
    targets: tuple[Target, ...]
    default: str

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
    found = [
        _target(str(name), output, environ) for name, output in outputs.items() if isinstance(output, Mapping)
    ]
    return Profile(profiles, tuple(sorted(found, key=lambda target: target.name != default)), default)


def _target(name: str, output: Mapping[str, Any], environ: Mapping[str, str]) -> Target:
    def text(*keys: str) -> str:
        return next((_rendered(str(output[key]), environ) for key in keys if output.get(key)), "")

    return Target(
        name=name,
        database=text("database", "dbname", "project", "catalog"),
        schema=text("schema", "dataset"),
        user=text("user", "username"),
        adapter_type=text("type"),
    )


def _rendered(text: str, environ: Mapping[str, str]) -> str:
    """``text`` with each plain ``{{ env_var('NAME', 'default') }}`` replaced; other Jinja stays as it is."""
    return re.sub(
        r"\{\{\s*env_var\(\s*(['\"])(\w+)\1\s*(?:,\s*(['\"])(.*?)\3\s*)?\)\s*\}\}",
        lambda match: environ.get(match[2], match[4] if match[4] is not None else match[0]),
        text,
    )


def facts(
    project_dir: Path, config: Config, found: list[Target], environ: Mapping[str, str]
) -> Iterator[Fact]:
    """Everything there is to say, in the order in which one would mend it."""
    yield _dbt()
    yield _plugin()
    project = read_yaml(project_dir / "dbt_project.yml")
    yield _package(project_dir, project)
    yield from _one_liners(project_dir, project)
    for environment in config.environments.values():
        if environment.protected:
            owned = ", ".join(".".join(place) for place in environment.owns)
            yield Fact(
                f"environment {environment.name}", f"owns {owned}; written where {environment.deployer}"
            )
    for target in found:
        run = run_of(config, target, environ)
        if run.environment is None:
            problem = run.problem or IsolationError("")
            yield Fact(f"target {target.name}", problem.message, problem.hint)
        else:
            yield Fact(f"target {target.name}", f"environment {run.environment.name}")


def _dbt() -> Fact:
    try:
        installed = version("dbt-core")
    except PackageNotFoundError:
        return Fact("dbt", "dbt-core is not in this Python environment", "install dbt-isolation beside dbt")
    if supports(installed):
        return Fact("dbt", f"dbt-core {installed}")
    return Fact("dbt", f"dbt-core {installed} is not supported", "install dbt-core 1.10 or later")


def _plugin() -> Fact:
    if any(module.name == "dbt_isolation" for module in pkgutil.iter_modules()):
        return Fact("plugin", f"dbt-isolation {__version__}, found by dbt")
    return Fact(
        "plugin",
        f"dbt-isolation {__version__} is installed in a way that dbt does not find",
        "install it as a wheel, not editable by setuptools",
    )


def _package(project_dir: Path, project: Mapping[str, Any]) -> Fact:
    folder = project_dir / str(project.get("packages-install-path", "dbt_packages")) / "dbt_isolation"
    file = folder / "dbt_project.yml"
    if not file.is_file():
        return Fact("package", "dbt_isolation is not installed", "add it to packages.yml and run `dbt deps`")
    there = str(read_yaml(file).get("version", "unknown"))
    if agrees(there):
        return Fact("package", f"dbt_isolation {there}")
    return Fact(
        "package",
        f"the macros are version {there}, the Python package is {__version__}",
        f"set the revision in packages.yml to v{__version__} and run `dbt deps`",
    )


def _one_liners(project_dir: Path, project: Mapping[str, Any]) -> Iterator[Fact]:
    folders = project.get("macro-paths", ["macros"])
    text = ""
    for folder in folders if isinstance(folders, list) else ["macros"]:
        for file in sorted((project_dir / str(folder)).rglob("*.sql")):
            text += file.read_text(encoding="utf-8", errors="replace")
    for name in ONE_LINERS:
        definition = re.search(rf"\{{%-?\s*macro\s+{name}\s*\(.*?\{{%-?\s*endmacro\s*-?%\}}", text, re.DOTALL)
        line = one_liner(name)
        if definition is None:
            yield Fact(f"macro {name}", "not in the project", f"write it to macros/{name}.sql: {line}")
        elif f"dbt_isolation.{name}" not in definition[0]:
            yield Fact(f"macro {name}", "does not return the package's", f"make it {line}")
        else:
            yield Fact(f"macro {name}", "returns the package's")
