"""run_results.json: what a dbt invocation did, of any dbt version."""

from pathlib import Path
from typing import Any

import msgspec

from dbt_isolation.errors import IsolationError


class Metadata(msgspec.Struct, frozen=True):
    """The file's own ``metadata``; times in ISO 8601."""

    invocation_id: str | None = None
    dbt_version: str = ""
    generated_at: str = ""


class Result(msgspec.Struct, frozen=True):
    """One node's result; ``status`` in dbt's words."""

    unique_id: str
    status: str
    timing: list[dict[str, Any]] = []

    @property
    def completed_at(self) -> str:
        """When it ended, in ISO 8601; empty where dbt does not say."""
        return str((self.timing[-1].get("completed_at") if self.timing else None) or "")


class RunResults(msgspec.Struct, frozen=True):
    """A whole file; ``args`` are dbt's flags, ``which`` among them."""

    metadata: Metadata
    results: list[Result]
    args: dict[str, Any] = {}

    @property
    def command(self) -> str:
        """dbt's name of the command: run, build, …"""
        return str(self.args.get("which") or "")


def read(file: Path) -> RunResults:
    """The results in ``file``.

    Raises ``IsolationError`` where there are none, or the file is cut off or something else.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=RunResults)
    except FileNotFoundError as error:
        raise IsolationError(f"no run results at {file}", "run dbt first, without --no-write-json") from error
    except OSError as error:
        raise IsolationError(f"{file}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IsolationError(f"{file} holds no run results that can be read: {error}") from error
