"""An object of dbt's of which only a part is known."""

from collections.abc import Iterator, Mapping
from typing import Any

from dbt_isolation.rendering.doubts import Doubts


class Partial(Mapping[str, Any]):
    """``name``: what templates call it; ``known``: what is known in it; ``why``: why no more is."""

    unsafe_callable = False
    alters_data = False

    def __init__(self, doubts: Doubts, name: str, known: Mapping[str, Any], why: str) -> None:
        self._doubts = doubts
        self._name = name
        self._known = known
        self._why = why

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "jinja_pass_arg":
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        return self._doubts.unknown(f"{self._name}.{name} {self._why}")

    def get(self, name: str, default: Any = None) -> Any:
        """One that is not known may be there all the same."""
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known or bool(self[str(name)])

    def __iter__(self) -> Iterator[str]:
        return iter(self._doubts.unknown(f"what is in {self._name} {self._why}"))

    def __len__(self) -> int:
        return len(list(self))

    def __str__(self) -> str:
        return str(self._doubts.unknown(f"what is in {self._name} {self._why}"))


class Asks(Partial):
    """One whose other members are functions that ask a database."""

    def __init__(self, doubts: Doubts, name: str, known: Mapping[str, Any]) -> None:
        super().__init__(doubts, name, known, "asks the database")

    def __getitem__(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        return self._doubts.unknown(f"{self._name}.{name}() {self._why}")
