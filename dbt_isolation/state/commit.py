"""The git commit that a project stands on; everything is unknown where there is no git."""

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
    if not sha or _git(folder, "rev-parse", "HEAD") is None:
        return None
    if _git(folder, "cat-file", "-e", f"{sha}^{{commit}}") is None:
        # Not here at all: another branch's, or one that was not fetched.
        return False
    return _git(folder, "merge-base", "--is-ancestor", sha, "HEAD") is not None


def _git(folder: Path, *words: str) -> str | None:
    try:
        ended = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.strip()
