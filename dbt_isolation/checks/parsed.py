"""What the checks say of what dbt parsed last, remembered until something changes that it depends on."""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec

import dbt_isolation
from dbt_isolation.cache import Cache
from dbt_isolation.checks.findings import BROKEN
from dbt_isolation.outcome import Finding, Skipped

_TABLE = "parsed"
#: Of one project, for some choices of checks; each is as long as its findings.
_MOST = 20


class Parsed(msgspec.Struct, frozen=True):
    """Of a project: its ``findings`` as they weigh, what was ``skipped``, and how many ``models`` it has."""

    findings: list[Finding]
    skipped: list[Skipped]
    models: int


def remembered(target_path: Path, depends: object, look: Callable[[], Parsed]) -> Parsed:
    """What ``look`` says, or said when ``depends``, which has a text of its own, was the same."""
    digest = blake2b(digest_size=16)
    digest.update(repr((dbt_isolation.__version__, *_code(), depends)).encode(errors="surrogateescape"))
    key = digest.digest()
    cache = Cache(str(target_path), _TABLE, _MOST)
    try:
        return msgspec.msgpack.decode(cache.get([key])[key], type=Parsed)
    except (KeyError, msgspec.MsgspecError):
        found = look()
    # A check that failed may not do so again.
    if not any(one.message.startswith(BROKEN) for one in found.findings):
        cache.put({key: msgspec.msgpack.encode(found)})
    return found


def _code() -> Iterator[str]:
    """What tells this code from any other that looks."""
    for file in sorted(Path(dbt_isolation.__file__).parent.rglob("*.py")):
        yield f"{file.name} {file.stat().st_mtime_ns}"
