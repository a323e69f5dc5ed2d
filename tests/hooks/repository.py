"""Git repositories with dbt projects in them, and pre-commit with the hooks of this one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from dbt_isolation import __version__
from dbt_isolation.adoption.hooks_entry import HOOK_IDS
from dbt_isolation.installation.one_liners import ONE_LINERS, one_liner
from tests.dbt_process import Result, environment
from tests.projects import ROOT

GOOD = "select 1 as order_id\n"
BAD = "select * from prod.orders\n"
TAG = f"v{__version__}"
_BUILD_TIMEOUT = 300
_SHIPPED = (
    *("dbt_isolation", "hooks", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"),
    *("dbt_project.yml", "macros"),
)
_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "alice"), ("EMAIL", "alice@example.com"))
}

PROJECT = """\
name: {name}
version: 1.0.0
profile: shop
vars:
  dbt_isolation:
    environments:
      prod:
        targets: [prod]
        protected: true
        owns: [prod.main, "*.prod"]
        deployer: {{env_var: DBT_ISOLATION_DEPLOY, equals: "1"}}
      dev: {{targets: ["*"], reads: prod}}
"""
PROFILES = """\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: dev.duckdb, schema: main}
    prod: {type: duckdb, path: prod.duckdb, schema: main}
"""


class Repository:
    """A git repository in ``folder``, somebody's own, whose commits run the hooks."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.variables = {**variables, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def run(self, *words: str, timeout: float = 120) -> Result:
        """Runs a command in it, with what it prints on both streams."""
        ended = subprocess.run(
            words,
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        return Result(ended.returncode, ended.stdout)

    def git(self, *words: str, status: int = 0) -> str:
        """Runs git, which is to end with that status."""
        result = self.run("git", *words)
        assert result.status == status, result
        return result.output

    def pre_commit(self, *words: str, timeout: float = 120) -> Result:
        """Runs pre-commit."""
        return self.run(sys.executable, "-m", "pre_commit", *words, timeout=timeout)

    def commit(self, *paths: str) -> Result:
        """Stages the paths and commits, with the hooks in the way."""
        if paths:
            self.git("add", "--all", "--", *paths)
        return self.run("git", "commit", "--message", "a change")

    def write(self, path: str, text: str) -> None:
        """Writes a file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """What a file holds."""
        return (self.folder / path).read_text(encoding="utf-8")

    def add_project(self, path: str = ".") -> None:
        """A dbt project that has been set up, without models."""
        name = Path(path).name or "shop"
        self.write(f"{path}/dbt_project.yml", PROJECT.format(name=name))
        self.write(f"{path}/profiles.yml", PROFILES)
        self.write(f"{path}/.gitignore", "target/\n")
        for macro in ONE_LINERS:
            self.write(f"{path}/macros/{macro}.sql", one_liner(macro) + "\n")


def blocked(result: Result, *paths: str) -> bool:
    """Whether the commit was blocked because of bad models in these files."""
    assert all(f"{path}:1" in result.output for path in paths), result
    return result.status == 1 and "DI01" in result.output


def variables(folder: Path) -> dict[str, str]:
    """The environment of a user whose home is ``folder``; pip finds what the tests' own pip finds."""
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    return environment(folder, **pip, **_IDENTITY, PRE_COMMIT_HOME=str(folder / "pre-commit"))


def hook_repository(folder: Path, home: Path) -> Repository:
    """What is shipped of this repository, as it is now, in a repository of its own with the version's tag."""
    folder.mkdir()
    for name in _SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    made = Repository(folder, variables(home))
    made.git("init", "--quiet")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "as it is")
    made.git("tag", TAG)
    return made


def hooked(folder: Path, home: Path, hooks: Repository) -> Repository:
    """A repository whose commits run all hooks; what runs them is installed."""
    folder.mkdir()
    made = Repository(folder, variables(home))
    made.git("init", "--quiet", "--initial-branch", "main")
    entry = {"repo": str(hooks.folder), "rev": TAG, "hooks": [{"id": one} for one in HOOK_IDS]}
    made.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [entry]}))
    for words in (("install",), ("install-hooks",)):
        result = made.pre_commit(*words, timeout=_BUILD_TIMEOUT)
        assert result.status == 0, result
    return made
