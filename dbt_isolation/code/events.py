"""What a template's expressions do beside giving a value: what they decide by, configure, run and write."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dbt_isolation.code.values import Text, Value, literals, names

_COMPARED = ("target.schema", "target.database", "target.dbname", "target.dataset", "target.project")


@dataclass(frozen=True, slots=True)
class Setting:
    """One configuration: ``value`` is None where it is no string."""

    key: str
    value: Text | None
    start: int


@dataclass(slots=True)
class Events:
    """All of them, each once however often a template is gone through; offsets are where they stand.

    ``decisions``: by what, and the literals that it is compared with. ``places``: literals that are a part
    of a relation or of a place. ``made``: relations by ``api.Relation.create``, with whether they are
    written. ``sql``: what is run; ``templates``: hooks, which are templates themselves.
    """

    decisions: dict[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    settings: dict[tuple[int, str], Setting] = field(default_factory=dict)
    made: dict[tuple[int, bool, tuple[Text, ...]], None] = field(default_factory=dict)
    sql: dict[Text, int] = field(default_factory=dict)
    templates: dict[Text, int] = field(default_factory=dict)

    def compared(self, at: int, left: Value, right: Iterable[Value]) -> None:
        """Notes a decision where one side is made of the target's name or place."""
        others = list(right)
        by = names(left).union(*map(names, others))
        said = tuple(one for other in (left, *others) for one, _ in literals(other))
        if "target.name" in by:
            self.decisions[at] = ("target.name", said)
        elif place := next((one for one in _COMPARED if one in by), None):
            self.decisions.setdefault(at, (place, said))

    def named(self, value: Value) -> None:
        """Notes the literals of a value that stands for a place."""
        for one, start in literals(value):
            self.places[start] = one
