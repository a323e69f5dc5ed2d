"""The SQL in a manifest that dbt has compiled."""

from collections.abc import Mapping
from pathlib import Path

import msgspec


class _Compiled(msgspec.Struct, frozen=True):
    compiled_code: str | None = None


class _CompiledNodes(msgspec.Struct, frozen=True):
    nodes: dict[str, _Compiled] = {}


def read(file: Path) -> Mapping[str, str]:
    """The SQL of what dbt has compiled, by unique id; of a manifest that ``manifest.read`` takes."""
    content = file.read_bytes()
    # A parse compiles nothing, and to look is faster than to decode.
    if b'"compiled_code"' not in content:
        return {}
    nodes = msgspec.json.decode(content, type=_CompiledNodes).nodes
    return {unique_id: one.compiled_code for unique_id, one in nodes.items() if one.compiled_code}
