"""How far the package is set up in a project: one line a fact, fine or with what to do.

Everything is read from files and from the release store; nothing here starts dbt or connects to a database.
"""

import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dbt_isolation import __version__
from dbt_isolation.artifacts.project import macros_of
from dbt_isolation.config.model import Config
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.environments import Target, run_of
from dbt_isolation.errors import IsolationError
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import open_store

#: Reads sources by environment where dbt loads no plugin.
SOURCE_MACRO = "source"
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


def one_liner(name: str, default: str = "") -> str:
    """The root project's macro ``name``, of ``ONE_LINERS`` or ``SOURCE_MACRO``, that returns the package's.

    ``default``: the project's own macro, which names what no template does; dbt's does if not given.
    """
    if name == SOURCE_MACRO:
        head = "{% macro source(source_name, table_name) -%}"
        return f"{head}{{{{ return(dbt_isolation.source(source_name, table_name)) }}}}{{%- endmacro %}}"
    custom = name.replace("generate_", "custom_")
    arguments = f"{custom}, node" + (f", default={default}({custom}, node)" if default else "")
    head = f"{{% macro {name}({custom}=none, node=none) -%}}"
    return f"{head}{{{{ return(dbt_isolation.{name}({arguments})) }}}}{{%- endmacro %}}"


def has_vars_file(project_dir: Path) -> bool:
    """Whether the project keeps its variables in vars.yml, which dbt knows from 1.12."""
    try:
        knows = tuple(map(int, re.findall(r"\d+", version("dbt-core"))[:2])) >= (1, 12)
    except PackageNotFoundError:
        knows = False
    return knows and (project_dir / "vars.yml").is_file()


def facts(
    project_dir: Path, config: Config, found: list[Target], environ: Mapping[str, str]
) -> Iterator[Fact]:
    """Everything there is to say, in the order in which one would mend it."""
    yield _dbt()
    yield _plugin()
    project = read_yaml(project_dir / "dbt_project.yml")
    yield _package(project_dir, project)
    yield from _one_liners(project_dir)
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
    for name in dict.fromkeys(one.reads for one in config.environments.values() if one.reads):
        yield _state(project_dir, config, str(project.get("name", "")), name, environ)


def _state(
    project_dir: Path, config: Config, project: str, environment: str, environ: Mapping[str, str]
) -> Fact:
    what = f"releases of {environment}"
    try:
        releases = Releases(open_store(config.state, project_dir, environ), project, environment)
        release = releases.current()
    except IsolationError as error:
        return Fact(what, error.message, error.hint or "see that `state:` names a place that can be reached")
    if release is None:
        return Fact(
            what,
            f"none yet in {releases.place}",
            f"its deployer runs `dbt build` and `dbt-isolation state push` with a target of {environment}",
        )
    return Fact(what, f"release {release.number}, made {release.created_at}, in {releases.place}")


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


def _one_liners(project_dir: Path) -> Iterator[Fact]:
    macros = macros_of(project_dir)
    for name in ONE_LINERS:
        definition = macros.get(name)
        line = one_liner(name)
        if definition is None:
            yield Fact(f"macro {name}", "not in the project", f"write it to macros/{name}.sql: {line}")
        elif f"dbt_isolation.{name}" not in definition.text:
            yield Fact(f"macro {name}", "does not return the package's", f"make it {line}")
        else:
            yield Fact(f"macro {name}", "returns the package's")
