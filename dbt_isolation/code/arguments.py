"""What a call in a template is given."""

from dataclasses import dataclass

from dbt_isolation.code.values import Text, Value


@dataclass(frozen=True, slots=True)
class Arguments:
    """Those by position and those by name."""

    positional: list[Value]
    named: dict[str, Value]

    @property
    def all(self) -> list[Value]:
        """Both."""
        return [*self.positional, *self.named.values()]

    def get(self, name: str, position: int) -> Value | None:
        """The one called ``name``, or that at ``position``; None if it was not given."""
        if name in self.named:
            return self.named[name]
        return self.positional[position] if position < len(self.positional) else None

    def text(self, position: int, name: str = "") -> str | None:
        """A known string; None if it is not given or not known."""
        value = self.get(name, position)
        return value.literal if isinstance(value, Text) else None
