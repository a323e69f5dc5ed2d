"""What `dbt-isolation compare` costs: beside reading both manifests, and as projects grow."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory

from .compared import Compared
from .memory import peaks
from .projects import TIMEOUT
from .results import Options, Row, Section
from .timing import Sample, Samples, Spread, cpu, in_turn, run, say, wall

GOAL = 2.0
"""Times the decoding of both manifests and an import of sqlglot, where the cache has all."""
MEMORY = 4e9
"""Bytes, of all processes together, at ten times the large size."""
LINEAR = 1.1
"""The exponent of the time's growth."""
_COPIES = (1, 2, 4, 10)


def compare(options: Options) -> Section:
    """Compare a large generated project, and several such side by side, with a release."""
    with TemporaryDirectory() as temporary:
        return measured(Compared.made(Path(temporary).resolve() / "project", options.large), options)


def measured(project: Compared, options: Options) -> Section:
    """The figures of a project that is prepared, and of several of it side by side."""
    rounds = options.rounds or 5
    project.forget()
    project.take("compiled.json")
    reached = project.check()
    what = f"{options.large} models, {len(project.edits)} changed"
    rows = [
        *_beside(project, f"{what}, warm", "compiled.json", rounds, goal=GOAL),
        *_beside(project, f"{what}, cold", "compiled.json", rounds, prepare=project.forget),
        *_beside(project, f"{what}, only parsed, warm", "parsed.json", rounds),
        *_beside(project, f"{options.large} models, nothing changed", "unchanged.json", rounds),
        *_growth(project, options.large),
    ]
    about = (
        f"`dbt-isolation compare --format json` (B) of a generated project of {options.large} models, "
        f"{len(project.edits)} of them changed, {reached} below, with its release, both compiled by dbt; the "
        "release's copy is here. A: decoding both manifests (`benchmarks/decode.py`) and importing "
        "sqlglot, a process for each, added up. Warm: the cache has all. The goal is for CPU time."
    )
    remarks = [
        "Before anything is timed, every change and all that it reaches, column by column, is compared with "
        "what the generator knows; the same at every size.",
        f"Larger projects are the one of {options.large} models so many times side by side, with the same "
        "changes in each, over the same sources. The exponent is the slope of a line through the logarithms "
        "of size and CPU time. Memory is the most that each process of the tree ever had (VmHWM), the sum "
        "of all; A is the goal.",
    ]
    return Section(about, rows, rounds, remarks)


def _beside(
    project: Compared,
    what: str,
    kept: str,
    rounds: int,
    *,
    goal: float = 0,
    prepare: Callable[[], object] | None = None,
) -> Iterator[Row]:
    """The command beside its yardstick; CPU time is judged."""
    say(f"  {what}")
    project.take(kept)
    *parts, taken = in_turn(
        [*project.yardstick(kept), project.compare(prepare=prepare)], rounds=rounds, timeout=TIMEOUT
    )
    base = Samples([_added(runs) for runs in zip(*(one.runs for one in parts), strict=True)])
    for name, measure in (("CPU", cpu), ("wall", wall)):
        found = taken.against(base, measure)
        judged = bool(goal) and measure is cpu
        yield Row(
            f"{what}, {name}",
            f"{found.a:.2f} s",
            f"{found.b:.2f} s",
            found.ratio,
            goal=f"at most {goal:g}" if judged else "",
            met=found.ratio.median <= goal if judged else None,
        )


def _added(runs: Sequence[Sample]) -> Sample:
    return Sample(sum(map(wall, runs)), sum(map(cpu, runs)), max(one.peak for one in runs))


def _growth(project: Compared, models: int) -> Iterator[Row]:
    """Time and memory of ever larger ones; the least and the largest are A and B."""
    times: dict[str, list[tuple[int, float]]] = {"cold": [], "warm": []}
    most: dict[str, list[int]] = {}
    for copies in _COPIES:
        say(f"  {copies * models} models")
        larger = project.tiled(copies) if copies > 1 else project
        larger.take("compiled.json")
        larger.check()
        for name, prepare in (("cold", larger.forget), ("warm", None)):
            times[name].append((copies * models, run(larger.compare(prepare=prepare), timeout=TIMEOUT).cpu))
            if copies == _COPIES[-1]:
                most[name] = peaks(larger.compare(prepare=prepare))
        if larger is not project:
            shutil.rmtree(larger.folder)
    for name, points in times.items():
        line = linear_regression(
            *([math.log(number) for number in some] for some in zip(*points, strict=True))
        )
        sizes = ", ".join(str(size) for size, _ in points)
        yield Row(
            f"CPU time, {name}, of {sizes} models; the exponent",
            f"{points[0][1]:.1f} s",
            f"{points[-1][1]:.1f} s",
            Spread.of([line.slope]),
            goal=f"at most {LINEAR:g}",
            met=line.slope <= LINEAR,
        )
    for name, found in most.items():
        total = sum(found)
        processes = f"{len(found)} process{'es' * (len(found) > 1)}"
        yield Row(
            f"{_COPIES[-1] * models} models, {name}, peak memory of {processes}",
            f"{MEMORY / 1e6:.0f} MB",
            f"{total / 1e6:.0f} MB",
            Spread.of([total / MEMORY]),
            goal="at most 1",
            met=total <= MEMORY,
        )
