"""What a template's variables are at a place in it, and what its loops go through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dbt_isolation.code.values import Entries, Items, Known, Text, Unknown, Value, names, text

#: Longer lists are not gone through to their end: each of their items says the same.
LONGEST = 50


@dataclass(slots=True)
class Scope:
    """The variables of a template; a block's own are gone after it."""

    levels: list[dict[str, Value]] = field(default_factory=lambda: [{}])

    def get(self, name: str) -> Value | None:
        """The innermost that is called so."""
        return next((level[name] for level in reversed(self.levels) if name in level), None)

    def set(self, name: str, value: Value) -> None:
        """In the innermost block."""
        self.levels[-1][name] = value


def loop_of(index: int, length: int) -> Entries:
    """The ``loop`` of one round, as far as templates ask for it."""
    return Entries(
        {
            "index": Known(index + 1),
            "index0": Known(index),
            "revindex": Known(length - index),
            "first": Known(index == 0),
            "last": Known(index == length - 1),
            "length": Known(length),
        }
    )


def rounds(value: Value) -> Sequence[Value]:
    """What a loop goes through; one unknown round where only a run knows."""
    if isinstance(value, Items):
        return value.values[:LONGEST]
    if isinstance(value, Entries):
        return [of_key(key, 0) for key in list(value.values)[:LONGEST]]
    return [Unknown(names(value))]


def unpacked(value: Value, count: int) -> Iterator[Value]:
    """The values for ``count`` names at once."""
    if isinstance(value, Items) and len(value.values) == count:
        yield from value.values
    else:
        for _ in range(count):
            yield Unknown(names(value))


def of_key(key: object, at: int) -> Value:
    """A dictionary's key as a value."""
    return text(key, at) if isinstance(key, str) else Unknown()


def key_of(value: Value) -> object:
    """What a value is called as a dictionary's key."""
    if isinstance(value, Text):
        return value.literal if value.literal is not None else value
    return value.value if isinstance(value, Known) else id(value)
