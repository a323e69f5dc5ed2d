"""What is reached from a start, step by step."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

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
