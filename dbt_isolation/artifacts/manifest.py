"""manifest.json: the few fields that are needed, of any dbt version."""

from pathlib import Path
from typing import Any

import msgspec

from dbt_isolation.errors import IsolationError


class NodeConfig(msgspec.Struct, frozen=True):
    """The part of a node's config that decides whether and where it is written."""

    materialized: str | None = None
    database: str | None = None
    schema_: str | None = msgspec.field(default=None, name="schema")
    alias: str | None = None
    store_failures: bool | None = None


class Node(msgspec.Struct, frozen=True):
    """One entry of ``nodes`` or ``functions``."""

    unique_id: str
    resource_type: str
    name: str
    package_name: str = ""
    database: str | None = None
    schema_: str | None = msgspec.field(default=None, name="schema")
    alias: str = ""
    version: str | int | float | None = None
    original_file_path: str = ""
    path: str = ""
    config: NodeConfig = NodeConfig()

    @property
    def external(self) -> bool:
        """Whether it is another project's model: it has no file here, and is only read."""
        return not self.original_file_path and not self.path


class Macro(msgspec.Struct, frozen=True):
    """One entry of ``macros``."""

    macro_sql: str = ""


class Metadata(msgspec.Struct, frozen=True):
    """The manifest's own ``metadata``."""

    dbt_version: str = ""
    project_name: str | None = None
    adapter_type: str | None = None
    dbt_schema_version: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """A whole manifest; nodes by unique id."""

    metadata: Metadata
    nodes: dict[str, Node]
    functions: dict[str, Node] = {}
    macros: dict[str, Macro] = {}


def read(file: Path) -> Manifest:
    """The manifest in ``file``.

    Raises ``IsolationError`` where there is none, or it is cut off or something else.
    """
    try:
        return decode(file.read_bytes(), str(file))
    except FileNotFoundError as error:
        raise IsolationError(f"no manifest at {file}", "run `dbt parse` first") from error
    except OSError as error:
        raise IsolationError(f"{file}: {error.strerror or error}") from error


def decode(content: bytes, name: str) -> Manifest:
    """The manifest in ``content``, called ``name`` in errors.

    Raises ``IsolationError`` for what is cut off or something else.
    """
    try:
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IsolationError(
            f"{name} is no manifest that can be read: {error}", "run `dbt parse` again"
        ) from error


def of_node(node: Any) -> Node:
    """The record of a node that dbt holds in memory (``ManifestNode``, ``FunctionNode``)."""
    config = node.config
    return Node(
        unique_id=node.unique_id,
        resource_type=str(node.resource_type),
        name=node.name,
        package_name=node.package_name,
        database=node.database,
        schema_=node.schema,
        alias=node.alias,
        version=getattr(node, "version", None),
        original_file_path=node.original_file_path or "",
        path=node.path or "",
        config=NodeConfig(
            materialized=getattr(config, "materialized", None),
            database=getattr(config, "database", None),
            schema_=getattr(config, "schema", None),
            alias=getattr(config, "alias", None),
            store_failures=getattr(config, "store_failures", None),
        ),
    )
