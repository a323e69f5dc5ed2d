"""A git repository of a test's own."""

import subprocess
from pathlib import Path

import pytest

_VARIABLES = {
    "GIT_AUTHOR_NAME": "alice",
    "GIT_AUTHOR_EMAIL": "alice@example.com",
    "GIT_COMMITTER_NAME": "alice",
    "GIT_COMMITTER_EMAIL": "alice@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


class Git:
    """git in ``folder``, by somebody with a name and without any settings."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        for name, value in _VARIABLES.items():
            monkeypatch.setenv(name, value)

    def __call__(self, *words: str) -> str:
        """What ``git WORDS`` prints."""
        ended = subprocess.run(
            ["git", *words], cwd=self.folder, capture_output=True, text=True, timeout=60, check=True
        )
        return ended.stdout.strip()

    def commit(self, message: str) -> str:
        """Commits everything, even nothing, and gives the SHA."""
        self("add", "--all")
        self("commit", "--quiet", "--allow-empty", "--message", message)
        return self("rev-parse", "HEAD")
