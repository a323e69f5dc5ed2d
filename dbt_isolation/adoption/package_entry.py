"""The entry of packages.yml that brings the dbt package, at the version of this Python package."""

import json
import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlparse

from dbt_isolation import __version__
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.errors import IsolationError

FILES = ("packages.yml", "dependencies.yml")
_NAMES = ("dbt_isolation", "dbt-isolation")


class Origin(NamedTuple):
    """Where the package comes from: a git repository at a ``revision``, or a folder, which has none."""

    place: str
    revision: str | None


def entry(project_dir: Path, told: str | None) -> list[str]:
    """The lines of the entry: a folder if the package is in one, else git with the version's tag.

    ``told`` and what is raised: as below.
    """
    place, revision = origin(told)
    if revision is None:
        return _local(project_dir, Path(place))
    return [f"- git: {json.dumps(place)}", f"  revision: {json.dumps(revision)}"]


def origin(told: str | None) -> Origin:
    """Where the package comes from.

    ``told``: a folder or the URL of a git repository; where this Python package was installed from if not
    given. Raises ``IsolationError`` where that does not say.
    """
    if told is None:
        return _installed_from()
    if urlparse(told).scheme in ("", "file") and not told.startswith("git@"):
        folder = Path(told.removeprefix("file://"))
        if not _is_package(folder):
            raise IsolationError(
                f"{folder} holds no dbt package dbt_isolation", "name the folder of its dbt_project.yml"
            )
        return Origin(str(folder), None)
    return Origin(told, f"v{__version__}")


def brings_ours(project_dir: Path, one: Any) -> bool:
    """Whether an entry of packages.yml brings the package."""
    if not isinstance(one, Mapping):
        return False
    if "local" in one and _is_package(project_dir / str(one["local"])):
        return True
    return any(
        str(one.get(kind, "")).rstrip("/").removesuffix(".git").endswith(_NAMES)
        for kind in ("git", "package", "local", "tarball")
    )


def _installed_from() -> Origin:
    # PEP 610: pip writes where it installed from, unless that was an index.
    try:
        written = json.loads(distribution("dbt-isolation").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        written = {}
    url = str(written.get("url", ""))
    if (git := written.get("vcs_info")) and git.get("vcs") == "git":
        return Origin(url, str(git.get("requested_revision") or git.get("commit_id")))
    folder = Path(unquote(urlparse(url).path))
    if "dir_info" in written and _is_package(folder):
        return Origin(str(folder), None)
    raise IsolationError(
        "where the dbt package comes from is not known",
        "name its folder or git repository: init --package ../dbt-isolation",
    )


def _local(project_dir: Path, folder: Path) -> list[str]:
    try:
        path = os.path.relpath(folder.resolve(), project_dir.resolve())
    except ValueError:  # another drive
        path = str(folder.resolve())
    return [f"- local: {json.dumps(path.replace(os.sep, '/'), ensure_ascii=False)}"]


def _is_package(folder: Path) -> bool:
    file = folder / "dbt_project.yml"
    try:
        return file.is_file() and read_yaml(file).get("name") == "dbt_isolation"
    except (IsolationError, OSError):
        return False
