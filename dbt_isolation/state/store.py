"""Where releases are kept: a folder, or any fsspec URL; writing needs exclusive create.

Paths in a store are relative, with ``/``.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from dbt_isolation import naming
from dbt_isolation.errors import IsolationError

_T = TypeVar("_T")
#: fsspec protocols whose file systems can create a file only where there is none.
_EXCLUSIVE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
_READ_TIMEOUT, _WRITE_TIMEOUT = 15.0, 300.0


class UnreachableError(IsolationError):
    """The store does not answer, or refuses."""


class Store(Protocol):
    """What the release store needs of a place; every method raises ``UnreachableError``."""

    url: str

    def read(self, path: str) -> bytes | None:
        """The file's content; None where there is none."""

    def create(self, path: str, content: bytes) -> bool:
        """Writes the file whole, only if there is none; whether it did."""

    def replace(self, path: str, content: bytes) -> None:
        """Writes the file whole in one step, whatever stood there."""

    def names(self, folder: str) -> list[str]:
        """Names of what is in ``folder``, sorted; none where there is no such folder."""

    def remove(self, folder: str) -> None:
        """Removes ``folder`` and what is in it."""


def open_store(state: str, project_dir: Path, environ: Mapping[str, str]) -> Store:
    """The store that ``state:`` names; a relative folder is the project's.

    Raises ``IsolationError`` for an unset variable, an unknown protocol and a missing extra.
    """
    url = naming.expand_variables(state, environ)
    protocol, separator, path = url.partition("://")
    if separator and protocol not in ("file", "local"):
        return _Remote(url, protocol)
    return _Folder(project_dir / (path if separator else url))


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        self.url = str(root)

    def read(self, path: str) -> bytes | None:
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._error(path, error) from error

    def create(self, path: str, content: bytes) -> bool:
        file = self._root / path
        try:
            written = self._write(file, content)
            try:
                os.link(written, file)
            except FileExistsError:
                return False
            except OSError:
                # A file system without hard links: exclusive, though not whole in one step.
                with suppress(FileExistsError), file.open("xb") as stream:
                    stream.write(content)
                    return True
                return False
            finally:
                written.unlink(missing_ok=True)
        except OSError as error:
            raise self._error(path, error) from error
        return True

    def replace(self, path: str, content: bytes) -> None:
        file = self._root / path
        try:
            self._write(file, content).replace(file)
        except OSError as error:
            raise self._error(path, error) from error

    def names(self, folder: str) -> list[str]:
        try:
            found = sorted(one.name for one in (self._root / folder).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise self._error(folder, error) from error
        return [name for name in found if not name.startswith(".")]

    def remove(self, folder: str) -> None:
        try:
            shutil.rmtree(self._root / folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._error(folder, error) from error

    def _write(self, file: Path, content: bytes) -> Path:
        """``content`` in a file beside ``file``, on the disk."""
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            # mkstemp's files are the writer's alone, and a store is there to be shared.
            Path(name).chmod(0o666 & ~_umask())
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name)

    def _error(self, path: str, error: OSError) -> UnreachableError:
        return UnreachableError(f"state store: {self._root / path}: {error.strerror or error}")


class _Remote:
    def __init__(self, url: str, protocol: str) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise IsolationError(
                f"state: {url} needs fsspec", "install dbt-isolation[s3], [gs], [abfs] or [remote]"
            ) from error
        self.url = url.rstrip("/")
        self._exclusive = protocol in _EXCLUSIVE
        try:
            self._system, self._root = url_to_fs(self.url, use_listings_cache=False)
        except (ValueError, ImportError, TypeError) as error:
            raise IsolationError(
                f"state: {url}: {error}", "docs/state.md says which places there are"
            ) from error

    def read(self, path: str) -> bytes | None:
        def content() -> bytes | None:
            try:
                found: bytes = self._system.cat_file(self._place(path))
            except FileNotFoundError:
                return None
            return found

        return self._ask(path, content, _READ_TIMEOUT)

    def create(self, path: str, content: bytes) -> bool:
        if not self._exclusive:
            raise IsolationError(
                f"state: {self.url} can be read and not written: such a place has no exclusive create",
                "write releases to a folder, s3://, gs:// or abfs://",
            )

        def put() -> bool:
            try:
                self._system.pipe_file(self._place(path), content, mode="create")
            except FileExistsError:
                return False
            except OSError as error:
                if _says_it_exists(error):
                    return False
                raise
            return True

        return self._ask(path, put, _WRITE_TIMEOUT)

    def replace(self, path: str, content: bytes) -> None:
        self._ask(path, lambda: self._system.pipe_file(self._place(path), content), _WRITE_TIMEOUT)

    def names(self, folder: str) -> list[str]:
        def listed() -> list[str]:
            try:
                found = self._system.ls(self._place(folder), detail=False)
            except FileNotFoundError:
                return []
            return sorted(str(name).rstrip("/").rsplit("/", 1)[-1] for name in found)

        return self._ask(folder, listed, _READ_TIMEOUT)

    def remove(self, folder: str) -> None:
        self._ask(folder, lambda: self._system.rm(self._place(folder), recursive=True), _WRITE_TIMEOUT)

    def _place(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"

    def _ask(self, path: str, question: Callable[[], _T], timeout: float) -> _T:
        """The answer; clients of object stores retry for minutes, and a run must not wait for that."""
        answers: list[_T] = []
        errors: list[Exception] = []

        def ask() -> None:
            try:
                answers.append(question())
            except Exception as error:
                errors.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(timeout)
        if answers:
            return answers[0]
        why: Any = errors[0] if errors else f"no answer in {timeout:.0f} s"
        raise UnreachableError(f"state store: {self.url}/{path}: {why}")


def _says_it_exists(error: OSError) -> bool:
    text = str(error)
    return any(one in text for one in ("PreconditionFailed", "At least one of the pre-conditions", "412"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
