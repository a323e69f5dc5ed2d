"""Readings that are remembered by all that they depend on."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec

from dbt_isolation import __version__, code, sql
from dbt_isolation.cache import Cache
from dbt_isolation.code.reading import Reading

_TABLE = "readings"
Name = TypeVar("Name", bound=Hashable)


class Readings:
    """Those in ``target_path``; ``depends``: what each of them depends on beside its own key."""

    def __init__(self, target_path: Path, *depends: object) -> None:
        self._cache = Cache(str(target_path), _TABLE)
        self._base = blake2b(digest_size=16)
        self._base.update(repr((__version__, *_code(), *depends)).encode(errors="surrogateescape"))

    def key(self, *parts: bytes) -> bytes:
        """The key of a reading that depends on ``parts``."""
        found = self._base.copy()
        found.update(b"\0".join(parts))
        return found.digest()

    def of(
        self,
        keys: Mapping[Name, bytes],
        read: Callable[[Sequence[Name]], Iterable[tuple[Name, Reading]]],
    ) -> dict[Name, Reading]:
        """The reading of each name; those that are not known by their key are read, and remembered."""
        remembered = self._cache.get(keys.values())
        decoder = msgspec.msgpack.Decoder(Reading)
        found: dict[Name, Reading] = {}
        fresh: list[Name] = []
        for name, key in keys.items():
            try:
                found[name] = decoder.decode(remembered[key])
            except (KeyError, msgspec.MsgspecError):
                fresh.append(name)
        if fresh:
            new = dict(read(fresh))
            self._cache.put({keys[name]: msgspec.msgpack.encode(one) for name, one in new.items()})
            found.update(new)
        return found


def _code() -> Iterator[str]:
    """What tells this code from any other that reads."""
    for room in (code, sql):
        for file in sorted(Path(room.__path__[0]).glob("*.py")):
            yield f"{file.name} {file.stat().st_mtime_ns}"
