"""Larger manifests than dbt writes in reasonable time: a project's models, side by side many times.

`python -m benchmarks.tiles MANIFEST COPIES TO`. Each copy has unique ids and schemas of its own, and reads
the same sources; names, files and everything else are as dbt wrote them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec

from .generator import PROJECT
from .projects import USER

_SECTIONS = ("nodes", "exposures", "parent_map", "child_map")
_IDS = re.compile(rf"\b(model|test|exposure)\.{PROJECT}\.".encode())
_SCHEMAS = re.compile(rf"\b(analytics|dev_{USER})_(?=staging|intermediate|marts)".encode())


def tiled(content: bytes, copies: int) -> bytes:
    """The manifest of a project that has everything of the one in `content` so many times."""
    sections = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    for name in _SECTIONS:
        inner = bytes(sections[name]).strip()[1:-1]
        parts = [inner, *(_copy(inner, number) for number in range(2, copies + 1))]
        sections[name] = msgspec.Raw(b"{" + b",".join(parts) + b"}")
    return msgspec.json.encode(sections)


def copied(unique_id: str, number: int) -> str:
    """What a node or an exposure is called in one of the copies; the first is called as it was."""
    return unique_id if number == 1 else unique_id.replace(f".{PROJECT}.", f".{PROJECT}_{number:02}.", 1)


def _copy(text: bytes, number: int) -> bytes:
    text = _IDS.sub(rb"\1." + f"{PROJECT}_{number:02}.".encode(), text)
    return _SCHEMAS.sub(rb"\1_" + f"{number:02}_".encode(), text)


if __name__ == "__main__":
    source, count, to = sys.argv[1:]
    Path(to).write_bytes(tiled(Path(source).read_bytes(), int(count)))
