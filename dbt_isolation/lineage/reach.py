"""What is reached from a start, step by step."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from dbt_isolation.artifacts.manifest import Manifest, Node

Name = TypeVar("Name", bound=Hashable)


def reached(start: Name, onward: Mapping[Name, Iterable[Name]], depth: int | None = None) -> dict[Name, int]:
    """How far each is that is reached from ``start``, without itself, up to ``depth``."""
    found: dict[Name, int] = {}
    ahead, distance = [start], 0
    while ahead and (depth is None or distance < depth):
        distance += 1
        following = (
            one for name in ahead for one in onward.get(name, ()) if one != start and one not in found
        )
        ahead = list(dict.fromkeys(following))
        found.update(dict.fromkeys(ahead, distance))
    return found


def read_by(manifest: Manifest, node: Node) -> list[str]:
    """The unique ids of what ``node`` reads, through ephemeral models, in order."""
    found: dict[str, None] = {}
    ahead = list(reversed(node.depends_on.nodes))
    seen: set[str] = set()
    while ahead:
        one = ahead.pop()
        if one in seen:
            continue
        seen.add(one)
        parent = manifest.get(one)
        if parent is not None and parent.ephemeral:
            ahead += reversed(parent.depends_on.nodes)
        else:
            found[one] = None
    return list(found)
