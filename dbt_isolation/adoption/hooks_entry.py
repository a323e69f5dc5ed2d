"""The entry of .pre-commit-config.yaml that brings the hooks, from where the dbt package comes from too."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbt_isolation import __version__
from dbt_isolation.adoption import package_entry
from dbt_isolation.adoption.package_entry import Origin
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.errors import IsolationError

FILE = ".pre-commit-config.yaml"
#: In the order in which they are to run: what can be mended is mended before it is checked.
HOOK_IDS = ("dbt-isolation-fix", "dbt-isolation-check", "dbt-isolation-naming")


def entry(root: Path, project_dir: Path, told: str | None) -> list[str]:
    """The lines of the entry for the repository in ``root``: the package's git repository at its version.

    ``told``: as for the package; where the project has that from if not given.
    Raises ``IsolationError`` where there is no git repository to take hooks from.
    """
    origin = package_entry.origin(told) if told is not None else _used(project_dir)
    if origin.revision is None:
        origin = _as_repository(root, Path(origin.place))
    return [
        f"- repo: {json.dumps(origin.place, ensure_ascii=False)}",
        f"  rev: {json.dumps(origin.revision)}",
        "  hooks:",
        *(f"    - id: {one}" for one in HOOK_IDS),
    ]


def is_ours(one: Any) -> bool:
    """Whether an entry of .pre-commit-config.yaml brings our hooks."""
    hooks = one.get("hooks") if isinstance(one, dict) else None
    return isinstance(hooks, list) and any(
        isinstance(hook, dict) and hook.get("id") in HOOK_IDS for hook in hooks
    )


def _used(project_dir: Path) -> Origin:
    """Where the project has the dbt package from, else where this Python package was installed from."""
    for name in package_entry.FILES:
        file = project_dir / name
        listed = read_yaml(file).get("packages") if file.is_file() else None
        for one in listed if isinstance(listed, list) else ():
            if package_entry.brings_ours(project_dir, one):
                if "git" in one:
                    return Origin(str(one["git"]), str(one.get("revision") or f"v{__version__}"))
                if "local" in one:
                    return Origin(str(project_dir / str(one["local"])), None)
    return package_entry.origin(None)


def _as_repository(root: Path, folder: Path) -> Origin:
    """A folder as pre-commit takes it: a git repository, by this version's tag, or by its commit now."""
    for revision in (f"v{__version__}", "HEAD"):
        commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        if commit:
            try:
                place = os.path.relpath(folder.resolve(), root.resolve()).replace(os.sep, "/")
            except ValueError:  # another drive
                place = str(folder.resolve())
            return Origin(place, revision if revision != "HEAD" else commit)
    raise IsolationError(
        f"pre-commit takes hooks from git, and {folder} is no git repository",
        "name the package's repository: init --hooks --package https://…",
    )


def _git(folder: Path, *words: str) -> str:
    if not (folder / ".git").exists():
        return ""
    try:
        asked: Sequence[str] = ("git", *words)
        return subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=30).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
