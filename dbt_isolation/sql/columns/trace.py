"""What a query does besides giving columns."""


class Trace:
    """``shape``, the set of columns that decide which rows there are; ``problems``, names and why they lead
    nowhere."""

    __slots__ = ("problems", "shape")

    def __init__(self) -> None:
        self.shape = 0
        self.problems: dict[tuple[str, str], None] = {}

    def problem(self, name: str, reason: str) -> None:
        """Something could not be resolved."""
        self.problems[(name, reason)] = None

    def take(self, other: "Trace") -> None:
        """What a part does, the whole does."""
        self.shape |= other.shape
        self.problems.update(other.problems)
