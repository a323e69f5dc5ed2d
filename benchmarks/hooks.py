"""What the pre-commit hook costs where nothing has changed since it last looked."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .projects import PACKAGE, TIMEOUT, generate_project
from .results import Options, Row, Section, milliseconds
from .timing import Command, Samples, cpu, environment, in_turn, run, wall

GOAL = 5.0
"""For what somebody commits, as a multiple of an empty process."""
GOAL_FOR_ALL = 40.0
"""For every model of a project."""
_FEW = 50

# As pip's console scripts begin; status 9 where `check` itself was needed.
_HOOK = """\
import re
import sys
from isolation_hooks.check import main
status = main()
sys.exit(9 if {unchanged} and "dbt_isolation.main" in sys.modules else status)
"""


def hooks(options: Options) -> Section:
    """Time the hook on unchanged models against a process that does nothing."""
    rounds = options.rounds or 50
    surroundings = environment(PYTHONPATH=os.pathsep.join([str(PACKAGE / "hooks"), str(PACKAGE)]))
    with TemporaryDirectory() as temporary:
        project = Path(temporary).resolve() / "project"
        generate_project(project, options.large, data=False)
        models = sorted(str(file.relative_to(project)) for file in (project / "models").rglob("*.sql"))

        def hook(files: list[str], *, unchanged: bool) -> Command:
            words = (sys.executable, "-c", _HOOK.format(unchanged=unchanged), *files)
            return Command(words, project, surroundings)

        run(hook(models, unchanged=False), timeout=TIMEOUT)
        chosen = [models[:1], models[:: len(models) // _FEW][:_FEW], models]
        nothing = Command((sys.executable, "-c", "pass"), project, surroundings)
        base, *judged = in_turn([nothing, *(hook(files, unchanged=True) for files in chosen)], rounds=rounds)
    rows = [
        row
        for files, taken in zip(chosen, judged, strict=True)
        for row in _rows(len(files), base, taken, GOAL if len(files) <= _FEW else GOAL_FOR_ALL)
    ]
    about = (
        f"`dbt-isolation-check FILES…` (B) in the generated project of {options.large} models, all of them "
        "found clean before, against `python -c pass` (A). Whole processes; the goal is for time on the "
        "clock, which is what somebody who commits waits for."
    )
    return Section(about, rows, rounds, ["There is no manifest, as in a fresh clone."])


def _rows(files: int, base: Samples, judged: Samples, goal: float) -> list[Row]:
    rows = []
    for name, measure in (("wall", wall), ("CPU", cpu)):
        found = judged.against(base, measure)
        rows.append(
            Row(
                what=f"{files} unchanged model{'s' if files > 1 else ''}, {name}",
                a=milliseconds(found.a),
                b=milliseconds(found.b),
                ratio=found.ratio,
                note=milliseconds(found.difference.median, signed=True),
                goal=f"at most {goal}" if measure is wall else "",
                met=found.ratio.median <= goal if measure is wall else None,
            )
        )
    return rows
