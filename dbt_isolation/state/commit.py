"""The git commit that a project stands on; everything is unknown where there is no git."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT = 10


@dataclass(frozen=True, slots=True)
class Commit:
    """HEAD's SHA, empty where it is unknown, and whether files that git knows were changed since."""

    sha: str = ""
    dirty: bool = False


def commit(folder: Path) -> Commit:
    """The commit that ``folder`` stands on."""
    sha = _git(folder, "rev-parse", "HEAD")
    if sha is None:
        return Commit()
    return Commit(sha, bool(_git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")))


def is_ancestor(folder: Path, sha: str) -> bool | None:
    """Whether the commit ``sha`` is HEAD or comes before it; None where git cannot say."""
    if not re.fullmatch(r"[0-9a-f]{40,64}", sha) or _git(folder, "rev-parse", "HEAD") is None:
        return None
    here = _git(folder, "cat-file", "-e", f"{sha}^{{commit}}") is not None
    if here and _git(folder, "merge-base", "--is-ancestor", sha, "HEAD") is not None:
        return True
    # A clone without its history, as continuous integration makes it, does not know what came before.
    # Elsewhere a commit that is not here is another branch's, or was not fetched.
    return None if _git(folder, "rev-parse", "--is-shallow-repository") == "true" else False


def _git(folder: Path, *words: str) -> str | None:
    try:
        ended = subprocess.run(
            ["git", *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.strip()
