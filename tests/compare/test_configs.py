"""What a change of config does to a result, key by key."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from dbt_isolation.compare.change import ChangeKind
from dbt_isolation.compare.configs import ConfigChange, Configured, config_changes, configured
from dbt_isolation.compare.project import Project
from dbt_isolation.errors import IsolationError


def _changes(
    before: dict[str, Any], now: dict[str, Any], by_target: tuple[str, ...] = (), **rest: Any
) -> list[ConfigChange]:
    """``rest``: what both have."""
    one, other = ({**rest, **config} for config in (before, now))
    return list(config_changes(Configured(one, before), Configured(other, now), by_target))


@pytest.mark.parametrize(
    ("key", "old", "new", "kind"),
    [
        ("materialized", "view", "table", ChangeKind.NONE),
        ("materialized", "table", "ephemeral", ChangeKind.NONE),
        ("materialized", "table", "incremental", ChangeKind.MODEL_WIDE),
        ("materialized", "table", "my_own", ChangeKind.MODEL_WIDE),
        ("unique_key", "id", ["id", "day"], ChangeKind.MODEL_WIDE),
        ("incremental_strategy", "append", "merge", ChangeKind.MODEL_WIDE),
        ("on_schema_change", "ignore", "sync_all_columns", ChangeKind.MODEL_WIDE),
        ("strategy", "check", "timestamp", ChangeKind.MODEL_WIDE),
        ("ttl", "1d", "2d", ChangeKind.MODEL_WIDE),
        ("partition_expiration_days", 10, 20, ChangeKind.MODEL_WIDE),
        ("partition_by", "day", "month", ChangeKind.NONE),
        ("cluster_by", ["a"], ["b"], ChangeKind.NONE),
        ("indexes", [], [{"columns": ["id"]}], ChangeKind.NONE),
        ("engine", "MergeTree()", "ReplacingMergeTree()", ChangeKind.UNKNOWN),
        ("pre_hook", [], ["set x = 1"], ChangeKind.UNKNOWN),
        ("sql_header", "a", "b", ChangeKind.UNKNOWN),
        ("what_nobody_knows", 1, 2, ChangeKind.UNKNOWN),
    ],
)
def test_a_key(key: str, old: object, new: object, kind: ChangeKind) -> None:
    """In both directions."""
    assert _changes({key: old}, {key: new}) == [ConfigChange(key, old, new, kind)]
    assert _changes({key: new}, {key: old}) == [ConfigChange(key, new, old, kind)]


@pytest.mark.parametrize("key", ["tags", "meta", "docs", "schema", "database", "alias", "description"])
def test_what_is_said_elsewhere(key: str) -> None:
    """Where it is put, and what describes it."""
    assert _changes({key: "a"}, {key: "b"}) == []


def test_partitions_of_an_incremental_model() -> None:
    """They are what is overwritten."""
    (found,) = _changes({"partition_by": "day"}, {"partition_by": "month"}, materialized="incremental")
    assert found.kind is ChangeKind.MODEL_WIDE


def test_column_types() -> None:
    """Of the columns that have another one."""
    (found,) = _changes(
        {"column_types": {"a": "int", "b": "int"}}, {"column_types": {"a": "int", "b": "text", "c": "date"}}
    )
    assert (found.kind, found.columns) == (ChangeKind.COLUMN, ("b", "c"))


def test_a_default_that_is_written_out() -> None:
    """Says what was so already."""
    before = Configured({"materialized": "view"}, {})
    now = Configured({"materialized": "view"}, {"materialized": "view"})
    assert list(config_changes(before, now)) == []
    assert list(config_changes(now, before)) == []
    now = Configured({"materialized": "table"}, {"materialized": "table"})
    assert list(config_changes(before, now)) == [
        ConfigChange("materialized", "view", "table", ChangeKind.NONE)
    ]


def test_what_is_written_counts() -> None:
    """Not what it is for one target: production's value differs, and nothing was changed."""
    written = {"unique_key": "{{ target.name }}"}
    before, now = (Configured({"unique_key": name}, written) for name in ("prod", "dev"))
    assert list(config_changes(before, now)) == []


def test_a_plus_is_no_difference() -> None:
    """dbt_project.yml may write it in front of a key."""
    before = Configured({"materialized": "view"}, {"+materialized": "view"})
    now = Configured({"materialized": "view"}, {"materialized": "view"})
    assert list(config_changes(before, now)) == []


def test_keys_by_target() -> None:
    """What the properties make of the target is left out."""
    assert _changes({"unique_key": "a"}, {"unique_key": "b"}, ("unique_key",)) == []


def test_a_key_that_goes() -> None:
    """What it is then is what dbt takes."""
    (found,) = list(
        config_changes(
            Configured({"unique_key": "id"}, {"unique_key": "id"}), Configured({"unique_key": None}, {})
        )
    )
    assert found == ConfigChange("unique_key", "id", None, ChangeKind.MODEL_WIDE)


def _project(content: bytes) -> Project:
    return cast(Project, SimpleNamespace(written=lambda: content))


def test_of_a_manifest() -> None:
    """Models and functions; only what is wanted; what is no manifest is the user's mistake."""
    content = b'{"nodes": {"a": {"config": {"x": 1}}, "b": {}}, "functions": {"f": {"config": {"y": 2}}}}'
    found = configured(_project(content), ["a", "f", "nobody"])
    assert {name: one.config for name, one in found.items()} == {"a": {"x": 1}, "f": {"y": 2}}
    assert configured(_project(b"not even json"), []) == {}
    with pytest.raises(IsolationError, match="a manifest cannot be read"):
        configured(_project(b"{"), ["a"])
