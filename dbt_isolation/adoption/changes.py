"""Changes of a project's files: shown as a diff, made all or not at all."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from types import TracebackType
from typing import Self

from dbt_isolation.errors import IsolationError


@dataclass(frozen=True, slots=True)
class Change:
    """What ``file`` is to hold instead of ``before``; None where there is no file."""

    file: Path
    before: str | None
    after: str | None


def text_of(file: Path) -> str | None:
    """What ``file`` holds, line ends as they are; None where there is none.

    Raises ``IsolationError`` for what is no text or cannot be read.
    """
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise IsolationError(f"{file}: not text in UTF-8: {error}") from error
    except OSError as error:
        raise IsolationError(f"{file}: {error.strerror or error}") from error


def diff(changes: Sequence[Change], folder: Path) -> Iterator[str]:
    """The changes as lines of one unified diff, files named relative to ``folder``."""
    for change in changes:
        name = os.path.relpath(change.file, folder)
        yield from unified_diff(
            (change.before or "").splitlines(),
            (change.after or "").splitlines(),
            "/dev/null" if change.before is None else f"a/{name}",
            "/dev/null" if change.after is None else f"b/{name}",
            lineterm="",
        )


def make(changes: Sequence[Change]) -> None:
    """Makes them, each file in one step; where one fails, or Ctrl-C comes, those before are taken back.

    Raises ``IsolationError``.
    """
    with _Undone() as made:
        for change in changes:
            try:
                made.make(change)
            except OSError as error:
                raise IsolationError(
                    f"{change.file}: {error.strerror or error}; nothing was changed",
                    "see that its folder can be written",
                ) from error


class _Undone:
    """Takes back what was made when the block ends with an exception."""

    def __init__(self) -> None:
        self._made: list[Change] = []
        self._folders: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def make(self, change: Change) -> None:
        """Makes one change, with the folders that it needs and without those that it leaves empty."""
        missing = [one for one in change.file.parents if not one.exists()]
        for folder in reversed(missing):
            folder.mkdir()
            self._folders.append(folder)
        self._made.append(change)
        _put(change.file, change.after)
        if change.after is None and not any(change.file.parent.iterdir()):
            change.file.parent.rmdir()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if error is None:
            return
        for change in reversed(self._made):
            with suppress(OSError):
                change.file.parent.mkdir(parents=True, exist_ok=True)
                if text_of(change.file) != change.before:
                    _put(change.file, change.before)
        for folder in reversed(self._folders):
            with suppress(OSError):
                folder.rmdir()


def _put(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink(missing_ok=True)
        return
    # A link stays one: what it leads to is what is changed.
    real = file.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8"))
        temporary.chmod(real.stat().st_mode & 0o7777 if real.exists() else 0o666 & ~_umask())
        temporary.replace(real)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
