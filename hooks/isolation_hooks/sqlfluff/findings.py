"""What the checks of files find in a text that sqlfluff looks at."""

import logging
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from dbt_isolation.artifacts.project import SourceFiles, own_variables
from dbt_isolation.checked import CheckedProject
from dbt_isolation.checks.findings import of_files
from dbt_isolation.checks.tree import Content
from dbt_isolation.code.files import read
from dbt_isolation.errors import IsolationError
from dbt_isolation.outcome import Finding, Skipped

CODES = ("DI01", "DI02", "DI04", "DI05")
#: sqlfluff's dialects that dbt's adapters call something else, or that speak another engine's SQL.
_DIALECTS = {
    "ansi": "",
    "sparksql": "spark",
    "hive": "spark",
    "materialize": "postgres",
    "mariadb": "mysql",
    "doris": "mysql",
    "starrocks": "mysql",
}
_FILES = ("dbt_project.yml", "vars.yml")
#: sqlfluff shows its own loggers alone.
_log = logging.getLogger("sqlfluff.rules")


def findings(path: Path | None, text: str, dialect: str, profiles_dir: str = "") -> tuple[Finding, ...]:
    """Those of all four codes, weighed, whose text is ``text`` as sqlfluff has read it.

    ``path``: None or no file for a text that has none, which then counts as a model of the project that one
    stands in. ``dialect``: sqlfluff's name.
    """
    file = path if path is not None and path.is_file() else None
    folder = _project_folder(file.absolute().parent if file is not None else Path.cwd())
    if folder is None:
        _say_once("no dbt_project.yml above what is linted, so its rules find nothing")
        return ()
    name = "stdin.sql" if file is None else os.path.relpath(file.absolute(), folder).replace(os.sep, "/")
    # sqlfluff itself leaves none; a blank in its place moves nothing.
    text = text.replace("\r", " ")
    dialect = _DIALECTS.get(dialect, dialect)
    return _findings(folder, _stamp(folder), profiles_dir, name, file is not None, text, dialect)


@lru_cache(maxsize=8)
def _findings(
    folder: Path, stamp: tuple[float, ...], profiles_dir: str, path: str, named: bool, text: str, dialect: str
) -> tuple[Finding, ...]:
    """All four rules ask for one text, one after the other."""
    project = _project(folder, stamp, profiles_dir)
    if project is None or (named and path not in SourceFiles(folder, project.settings)):
        return ()
    content = Content(path, text, text, read(path, text, dialect, own_variables(project.settings)))
    found = _of(content, project, {})
    if any(isinstance(one, Finding) and one.code == "DI01" for one in found) and (calls := _calls(project)):
        found = _of(content, project, calls)
    for one in found:
        if isinstance(one, Skipped):
            _log.warning("dbt-isolation: %s is not looked at whole: %s", one.what, one.why)
    return tuple(one for one in found if isinstance(one, Finding))


def _of(content: Content, project: CheckedProject, calls: Mapping[str, str]) -> list[Finding | Skipped]:
    return list(of_files([content], project.config, CODES, calls))


@lru_cache(maxsize=32)
def _project(folder: Path, stamp: tuple[float, ...], profiles_dir: str) -> CheckedProject | None:
    """The project; None, said once, where it has no block or cannot be read."""
    try:
        return CheckedProject(folder, Path(profiles_dir).expanduser() if profiles_dir else None)
    except IsolationError as error:
        _say_once(f"{folder}: {error.message}; its rules find nothing there")
        return None


def _calls(project: CheckedProject) -> Mapping[str, str]:
    try:
        return project.calls
    except IsolationError as error:
        _say_once(f"nothing can be fixed: {error.message}")
        return {}


def _project_folder(start: Path) -> Path | None:
    """The nearest folder with a dbt_project.yml, from ``start`` on upwards, in the same git repository."""
    for folder in (start, *start.parents):
        if (folder / _FILES[0]).is_file():
            return folder
        if (folder / ".git").exists():
            break
    return None


def _stamp(folder: Path) -> tuple[float, ...]:
    """Another one when the configuration is saved: an editor's server lives long."""
    found: list[float] = []
    for name in _FILES:
        try:
            stat = (folder / name).stat()
        except OSError:
            continue
        found += (stat.st_mtime_ns, stat.st_size)
    return tuple(found)


@lru_cache(maxsize=256)
def _say_once(why: str) -> None:
    _log.warning("dbt-isolation: %s", why)
