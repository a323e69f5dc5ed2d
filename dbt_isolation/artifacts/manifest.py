"""manifest.json: the few fields that are needed, of any dbt version."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from dbt_isolation.artifacts.column import Column
from dbt_isolation.artifacts.consumers import Consumer, DependsOn
from dbt_isolation.artifacts.source import Source
from dbt_isolation.environments import Named, Relation, Target
from dbt_isolation.errors import IsolationError

#: What can be built and then read by ref() or called.
BUILDABLE = frozenset({"model", "seed", "snapshot", "function"})


class NodeConfig(msgspec.Struct, frozen=True):
    """The part of a node's config that decides whether and where it is written, and what a test finds."""

    materialized: str | None = None
    database: str | None = None
    schema_: str | None = msgspec.field(default=None, name="schema")
    alias: str | None = None
    store_failures: bool | None = None
    # Of tests; what a model has under these names is its project's own.
    severity: Any = None
    where: Any = None
    limit: Any = None
    error_if: Any = None
    fail_calc: Any = None
    target_database: str | None = None
    target_schema: str | None = None
    group: str | None = None
    meta: dict[str, Any] = {}


class TestMetadata(msgspec.Struct, frozen=True):
    """Which generic test it is, and its arguments."""

    name: str = ""
    kwargs: dict[str, Any] = {}

    @property
    def column(self) -> str:
        """The column that it is about, as its arguments say; empty if they do not."""
        return str(self.kwargs.get("column_name") or "")


class Checksum(msgspec.Struct, frozen=True):
    """Of a node's file; ``name`` is ``path`` where dbt did not look at the content."""

    name: str = ""
    checksum: str = ""


class Contract(msgspec.Struct, frozen=True):
    """Whether the columns are promised."""

    enforced: bool = False


class Node(msgspec.Struct, frozen=True):
    """One entry of ``nodes`` or ``functions``."""

    unique_id: str
    resource_type: str
    name: str
    package_name: str = ""
    database: str | None = None
    schema_: str | None = msgspec.field(default=None, name="schema")
    alias: str = ""
    relation_name: str | None = None
    version: str | int | float | None = None
    original_file_path: str = ""
    path: str = ""
    patch_path: str | None = None
    root_path: str | None = None
    raw_code: str = ""
    checksum: Checksum = Checksum()
    config: NodeConfig = NodeConfig()
    unrendered_config: dict[str, Any] = {}
    depends_on: DependsOn = DependsOn()
    attached_node: str | None = None
    contract: Contract = Contract()
    constraints: list[dict[str, Any]] = []
    columns: dict[str, Column] = {}
    access: str | None = None
    description: str | None = None
    meta: dict[str, Any] = {}
    latest_version: str | int | float | None = None
    deprecation_date: str | None = None
    test_metadata: TestMetadata | None = None
    column_name: str | None = None
    arguments: list[dict[str, Any]] | None = None
    returns: dict[str, Any] | None = None

    @property
    def signature(self) -> dict[str, Any] | None:
        """A function's arguments and what it returns; None for everything else."""
        return {"arguments": self.arguments or [], "returns": self.returns} if self.returns else None

    @property
    def owner(self) -> str:
        """Who its ``meta`` says owns it; empty if it does not."""
        return str(self.config.meta.get("owner") or self.meta.get("owner") or "")

    @property
    def external(self) -> bool:
        """Whether it is another project's model: it has no file here, and is only read."""
        return not self.original_file_path and not self.path

    @property
    def ephemeral(self) -> bool:
        """Whether it is part of what reads it, and no relation."""
        return self.config.materialized == "ephemeral"

    @property
    def relation(self) -> Relation:
        """Where it is, or would be."""
        return Relation(self.database or "", self.schema_ or "", self.alias)

    def named(self, target: Target, project: str) -> Named:
        """What dbt's own macros name it on ``target``; ``project`` is the root project's name.

        dbt's `default__generate_database_name`, `…_schema_name` and `…_alias_name`.
        """
        custom = (self.config.schema_ or "").strip()
        version = str(self.version).replace(".", "_") if self.version is not None else ""
        return Named(
            default=Relation(
                self.config.database or target.database,
                f"{target.schema}_{custom}" if custom else target.schema,
                self.config.alias or (f"{self.name}_v{version}" if version else self.name),
            ),
            custom_database=self.config.database or "",
            custom_schema=custom,
            path=self.original_file_path.replace("\\", "/") if self.package_name == project else "",
        )


class UnitTest(msgspec.Struct, frozen=True):
    """One entry of ``unit_tests``; what it is about is the first that it depends on."""

    unique_id: str
    depends_on: DependsOn = DependsOn()


class Macro(msgspec.Struct, frozen=True):
    """One entry of ``macros``."""

    package_name: str = ""
    name: str = ""
    macro_sql: str = ""
    depends_on: DependsOn = DependsOn()


class Metadata(msgspec.Struct, frozen=True):
    """The manifest's own ``metadata``."""

    dbt_version: str = ""
    project_name: str | None = None
    adapter_type: str | None = None
    dbt_schema_version: str = ""
    invocation_id: str | None = None
    generated_at: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """A whole manifest; nodes by unique id."""

    metadata: Metadata
    nodes: dict[str, Node]
    functions: dict[str, Node] = {}
    sources: dict[str, Source] = {}
    macros: dict[str, Macro] = {}
    unit_tests: dict[str, UnitTest] = {}
    exposures: dict[str, Consumer] = {}
    metrics: dict[str, Consumer] = {}
    semantic_models: dict[str, Consumer] = {}
    saved_queries: dict[str, Consumer] = {}

    def consumers(self) -> Iterator[Consumer]:
        """Exposures, metrics, semantic models and saved queries."""
        for kind in (self.exposures, self.metrics, self.semantic_models, self.saved_queries):
            yield from kind.values()

    def buildable(self) -> Iterator[Node]:
        """Models, seeds, snapshots and functions; ephemeral models and other projects' too."""
        for node in self.nodes.values():
            if node.resource_type in BUILDABLE:
                yield node
        yield from self.functions.values()

    def naming_packages(self, project: str) -> dict[str, frozenset[str]]:
        """Packages with naming macros of their own, which name their nodes: the parts of a name, by package.

        ``project`` is the root project's name.
        """
        found: dict[str, set[str]] = {}
        for macro in self.macros.values():
            part = macro.name.removeprefix("generate_").removesuffix("_name")
            ours = macro.package_name in (project, "dbt", "dbt_isolation")
            if macro.name == f"generate_{part}_name" and part in ("database", "schema", "alias") and not ours:
                found.setdefault(macro.package_name, set()).add(part)
        return {package: frozenset(parts) for package, parts in found.items()}

    def get(self, unique_id: str) -> Node | None:
        """The node or function of that id."""
        return self.nodes.get(unique_id) or self.functions.get(unique_id)


Kind = TypeVar("Kind", bound=Manifest)


def read(file: Path) -> Manifest:
    """The manifest in ``file``.

    Raises ``IsolationError`` where there is none, or it is cut off or something else.
    """
    return read_as(file, Manifest)


def read_as(file: Path, kind: type[Kind]) -> Kind:
    """The same as a ``kind`` of manifest, which has more of its fields."""
    try:
        return decode_as(file.read_bytes(), str(file), kind)
    except FileNotFoundError as error:
        raise IsolationError(f"no manifest at {file}", "run `dbt parse` first") from error
    except OSError as error:
        raise IsolationError(f"{file}: {error.strerror or error}") from error


def decode(content: bytes, name: str) -> Manifest:
    """The manifest in ``content``, called ``name`` in errors.

    Raises ``IsolationError`` for what is cut off or something else.
    """
    return decode_as(content, name, Manifest)


def decode_as(content: bytes, name: str, kind: type[Kind]) -> Kind:
    """The same as a ``kind`` of manifest."""
    try:
        with no_collection():
            return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IsolationError(
            f"{name} is no manifest that can be read: {error}", "run `dbt parse` again"
        ) from error


@contextmanager
def no_collection(*, kept: bool = False) -> Iterator[None]:
    """Garbage is not looked for meanwhile: there is none among records, and it takes more than decoding.

    ``kept``: nor later among what there is by then, for a process that needs the records to its end.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if kept:
            gc.freeze()
        if was:
            gc.enable()


def of_node(node: Any) -> Node:
    """Where a node that dbt holds in memory (``ManifestNode``, ``FunctionNode``) would be written."""
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
