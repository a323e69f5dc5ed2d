"""What of a node's config changed, and what that does to its result."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from dbt_isolation.compare.change import ChangeKind
from dbt_isolation.compare.project import Project
from dbt_isolation.errors import IsolationError

#: Said elsewhere: where it is put (moved), and what describes it.
_ELSEWHERE = frozenset(
    {
        *("alias", "database", "schema", "target_database", "target_schema"),
        *("description", "docs", "meta", "tags", "packages", "quoting", "column_types_described"),
    }
)
#: How a relation is stored, who may see it, and how it is run: its rows and columns stay.
_SAME_RESULT = frozenset(
    {
        *("access", "auto_refresh", "backup", "bind", "bucketed_by", "bytes_limit", "cluster_by"),
        *("clustered_by", "concurrent_batches", "contract", "deprecation_date", "dist", "distributed_by"),
        *("enabled", "file_format", "full_refresh", "grants", "group"),
        *("indexes", "job_labels", "kms_key_name", "labels", "latest_version", "latest_version_pointer"),
        *("location_root", "on_configuration_change", "order_by", "partition_by", "partitioned_by"),
        *("partitions", "persist_docs", "policy_tags", "primary_key", "properties", "query_tag"),
        *(
            "require_partition_filter",
            "secure",
            "snowflake_warehouse",
            "sort",
            "sort_type",
            "static_analysis",
        ),
        *("table_format", "table_type", "tblproperties", "threads", "transient", "unlogged"),
        *("copy_grants", "target_lag", "refresh_mode", "external_volume", "base_location_subpath"),
        *(
            "options",
            "location",
            "format",
            "labels_from_meta",
            "tmp_relation_type",
        ),
    }
)
#: Which rows there are, or how often.
_ROWS = frozenset(
    {
        *("batch_size", "begin", "check_cols", "delimiter", "event_time", "hard_deletes"),
        *("incremental_predicates", "incremental_strategy", "invalidate_hard_deletes", "lookback"),
        *("merge_exclude_columns", "merge_update_columns", "on_schema_change", "predicates", "strategy"),
        *("hours_to_expiration", "partition_expiration_days", "ttl"),
        *("snapshot_meta_column_names", "unique_key", "updated_at", "dbt_valid_to_current", "limit"),
    }
)
#: Which part an incremental model replaces, where its strategy overwrites.
_PARTS = frozenset({"partition_by", "partitioned_by", "partitions"})
#: Materializations that give just what their query gives.
_WHOLE = frozenset({"view", "table", "materialized_view", "ephemeral", "dynamic_table", "external"})
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One key's value before and now, as the project writes it.

    ``kind``: what it does to the result; ``columns``: of which columns, where it is of some alone.
    """

    key: str
    before: object
    now: object
    kind: ChangeKind
    columns: tuple[str, ...] = ()


class Configured(msgspec.Struct, frozen=True):
    """A node's config as dbt took it, and as the project writes it."""

    config: dict[str, Any] = {}
    unrendered_config: dict[str, Any] = {}


class _Sections(msgspec.Struct, frozen=True):
    nodes: dict[str, msgspec.Raw] = {}
    functions: dict[str, msgspec.Raw] = {}


def configured(project: Project, wanted: Collection[str]) -> dict[str, Configured]:
    """The config of some nodes, by unique id. Raises ``IsolationError`` as ``Project.written`` does."""
    if not wanted:
        return {}
    try:
        sections = msgspec.json.decode(project.written(), type=_Sections)
        nodes = {**sections.nodes, **sections.functions}
        return {name: msgspec.json.decode(nodes[name], type=Configured) for name in wanted if name in nodes}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IsolationError(f"a manifest cannot be read: {error}", "run `dbt parse` again") from error


def config_changes(
    before: Configured, now: Configured, by_target: Collection[str] = ()
) -> Iterator[ConfigChange]:
    """What differs, by key. ``by_target``: keys whose value the properties make of the target."""
    every = {*before.config, *now.config, *before.unrendered_config, *now.unrendered_config}
    for key in sorted({one.removeprefix("+") for one in every}):
        if key in _ELSEWHERE or key in by_target:
            continue
        old, new = (_written(one.unrendered_config, key) for one in (before, now))
        if old == new:
            continue
        # An unset key has what dbt takes for it; a value written out that says the same is no change.
        if _written(before.config, key) == _written(now.config, key) != _ABSENT and _ABSENT in (old, new):
            continue
        was = before.config.get(key) if old is _ABSENT else old
        is_ = now.config.get(key) if new is _ABSENT else new
        yield ConfigChange(key, was, is_, *_effect(key, before, now))


def _written(config: Mapping[str, Any], key: str) -> object:
    return next((config[one] for one in (key, f"+{key}") if one in config), _ABSENT)


def _effect(key: str, before: Configured, now: Configured) -> tuple[ChangeKind, tuple[str, ...]]:
    if key == "materialized":
        whole = {before.config.get(key), now.config.get(key)} <= _WHOLE
        return ChangeKind.NONE if whole else ChangeKind.MODEL_WIDE, ()
    if key in _PARTS and "incremental" in (before.config.get("materialized"), now.config.get("materialized")):
        return ChangeKind.MODEL_WIDE, ()
    if key in _SAME_RESULT:
        return ChangeKind.NONE, ()
    if key == "column_types":
        old, new = (one.config.get(key) or {} for one in (before, now))
        if isinstance(old, dict) and isinstance(new, dict):
            names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            return ChangeKind.COLUMN if names else ChangeKind.NONE, tuple(names)
    return ChangeKind.MODEL_WIDE if key in _ROWS else ChangeKind.UNKNOWN, ()
