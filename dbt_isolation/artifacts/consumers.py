"""What of a manifest reads nodes and is built of none: exposures, metrics, semantic models, saved queries."""

import re
from typing import Any

import msgspec

_WORD = re.compile(r"[^\W\d]\w*")


class DependsOn(msgspec.Struct, frozen=True):
    """Unique ids."""

    nodes: list[str] = []
    macros: list[str] = []


class Owner(msgspec.Struct, frozen=True):
    """Whom to ask about an exposure."""

    name: str | None = None
    email: str | list[str] | None = None

    def __str__(self) -> str:
        email = self.email if isinstance(self.email, str) else next(iter(self.email or ()), None)
        return self.name or email or ""


class Element(msgspec.Struct, frozen=True):
    """An entity, dimension or measure of a semantic model: a column of its name, or an expression."""

    name: str = ""
    expr: Any = None


class Consumer(msgspec.Struct, frozen=True):
    """An exposure, a metric, a semantic model or a saved query: it reads nodes, and is no relation."""

    unique_id: str = ""
    name: str = ""
    resource_type: str = ""
    label: str | None = None
    original_file_path: str = ""
    depends_on: DependsOn = DependsOn()
    owner: Owner = Owner()
    entities: list[Element] = []
    dimensions: list[Element] = []
    measures: list[Element] = []

    @property
    def takes(self) -> frozenset[str] | None:
        """The words of a semantic model's expressions in lower case, columns among them; None of another."""
        if self.resource_type != "semantic_model":
            return None
        elements = (*self.entities, *self.dimensions, *self.measures)
        return frozenset(
            word.lower() for one in elements for word in _WORD.findall(str(one.expr or one.name))
        )
