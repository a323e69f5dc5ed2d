"""What the package adds to plain dbt: a full parse, an unchanged partial parse, and a run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .generator import PROJECT
from .results import Options, Row, Section
from .timing import BenchmarkError, Command, Samples, cpu, environment, in_turn, peak, run, say, wall

PACKAGE = Path(__file__).parents[1]
USER = "bench"

_TIMEOUT = 1800.0

# dbt as its own command line starts it, with some places left out of Python's search path: dbt imports every
# installed module whose name begins with dbt_, so the plugin is only away where it cannot be found.
_DBT = """\
import os, sys
hidden = {hidden!r}
sys.path[:] = [place for place in sys.path if os.path.realpath(place or ".") not in hidden]
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


def plain_dbt(options: Options) -> Section:
    """Time dbt on the same generated project, with the package against without."""
    rounds = options.rounds or 5
    with TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        hidden, remark = _hidden(folder)
        plain, packaged = folder / "plain", folder / "packaged"
        _generate(plain, options.models)
        _generate(packaged, options.models, "--package", str(PACKAGE))
        run(_dbt(packaged, "deps"), timeout=_TIMEOUT)
        run(_dbt(packaged, "parse"), timeout=_TIMEOUT)
        _check_effect(packaged)

        rows = []
        for what, words, goal, anew in (
            ("full parse", ("parse",), 1.15, True),
            ("unchanged partial parse", ("parse",), 1.05, False),
            ("`run`", ("run",), 1.05, False),
        ):
            say(what)
            without, with_ = in_turn(
                [_dbt(plain, *words, hidden=hidden, anew=anew), _dbt(packaged, *words, anew=anew)],
                rounds=rounds,
                timeout=_TIMEOUT,
            )
            rows += _rows(what, without, with_, goal)
    about = (
        f"dbt on the generated project of {options.models} models (DuckDB, target dev). A: without the "
        "package, its one-line macros and its block. B: with them. The goal is for CPU time, which other "
        "work on the machine disturbs least."
    )
    return Section(about, rows, rounds, [remark])


def _rows(what: str, without: Samples, with_: Samples, goal: float) -> list[Row]:
    time, clock, memory = (with_.against(without, measure) for measure in (cpu, wall, peak))
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


def _dbt(project: Path, *words: str, hidden: tuple[str, ...] = (), anew: bool = False) -> Command:
    """A dbt command in a project; `anew` makes it parse everything."""
    known = project / "target" / "partial_parse.msgpack"
    return Command(
        (
            sys.executable,
            "-c",
            _DBT.format(hidden=hidden),
            *words,
            *(() if "deps" in words else ("--target", "dev")),
        ),
        project,
        environment(DBT_ISOLATION_USER=USER, DBT_PROFILES_DIR=str(project)),
        (lambda: known.unlink(missing_ok=True)) if anew else None,
    )


def _generate(path: Path, models: int, *more: str) -> None:
    # in a process of its own: what this one has grown to is the least that a timed one can be seen to need
    command = [sys.executable, "-m", "benchmarks.generator", str(path), "--models", str(models), *more]
    subprocess.run(command, cwd=PACKAGE, check=True)


def _hidden(folder: Path) -> tuple[tuple[str, ...], str]:
    """What to leave out of the search path so that the plugin is not found, and what to say about it."""
    command = [sys.executable, "-c", _FIND]
    found = subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True, text=True)
    plugin, dbt = json.loads(found.stdout)
    if plugin is None:
        raise BenchmarkError("dbt_isolation is not installed here: pip install -e .")
    if plugin == dbt:
        return (), "In A the plugin is installed too, and inert: there is no block for it to act on."
    return (plugin,), "In A the plugin cannot be imported."


def _check_effect(project: Path) -> None:
    """Refuse to measure a package that does nothing."""
    manifest = json.loads((project / "target" / "manifest.json").read_text(encoding="utf-8"))
    schemas = {
        node["schema"] for key, node in manifest["nodes"].items() if key.startswith(f"model.{PROJECT}.")
    }
    if strays := [schema for schema in schemas if not schema.startswith(f"dev_{USER}_")]:
        raise BenchmarkError(f"the package is not in effect: models go to {', '.join(sorted(strays))}")
