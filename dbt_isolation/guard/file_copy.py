"""A copy of a DuckDB file: whether it is still right, and how it is made without locking what is copied.

DuckDB locks a file that it has open, for writing or for reading, with ``fcntl``; here the locks are asked for
and never taken, so that whoever writes the file is not kept waiting.
"""

import errno
import os
import shutil
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows, where a file that another process writes cannot be opened at all
    fcntl = None  # type: ignore[assignment]

#: What DuckDB puts beside a file whose last changes are not in it yet.
_LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")
#: Told from the source's own time, so that a copy which had a log merged into it may be of another size.
_MERGED_NS = 1_000
_CHUNK = 64 * 1024**2
#: Linux's ioctl that `cp --reflink` uses; Python has a name for it from 3.14 on.
_FICLONE = 0x40049409
#: What `copy_file_range` says where a file system, a kernel or a container does not have it for these files.
_NOT_HERE = {errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM, errno.EBADF}
#: `struct flock` without the two numbers that Python has for it: of Linux, and of macOS and the BSDs.
_FLOCK, _TYPE, _PID = ("hhqqi", 0, 4) if sys.platform == "linux" else ("qqihhi", 3, 2)


class BeingWrittenError(Exception):
    """Somebody has the file open for writing, or changed it meanwhile; ``process`` is 0 where unknown."""

    def __init__(self, process: int = 0) -> None:
        super().__init__(process)
        self.process = process


class NoDatabaseError(Exception):
    """The file is none of DuckDB's; ``sqlite`` says that it is one of SQLite's, which DuckDB attaches too."""

    def __init__(self, *, sqlite: bool) -> None:
        super().__init__(sqlite)
        self.sqlite = sqlite


def is_right(source: os.stat_result, copy: os.stat_result | None) -> bool:
    """Whether a copy that looks like ``copy`` is of a file that looks like ``source``.

    A copy has its source's time and size: whoever writes into it gives it another time. A copy with a merged
    log has another size, and its time is a little later, so that no third file needs to be looked at.
    """
    if copy is None:
        return False
    later = copy.st_mtime_ns - source.st_mtime_ns
    return later == _MERGED_NS or (later == 0 and copy.st_size == source.st_size)


def look(file: Path) -> os.stat_result | None:
    """What the file looks like; None where it is missing."""
    try:
        return os.stat(file)  # noqa: PTH116 one call of the system, which tests count
    except FileNotFoundError:
        return None


def remove_written(copy: Path) -> None:
    """Removes a copy that somebody changed, as far as the change stands in a log and not in the file."""
    if _logs(copy):
        copy.unlink(missing_ok=True)
        _remove_logs(copy)


class Place:
    """Where one copy stands, once no other process makes it; ``alone`` is false where nothing can be locked.

    The lock file also keeps the time and size of the last whole copy, to tell an old one from a damaged one.
    """

    def __init__(self, copy: Path, lock: BinaryIO, *, alone: bool) -> None:
        self.copy = copy
        self._lock = lock
        self._alone = alone

    @classmethod
    @contextmanager
    def of(cls, copy: Path, waiting: Callable[[], None]) -> Iterator["Place"]:
        """The place of ``copy``; ``waiting`` is called before it waits for another process."""
        copy.parent.mkdir(parents=True, exist_ok=True)
        with copy.with_suffix(".lock").open("a+b") as lock:
            yield cls(copy, lock, alone=_locked(lock, waiting))

    def whole(self) -> os.stat_result | None:
        """What the copy there is looks like, if it is as it was made."""
        found = look(self.copy)
        self._lock.seek(0)
        return found if found is not None and self._lock.read() == _stamp(found) else None

    def make(self, source: Path, merge: Callable[[Path], None]) -> None:
        """Copies ``source``; ``merge`` is given a file that has logs beside it, and leaves none.

        What was there stays until the new copy is whole, and whoever has it open keeps it. Raises
        ``BeingWrittenError``, ``NoDatabaseError`` and ``OSError``.
        """
        # DuckDB has the log beside the file itself, not beside a link to it.
        source = Path(os.path.realpath(source))
        if _open_here(source):
            # Closing the file here would let go of the locks which this process holds on it.
            raise BeingWrittenError(os.getpid())
        if self._alone:
            for left in self.copy.parent.glob(f".{self.copy.name}.*"):
                left.unlink(missing_ok=True)
        temporary = self.copy.with_name(f".{self.copy.name}.{os.getpid()}")
        try:
            found, logs = _copy_unchanged(source, temporary)
            if logs:
                merge(temporary)
            if os.name == "posix":  # Windows replaces no file that is read-only
                # DuckDB lets SQL attach it for writing otherwise. Whoever may not read production may not
                # read its copy.
                temporary.chmod(found.st_mode & 0o444 | 0o400)
            time = found.st_mtime_ns + (_MERGED_NS if logs else 0)
            os.utime(temporary, ns=(time, time))
            made = temporary.stat()
            # A log that somebody's changes to the copy left would be read with the new one.
            _remove_logs(self.copy)
            with _removed_later(self.copy):
                temporary.replace(self.copy)
        finally:
            temporary.unlink(missing_ok=True)
            _remove_logs(temporary)
        self._lock.truncate(0)
        self._lock.write(_stamp(made))
        self._lock.flush()


@contextmanager
def _removed_later(copy: Path) -> Iterator[None]:
    """Lets a file that is replaced go in a thread: to free its blocks takes half of a copy's time."""
    aside = copy.with_name(f".{copy.name}.{os.getpid()}.old")
    with suppress(OSError):
        os.link(copy, aside)
    try:
        yield
    finally:
        threading.Thread(target=aside.unlink, kwargs={"missing_ok": True}).start()


def _copy_unchanged(source: Path, target: Path) -> tuple[os.stat_result, list[str]]:
    """What the source looked like before and after, and the suffixes of the logs that were copied with it."""
    try:
        file = source.open("rb", buffering=0)
    except PermissionError:
        if fcntl is None:
            raise BeingWrittenError from None
        raise
    with file:
        if writer := _writer(file):
            raise BeingWrittenError(writer)
        before = os.fstat(file.fileno()), _logs(source)
        head = file.read(16)
        file.seek(0)
        if head[8:12] != b"DUCK":
            raise NoDatabaseError(sqlite=head.startswith(b"SQLite format 3"))
        _copy(file, target, before[0].st_mode)
        for suffix in before[1]:
            with _beside(source, suffix).open("rb", buffering=0) as log:
                _copy(log, _beside(target, suffix), before[0].st_mode)
        after = os.fstat(file.fileno()), _logs(source)
        if writer := _writer(file):
            raise BeingWrittenError(writer)
    if _marks(*before) != _marks(*after) or before[0].st_size != target.stat().st_size:
        raise BeingWrittenError
    return before[0], list(before[1])


def _copy(source: BinaryIO, target: Path, mode: int) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode & 0o666 | 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 a descriptor, no path
        if sys.platform == "linux" and not _cloned(source, file):
            # Blocks that the file system has yet to find are written out at once when the file takes
            # another's name, which triples the time.
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, os.fstat(source.fileno()).st_size)
            try:
                while os.copy_file_range(source.fileno(), file.fileno(), _CHUNK):
                    pass
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
        # What is left: all of it, or nothing.
        shutil.copyfileobj(source, file, 1024**2)
        file.flush()
        os.ftruncate(file.fileno(), os.lseek(file.fileno(), 0, os.SEEK_CUR))


def _cloned(source: BinaryIO, target: BinaryIO) -> bool:
    """Whether ``target`` now shares its blocks with ``source``, on a file system that has that."""
    try:
        fcntl.ioctl(target, _FICLONE, source.fileno())
    except OSError:
        return False
    # Where a copy would stand now.
    for file in (source, target):
        os.lseek(file.fileno(), 0, os.SEEK_END)
    return True


def _logs(source: Path) -> dict[str, os.stat_result]:
    found = {suffix: look(_beside(source, suffix)) for suffix in _LOGS}
    return {suffix: one for suffix, one in found.items() if one is not None}


def _remove_logs(file: Path) -> None:
    for suffix in _LOGS:
        _beside(file, suffix).unlink(missing_ok=True)


def _marks(file: os.stat_result, logs: dict[str, os.stat_result]) -> list[tuple[str, bytes]]:
    return [("", _stamp(file)), *((suffix, _stamp(one)) for suffix, one in logs.items())]


def _stamp(found: os.stat_result) -> bytes:
    return b"%d %d" % (found.st_mtime_ns, found.st_size)


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def _writer(file: BinaryIO) -> int:
    """The process that holds the file for writing; 0 where none does, or none can be asked for."""
    if fcntl is None:
        return 0
    request = [0] * 5 if sys.platform == "linux" else [0] * 6
    request[_TYPE] = fcntl.F_RDLCK
    try:
        answer = fcntl.fcntl(file, fcntl.F_GETLK, struct.pack(f"{_FLOCK}0q", *request))
    except OSError:
        return 0
    found = struct.unpack(f"{_FLOCK}0q", answer)
    # A process of another container has no number here.
    return 0 if found[_TYPE] == fcntl.F_UNLCK else int(found[_PID]) or -1


def _open_here(source: Path) -> bool:
    """Whether this very process has the file open."""
    try:
        descriptors = [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208 names alone
    except OSError:
        return False
    found = look(source)
    for descriptor in descriptors:
        with suppress(OSError):
            if found is not None and os.path.samestat(found, os.fstat(descriptor)):
                return True
    return False


def _locked(lock: BinaryIO, waiting: Callable[[], None]) -> bool:
    if fcntl is None:
        return False
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:  # some network file systems have no locks
        return False
    return True
