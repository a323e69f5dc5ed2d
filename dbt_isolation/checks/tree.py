"""The project's files as the checks look at them, read once for each content."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dbt_isolation.checks.readings import Readings
from dbt_isolation.code import files
from dbt_isolation.code.reading import Reading
from dbt_isolation.errors import IsolationError

#: Fewer files are read faster than processes start.
_ALONE = 150
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Content:
    """A file: ``raw`` as it is on the disk, its text with ``\\n`` at the ends of lines, and what it says."""

    path: str
    raw: str
    text: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Tree:
    """The project in ``folder``; ``target_path``: where what was read is remembered.

    ``dialect``: a dbt adapter type. ``variables``: those of dbt_project.yml.
    """

    folder: Path
    target_path: Path
    dialect: str
    variables: Mapping[str, object]

    def contents(self, paths: Iterable[str]) -> Iterator[Content]:
        """The files at ``paths``, relative to the folder and with ``/``; one that is gone is left out."""
        remembered = Readings(self.target_path, self.dialect, self.variables)
        texts: list[tuple[str, str, str, bytes]] = []
        unread: list[Content] = []
        for path in paths:
            try:
                content = _bytes(self.folder / path)
            except FileNotFoundError:
                continue
            except OSError as error:
                unread.append(Content(path, "", "", Reading(problem=(f"{error.strerror or error}", 0))))
                continue
            try:
                raw = content.decode("utf-8")
            except UnicodeDecodeError as error:
                text = content[: error.start].decode("utf-8")
                problem = (f"not UTF-8: {error.reason}", len(text))
                unread.append(Content(path, "", text, Reading(problem=problem, broken=True)))
                continue
            key = remembered.key(path.encode(errors="surrogateescape"), content)
            texts.append((path, raw, raw.replace("\r\n", "\n").replace("\r", "\n"), key))
        by_path = {path: text for path, _, text, _ in texts}
        readings = remembered.of(
            {path: key for path, _, _, key in texts},
            lambda fresh: self._read([(path, by_path[path]) for path in fresh]),
        )
        yield from unread
        for path, raw, text, _ in texts:
            yield Content(path, raw, text, readings[path])

    def _read(self, texts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Reading]]:
        workers = min(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 8
        )
        if len(texts) < _ALONE or workers < 2:
            yield from ((path, files.read(path, text, self.dialect, self.variables)) for path, text in texts)
            return
        # Not for a few files, which are read before these are imported.
        from concurrent.futures import ProcessPoolExecutor
        from concurrent.futures.process import BrokenProcessPool
        from multiprocessing import active_children, get_context

        context = get_context("fork" if os.name == "posix" and os.uname().sysname == "Linux" else "spawn")
        others = set(active_children())
        with ProcessPoolExecutor(workers, context, _worker) as pool:
            parts = [texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE)]
            jobs = [pool.submit(_all, part, self.dialect, self.variables) for part in parts]
            try:
                for job in jobs:
                    yield from msgspec.msgpack.decode(job.result(), type=list[tuple[str, Reading]])
            except BrokenProcessPool as error:
                raise IsolationError(
                    "a process that read files was ended from outside, or ran out of memory",
                    "name fewer files, to see which one it is",
                ) from error
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                # Whatever they read is not waited for.
                for process in set(active_children()) - others:
                    process.terminate()
                raise


def _bytes(file: Path) -> bytes:
    """The content of a file; a pipe or a device would be waited for."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError("no regular file")
    return file.read_bytes()


def _worker() -> None:
    import signal

    # Ctrl-C is the parent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _all(texts: Sequence[tuple[str, str]], dialect: str, variables: Mapping[str, object]) -> bytes:
    return msgspec.msgpack.encode(
        [(path, files.read(path, text, dialect, variables)) for path, text in texts]
    )
