"""Sets of input columns, as bits of an integer, so that joining two of them is one operation."""

from collections.abc import Iterator
from typing import NamedTuple

Origin = tuple[str, str]


class Value(NamedTuple):
    """The inputs of one expression: taken as they are, changed on the way, or through an aggregate.

    ``shape`` has those that only decide which rows a subquery inside the expression reads.
    """

    plain: int = 0
    changed: int = 0
    grouped: int = 0
    shape: int = 0

    @property
    def inputs(self) -> int:
        """All of which the value is made."""
        return self.plain | self.changed | self.grouped

    @property
    def every(self) -> int:
        """All that the expression reads."""
        return self.plain | self.changed | self.grouped | self.shape


NOTHING = Value()


def both(one: Value, other: Value) -> Value:
    """What one value or the other is made of, as in two branches of a UNION."""
    return Value(
        one.plain | other.plain,
        one.changed | other.changed,
        one.grouped | other.grouped,
        one.shape | other.shape,
    )


def changed(value: Value) -> Value:
    """The value after some function."""
    return Value(0, value.plain | value.changed, value.grouped, value.shape)


class Origins:
    """Numbers the input columns."""

    __slots__ = ("_bits", "_names")

    def __init__(self) -> None:
        self._bits: dict[Origin, int] = {}
        self._names: list[Origin] = []

    def bit(self, table: str, column: str) -> int:
        """The set of this one column."""
        origin = (table, column)
        known = self._bits.get(origin)
        if known is None:
            known = self._bits[origin] = 1 << len(self._names)
            self._names.append(origin)
        return known

    def of(self, bits: int) -> Iterator[Origin]:
        """The columns of a set."""
        while bits:
            lowest = bits & -bits
            yield self._names[lowest.bit_length() - 1]
            bits ^= lowest
