"""A macro of the package, run by dbt in a process of its own: on the project's adapter and connection."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from dbt_isolation.errors import IsolationError
from dbt_isolation.outcome import Json

#: How long dbt may take to end once it is interrupted; a database driver may not listen.
_GRACE = 5


@dataclass(frozen=True, slots=True)
class Said:
    """What a macro answered, line by line; ``problem`` is dbt's own error, empty where all went well."""

    answers: tuple[Mapping[str, Any], ...]
    problem: str = ""


def run_operation(macro: str, request: Mapping[str, Json], words: Sequence[str]) -> Said:
    """Runs ``dbt_isolation.MACRO`` on ``request``; ``words`` are dbt's flags for project and target.

    The macro gets one text, JSON that also holds a ``mark``: it begins each line of the log that is an
    answer. Raises ``IsolationError`` where dbt cannot be started; interrupted, it ends dbt first.
    """
    mark = f"dbt-isolation {secrets.token_hex(8)} "
    # dbt reads the arguments as YAML, which does not know all of JSON's escapes: so there is JSON in JSON, in
    # which nothing but ASCII is left.
    arguments = json.dumps({"request": json.dumps({**request, "mark": mark})})
    flags = ["--log-format", "json", "--log-level", "info", "--no-quiet", "--no-use-colors"]
    # The log file is as in every other run, and the results of the last one stay.
    flags += ["--log-format-file", "text", "--log-level-file", "debug", "--no-write-json"]
    status, output, errors = run_dbt(
        [*flags, "run-operation", f"dbt_isolation.{macro}", "--args", arguments, *words]
    )
    return _said(mark, status, output, errors)


def common_words(arguments: Namespace) -> list[str]:
    """dbt's flags for what our common flags say.

    No more than that: dbt parses the whole project anew where a target is named which it was not before.
    """
    given = {"--profiles-dir": arguments.profiles_dir, "--target": arguments.target}
    words = [word for flag, value in given.items() if value is not None for word in (flag, str(value))]
    return ["--project-dir", str(arguments.project_dir), *words]


def run_dbt(words: Sequence[str]) -> tuple[int, str, str]:
    """Runs ``dbt WORDS``, and gives its exit status and what it wrote to stdout and stderr.

    Raises ``IsolationError`` where it cannot be started; interrupted, it ends dbt first.
    """
    try:
        process = subprocess.Popen(
            [*_dbt(), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise IsolationError(f"dbt cannot be started: {error.strerror or error}") from error
    try:
        output, errors = process.communicate()
    except BaseException:
        _end(process)
        raise
    return process.returncode, output, errors


def _dbt() -> list[str]:
    """The dbt beside us, else the one on the path."""
    try:
        version("dbt-core")
    except PackageNotFoundError:
        found = shutil.which("dbt")
        if found is None:
            raise IsolationError("there is no dbt here", "install dbt-isolation beside dbt") from None
        return [found]
    # -P: a folder or file called `dbt` where the command is run is not dbt.
    return [sys.executable, "-P", "-c", "from dbt.cli.main import cli; cli(prog_name='dbt')"]


def _end(process: subprocess.Popen[str]) -> None:
    """Lets dbt end as it does when it is interrupted; then ends it."""
    try:
        if os.name == "posix":
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=_GRACE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass
    finally:
        process.kill()
        process.wait()


def _said(mark: str, status: int, output: str, errors: str) -> Said:
    answers, told, other = [], [], []
    for line in output.splitlines():
        try:
            info = json.loads(line)["info"]
            text, level = str(info["msg"]), info["level"]
        except (ValueError, TypeError, KeyError):
            other.append(line)
            continue
        if mark in text:
            answers.append(json.loads(text.partition(mark)[2]))
        elif level == "error":
            told.append(text)
    if status == 0:
        return Said(tuple(answers))
    problem = "\n".join(told) or "\n".join([*other, errors.strip()]).strip()
    return Said(tuple(answers), problem or f"it ended with status {status} and said nothing")
