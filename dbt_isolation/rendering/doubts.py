"""What a template asks for that only a run knows, and the value that stands for it."""

from collections.abc import Callable, Iterator
from typing import Any


class Doubts:
    """Why what a template makes is not certain: each reason once, in the order they came up.

    ``within``: the macro in which the template stands at the moment; empty outside of all.
    """

    def __init__(self) -> None:
        self._reasons: dict[str, dict[str, None]] = {}
        self.within: Callable[[], str] = str

    def __bool__(self) -> bool:
        return bool(self._reasons)

    @property
    def reasons(self) -> tuple[str, ...]:
        """All of them."""
        return tuple("; ".join((reason, *choices)) for reason, choices in self._reasons.items())

    def add(self, reason: str, choice: str = "") -> None:
        """Notes one more; ``choice``: what was done all the same."""
        choices = self._reasons.setdefault(reason, {})
        if choice:
            choices[choice] = None

    def unknown(self, reason: str) -> "Unknown":
        """A value that is not known for that reason, which is noted once something depends on it."""
        macro = self.within()
        return Unknown(self, f"{reason}, in {macro}()" if macro else reason)


class Unknown:
    """Anything: what is made of it is unknown too, and where it must be one thing it gives rise to a doubt.

    It is written as the name of a column that is nowhere, so that SQL stays SQL; a condition on it does not
    hold; a loop over it has one round.
    """

    # Jinja's sandbox asks for these of what is called.
    unsafe_callable = False
    alters_data = False

    def __init__(self, doubts: Doubts, reason: str) -> None:
        self._doubts = doubts
        self._reason = reason

    def _noted(self, choice: str = "") -> None:
        self._doubts.add(self._reason, choice)

    def __getattr__(self, name: str) -> Any:
        # What begins so is asked for by Python and Jinja, not by a template.
        if name.startswith(("_", "jinja_")):
            raise AttributeError(name)
        return self._other()

    def _other(self, *arguments: object, **named: object) -> "Unknown":
        # Never itself: Python takes what is one object to be equal, and asks no further.
        return Unknown(self._doubts, self._reason)

    __call__ = __getitem__ = _other
    __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _other
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _other
    __neg__ = __pos__ = __abs__ = __lt__ = __le__ = __gt__ = __ge__ = _other

    def __eq__(self, other: object) -> Any:
        return self._other()

    def __ne__(self, other: object) -> Any:
        return self._other()

    def __hash__(self) -> int:
        self._noted()
        return id(self)

    def __add__(self, other: object) -> Any:
        return f"{self}{other}" if isinstance(other, str) else self._other()

    def __radd__(self, other: object) -> Any:
        return f"{other}{self}" if isinstance(other, str) else self._other()

    def __str__(self) -> str:
        self._noted()
        return HOLE

    __repr__ = __html__ = __str__

    def __format__(self, specification: str) -> str:
        return str(self)

    def __bool__(self) -> bool:
        self._noted("a condition on it is taken not to hold")
        return False

    def __iter__(self) -> Iterator[Any]:
        self._noted("a loop over it is gone through once")
        yield self._other()

    def __reversed__(self) -> Iterator[Any]:
        return iter(self)

    def __len__(self) -> int:
        self._noted()
        return 1

    def __contains__(self, one: object) -> bool:
        return bool(self)

    def __int__(self) -> int:
        self._noted()
        return 1

    __index__ = __int__

    def __float__(self) -> float:
        return float(int(self))


#: What is written for a value that is not known: a word that no project uses.
HOLE = "dbt_isolation_unknown"
