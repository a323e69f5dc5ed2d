"""The memory of a command and of all processes that it starts."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from .timing import BenchmarkError, Command


def peaks(command: Command) -> list[int]:
    """The most memory, in bytes, of the command's process and of each below it."""
    if not Path("/proc/self/status").exists():
        raise BenchmarkError("memory is measured with /proc, which this system has not")
    if command.prepare:
        command.prepare()
    found: dict[int, int] = {}
    with subprocess.Popen(
        command.argv,
        cwd=command.cwd,
        env=command.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            for one in _tree(process.pid):
                # It only falls where a process that was seen as a copy of its parent becomes a program.
                found[one] = _high(one) or found.get(one, 0)
            time.sleep(0.01)
    if process.returncode:
        raise BenchmarkError(f"the command ended with {process.returncode}")
    return list(found.values())


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))
    except OSError:
        return


def _high(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)
