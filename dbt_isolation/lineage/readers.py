"""Reads the queries of a project, in as many processes as are worth it."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from dbt_isolation.cache import Cache
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.answers import Answers, decoded, encoded
from dbt_isolation.lineage.queries import Answer, Query, read

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

#: Why nothing is said of a query beyond ``most``.
NOT_YET = "not read yet: `dbt-isolation compare` reads it"
#: Fewer queries are read faster than processes start; where they cannot be forked each imports the parser.
_ALONE, _ALONE_WITHOUT_FORK = 60, 400
#: Bytes of a process that is not forked any more: each copy would come to have much of them.
_LARGE = 1_000_000_000
#: At most so many processes, and so many queries for one at a time.
_MOST, _AT_ONCE = 8, 24
#: Answers are remembered in this number, so that an interrupted run keeps what it has.
_BATCH = 500


class Readers:
    """Answers queries as they are asked, in any order; to be used in ``with``.

    ``processes``: at most so many; without it as the machine and the number of queries make sense, and one
    alone in a program that has other threads. ``most``: at most so many are read that are not remembered.
    """

    def __init__(
        self,
        dialect: str,
        cache: Cache | None = None,
        processes: int | None = None,
        most: int | None = None,
    ) -> None:
        self._dialect = dialect
        self._answers = Answers(dialect, cache)
        self._processes = processes
        self._left = most
        self._done: list[tuple[str, Answer]] = []
        self._waiting: deque[tuple[str, Query]] = deque()
        self._fresh: dict[str, bytes] = {}
        self._read = 0
        self._pool: _Pool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.end(at_once=error is not None)
        self._answers.remember(self._fresh)

    def ask(self, queries: Mapping[str, Query]) -> None:
        """Takes further queries, by unique id."""
        if not queries:
            return
        known = self._answers.of(queries)
        self._done += known.items()
        new = [(name, query) for name, query in queries.items() if name not in known]
        if self._left is not None:
            new, over = new[: self._left], new[self._left :]
            self._left -= len(new)
            self._done += ((name, Answer(problem=NOT_YET)) for name, _ in over)
        self._waiting += new

    def some(self) -> list[tuple[str, Answer]]:
        """Some answers; none when nothing is left to be asked."""
        done, self._done = self._done, []
        if done:
            return done
        if self._pool is None and (processes := self._worth()) > 1:
            self._pool = _Pool(self._dialect, processes)
        if self._pool is not None:
            new = self._pool.some(self._waiting)
        else:
            new = [(name, encoded(read(query, self._dialect))) for name, query in self._batch()]
        self._read += len(new)
        self._fresh.update(new)
        if len(self._fresh) >= _BATCH:
            fresh, self._fresh = self._fresh, {}
            self._answers.remember(fresh)
        return [(name, answer) for name, content in new if (answer := decoded(content)) is not None]

    def _batch(self) -> list[tuple[str, Query]]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), _BATCH))]

    def _worth(self) -> int:
        """How many processes the queries are worth."""
        few = self._read + len(self._waiting) < (_ALONE if _forks() else _ALONE_WITHOUT_FORK)
        if self._processes == 1 or few or len(self._waiting) < 2:
            return 1
        if self._processes is not None:
            return self._processes
        import threading
        from multiprocessing import current_process

        # A fork has none of the threads, and all that they have locked; a child may have no children.
        if threading.active_count() > 1 or current_process().daemon:
            return 1
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cores, _MOST)


class _Pool:
    """Processes that read, each some queries at a time."""

    def __init__(self, dialect: str, processes: int) -> None:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import active_children, get_context

        kind = _kind()
        if kind == "fork":
            # What is imported before the fork is imported once.
            read(Query("select 1", {}), dialect)
        self._dialect = dialect
        self._processes = processes
        self._others: set[BaseProcess] = set(active_children())
        context = get_context(kind)
        self._pool: ProcessPoolExecutor = ProcessPoolExecutor(processes, context, _begin)
        self._jobs: dict[Future[list[bytes]], list[str]] = {}

    def some(self, waiting: deque[tuple[str, Query]]) -> list[tuple[str, bytes]]:
        """Gives out what waits, and takes what is done first."""
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        try:
            # One at work and one to go on with for each; smaller ones towards the end, to end together.
            while waiting and len(self._jobs) < 2 * self._processes:
                size = min(_AT_ONCE, -(-len(waiting) // (2 * self._processes)))
                part = [waiting.popleft() for _ in range(size)]
                job = self._pool.submit(_all, msgspec.msgpack.encode(part), self._dialect)
                self._jobs[job] = [name for name, _ in part]
            found: list[tuple[str, bytes]] = []
            for job in wait(self._jobs, return_when=FIRST_COMPLETED).done:
                found += zip(self._jobs[job], job.result(), strict=True)
                del self._jobs[job]
        except BrokenProcessPool as error:
            names = [name for job in self._jobs.values() for name in job]
            raise IsolationError(
                "a process that read SQL was ended from outside, or ran out of memory",
                f"it was one of {len(names)}, such as {', '.join(names[:3])}",
            ) from error
        return found

    def end(self, *, at_once: bool) -> None:
        """Ends the processes; whatever they read is not waited for if it has to be ``at_once``."""
        from multiprocessing import active_children

        self._pool.shutdown(wait=not at_once, cancel_futures=True)
        if at_once:
            for process in set(active_children()) - self._others:
                process.terminate()


def _forks() -> bool:
    return sys.platform == "linux"


def _kind() -> str:
    """How processes are made that share as much as they can."""
    if not _forks():
        return "spawn"
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return "fork" if size < _LARGE else "spawn"


def _begin() -> None:
    import gc
    import signal
    import threading

    # Ctrl-C is the parent's to answer; one that is killed cannot tell its children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _all(queries: bytes, dialect: str) -> list[bytes]:
    return [
        encoded(read(query, dialect))
        for _, query in msgspec.msgpack.decode(queries, type=list[tuple[str, Query]])
    ]
