"""A release: an immutable record of what a protected environment runs."""

from typing import Any, TypeVar

import msgspec

from dbt_isolation.environments import Relation
from dbt_isolation.errors import IsolationError

_Record = TypeVar("_Record", bound=msgspec.Struct)
#: Of release.json; a reader refuses a later one.
VERSION = 1
_DELETE_CURRENT = "if it is `current`, delete it: it is found again from switches/"


class ReleasedNode(msgspec.Struct, frozen=True):
    """One node as it was actually built; ``release`` is the number of the release that built it.

    ``built_at`` is in ISO 8601; ``signature`` holds a function's arguments and what it returns.
    ``fingerprint`` is the half of the data, which says whether it is another; ``metadata`` the other half.
    """

    fingerprint: str
    resource_type: str
    database: str | None
    schema_: str | None = msgspec.field(name="schema")
    identifier: str
    relation_name: str | None
    materialized: str | None
    built_at: str
    release: int
    signature: dict[str, Any] | None = None
    metadata: str = ""

    @property
    def relation(self) -> Relation:
        """Where it is."""
        return Relation(self.database or "", self.schema_ or "", self.identifier)


class Release(msgspec.Struct, frozen=True):
    """release.json; ``previous`` is 0 for the first, ``files`` are SHA-256 of the files beside it by name.

    ``pushed``: the invocations of this release and of the last ones before it, with their numbers.
    """

    number: int
    project: str
    environment: str
    created_at: str
    actor: str
    commit: str
    dirty: bool
    previous: int
    invocation_id: str
    dbt_version: str
    adapter_type: str
    built: list[str]
    files: dict[str, str]
    nodes: dict[str, ReleasedNode]
    approvals: list[dict[str, Any]] = []
    evidence: list[dict[str, Any]] = []
    pushed: dict[str, int] = {}
    version: int = VERSION


class Refresh(msgspec.Struct, frozen=True):
    """A scheduled run of what the release has already; ``results`` are dbt's statuses by unique id."""

    release: int
    at: str
    actor: str
    commit: str
    invocation_id: str
    command: str
    results: dict[str, str]
    version: int = VERSION


class Switch(msgspec.Struct, frozen=True):
    """One change of the current release; ``digest`` is the SHA-256 of its release.json."""

    number: int
    release: int
    digest: str
    at: str
    actor: str
    version: int = VERSION


def decode_release(content: bytes, name: str) -> Release:
    """The release in ``content``, called ``name`` in errors.

    Raises ``IsolationError`` for what is no release, or a later version's.
    """
    return _decode(content, name, Release, "")


def decode_switch(content: bytes, name: str) -> Switch:
    """The switch in ``content``, called ``name`` in errors.

    Raises ``IsolationError`` for what is no switch, or a later version's.
    """
    found = _decode(content, name, Switch, _DELETE_CURRENT)
    if found.number < 1 or found.release < 1:
        raise IsolationError(f"{name} is no switch: numbers begin with 1", _DELETE_CURRENT)
    return found


def encode(record: Release | Refresh | Switch) -> bytes:
    """JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def _decode(content: bytes, name: str, record: type[_Record], hint: str) -> _Record:
    try:
        found = msgspec.json.decode(content, type=record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse_later_version(content, name)
        raise IsolationError(f"{name} cannot be read: {error}", hint) from error
    _refuse_later_version(content, name)
    return found


class _Versioned(msgspec.Struct):
    version: int = VERSION


def _refuse_later_version(content: bytes, name: str) -> None:
    try:
        version = msgspec.json.decode(content, type=_Versioned).version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if version > VERSION:
        raise IsolationError(
            f"{name} is of version {version}, written by a later dbt-isolation", "update dbt-isolation"
        )
