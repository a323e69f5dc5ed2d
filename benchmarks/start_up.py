"""What `import dbt_isolation` costs: dbt imports it at every start, whatever the project."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .results import Options, Row, Section, milliseconds
from .timing import Command, cpu, environment, in_turn, run, wall

GOAL = 0.002
"""Seconds that the import may take more than that of an empty package."""


def start_up(options: Options) -> Section:
    """Time `import dbt_isolation` against an empty package, and both against no import."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        empty = folder / "an_empty_package"
        empty.mkdir()
        (empty / "__init__.py").touch()
        # the same search path for all three, so that only the import differs
        surroundings = environment(PYTHONPATH=temporary)
        nothing, blank, package = (
            Command((sys.executable, "-c", text), folder, surroundings)
            for text in ("pass", "import an_empty_package", "import dbt_isolation")
        )
        run(package)
        rounds = options.rounds or 100
        bare, base, ours = in_turn([nothing, blank, package], rounds=rounds, timeout=30)
    rows = []
    for name, measure in (("wall", wall), ("CPU", cpu)):
        against_empty, against_pass = ours.against(base, measure), ours.against(bare, measure)
        extra = against_empty.difference.median
        judged = measure is wall
        rows.append(
            Row(
                what=f"`import dbt_isolation` (B) over an empty package (A), {name}",
                a=milliseconds(against_empty.a),
                b=milliseconds(against_empty.b),
                ratio=against_empty.ratio,
                goal=f"at most {milliseconds(GOAL)} more" if judged else "",
                met=extra <= GOAL if judged else None,
                note=milliseconds(extra, signed=True),
            )
        )
        rows.append(
            Row(
                what=f"`import dbt_isolation` (B) over `pass` (A), {name}",
                a=milliseconds(against_pass.a),
                b=milliseconds(against_pass.b),
                ratio=against_pass.ratio,
                note=milliseconds(against_pass.difference.median, signed=True),
            )
        )
    about = (
        "Whole processes, `python -c …`: `import dbt_isolation`, the import of an empty package, and `pass`, "
        "in turn. The difference is the median of the differences between neighbours."
    )
    return Section(about, rows, rounds)
