"""dbt, the plugin and the dbt package: whether they are there and go together."""

import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dbt_isolation import __version__
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.installation.fact import Fact

_OLDEST_DBT, _FIRST_UNKNOWN_DBT = (1, 10), (3, 0)
_WITH_VARS_FILE = _WITH_POINTERS = _WITH_DOTENV = (1, 12)


def agrees(macros: str) -> bool:
    """Whether macros of this version and this Python package work together: the first two parts are equal."""
    return macros.split(".")[:2] == __version__.split(".")[:2]


def supports(dbt_core: str) -> bool:
    """Whether dbt-core of this version is in the range that the package takes."""
    return _OLDEST_DBT <= _parts(dbt_core) < _FIRST_UNKNOWN_DBT


def has_vars_file(project_dir: Path) -> bool:
    """Whether the project keeps its variables in vars.yml, which dbt knows from 1.12."""
    return _is_from(_WITH_VARS_FILE) and (project_dir / "vars.yml").is_file()


def has_pointers() -> bool:
    """Whether dbt writes a view beside a model's latest version, where that is asked for."""
    return _is_from(_WITH_POINTERS)


def loads_dotenv() -> bool:
    """Whether dbt takes variables from a file `.env`."""
    return _is_from(_WITH_DOTENV)


def version_facts(project_dir: Path, project: Mapping[str, Any]) -> Iterator[Fact]:
    """A line each; ``project`` is dbt_project.yml."""
    yield _dbt()
    yield _plugin()
    yield _package(project_dir, project)


def _parts(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)[:2]))


def _is_from(first: tuple[int, int]) -> bool:
    installed = _dbt_core()
    return bool(installed and _parts(installed) >= first)


def _dbt_core() -> str:
    # Takes longer to import than most commands need for anything else.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dbt-core")
    except PackageNotFoundError:
        return ""


def _dbt() -> Fact:
    installed = _dbt_core()
    if not installed:
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
        return Fact(
            "package",
            "dbt_isolation is not installed",
            "run `dbt deps`, after `dbt-isolation init` if packages.yml does not name it",
        )
    there = str(read_yaml(file).get("version", "unknown"))
    if agrees(there):
        return Fact("package", f"dbt_isolation {there}")
    return Fact(
        "package",
        f"the macros are version {there}, the Python package is {__version__}",
        f"set the revision in packages.yml to v{__version__} and run `dbt deps`",
    )
