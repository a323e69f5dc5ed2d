"""What it costs that a run in development writes down what it builds."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from .projects import TIMEOUT, dbt, generate_project, rows
from .results import Options, Section
from .timing import BenchmarkError, in_turn

GOAL = 1.02

# The rest of the plugin stays: what is timed is the ledger alone.
_NOTHING_IS_RECORDED = "import dbt_isolation.guard.course; dbt_isolation.guard.course.RECORDED = frozenset()"


def evidence(options: Options) -> Section:
    """Time a run of all models that records them against one that does not."""
    rounds = options.rounds or 5
    with TemporaryDirectory() as temporary:
        project = Path(temporary).resolve() / "project"
        generate_project(project, options.models)
        lines = project / "target" / "dbt_isolation" / "evidence.jsonl"

        def check_nothing_is_recorded() -> None:
            if lines.exists():
                raise BenchmarkError("the run without evidence left some")

        without, with_ = in_turn(
            [
                dbt(
                    *(project, "run"),
                    before=_NOTHING_IS_RECORDED,
                    prepare=lambda: lines.unlink(missing_ok=True),
                ),
                dbt(project, "run", prepare=check_nothing_is_recorded),
            ],
            rounds=rounds,
            timeout=TIMEOUT,
        )
        recorded = len(lines.read_bytes().splitlines()) if lines.exists() else 0
        if not recorded:
            raise BenchmarkError("the run with evidence left none")
    about = (
        f"`dbt run` of the generated project of {options.models} models (DuckDB, target dev). A: with the "
        f"plugin, told to record nothing. B: with the plugin as it is; it leaves {recorded} records. The "
        "goal is for CPU time."
    )
    remark = "Fingerprints are made in both: reads need them too, and `reads` above counts them."
    return Section(about, rows("`run`", without, with_, GOAL), rounds, [remark])
