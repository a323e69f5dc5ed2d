"""The project whose files are checked: what is known of it, and what its relations are called."""

import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from dbt_isolation.artifacts import compiled
from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.artifacts.project import Definition, artifacts_folder
from dbt_isolation.checks.called import called
from dbt_isolation.config import block as configuration
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.environments import CHOICE, USER
from dbt_isolation.errors import IsolationError
from dbt_isolation.installation.one_liners import own_naming
from dbt_isolation.places import Places
from dbt_isolation.profile import Profile, profile_file, profile_of

_VARIABLE = re.compile(r"\{env:([^}]+)\}")


class CheckedProject:
    """The project in ``folder``; each part is read when it is first asked for, and raises ``IsolationError``.

    So does a project without our block. ``settings``: its dbt_project.yml. ``target_path``: dbt's folder for
    artifacts.
    """

    def __init__(
        self, folder: Path, profiles_dir: Path | None = None, environ: Mapping[str, str] = os.environ
    ) -> None:
        config = configuration.load(folder, environ)
        if config is None:
            raise IsolationError(
                "dbt_project.yml has no vars: dbt_isolation: block; the package is inert here",
                "`dbt-isolation init` writes it",
            )
        self.folder = folder
        self.config = config
        self.settings: Any = read_yaml(folder / "dbt_project.yml")
        if not self.settings.get("name"):
            raise IsolationError("dbt_project.yml has no name", "name the project")
        self.target_path = artifacts_folder(folder, self.settings, environ)
        self._profiles_dir = profiles_dir
        self._environ = environ

    @property
    def profile(self) -> Profile | None:
        """The profile, where it can be read: most checks need none."""
        return self._profile[0]

    @property
    def no_profile(self) -> str:
        """Why there is no profile."""
        return self._profile[1]

    @property
    def parsed(self) -> bool:
        """Whether there is something that dbt parsed."""
        return self._manifest_file.is_file()

    @cached_property
    def manifest(self) -> Manifest | None:
        """What dbt parsed last."""
        file = self._manifest_file
        if not self.parsed:
            return None
        manifest = artifact.read(file)
        name = self.settings.get("name")
        if manifest.metadata.project_name not in (None, name):
            raise IsolationError(
                f"{file} is of project {manifest.metadata.project_name}, and this is {name}",
                "run `dbt parse` here",
            )
        return manifest

    @cached_property
    def compiled(self) -> Mapping[str, str]:
        """The SQL of what dbt compiled last, by unique id."""
        return compiled.read(self._manifest_file) if self.parsed else {}

    @cached_property
    def places(self) -> Places:
        """Where each environment builds."""
        own = frozenset(self._own_naming)
        targets = self.profile.targets if self.profile is not None else ()
        name = str(self.settings.get("name", ""))
        return Places(self.config, targets, self.manifest, name, own, self._environ)

    @cached_property
    def calls(self) -> Mapping[str, str]:
        """What relations are called in a template, as far as a manifest says so for certain."""
        return called(self.manifest, self.places) if self.manifest is not None else {}

    @property
    def depends(self) -> object:
        """All that the answers depend on that are drawn from here, as values with a text of their own."""
        found = self._manifest_file.stat()
        naming = sorted((part, one.text) for part, one in self._own_naming.items())
        environ = sorted((name, self._environ[name]) for name in self._variables() if name in self._environ)
        profile = self.profile.targets if self.profile is not None else self.no_profile
        return self.config, self.settings, profile, naming, environ, found.st_mtime_ns, found.st_size

    @cached_property
    def _own_naming(self) -> Mapping[str, Definition]:
        return own_naming(self.folder)

    def _variables(self) -> set[str]:
        """The environment variables that names of relations may be made of."""
        templates = repr(self.config)
        named = {match[1] for match in _VARIABLE.finditer(templates)}
        return {*named, USER, "USER", "USERNAME", CHOICE}

    @property
    def _manifest_file(self) -> Path:
        return self.target_path / "manifest.json"

    @cached_property
    def _profile(self) -> tuple[Profile | None, str]:
        try:
            file = profile_file(self.folder, self._profiles_dir, self._environ)
            return profile_of(self.folder, file, self._environ), ""
        except IsolationError as error:
            return None, error.message
