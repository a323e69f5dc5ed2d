"""A relation as a template sees it: what ``ref``, ``source`` and ``this`` give."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from dbt_isolation.rendering.doubts import Doubts

Parts: TypeAlias = tuple[str | None, str, str]
_PARTS = ("database", "schema", "identifier")
#: What else its parts are called.
_CALLED = {"name": "identifier", "table": "identifier"}
_QUOTES = {'"': '"', "`": "`", "[": "]"}


@dataclass(frozen=True, slots=True)
class Quoting:
    """The characters around each part, empty where there are none."""

    database: str
    schema: str
    identifier: str

    @classmethod
    def of(cls, written: str, parts: Parts) -> "Quoting | None":
        """As ``written`` quotes them; None where it is not made of ``parts``."""
        left, found = written, []
        for number, part in enumerate(parts):
            if not part:
                found.append("")
                continue
            left = left.removeprefix(".") if number and any(parts[:number]) else left
            quote = left[:1] if left[:1] in _QUOTES else ""
            whole = f"{quote}{part}{_QUOTES.get(quote, '')}"
            if not left.startswith(whole):
                return None
            left = left.removeprefix(whole)
            found.append(quote)
        return cls(*found) if not left else None


@dataclass(frozen=True, eq=False)
class RelationValue(Mapping[str, Any]):
    """``written``: how it stands in SQL. ``quoting``: None where its parts cannot be told from that."""

    doubts: Doubts
    written: str
    database: str | None
    schema: str
    identifier: str
    quoting: Quoting | None
    cte: bool = False
    included: tuple[bool, bool, bool] = (True, True, True)

    def __str__(self) -> str:
        return self.written

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RelationValue) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.doubts.unknown("the fields of a relation"))

    def __len__(self) -> int:
        return len(_PARTS)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_", "jinja_")) or name in ("unsafe_callable", "alters_data"):
            raise AttributeError(name)
        if name in _CALLED:
            return getattr(self, _CALLED[name])
        return self.doubts.unknown(f"{name} of {self.written} is known to a run alone")

    def get(self, name: str, default: Any = None) -> Any:
        """As dbt's own relations answer: macros ask for the type so."""
        if name == "metadata":
            return {"type": "Relation"}
        return getattr(self, name) if name in (*_PARTS, *_CALLED) else default

    @property
    def is_cte(self) -> bool:
        """Whether it is an ephemeral model."""
        return self.cte

    def render(self) -> str:
        """How it stands in SQL."""
        return self.written

    def include(self, **parts: Any) -> Any:
        """With only some of its parts."""
        chosen = tuple(
            before if parts.get(name) is None else bool(parts[name])
            for name, before in zip(_PARTS, self.included, strict=True)
        )
        return self._of(self.quoting, (chosen[0], chosen[1], chosen[2]))

    def without_identifier(self) -> Any:
        """Its database and schema."""
        return self.include(identifier=False)

    def quote(self, **parts: Any) -> Any:
        """With only some of its parts in quotes."""
        parts = {name: wanted for name, wanted in parts.items() if wanted is not None}
        if self.quoting is None or not set(parts) <= set(_PARTS):
            return self.doubts.unknown(f"the quotes of {self.written}")
        quotes = [one for name in _PARTS if (one := getattr(self.quoting, name))]
        if any(parts.values()) and not quotes:
            return self.doubts.unknown(f"the quotes of {self.written}")
        chosen = {name: quotes[0] if wanted else "" for name, wanted in parts.items()}
        return self._of(replace(self.quoting, **chosen), self.included)

    def _of(self, quoting: Quoting | None, included: tuple[bool, bool, bool]) -> Any:
        if quoting is None or self.cte:
            return self.doubts.unknown(f"the parts of {self.written}")
        return relation(
            self.doubts, (self.database, self.schema, self.identifier), quoting, included=included
        )


def relation(
    doubts: Doubts,
    parts: Parts,
    quoting: Quoting,
    included: tuple[bool, bool, bool] = (True, True, True),
) -> RelationValue:
    """One whose parts are quoted so."""
    written = ".".join(
        f"{quote}{part}{_QUOTES.get(quote, '')}"
        for part, name, wanted in zip(parts, _PARTS, included, strict=True)
        if part and wanted
        for quote in (getattr(quoting, name),)
    )
    return RelationValue(doubts, written, *parts, quoting, included=included)
