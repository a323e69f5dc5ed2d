"""Every case of every check: on a text, or on a manifest of the fewest fields."""

from typing import Any

import msgspec
import pytest
import yaml

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.checks import CHECKS, check_of
from dbt_isolation.checks.subject import Subject
from dbt_isolation.checks.text import findings_of
from dbt_isolation.config.block import parse
from dbt_isolation.environments import Target
from dbt_isolation.places import Places
from tests.projects import ROOT

CASES = {code: yaml.safe_load((ROOT / f"tests/cases/checks/{code}.yml").read_text()) for code in CHECKS}
ENVIRONMENTS = {
    "prod": {"targets": ["prod"], "protected": True, "owns": ["w.main"], "deployer": {"env_var": "DEPLOY"}},
    "dev": {"targets": ["*"], "reads": "prod"},
}
LAYERS = [{"name": one, "path": f"models/{one}"} for one in ("staging", "intermediate", "marts")]
TARGETS = (Target("dev", "w", "dev", "", "duckdb"), Target("prod", "w", "main", "", "duckdb"))


def subject(case: dict[str, Any]) -> Subject:
    """The project of a case."""
    block = {
        "environments": {**case.get("environments", {}), **ENVIRONMENTS},
        "layers": case.get("layers", LAYERS),
    }
    config = parse(block, {})
    nodes: dict[str, Any] = {}
    for name, fields in case["nodes"].items():
        node = {
            "name": name,
            "alias": name,
            "package_name": "p",
            "original_file_path": f"models/{name}.sql",
            **fields,
        }
        node["config"] = {"materialized": "table", **node.get("config", {})}
        unique_id = f"model.p.{name}"
        nodes[unique_id] = {"unique_id": unique_id, "resource_type": "model", **node}
        for number, (test, column) in enumerate(case.get("tests", {}).get(name, ())):
            nodes[f"test.p.{name}.{number}"] = {
                "unique_id": f"test.p.{name}.{number}",
                "resource_type": "test",
                "name": test,
                "package_name": "p",
                "attached_node": unique_id,
                "test_metadata": {"name": test, "kwargs": {"column_name": column}},
            }
    source = {"unique_id": "source.p.shop.orders", "name": "orders", "source_name": "shop", "schema": "raw"}
    content = {"metadata": {}, "nodes": nodes, "sources": {source["unique_id"]: source}}
    manifest = msgspec.convert(content, Manifest)
    places = Places(config, TARGETS, manifest, "p", frozenset(), {})
    compiled = {f"model.p.{name}": sql for name, sql in case.get("compiled", {}).items()}
    return Subject("p", manifest, config, places, compiled, "duckdb")


def named(*, of_files: bool) -> list[tuple[str, str]]:
    """The cases of either kind of check."""
    return [
        (code, name) for code, cases in CASES.items() if CHECKS[code].of_files is of_files for name in cases
    ]


@pytest.mark.parametrize(("code", "name"), named(of_files=True))
def test_case_of_a_file(code: str, name: str) -> None:
    """It finds what the case says, each with a message, a remedy, its line and where to read on."""
    case = CASES[code][name]
    path, lines = case.get("path", "models/m.sql"), case["text"].split("\n")
    config = parse({"environments": ENVIRONMENTS}, {})
    found = list(findings_of(path, case["text"], case.get("dialect", "duckdb"), config, codes=(code,)))
    assert [one.line for one in found] == case["finds"]
    for one in found:
        assert one.code == code
        assert one.message
        assert one.remedy
        assert one.path == path
        assert one.excerpt == lines[one.line - 1]
        assert 0 < one.column <= len(one.excerpt)
        assert one.url == f"docs/checks.md#{code.lower()}"


@pytest.mark.parametrize(("code", "name"), named(of_files=False))
def test_case(code: str, name: str) -> None:
    """It finds what the case says, each with a message, a remedy and where to read on."""
    case = CASES[code][name]
    found = list(check_of(code).check(subject(case)))
    assert sorted(one.node.removeprefix("model.p.") for one in found) == sorted(case["finds"])
    page = (ROOT / "docs/checks.md").read_text()
    for one in found:
        assert one.code == code
        assert one.message
        assert one.remedy
        assert one.path.startswith("models")
        assert one.url == f"docs/checks.md#{code.lower()}"
        assert f"## {code}" in page


@pytest.mark.parametrize("code", CHECKS)
def test_each_check_both_finds_and_passes(code: str) -> None:
    """A case file without either would prove nothing."""
    finds = [bool(case["finds"]) for case in CASES[code].values()]
    assert True in finds
    assert False in finds
