"""How much a template may do: what takes more is not gone through to its end."""

from collections.abc import Iterable, Iterator
from typing import Any

from dbt_isolation.sql.unreadable import UnreadableError

#: Steps of loops, calls, and characters and items that they make; of one node.
_MOST = 20_000_000
#: What one step costs beside what it makes.
_STEP = 50
#: Wide enough for whatever a template pads.
_WIDEST = 10_000


class Budget:
    """What is left of it for one node."""

    def __init__(self) -> None:
        self._left = _MOST

    def renew(self) -> None:
        """For the next node."""
        self._left = _MOST

    def spend(self, amount: int) -> None:
        """Raises ``UnreadableError`` once nothing is left."""
        self._left -= amount
        if self._left < 0:
            raise UnreadableError("its loops and strings go on for too long")

    def made(self, value: Any) -> Any:
        """``value``, which a call, a filter or an operator made."""
        self.spend(_STEP + (len(value) if isinstance(value, str | list | tuple | dict | set) else 0))
        return value

    def rounds(self, values: Iterable[Any]) -> Iterator[Any]:
        """``values``, each a step."""
        for one in values:
            self.spend(_STEP)
            yield one

    def times(self, left: Any, right: Any) -> None:
        """Before ``left * right``."""
        for one, count in ((left, right), (right, left)):
            if isinstance(one, str | list | tuple) and isinstance(count, int):
                self.spend(len(one) * max(count, 0))
        if isinstance(left, int) and isinstance(right, int):
            self.spend(left.bit_length() + right.bit_length())

    def power(self, left: Any, right: Any) -> None:
        """Before ``left ** right``."""
        if isinstance(left, int) and isinstance(right, int):
            self.spend(left.bit_length() * max(right, 0))

    def longer(self, name: str, *given: Any) -> None:
        """Before ``replace`` or ``join``, as a method or as a filter; what is wrong with them is theirs."""
        if name == "replace" and len(given) > 2 and all(isinstance(one, str) for one in given[:3]):
            self.spend(given[0].count(given[1]) * len(given[2]))
        lists = [len(one) for one in given if isinstance(one, list | tuple)]
        if name == "join" and lists:
            self.spend(max(lists) * max((len(one) for one in given if isinstance(one, str)), default=0))

    def width(self, *arguments: object) -> None:
        """Before something is padded as the arguments say."""
        if any(isinstance(one, int) and one > _WIDEST for one in arguments):
            raise UnreadableError("it pads a string beyond all use")
