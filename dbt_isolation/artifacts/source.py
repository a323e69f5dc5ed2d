"""A source's table, as the manifest has it."""

from typing import Any

import msgspec

from dbt_isolation.artifacts.column import Column
from dbt_isolation.environments import Relation


class SourceConfig(msgspec.Struct, frozen=True):
    """The part of a source table's config that says how to sample it."""

    meta: dict[str, Any] | None = None


class Source(msgspec.Struct, frozen=True):
    """One entry of ``sources``."""

    unique_id: str
    name: str
    source_name: str = ""
    package_name: str = ""
    database: str | None = None
    schema_: str | None = msgspec.field(default=None, name="schema")
    identifier: str = ""
    relation_name: str | None = None
    unrendered_config: dict[str, Any] = {}
    unrendered_database: str | None = None
    unrendered_schema: str | None = None
    loaded_at_field: str | None = None
    description: str | None = None
    source_description: str | None = None
    original_file_path: str = ""
    tags: tuple[str, ...] = ()
    meta: dict[str, Any] | None = None
    columns: dict[str, Column] = {}
    config: SourceConfig = SourceConfig()

    @property
    def relation(self) -> Relation:
        """Where it is."""
        return Relation(self.database or "", self.schema_ or "", self.identifier)
