"""Errors of the block that only the Python package tells, and reading it from files."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_isolation.config.block import load, parse
from dbt_isolation.errors import IsolationError

PROD = {
    "targets": ["prod"],
    "protected": True,
    "owns": ["live.*"],
    "deployer": {"env_var": "DEPLOY"},
}


def _block(**changes: Any) -> dict[str, Any]:
    dev = {key: value for key, value in changes.items() if key != "prod"}
    return {"environments": {"prod": PROD | changes.get("prod", {}), "dev": dev}}


@pytest.mark.parametrize(
    ("block", "message", "hint"),
    [
        ({"environment": {}}, "environment: unknown key 'environment'", "did you mean 'environments'?"),
        (_block(reads="prd"), "dev.reads: 'prd' is no environment", "did you mean 'prod'?"),
        (_block(expires="two days"), "dev.expires: 'two days' is no length of time", "12h, 14d or 3w"),
        (_block(max_age=3), "dev.max_age: 3 is no length of time", "12h"),
        (_block(copy_rows="many"), "dev.copy_rows: 'many' is no whole number", "1000000"),
        (_block(copy_rows=True), "dev.copy_rows: True is no whole number", "1000000"),
        (_block(unbuilt_change="fail"), "'fail' is none of warn, error", "known: warn, error"),
        (_block(cross_views="tables"), "dev.cross_views: 'tables'", "did you mean 'table'?"),
        (_block(when={"env_var": "CI", "equals": True}), "dev.when.equals: True is not text", "in quotes"),
        (_block(when={"env_var": "CI", "user": ["a"]}), "dev.when: no condition", "{user: [NAME]}"),
        (_block(when={"user": []}), "dev.when: no condition", "{user: [NAME]}"),
        (_block(when="CI"), "dev.when: a mapping is needed, not text", ""),
        (_block(schema=3), "dev.schema: text is needed, not a number", "quotes"),
        (_block(schema="a}b"), "dev.schema: a brace without its partner", ""),
        (_block(overrides=[{"schema": "x"}]), "dev.overrides[0]: path is missing", "path: models/realtime"),
        (_block(sources={"shop": {"table": "x"}}), "dev.sources.shop.table: unknown key", "'database'?"),
        (_block(prod={"protected": "yes"}), "prod.protected: true or false is needed, not text", ""),
        (_block(prod={"owns": []}), "prod.owns: an empty list", "such as"),
        (_block(prod={"owns": ["live.[ab]"]}), "'live.[ab]' is no glob", "only * is a wildcard"),
        ({**_block(), "copy_limit": "big"}, "copy_limit: 'big' is no size", "20GB"),
        ({**_block(), "post_run": "no"}, "post_run: true or false is needed", ""),
        ({"environments": {"a b": {}}}, "'a b' is no name for an environment", "letters"),
        ({"environments": {1: {}}}, "1 is not text", "quotes"),
        ([], "a mapping is needed, not a list", ""),
        (None, "a mapping is needed, not nothing", ""),
    ],
)
def test_errors_name_file_and_key(block: object, message: str, hint: str) -> None:
    """What is wrong, where, and how to mend it."""
    with pytest.raises(IsolationError) as error:
        parse(block, {})
    assert error.value.message.startswith("dbt_project.yml: vars.dbt_isolation")
    assert message in error.value.message
    assert hint in error.value.hint


def test_two_environments_need_two_places() -> None:
    """Overlapping globs of protected environments, and equal fixed templates, are one place."""
    staging = PROD | {"targets": ["staging"], "owns": ["li*.stage"]}
    with pytest.raises(IsolationError, match=r"staging\.owns: li\*\.stage and live\.\* of 'prod'"):
        parse({"environments": {"prod": PROD, "staging": staging}}, {})
    place = {"database": "lab", "schema": "dev_{user}"}
    with pytest.raises(IsolationError, match=r"ci\.schema: the same place as environment 'dev'"):
        parse({"environments": {"prod": PROD, "dev": place, "ci": place}}, {})
    parse({"environments": {"prod": PROD, "dev": place, "ci": {**place, "schema": "ci_{user}"}}}, {})


def test_defaults_and_values() -> None:
    """Everything that can be set arrives."""
    config = parse(
        _block(
            expires="2w", max_age="12h", copy_rows=5, sources={"shop": {"schema": "raw_sample"}}, reads="prod"
        )
        | {"copy_limit": "500MB", "state": "s3://bucket/{env:X}", "mode": "observe", "post_run": False}
    )
    dev = config.environments["dev"]
    assert dev.expires is not None
    assert dev.max_age is not None
    assert (dev.expires.days, dev.max_age.seconds) == (14, 12 * 3600)
    assert (dev.sources["shop"]["schema"], dev.copy_rows) == ("raw_sample", 5)
    assert (config.copy_limit, config.state, config.observing, config.post_run) == (
        500_000_000,
        "s3://bucket/{env:X}",
        True,
        False,
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_KEYS = st.sampled_from(
    ["targets", "when", "protected", "owns", "deployer", "schema", "overrides", "sources"]
)


@given(_JSON | st.dictionaries(_KEYS, _JSON).map(lambda env: {"environments": {"prod": PROD, "dev": env}}))
def test_any_block_is_read_or_refused(block: object) -> None:
    """Never another exception than the one with a message."""
    try:
        parse(block, {})
    except IsolationError as error:
        assert error.message


@given(st.binary(max_size=60))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Bytes that are no YAML, no text or no mapping are an error that names the file."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "dbt_project.yml").write_bytes(content)
    try:
        assert load(folder, {}) is None
    except IsolationError as error:
        assert "dbt_project.yml" in error.message


def test_where_the_block_is_read(tmp_path: Path) -> None:
    """dbt_project.yml, else dbt 1.12's vars.yml; a folder without a project is an error."""
    with pytest.raises(IsolationError, match=r"no dbt_project\.yml in"):
        load(tmp_path)
    (tmp_path / "dbt_project.yml").write_text("name: x\n")
    assert load(tmp_path) is None
    (tmp_path / "vars.yml").write_text("vars: {dbt_isolation: {mode: loud}}\n")
    with pytest.raises(IsolationError, match=r"^vars\.yml: vars\.dbt_isolation\.environments: no"):
        load(tmp_path)


def test_malformed_yaml_names_line_and_column(tmp_path: Path) -> None:
    """A mistake in YAML itself is shown where it is."""
    (tmp_path / "dbt_project.yml").write_text("name: x\nvars:\n\tdbt_isolation: {}\n")
    with pytest.raises(IsolationError, match=r"dbt_project\.yml:3:1: not valid YAML"):
        load(tmp_path)
