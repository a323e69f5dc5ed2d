"""Whole processes, timed in turn.

Two commands are run A B A B … so that what else the machine does falls on both; the headline is the median of
the ratios of neighbours, not the ratio of two medians taken minutes apart.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Timer

_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


class BenchmarkError(Exception):
    """A benchmark cannot be run here, or one of its commands failed."""


@dataclass(frozen=True, slots=True)
class Command:
    """A process to time."""

    argv: Sequence[str]
    cwd: Path
    environment: Mapping[str, str]
    prepare: Callable[[], object] | None = None
    """Called before each run, outside of the time."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of user and system time, of the process and of the children it waited for."""
    peak: float
    """Bytes of memory, at most; the system counts this process's own size in, so no less is ever seen."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some numbers, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread:
        """Of these numbers."""
        return cls(median(numbers), min(numbers), max(numbers))


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A, by one measure."""

    a: float
    b: float
    ratio: Spread
    difference: Spread


@dataclass(slots=True)
class Samples:
    """The runs of one command, in order."""

    runs: list[Sample] = field(default_factory=list)

    def against(self, base: Samples, measure: Callable[[Sample], float]) -> Comparison:
        """Compare with the runs of another command that was timed in turn with this one."""
        a, b = [measure(run) for run in base.runs], [measure(run) for run in self.runs]
        return Comparison(
            a=median(a),
            b=median(b),
            ratio=Spread.of([mine / theirs for theirs, mine in zip(a, b, strict=True)]),
            difference=Spread.of([mine - theirs for theirs, mine in zip(a, b, strict=True)]),
        )


def wall(sample: Sample) -> float:
    """The measure of time on the clock."""
    return sample.wall


def cpu(sample: Sample) -> float:
    """The measure of time at work: steadier than the clock on a busy machine."""
    return sample.cpu


def peak(sample: Sample) -> float:
    """The measure of memory."""
    return sample.peak


def in_turn(commands: Sequence[Command], *, rounds: int, timeout: float = 600) -> list[Samples]:
    """Run each command once to warm up, then all of them in turn, `rounds` times; the samples of each.

    A command that fails, or takes longer than `timeout` seconds, raises a `BenchmarkError`.
    """
    for command in commands:
        run(command, timeout=timeout)
    samples = [Samples() for _ in commands]
    for number in range(rounds):
        say(f"  round {number + 1} of {rounds}")
        for command, taken in zip(commands, samples, strict=True):
            taken.runs.append(run(command, timeout=timeout))
    return samples


def run(command: Command, *, timeout: float = 600) -> Sample:
    """Run one command and say what it took."""
    if command.prepare:
        command.prepare()
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that a timeout ends its children too
        )
        expired = []

        def end() -> None:
            expired.append(True)
            os.killpg(process.pid, signal.SIGKILL)

        timer = Timer(timeout, end)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            taken = time.perf_counter() - start
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if expired or process.returncode:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-2000:]
            why = f"took over {timeout:g} s" if expired else f"ended with {process.returncode}"
            words = " ".join(word for word in command.argv if "\n" not in word)  # a script given with -c
            raise BenchmarkError(f"{words}: {why}\n{tail}")
    return Sample(taken, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _PEAK_UNIT)


def environment(**extra: str) -> dict[str, str]:
    """The environment for a timed process: without what would steer Python, dbt or the package."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "CI" and not name.startswith(("DBT_", "PYTHON"))
    }
    return kept | extra


def say(line: str) -> None:
    """Tell how far it is, on stderr and only to a terminal."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)
