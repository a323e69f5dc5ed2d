"""Generated projects, and dbt commands in them as processes to time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .results import Row
from .timing import BenchmarkError, Command, Samples, cpu, environment, peak, run, wall

PACKAGE = Path(__file__).parents[1]
USER = "bench"
TIMEOUT = 1800.0
"""Seconds that one command may take."""

# dbt as its own command line starts it, with some places left out of Python's search path: dbt imports every
# installed module whose name begins with dbt_, so the plugin is only away where it cannot be found.
_DBT = """\
import os, sys
hidden = {hidden!r}
sys.path[:] = [place for place in sys.path if os.path.realpath(place or ".") not in hidden]
{before}
from dbt.cli.main import cli
cli()
"""

# A place that holds dbt as well cannot be left out.
_FIND = """\
import importlib.util, json, os
def place(name):
    found = importlib.util.find_spec(name)
    return os.path.realpath(os.path.dirname(os.path.dirname(found.origin))) if found else None
print(json.dumps([place("dbt_isolation"), place("dbt.cli")]))
"""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What to leave out of Python's search path so that the plugin is not found."""

    places: tuple[str, ...]
    together: bool
    """Whether the plugin stands beside dbt itself, so that it cannot be hidden."""


def generate_project(path: Path, models: int, *, packaged: bool = True, data: bool = True) -> None:
    """Write a generated project; with the package, dbt has also installed it.

    It is done in a process of its own: what this one has grown to is the least that a timed one can be seen
    to need.
    """
    command = [sys.executable, "-m", "benchmarks.generator", str(path), "--models", str(models)]
    command += ["--package", str(PACKAGE)] if packaged else []
    command += [] if data else ["--no-data"]
    subprocess.run(command, cwd=PACKAGE, check=True)
    if packaged:
        run(dbt(path, "deps", target=None), timeout=TIMEOUT)


def dbt(
    project: Path,
    *words: str,
    target: str | None = "dev",
    hidden: tuple[str, ...] = (),
    before: str = "",
    prepare: Callable[[], object] | None = None,
) -> Command:
    """A dbt command in a project, as the deployer for target prod; `before` is Python to run first."""
    deployer = {"DBT_ISOLATION_DEPLOY": "1"} if target == "prod" else {}
    return Command(
        (
            sys.executable,
            "-c",
            _DBT.format(hidden=hidden, before=before),
            *words,
            *(("--target", target) if target else ()),
        ),
        project,
        environment(DBT_ISOLATION_USER=USER, DBT_PROFILES_DIR=str(project), **deployer),
        prepare,
    )


def dbt_isolation(
    project: Path, *words: str, target: str, prepare: Callable[[], object] | None = None
) -> Command:
    """One of the package's own commands in a project, as the deployer for target prod."""
    deployer = {"DBT_ISOLATION_DEPLOY": "1"} if target == "prod" else {}
    return Command(
        (
            sys.executable,
            "-c",
            "from dbt_isolation.main import run; run()",
            *words,
            *("--target", target),
        ),
        project,
        environment(DBT_ISOLATION_USER=USER, DBT_PROFILES_DIR=str(project), **deployer),
        prepare,
    )


def find_hidden(folder: Path) -> Hidden:
    """What hides the plugin from a process that is started in `folder`."""
    command = [sys.executable, "-c", _FIND]
    found = subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True, text=True)
    plugin, core = json.loads(found.stdout)
    if plugin is None:
        raise BenchmarkError("dbt_isolation is not installed here: pip install -e .")
    return Hidden((), together=True) if plugin == core else Hidden((plugin,), together=False)


def rows(what: str, base: Samples, judged: Samples, goal: float) -> list[Row]:
    """CPU time, to be at most `goal` times that of `base`; beside it, time on the clock and memory."""
    time, clock, memory = (judged.against(base, measure) for measure in (cpu, wall, peak))
    return [
        Row(
            f"{what}, CPU",
            f"{time.a:.2f} s",
            f"{time.b:.2f} s",
            time.ratio,
            goal=f"at most {goal}",
            met=time.ratio.median <= goal,
        ),
        Row(f"{what}, wall", f"{clock.a:.2f} s", f"{clock.b:.2f} s", clock.ratio),
        Row(f"{what}, peak memory", f"{memory.a / 1e6:.0f} MB", f"{memory.b / 1e6:.0f} MB", memory.ratio),
    ]
