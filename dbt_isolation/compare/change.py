"""A change of a model's result, and how far it goes."""

from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    """How far a change goes; a greater one is worse, so ``max`` of some is the worst."""

    NONE = "none"
    ADDITIVE = "additive"
    COLUMN = "column"
    MODEL_WIDE = "model_wide"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> int:
        """0 for none, up to 4 for unknown."""
        return _SEVERITY[self.value]

    def __lt__(self, other: str) -> bool:
        return self.severity < _SEVERITY[str(other)]

    def __le__(self, other: str) -> bool:
        return self.severity <= _SEVERITY[str(other)]

    def __gt__(self, other: str) -> bool:
        return self.severity > _SEVERITY[str(other)]

    def __ge__(self, other: str) -> bool:
        return self.severity >= _SEVERITY[str(other)]


_SEVERITY = {kind.value: number for number, kind in enumerate(ChangeKind)}


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of a query does to its result.

    ``columns`` are the output columns that were added, changed or removed: those of the new query in its
    order, then the removed ones in the old order; ``removed`` those that are gone. ``reason`` is a sentence.
    """

    kind: ChangeKind
    columns: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    reason: str = ""
