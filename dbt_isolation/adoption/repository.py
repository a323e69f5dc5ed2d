"""The git repository that a project is in, and the dbt projects in it."""

import os
import subprocess
from pathlib import Path

from dbt_isolation.config.block import BLOCK

_PACKAGES = ("dbt_packages", "dbt_modules")


def root_of(folder: Path) -> Path | None:
    """The folder of the repository that ``folder`` is in, from here; None where it is in none."""
    whole = folder.absolute()
    found = next((one for one in (whole, *whole.parents) if (one / ".git").exists()), None)
    try:
        return found and Path(os.path.relpath(found))
    except ValueError:  # another drive
        return found


def projects(folder: Path = Path()) -> list[Path]:
    """The dbt projects below ``folder`` that have our block, without the packages that dbt installed.

    git says which files there are, those that it does not know yet among them; without git it is ``folder``.
    """
    words = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
    try:
        asked = subprocess.run(
            [*words, "dbt_project.yml", "*/dbt_project.yml"], cwd=folder, capture_output=True, timeout=60
        )
        names = asked.stdout.decode(errors="surrogateescape").split("\0")[:-1]
    except (OSError, subprocess.TimeoutExpired):
        names = []
    files = [folder / name for name in dict.fromkeys(names or ["dbt_project.yml"])]
    return [
        file.parent for file in files if not set(_PACKAGES) & set(file.parts[:-1]) and _has_block(file.parent)
    ]


def _has_block(folder: Path) -> bool:
    for name in ("dbt_project.yml", "vars.yml"):
        file = folder / name
        if file.is_file() and BLOCK in file.read_text(encoding="utf-8", errors="replace"):
            return True
    return False
