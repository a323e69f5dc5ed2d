"""The configuration as frozen dataclasses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Condition:
    """``{env_var, equals}`` or ``{user: […]}``; without ``equals`` a variable must be set and not empty."""

    env_var: str = ""
    equals: str | None = None
    users: tuple[str, ...] = ()

    def holds(self, environ: Mapping[str, str], user: str) -> bool:
        """Whether it holds for these variables and this user of the connection."""
        if self.users:
            return user in self.users
        value = environ.get(self.env_var, "")
        return bool(value) if self.equals is None else value == self.equals

    def __str__(self) -> str:
        if self.users:
            return f"the connection's user is {' or '.join(self.users)}"
        return f"{self.env_var} is set" if self.equals is None else f"{self.env_var}={self.equals}"


def covers(place: str, path: str) -> bool:
    """Whether ``place``, a file or a folder, is or holds the file at ``path``; both with ``/``."""
    return path == place or path.startswith(f"{place}/")


@dataclass(frozen=True, slots=True)
class Layer:
    """The models under ``path``, a folder or a file; a layer reads those before it."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Weights:
    """What a check's findings weigh: ``off``, ``warn`` or ``error`` by its code; under ``path`` if given."""

    of_code: Mapping[str, str]
    path: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Another place for the root project's nodes under ``path``, a file or a folder."""

    path: str
    templates: Mapping[str, str]

    def covers(self, path: str) -> bool:
        """Whether the node at ``path``, relative to the project and with ``/``, is meant."""
        return covers(self.path, path)


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment as written; ``owns`` as (database, schema) globs, variables filled in."""

    name: str
    targets: tuple[str, ...] | None = None
    when: Condition | None = None
    protected: bool = False
    owns: tuple[tuple[str, str], ...] = ()
    deployer: Condition | None = None
    templates: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    overrides: tuple[Override, ...] = ()
    reads: str | None = None
    expires: timedelta | None = None
    max_age: timedelta | None = None
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    unbuilt_change: str = "warn"
    cross_views: str = "table"
    copy_rows: int = 1_000_000
    scheduled: str = "warn"


@dataclass(frozen=True, slots=True)
class Config:
    """The whole block; ``noqa_reason``: whether a ``noqa`` needs one; ``dialect``: an adapter type."""

    environments: Mapping[str, Environment]
    state: str = "state"
    mode: str = "enforce"
    post_run: bool = True
    copy_limit: int = 20_000_000_000
    layers: tuple[Layer, ...] = ()
    weights: tuple[Weights, ...] = ()
    noqa_reason: bool = False
    dialect: str = ""

    def weight(self, code: str, path: str) -> str | None:
        """What a finding of ``code`` in the file at ``path`` weighs; the last that says so counts."""
        found = [
            one.of_code[code]
            for one in self.weights
            if code in one.of_code and (not one.path or covers(one.path, path))
        ]
        return found[-1] if found else None

    @property
    def observing(self) -> bool:
        """Whether guards only say what they would refuse."""
        return self.mode == "observe"
