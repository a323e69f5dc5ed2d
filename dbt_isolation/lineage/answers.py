"""Answers that are remembered by all that they depend on."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from zlib import crc32

import msgspec

from dbt_isolation import __version__, sql
from dbt_isolation.cache import Cache
from dbt_isolation.lineage import queries
from dbt_isolation.lineage.queries import Answer, Query

#: Of two sides of a project of 50,000 models there are twice as many.
_MOST = 200_000
_DECODER = msgspec.msgpack.Decoder(Answer)
_ENCODER = msgspec.msgpack.Encoder()


def column_cache(target_path: Path) -> Cache:
    """Where column lineage is remembered, below dbt's folder for artifacts."""
    return Cache(str(target_path), "columns", most=_MOST)


class Answers:
    """Those in ``cache``, or none; ``dialect`` is a dbt adapter type."""

    def __init__(self, dialect: str, cache: Cache | None) -> None:
        self._cache = cache
        self._keys: dict[str, bytes] = {}
        self._base = blake2b(digest_size=16)
        if cache is not None:
            self._base.update(repr((__version__, *_code(), dialect)).encode(errors="surrogateescape"))

    def of(self, asked: Mapping[str, Query]) -> dict[str, Answer]:
        """Those of the queries whose answers are remembered."""
        if self._cache is None:
            return {}
        keys = {name: self._key(query) for name, query in asked.items()}
        remembered = self._cache.get(keys.values())
        found: dict[str, Answer] = {}
        for name, key in keys.items():
            answer = decoded(remembered[key]) if key in remembered else None
            if answer is None:
                self._keys[name] = key
            else:
                found[name] = answer
        return found

    def remember(self, new: Mapping[str, bytes]) -> None:
        """Keeps encoded answers of queries that were not known."""
        if self._cache is not None:
            self._cache.put({self._keys[name]: content for name, content in new.items()})

    def _key(self, query: Query) -> bytes:
        found = self._base.copy()
        found.update(_ENCODER.encode(query))
        return found.digest()


def encoded(answer: Answer) -> bytes:
    """An answer to be kept or sent."""
    content = _ENCODER.encode(answer)
    return crc32(content).to_bytes(4, "big") + content


def decoded(content: bytes) -> Answer | None:
    """The answer, or nothing where it was damaged."""
    if crc32(content[4:]).to_bytes(4, "big") != content[:4]:
        return None
    try:
        return _DECODER.decode(content[4:])
    except msgspec.MsgspecError:
        return None


def _code() -> Iterator[str]:
    """What tells this code, and the parser, from any other that reads; without importing the parser."""
    rooms = sorted(Path(sql.__path__[0]).rglob("*.py"))
    for file in (*rooms, Path(queries.__file__)):
        yield f"{file.name} {file.stat().st_mtime_ns}"
    parser = find_spec("sqlglot")
    if parser is not None and parser.origin is not None:
        with suppress(FileNotFoundError):
            yield (Path(parser.origin).parent / "_version.py").read_text(encoding="utf-8")
