"""What one of our commands is about: the project, its configuration, the target and so the run."""

import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dbt_isolation.artifacts.project import artifacts_folder
from dbt_isolation.config import block as configuration
from dbt_isolation.config.model import Config, Environment
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.dotenv_file import stray
from dbt_isolation.environments import Run, run_of
from dbt_isolation.errors import IsolationError
from dbt_isolation.profile import Profile, profile_file, profile_of
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import open_store


@dataclass(frozen=True, slots=True)
class Invocation:
    """The common flags, looked up; ``target_path`` is dbt's folder for artifacts."""

    project_dir: Path
    project: str
    target_path: Path
    config: Config
    profile: Profile
    run: Run
    environ: Mapping[str, str]

    @classmethod
    def of(
        cls, arguments: Namespace, *, target: str | None = None, environ: Mapping[str, str] = os.environ
    ) -> Self:
        """Of the common flags; ``target`` is taken where ``--target`` is not given.

        Without either it is the one that dbt would take: ``DBT_TARGET``'s, else the profile's own.

        Raises ``IsolationError`` for a project without the block, and what is wrong there or in the profile.
        """
        project_dir: Path = arguments.project_dir
        config = configuration.load(project_dir, environ)
        if config is None:
            raise IsolationError(
                "dbt_project.yml has no vars: dbt_isolation: block; the package is inert here",
                "`dbt-isolation init` writes it",
            )
        project = read_yaml(project_dir / "dbt_project.yml")
        if not project.get("name"):
            raise IsolationError("dbt_project.yml has no name", "name the project")
        profiles = profile_file(project_dir, arguments.profiles_dir, environ)
        profile = profile_of(project_dir, profiles, environ)
        name = arguments.target or target or environ.get("DBT_TARGET") or profile.default
        return cls(
            project_dir=project_dir,
            project=str(project["name"]),
            target_path=artifacts_folder(project_dir, project, environ),
            config=config,
            profile=profile,
            run=run_of(config, profile.target(name), environ, stray(environ)),
            environ=environ,
        )

    @property
    def environment(self) -> Environment:
        """The run's. Raises ``IsolationError`` where it has none."""
        if self.run.environment is None:
            raise self.run.problem or IsolationError(f"target '{self.run.target.name}' has no environment")
        return self.run.environment

    def releases(self, environment: str) -> Releases:
        """The releases of one environment. Raises ``IsolationError`` where the store cannot be opened."""
        store = open_store(self.config.state, self.project_dir, self.environ)
        return Releases(store, self.project, environment)

    @property
    def released(self) -> str:
        """The environment whose releases matter here: its own if it is protected, else the one it reads.

        Raises ``IsolationError`` where it reads none.
        """
        environment = self.environment
        if environment.protected:
            return environment.name
        if environment.reads is None:
            raise IsolationError(
                f"environment '{environment.name}' reads no other",
                f"name the one it reads in dbt_project.yml: environments.{environment.name}.reads",
            )
        return environment.reads
