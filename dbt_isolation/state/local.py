"""The local copy of a release, which plain runs read; and what it is worth."""

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dbt_isolation.errors import IsolationError
from dbt_isolation.state.commit import is_ancestor
from dbt_isolation.state.release import Release, Switch, decode_release, decode_switch, encode
from dbt_isolation.state.releases import RELEASE, RUN_RESULTS, Releases
from dbt_isolation.state.whole import beside

#: Below dbt's target folder; `dbt clean` takes it away and the next run brings it back.
FOLDER = "dbt_isolation/state"
_MANIFEST = "manifest.json"
#: A run that began with an older copy may still read it.
_KEPT_SECONDS = 86400


class Verdict(StrEnum):
    """What a local copy is worth."""

    FRESH = "fresh"
    STALE = "stale"
    WRONG_COMMIT = "wrong commit"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Copy:
    """A release on this disk, or none.

    ``problem`` says why the store could not be asked, and ``hint`` what to do about that.
    """

    release: Release | None
    folder: Path
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Local:
    """The local copies of one environment's releases, in ``folder``."""

    releases: Releases
    folder: Path

    @classmethod
    def of(cls, releases: Releases, target_path: Path) -> "Local":
        """The copies below dbt's target folder."""
        return cls(releases, target_path / FOLDER / releases.environment)

    def head(self) -> Switch | None:
        """The switch whose release is copied here."""
        file = self.folder / "head.json"
        try:
            return decode_switch(file.read_bytes(), str(file))
        except (OSError, IsolationError):
            return None

    def verdict(self, project_dir: Path) -> Verdict:
        """What the copy is worth, before anything is pulled.

        Raises ``IsolationError`` where the store cannot be asked.
        """
        here, there = self.head(), self.releases.head()
        if there is None or here is None:
            return Verdict.MISSING
        if here != there:
            return Verdict.STALE
        release = self._read(here)
        if release is None:
            return Verdict.MISSING
        return Verdict.WRONG_COMMIT if is_ancestor(project_dir, release.commit) is False else Verdict.FRESH

    def pull(self) -> Copy:
        """The current release, copied here if it is not yet.

        Raises ``IsolationError`` where the store cannot be asked, or is not as it was written.
        """
        there = self.releases.head()
        if there is None:
            return Copy(None, self.folder)
        folder = self._place(there)
        release = self._read(there) if self.head() == there else None
        if release is None:
            content = self.releases.content(there.release, RELEASE, there.digest)
            release = decode_release(content, str(folder / RELEASE))
            self._forget_another(folder, content)
            self._write(folder / RELEASE, content)
            self._write(self.folder / "head.json", encode(there))
            self._sweep(folder)
        return Copy(release, folder)

    def refresh(self) -> Copy:
        """As ``pull``; where the store cannot be asked, the copy there is, with the problem."""
        try:
            return self.pull()
        except IsolationError as error:
            here = self.head()
            release = self._read(here) if here is not None else None
            folder = self._place(here) if here is not None else self.folder
            return Copy(release, folder, error.message, error.hint)

    def artifacts(self, copy: Copy) -> Path:
        """The folder with the release's manifest.json and run_results.json as dbt wrote them.

        Raises ``IsolationError`` where they are not here and the store cannot be asked.
        """
        assert copy.release is not None
        if not (copy.folder / _MANIFEST).is_file():
            results = self.releases.content(
                copy.release.number, RUN_RESULTS, copy.release.files.get(RUN_RESULTS, "")
            )
            self._write(copy.folder / RUN_RESULTS, results)
            self._write(copy.folder / _MANIFEST, self.releases.manifest(copy.release))
        return copy.folder

    def _read(self, switch: Switch) -> Release | None:
        file = self._place(switch) / RELEASE
        try:
            return decode_release(file.read_bytes(), str(file))
        except (OSError, IsolationError):
            return None

    def _place(self, switch: Switch) -> Path:
        return self.folder / f"{switch.release:06}"

    def _write(self, file: Path, content: bytes) -> None:
        try:
            beside(file, content).replace(file)
        except OSError as error:
            raise IsolationError(f"{file}: {error.strerror or error}") from error

    def _forget_another(self, folder: Path, release: bytes) -> None:
        """Removes the artifacts of another store's release with the same number."""
        with suppress(OSError):
            if (folder / RELEASE).read_bytes() != release:
                (folder / _MANIFEST).unlink(missing_ok=True)

    def _sweep(self, kept: Path) -> None:
        before = time.time() - _KEPT_SECONDS
        # Another run may sweep at the same time.
        with suppress(OSError):
            for folder in self.folder.iterdir():
                if folder.is_dir() and folder != kept and folder.stat().st_mtime < before:
                    shutil.rmtree(folder, ignore_errors=True)
