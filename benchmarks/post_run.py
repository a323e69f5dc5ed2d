"""What it costs that a run in development says at its end what the project changes of production."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .edits import Edit, Edits
from .projects import PACKAGE, TIMEOUT, dbt, generate_project
from .release import push_release
from .results import Options, Row, Section
from .timing import BenchmarkError, Command, cpu, in_turn, run, say, wall

GOAL = 1.03
_SAID = "dbt-isolation: compared with release 1 of prod: "


@dataclass(frozen=True, slots=True)
class Pair:
    """The same project twice, with a release of production: `silent` says nothing at the end of a run."""

    silent: Path
    telling: Path

    @classmethod
    def made(cls, folder: Path, models: int) -> Pair:
        """Generate it, compile it for production, and release that as if it had been built."""
        found = cls(folder / "silent", folder / "telling")
        generate_project(found.telling, models)
        say(f"  dbt compile of {models} models")
        run(dbt(found.telling, "compile", "--quiet", target="prod"), timeout=TIMEOUT)
        push_release(found.telling)
        shutil.copytree(found.telling, found.silent, symlinks=True)
        with (found.silent / "dbt_project.yml").open("a", encoding="utf-8") as stream:
            stream.write("    post_run: false\n")
        return found

    def edit(self) -> list[Edit]:
        """Change the same models in both."""
        for folder in (self.silent, self.telling):
            edits = Edits(folder).five()
            for one in edits:
                one.apply()
        return edits

    def commands(self, *words: str, cold: bool = False) -> list[Command]:
        """A dbt command in each; `cold`: nothing is remembered of the columns."""
        return [self._command(folder, words, cold=cold) for folder in (self.silent, self.telling)]

    def _command(self, folder: Path, words: tuple[str, ...], *, cold: bool) -> Command:
        cache = folder / "target/dbt_isolation_cache.db"
        command = dbt(folder, *words, prepare=(lambda: cache.unlink(missing_ok=True)) if cold else None)
        return replace(command, environment={**command.environment, "PYTHONPATH": str(PACKAGE)})

    def check(self, edits: Sequence[Edit]) -> None:
        """See that the one run says what was changed, and the other nothing."""
        chosen = Edits(self.telling)
        kinds = Counter(one.kind for one in edits)
        reached = chosen.reached(edits)
        kinds.update(reached[one].kind for one in chosen.inlining(edits))
        true = {
            f"{count} {'changed without effect' if one == 'none' else one}" for one, count in kinds.items()
        }
        for command, expected in zip(
            self.commands("run", "-s", edits[0].file.stem), (set(), true), strict=True
        ):
            done = subprocess.run(
                command.argv, cwd=command.cwd, env=command.environment, capture_output=True, text=True
            )
            lines = [one.partition(_SAID)[2] for one in done.stderr.splitlines() if _SAID in one]
            said = {one for line in lines for one in line.partition(";")[0].split(", ")}
            if done.returncode or said != expected:
                raise BenchmarkError(
                    f"{expected or 'nothing'} should be said of what changed, and is: {said}"
                )


def post_run(options: Options) -> Section:
    """Time runs in development that compare with production against runs that do not."""
    with TemporaryDirectory() as temporary:
        pair = Pair.made(Path(temporary).resolve(), options.models)
        return measured(pair, options)


def measured(pair: Pair, options: Options) -> Section:
    """The figures of a pair that is prepared."""
    rounds = options.rounds or 5
    rows = [*_rows(pair, "`run`, nothing changed", rounds, "run")]
    edits = pair.edit()
    rows += _rows(pair, "`run`, 5 models changed", rounds, "run", goal=GOAL)
    pair.check(edits)
    model = edits[0].file.stem
    rows += _rows(pair, "`run -s MODEL`, 5 models changed", 2 * rounds, "run", "-s", model)
    rows += _rows(pair, "the same, nothing in the cache", 2 * rounds, "run", "-s", model, cold=True)
    about = (
        f"`dbt run` of the generated project of {options.models} models (DuckDB, target dev), with a release "
        "of production that dbt compiled. A: with `post_run: false`. B: as it is, so that a run ends with "
        "what differs from production. MODEL is one of those that changed. The goal is for CPU time."
    )
    remark = (
        "The difference is the median of the differences between neighbours; what is said depends on what "
        "changed, and not on what is run."
    )
    return Section(about, rows, rounds, [remark])


def _rows(
    pair: Pair, what: str, rounds: int, *words: str, goal: float = 0, cold: bool = False
) -> Iterator[Row]:
    say(f"  {what}")
    without, with_ = in_turn(pair.commands(*words, cold=cold), rounds=rounds, timeout=TIMEOUT)
    for name, measure in (("CPU", cpu), ("wall", wall)):
        found = with_.against(without, measure)
        judged = bool(goal) and measure is cpu
        yield Row(
            f"{what}, {name}",
            f"{found.a:.2f} s",
            f"{found.b:.2f} s",
            found.ratio,
            note=f"{found.difference.median:+.2f} s",
            goal=f"at most {goal:g}" if judged else "",
            met=found.ratio.median <= goal if judged else None,
        )
