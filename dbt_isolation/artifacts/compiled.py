"""The SQL in a manifest that dbt has compiled."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from dbt_isolation.artifacts import manifest
from dbt_isolation.artifacts.manifest import Manifest, Node


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


class _Node(Node, frozen=True):
    compiled_code: str | None = None


class _Manifest(Manifest, frozen=True):
    nodes: dict[str, _Node]  # type: ignore[assignment] # nothing is ever put into it


def read_all(file: Path) -> tuple[Manifest, Mapping[str, str]]:
    """The manifest with the SQL of what dbt has compiled, by unique id.

    Raises ``IsolationError`` as ``manifest.read`` does.
    """
    return _parts(manifest.read_as(file, _Manifest))


def decode_all(content: bytes, name: str) -> tuple[Manifest, Mapping[str, str]]:
    """The same of the manifest in ``content``, called ``name`` in errors."""
    return _parts(manifest.decode_as(content, name, _Manifest))


def _parts(found: _Manifest) -> tuple[Manifest, Mapping[str, str]]:
    return found, {name: one.compiled_code for name, one in found.nodes.items() if one.compiled_code}
