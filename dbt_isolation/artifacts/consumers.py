"""What of a manifest reads nodes and is built of none: exposures, metrics, semantic models, saved queries."""

import msgspec


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


class Consumer(msgspec.Struct, frozen=True):
    """An exposure, a metric, a semantic model or a saved query: it reads nodes, and is no relation."""

    unique_id: str = ""
    name: str = ""
    resource_type: str = ""
    label: str | None = None
    original_file_path: str = ""
    depends_on: DependsOn = DependsOn()
    owner: Owner = Owner()
