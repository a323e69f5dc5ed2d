"""dbt's own command line in a fork of a process that has imported it: a real run in a fifth of the time.

The fork server starts once per test process; each call is a process of its own with its own folder,
environment variables and output.
"""

import multiprocessing
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

TIMEOUT = 120
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Result:
    """How a process ended: dbt's exit status, and what it printed, without colours."""

    status: int
    output: str

    def __str__(self) -> str:
        return f"exit status {self.status}\n{self.output}"


def context() -> ForkServerContext:
    """The fork server, with dbt imported."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tests.dbt_preload"])
    return server


def environment(home: Path, **variables: str | None) -> dict[str, str]:
    """A clean environment: nothing of the caller's but what a process needs; None takes a variable away."""
    clean: dict[str, str | None] = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "DBT_ISOLATION_USER": "alice",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "NO_COLOR": "1",
        **variables,
    }
    return {name: value for name, value in clean.items() if value is not None}


def dbt(
    words: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    *,
    before: Callable[[], None] | None = None,
    timeout: float = TIMEOUT,
) -> Result:
    """Runs ``dbt WORDS`` in ``folder``; ``before``, an importable function, is called in the child first."""
    return call(_command_line, (list(words), before), folder, variables, timeout=timeout)


def call(
    function: Callable[..., None],
    arguments: tuple[Any, ...],
    folder: Path,
    variables: Mapping[str, str],
    *,
    timeout: float = TIMEOUT,
) -> Result:
    """Calls an importable ``function`` in a fork; it ends the process with the status it wants."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as output:
        process = context().Process(
            target=_child, args=(function, arguments, str(folder), dict(variables), output.name)
        )
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
            raise TimeoutError(f"no end after {timeout} s\n{output.read()}")
        assert process.exitcode is not None
        return Result(process.exitcode, _ANSI.sub("", output.read()))


def isolation(
    words: Sequence[str], folder: Path, variables: Mapping[str, str], *, timeout: float = TIMEOUT
) -> Result:
    """Runs ``dbt-isolation WORDS`` in ``folder``."""
    return call(_our_command_line, (list(words),), folder, variables, timeout=timeout)


def _child(
    function: Callable[..., None],
    arguments: tuple[Any, ...],
    folder: str,
    variables: dict[str, str],
    output: str,
) -> None:
    descriptor = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    function(*arguments)


def _our_command_line(words: list[str]) -> None:
    from dbt_isolation.main import main

    sys.exit(main(words))


def _command_line(words: list[str], before: Callable[[], None] | None) -> None:
    from dbt.cli.main import cli

    if before is not None:
        before()
    sys.argv = ["dbt", *words]
    cli(prog_name="dbt")
