"""The dbt invocation under way, as far as a guard needs it, read from dbt's own objects."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import click
from dbt.adapters.factory import get_adapter_by_type
from dbt.flags import get_flags
from dbt_common.context import get_invocation_context
from dbt_common.invocation import get_invocation_id

from dbt_isolation.config import block as configuration
from dbt_isolation.dotenv_file import stray
from dbt_isolation.environments import Run, Target, run_of
from dbt_isolation.errors import IsolationError

_NEVER_CONNECTS = frozenset({"deps", "clean", "debug", "init"})


@dataclass(frozen=True, slots=True)
class Session:
    """One dbt command; ``problem`` is what is wrong with the block, and then there is no run."""

    command: str
    project: str
    flags: Any
    credentials: Any
    project_dir: Path
    target_path: Path
    run: Run | None = None
    problem: IsolationError | None = None
    retrying: bool = False

    @classmethod
    def begin(cls) -> Self | None:
        """The command of dbt's command line; None where there is none, no connection, or no block."""
        context = click.get_current_context(silent=True)
        if context is None or not isinstance(context.obj, dict) or "project" not in context.obj:
            return None
        if get_flags().WHICH in _NEVER_CONNECTS:
            return None
        return cls._of(context.obj["project"], context.obj["profile"])

    @classmethod
    def resume(cls, began: Self) -> Self | None:
        """The command as it stands after parsing, when `retry` has the earlier command's target."""
        config = get_adapter_by_type(began.credentials.type).config
        session = cls._of(config, config)
        return replace(session, retrying=True) if session is not None else None

    @classmethod
    def _of(cls, project: Any, profile: Any) -> Self | None:
        variables = project.vars.to_dict()
        if configuration.BLOCK not in variables:
            return None
        flags = get_flags()
        credentials = profile.credentials
        given = {
            "command": flags.WHICH,
            "project": str(project.project_name),
            "flags": flags,
            "credentials": credentials,
            "project_dir": Path(project.project_root),
            "target_path": Path(project.project_target_path),
        }
        environ = get_invocation_context().env
        file = "vars.yml" if (Path(project.project_root) / "vars.yml").is_file() else "dbt_project.yml"
        try:
            config = configuration.parse(variables[configuration.BLOCK], environ, file=file)
        except IsolationError as error:
            return cls(**given, problem=error)
        if configuration.BLOCK in (flags.VARS or {}):
            redefined = IsolationError(
                f"--vars redefines '{configuration.BLOCK}'; it is read from {file} alone",
                "take it out of --vars, and change the file",
            )
            return cls(**given, problem=redefined)
        target = Target(
            name=profile.target_name,
            database=credentials.database or "",
            schema=credentials.schema or "",
            user=getattr(credentials, "user", None) or "",
            adapter_type=credentials.type,
        )
        return cls(**given, run=run_of(config, target, environ, stray(environ)))

    @property
    def invocation_id(self) -> str:
        """dbt's."""
        return str(get_invocation_id())

    @property
    def observing(self) -> bool:
        """Whether guards only say what they would refuse."""
        return self.run is not None and self.run.config.observing

    @property
    def store_failures(self) -> bool:
        """Whether the command line asks for tests to store their failures."""
        return bool(getattr(self.flags, "STORE_FAILURES", False))


def manifest_in_use() -> Any:
    """The manifest that the command line holds: its own, or the one that ``dbtRunner`` was given."""
    context = click.get_current_context(silent=True)
    return context.obj.get("manifest") if context is not None else None
