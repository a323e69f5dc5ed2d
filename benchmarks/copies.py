"""What a copy of production's DuckDB file costs: one that is right already, and one that must be made."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from dbt_isolation.guard.file_copy import Place, is_right, look

from .results import Options, Row, Section
from .timing import BenchmarkError, Spread, say

#: Small against a warehouse, and large against everything else that a copy costs.
SIZE = 1_000_000_000
#: Two calls, and a tenth for noise and for comparing what they say.
UNCHANGED_GOAL = 1.1
CHANGED_GOAL = 1.2
_CALLS = 20_000


def copies(options: Options) -> Section:
    """Time both inside of this process, in turn with what they are made of."""
    rounds = options.rounds or 10
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source, copy, plain = folder / "prod.duckdb", folder / "copies" / "prod.duckdb", folder / "plain"
        new = folder / "new"
        _fill(source)

        def make() -> None:
            os.utime(source)
            with Place.of(copy, lambda: None) as place:
                place.make(source, _no_log)

        def unchanged() -> None:
            for _ in range(_CALLS):
                found = look(source)
                if found is None or not is_right(found, look(copy)):
                    raise BenchmarkError("the copy is not right")

        def two_looks() -> None:
            for _ in range(_CALLS):
                os.stat(source)  # noqa: PTH116
                os.stat(copy)  # noqa: PTH116

        def copy_plainly() -> None:
            shutil.copyfile(source, new)

        def keep() -> None:
            new.replace(plain)

        changed = _row("changed", copy_plainly, make, rounds, CHANGED_GOAL, 1, keep)
        plain.unlink()
        same = _row("unchanged", two_looks, unchanged, rounds, UNCHANGED_GOAL, _CALLS)
    about = (
        f"A copy of a file of {SIZE / 1e9:g} GB. Unchanged: asking whether the copy is right (B) against two "
        "calls of `os.stat` (A). Changed: making the copy anew, in place of one that is there (B), against "
        "`shutil.copyfile` into a new file (A)."
    )
    return Section(about, [same, changed], rounds)


def _row(
    what: str,
    base: Callable[[], object],
    judged: Callable[[], object],
    rounds: int,
    goal: float,
    calls: int,
    after_base: Callable[[], object] = lambda: None,
) -> Row:
    base()
    after_base()
    judged()
    a, b = [], []
    for number in range(rounds):
        say(f"  {what}: round {number + 1} of {rounds}")
        a.append(_seconds(base) / calls)
        # So that both find the memory that an old copy had: untouched memory makes a copy four times slower.
        after_base()
        b.append(_seconds(judged) / calls)
    ratio = Spread.of([mine / theirs for theirs, mine in zip(a, b, strict=True)])
    return Row(
        what=what,
        a=_time(Spread.of(a).median),
        b=_time(Spread.of(b).median),
        ratio=ratio,
        goal=f"<= {goal:g}",
        met=ratio.median <= goal,
    )


def _seconds(function: Callable[[], object]) -> float:
    # What the round before it left to be written to disk is not this one's.
    os.sync()
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:.2f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.0f} ms"


def _fill(file: Path) -> None:
    """Writes something that looks like a DuckDB file as far as a copy looks."""
    block = os.urandom(1_000_000)
    with file.open("wb") as target:
        target.write(b"\0" * 8 + b"DUCK" + block[12:])
        for _ in range(SIZE // len(block) - 1):
            target.write(block)


def _no_log(file: Path) -> None:
    raise BenchmarkError(f"a log beside {file}")
