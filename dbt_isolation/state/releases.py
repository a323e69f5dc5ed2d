"""The releases of one project and environment in a store.

    PROJECT/ENVIRONMENT/releases/000001/{run_results.json, manifest.json.gz, release.json}
    PROJECT/ENVIRONMENT/runs/000001/INVOCATION.json     refreshes of release 1
    PROJECT/ENVIRONMENT/switches/000001.json            which release became current, in order
    PROJECT/ENVIRONMENT/current                         the last switch, for readers

A release's number belongs for ever to who creates its first file. It becomes visible by one exclusive create,
that of the next switch; ``current`` only saves readers a search, so that a push killed before it is written
loses nothing. Two pushes at once want the same next switch: one gets it.
"""

import gzip
import hashlib
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from dbt_isolation.errors import IsolationError
from dbt_isolation.state.release import (
    Refresh,
    Release,
    Switch,
    decode_release,
    decode_switch,
    encode,
)
from dbt_isolation.state.store import Store

MANIFEST, RUN_RESULTS, RELEASE = "manifest.json.gz", "run_results.json", "release.json"
_REMEDY = "put it back from a backup; else only a run of the whole project can be pushed as the next release"


class DamagedError(IsolationError):
    """A file of a release is missing, or is not as it was written."""


@dataclass(frozen=True, slots=True)
class Releases:
    """Reads and writes; every method raises ``IsolationError`` for a store that is away or was edited."""

    store: Store
    project: str
    environment: str

    @property
    def place(self) -> str:
        """Where they are, for messages."""
        return f"{self.store.url}/{self.project}/{self.environment}"

    def head(self) -> Switch | None:
        """The last switch; None before the first release."""
        found = self._known_switch()
        while found is not None:
            following = self._read_switch(f"{found.number + 1:06}.json")
            if following is None:
                return found
            found = following
        return None

    def current(self) -> Release | None:
        """The release that the environment runs; None before the first."""
        head = self.head()
        return self.read(head.release, head.digest) if head is not None else None

    def read(self, number: int, digest: str = "") -> Release:
        """One release; ``digest`` is the SHA-256 that its release.json must have, where it is known."""
        content = self.content(number, RELEASE, digest)
        return decode_release(content, f"{self.place}/releases/{number:06}/{RELEASE}")

    def content(self, number: int, name: str, digest: str = "") -> bytes:
        """The file ``name`` of a release, which must have this SHA-256 where one is given."""
        content = self.store.read(self._release(number, name))
        where = f"{self.place}/releases/{number:06}/{name}"
        if content is None:
            raise DamagedError(f"{where} is missing", _REMEDY)
        if digest and sha256(content) != digest:
            raise DamagedError(f"{where} is not as it was written: it was edited or is cut off", _REMEDY)
        return content

    def manifest(self, release: Release) -> bytes:
        """The release's manifest.json."""
        packed = self.content(release.number, MANIFEST, release.files.get(MANIFEST, ""))
        try:
            return gzip.decompress(packed)
        except (OSError, EOFError, zlib.error) as error:
            raise IsolationError(f"{self.place}/releases/{release.number:06}/{MANIFEST}: {error}") from error

    def switches(self) -> list[Switch]:
        """Every switch, the first one first."""
        found = [self._read_switch(name) for name in self._switch_names()]
        return [switch for switch in found if switch is not None]

    def refreshes(self, number: int) -> int:
        """How many refreshes of a release are recorded."""
        return len(self.store.names(self._path(f"runs/{number:06}")))

    def claim(self, above: int, run_results: bytes) -> int:
        """The first free number above ``above``, which is the caller's from now on."""
        number = above + 1
        while not self.store.create(self._release(number, RUN_RESULTS), run_results):
            number += 1
        return number

    def write(self, release: Release, manifest_gz: bytes) -> bytes:
        """Writes the rest of a release whose number was claimed; returns its release.json."""
        content = encode(release)
        for name, what in ((MANIFEST, manifest_gz), (RELEASE, content)):
            if not self._create(self._release(release.number, name), what):
                raise IsolationError(f"{self.place}/releases/{release.number:06}/{name} is there already")
        return content

    def switch(self, before: Switch | None, release: Release, content: bytes) -> bool:
        """Makes ``release`` current; False, and nothing is changed, where another came first."""
        switch = Switch(
            number=before.number + 1 if before is not None else 1,
            release=release.number,
            digest=sha256(content),
            at=now(),
            actor=release.actor,
        )
        if not self._create(self._switch(switch.number), encode(switch)):
            return False
        # The switch is made; without this file readers find it all the same.
        with suppress(IsolationError):
            self.store.replace(self._path("current"), encode(switch))
        return True

    def abandon(self, number: int) -> None:
        """Removes a release that never became visible, as far as the store lets us.

        The file that claimed its number stays: another push that took it could lose its files to us.
        """
        with suppress(IsolationError):
            for name in (RELEASE, MANIFEST):
                self.store.remove(self._release(number, name))

    def refresh(self, record: Refresh) -> bool:
        """Appends a run record; False where this invocation's is there already."""
        path = f"runs/{record.release:06}/{record.invocation_id}.json"
        return self.store.create(self._path(path), encode(record))

    def _known_switch(self) -> Switch | None:
        content = self.store.read(self._path("current"))
        if content is not None:
            return decode_switch(content, f"{self.place}/current")
        names = self._switch_names()
        return self._read_switch(names[-1]) if names else None

    def _read_switch(self, name: str) -> Switch | None:
        content = self.store.read(self._path(f"switches/{name}"))
        if content is None:
            return None
        found = decode_switch(content, f"{self.place}/switches/{name}")
        if name != f"{found.number:06}.json":
            raise DamagedError(
                f"{self.place}/switches/{name} is switch {found.number}", "put it back from a backup"
            )
        return found

    def _switch_names(self) -> list[str]:
        names = self.store.names(self._path("switches"))
        return [name for name in names if re.fullmatch(r"\d{6,}\.json", name)]

    def _create(self, path: str, content: bytes) -> bool:
        """Creates a file that only we would write so; whether it is there.

        A client that got no answer asks again, and is told that there is one: its own.
        """
        return self.store.create(path, content) or self.store.read(path) == content

    def _path(self, path: str) -> str:
        return f"{self.project}/{self.environment}/{path}"

    def _release(self, number: int, name: str) -> str:
        return self._path(f"releases/{number:06}/{name}")

    def _switch(self, number: int) -> str:
        return self._path(f"switches/{number:06}.json")


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def now() -> str:
    """The time in UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
