"""What a command would write and may not, on a manifest file: the guard that commands use."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.artifacts import manifest
from dbt_isolation.config.block import parse
from dbt_isolation.environments import Run, Target, run_of
from dbt_isolation.errors import IsolationError
from dbt_isolation.writes import message, refused_command, refused_writes, written
from tests.projects import DEPLOY, Project

BLOCK = {
    "environments": {
        "prod": {
            "targets": ["prod"],
            "protected": True,
            "owns": ["warehouse.analytics"],
            "deployer": {"env_var": DEPLOY, "equals": "1"},
        },
        "dev": {"targets": ["dev"], "schema": "{custom_schema}"},
    }
}


def _run(target: str, **environ: str) -> Run:
    return run_of(parse(BLOCK, environ), Target(target, "warehouse", "dev", "", "duckdb"), environ)


def _node(**changes: object) -> manifest.Node:
    node = {
        "unique_id": "model.shop.orders",
        "resource_type": "model",
        "name": "orders",
        "package_name": "shop",
        "database": "warehouse",
        "schema": "analytics",
        "alias": "orders",
        "original_file_path": "models/orders.sql",
        "config": {"materialized": "table"},
    }
    raw = json.dumps({"metadata": {}, "nodes": {"n": node | changes}}).encode()
    return manifest.decode(raw, "manifest").nodes["n"]


def test_a_manifest_of_production_is_refused_from_development(depot: Project) -> None:
    """Every relation that a build would write, from a real manifest.json."""
    found = manifest.read(depot.folder / "state/manifest.json")
    refused = refused_writes(_run("dev"), found.nodes.values(), "build", "depot")
    assert {one.unique_id for one in refused} == {
        "model.depot.orders",
        "model.depot.totals",
        "seed.depot.regions",
        "snapshot.depot.order_history",
    }
    assert {one.refusal.rule for one in refused} == {"protected place"}
    assert not refused_writes(_run("prod", **{DEPLOY: "1"}), found.nodes.values(), "build", "depot")
    rules = {one.refusal.rule for one in refused_writes(_run("prod"), found.nodes.values(), "run", "depot")}
    assert rules == {"deployer"}


@pytest.mark.parametrize(
    ("changes", "command", "expected"),
    [
        ({}, "run", True),
        ({}, "seed", False),
        ({}, "a command of a later dbt", True),
        ({"config": {"materialized": "ephemeral"}}, "run", False),
        ({"resource_type": "test", "config": {}}, "test", False),
        ({"resource_type": "test", "config": {"store_failures": True}}, "test", True),
        ({"resource_type": "analysis"}, "build", False),
        ({"resource_type": "function"}, "build", True),
        ({"original_file_path": "", "path": ""}, "run", False),
    ],
)
def test_written(changes: dict[str, object], command: str, expected: bool) -> None:
    """Which node a command writes."""
    assert written(_node(**changes), command) is expected


def test_tests_store_failures_when_asked() -> None:
    """The command line's flag holds for tests that do not say themselves."""
    silent = _node(resource_type="test", config={})
    against = _node(resource_type="test", config={"store_failures": False})
    assert written(silent, "test", store_failures=True)
    assert not written(against, "test", store_failures=True)


def test_a_name_that_naming_refused_is_explained() -> None:
    """The place it would have had, or why it has none, or that the reason is gone."""
    [refused] = refused_writes(
        _run("dev"),
        [_node(schema="dev_analytics__refused", config={"schema": "analytics"})],
        "run",
        "shop",
    )
    assert (str(refused.relation), refused.refusal.rule) == ("warehouse.analytics.orders", "protected place")
    [stale] = refused_writes(_run("dev"), [_node(schema="dev__refused")], "run", "shop")
    assert (str(stale.relation), stale.refusal.rule) == ("warehouse.dev.orders", "refused name")


def test_commands_refused_whatever_they_select() -> None:
    """By command: a run without an environment, a protected one without its deployer."""
    for command in ("run", "run-operation", "clone", "later"):
        assert refused_command(_run("prod"), command) is not None
        assert refused_command(_run("nowhere"), command) is not None
        assert refused_command(_run("dev"), command) is None
        assert refused_command(_run("prod", **{DEPLOY: "1"}), command) is None
    for command in ("parse", "compile", "show", "generate", "freshness", "test", "list"):
        assert refused_command(_run("prod"), command) is None


def test_a_stray_variable_makes_no_deployer() -> None:
    """What only a .env file sets does not count, and the refusal says so."""
    environ = {DEPLOY: "1"}
    run = run_of(parse(BLOCK, environ), Target("prod"), environ, stray=frozenset({DEPLOY}))
    refusal = refused_command(run, "run")
    assert refusal is not None
    assert f"{DEPLOY} in a .env file does not count" in refusal.reason


def test_a_long_refusal_is_cut() -> None:
    """Ten nodes are named, the rest are counted; it ends with what to do."""
    nodes = [_node(unique_id=f"model.shop.m{number}") for number in range(14)]
    run = _run("dev")
    text = message(run, "run", refused_writes(run, nodes, "run", "shop"), by="plugin")
    assert text.count("would be written to") == 10
    assert "… and 4 more" in text
    assert "what to do: " in text
    assert text.endswith("Nothing was written.")


@given(
    st.binary(max_size=40) | st.sampled_from([b"{}", b'{"metadata": 1}', b'{"metadata": {}, "nodes": []}'])
)
def test_any_bytes_are_a_manifest_or_refused(content: bytes) -> None:
    """Cut off, of something else, no JSON: one error with a hint."""
    with pytest.raises(IsolationError, match="no manifest that can be read"):
        manifest.decode(content, "target/manifest.json")


def test_no_manifest(tmp_path: Path) -> None:
    """Where there is none, it says which command writes one."""
    with pytest.raises(IsolationError) as error:
        manifest.read(tmp_path / "manifest.json")
    assert "dbt parse" in error.value.hint
