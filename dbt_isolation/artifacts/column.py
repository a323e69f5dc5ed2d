"""A column of a node or a source, as the manifest has it."""

from typing import Any

import msgspec


class Column(msgspec.Struct, frozen=True, gc=False):
    """A column as the properties describe it."""

    data_type: str | None = None
    constraints: list[dict[str, Any]] = []
    description: str | None = None
    tags: tuple[str, ...] = ()
    meta: dict[str, Any] | None = None
