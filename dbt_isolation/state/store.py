"""Where releases are kept: a folder, or any fsspec URL; writing needs exclusive create.

Paths in a store are relative, with ``/``.
"""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from dbt_isolation import naming
from dbt_isolation.errors import IsolationError
from dbt_isolation.state.whole import beside

_T = TypeVar("_T")
#: fsspec protocols whose file systems can create a file only where there is none, and the extra they need.
_EXCLUSIVE = {
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gs"),
    **dict.fromkeys(("abfs", "abfss", "az"), "abfs"),
}
#: Seconds. Clients of object stores retry for minutes, and a run must not wait for that.
_READ_TIMEOUT, _WRITE_TIMEOUT = 15.0, 300.0
#: How often a create is tried again that a store refused for another request under way.
_ATTEMPTS = 5
#: A store that creates this file twice would let two pushes overwrite each other.
_PROOF = "dbt_isolation_exclusive_create"
_PROOF_CONTENT = b"Whoever writes releases here first sees that this file cannot be created again.\n"


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

    def remove(self, path: str) -> None:
        """Removes the file, if there is one."""


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
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error(path, error) from error

    def create(self, path: str, content: bytes) -> bool:
        file = self._root / path
        try:
            written = beside(file, content, durable=True)
            try:
                os.link(written, file)
            except FileExistsError:
                return False
            except OSError:
                return self._create_without_links(file, content)
            finally:
                written.unlink(missing_ok=True)
        except OSError as error:
            raise self._error(path, error) from error
        return True

    def replace(self, path: str, content: bytes) -> None:
        file = self._root / path
        try:
            beside(file, content, durable=True).replace(file)
        except OSError as error:
            raise self._error(path, error) from error

    def names(self, folder: str) -> list[str]:
        try:
            found = sorted(one.name for one in (self._root / folder).iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._error(folder, error) from error
        return [name for name in found if not name.startswith(".")]

    def remove(self, path: str) -> None:
        try:
            (self._root / path).unlink(missing_ok=True)
        except OSError as error:
            raise self._error(path, error) from error

    def _create_without_links(self, file: Path, content: bytes) -> bool:
        """On a file system without hard links: exclusive, though not whole in one step."""
        try:
            stream = file.open("xb")
        except FileExistsError:
            return False
        try:
            with stream:
                stream.write(content)
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        return True

    def _error(self, path: str, error: OSError) -> UnreachableError:
        return UnreachableError(f"state store: {self._root / path}: {error.strerror or error}")


class _Remote:
    def __init__(self, url: str, protocol: str) -> None:
        try:
            from fsspec import get_filesystem_class
        except ImportError as error:
            raise IsolationError(
                f"state: {url} needs fsspec", "install dbt-isolation[s3], [gs], [abfs] or [remote]"
            ) from error
        extra = _EXCLUSIVE.get(protocol)
        try:
            for one in protocol.split("::"):
                get_filesystem_class(one)
        except (ValueError, ImportError) as error:
            hint = (
                f"pip install 'dbt-isolation[{extra}]'" if extra else "docs/state.md has those that are known"
            )
            raise IsolationError(f"state: {url}: {error}", hint) from error
        self.url = url.rstrip("/")
        self._exclusive = extra is not None
        self._proven = False
        self._opened: tuple[Any, str] | None = None

    def read(self, path: str) -> bytes | None:
        def content(system: Any, place: str) -> bytes | None:
            try:
                found: bytes = system.cat_file(place)
            except FileNotFoundError as error:
                _check_bucket(error)
                return None
            return found

        return self._ask(path, content, _READ_TIMEOUT)

    def create(self, path: str, content: bytes) -> bool:
        if not self._exclusive:
            raise IsolationError(
                f"state: {self.url} can be read and not written: such a place has no exclusive create",
                "write releases to a folder, s3://, gs:// or abfs://",
            )
        if not self._proven:
            self._prove()
        return self._create(path, content)

    def replace(self, path: str, content: bytes) -> None:
        self._ask(path, lambda system, place: system.pipe_file(place, content), _WRITE_TIMEOUT)

    def names(self, folder: str) -> list[str]:
        def listed(system: Any, place: str) -> list[str]:
            try:
                found = system.ls(place, detail=False)
            except FileNotFoundError as error:
                _check_bucket(error)
                return []
            return sorted(str(name).rstrip("/").rsplit("/", 1)[-1] for name in found)

        return self._ask(folder, listed, _READ_TIMEOUT)

    def remove(self, path: str) -> None:
        def removed(system: Any, place: str) -> None:
            with suppress(FileNotFoundError):
                system.rm_file(place)

        self._ask(path, removed, _WRITE_TIMEOUT)

    def _prove(self) -> None:
        """Raises ``IsolationError`` where create is not exclusive.

        Older clients, and stores that only speak as S3 does, overwrite without a word.
        """
        if self._create(_PROOF, _PROOF_CONTENT) and self._create(_PROOF, _PROOF_CONTENT):
            raise IsolationError(
                f"state: {self.url} cannot be written: it lets a file that is there be created again",
                "update the store's client (s3fs and botocore, gcsfs, adlfs); some stores that imitate S3 "
                "know no If-None-Match",
            )
        self._proven = True

    def _create(self, path: str, content: bytes) -> bool:
        def put(system: Any, place: str) -> bool:
            left = _ATTEMPTS
            while True:
                try:
                    system.pipe_file(place, content, mode="create")
                    return True
                except FileExistsError:
                    return False
                except OSError as error:
                    left -= 1
                    code = _error_code(error)
                    if code == "PreconditionFailed":
                        return False
                    if code != "ConditionalRequestConflict" or not left:
                        raise

        return self._ask(path, put, _WRITE_TIMEOUT)

    def _ask(self, path: str, question: Callable[[Any, str], _T], timeout: float) -> _T:
        """What ``question`` answers, given the file system and the path in it."""

        def ask() -> _T:
            if self._opened is None:
                from fsspec.core import url_to_fs

                # Some file systems connect when they are made.
                self._opened = url_to_fs(self.url, use_listings_cache=False)
            system, root = self._opened
            return question(system, f"{root.rstrip('/')}/{path}")

        try:
            return _answer(ask, timeout)
        except Exception as error:
            raise UnreachableError(f"state store: {self.url}/{path}: {str(error) or repr(error)}") from error


def _answer(question: Callable[[], _T], timeout: float) -> _T:
    """The answer, or the exception, of ``question``; ``TimeoutError`` where it takes longer."""
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
    raise errors[0] if errors else TimeoutError(f"no answer in {timeout:g} s")


def _check_bucket(error: FileNotFoundError) -> None:
    """Raises ``error`` where not only the file is missing."""
    if _error_code(error) == "NoSuchBucket":
        raise error


def _error_code(error: OSError) -> str:
    """S3's own code of an error that its client has translated."""
    response = getattr(error.__cause__, "response", None)
    found = response.get("Error", {}) if isinstance(response, Mapping) else {}
    return str(found.get("Code", ""))
