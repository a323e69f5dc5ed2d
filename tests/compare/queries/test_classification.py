"""What each change is, case by case."""

from typing import Any

import pytest
import yaml

from dbt_isolation.compare import ChangeKind, classify
from tests.projects import ROOT

TABLE: dict[str, list[dict[str, Any]]] = yaml.safe_load((ROOT / "tests/cases/changes.yml").read_text())
CASES = [(group, case) for group, cases in TABLE.items() for case in cases]
SCHEMA = {
    "t": {"id": "int", "a": "int", "b": "int", "c": "varchar", "f": "varchar", "ts": "timestamp"},
    "u": {"id": "int", "d": "int"},
    "w": {"k": "int"},
}


@pytest.mark.parametrize(("group", "case"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_case(group: str, case: dict[str, Any]) -> None:
    """It is what the case says."""
    change = classify(
        case["old"],
        case["new"],
        dialect=case["d"],
        schema=SCHEMA | case.get("schema", {}),
        relation_map=case.get("map"),
    )
    assert change.reason.endswith(".")
    found = (change.kind.value, [*change.columns], [*change.removed])
    assert found == (case["is"], case.get("columns", []), case.get("removed", [])), change.reason


@pytest.mark.parametrize(("group", "case"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_the_way_back(group: str, case: dict[str, Any]) -> None:
    """Seen from the other side, none stays none, rows stay rows, and what is new is what was removed."""
    there, back = (
        classify(
            *texts,
            dialect=case["d"],
            schema=SCHEMA | case.get("schema", {}),
            relation_map=case.get("map"),
        )
        for texts in ((case["old"], case["new"]), (case["new"], case["old"]))
    )
    kind = ChangeKind.COLUMN if there.kind is ChangeKind.ADDITIVE else there.kind
    assert back.kind is kind or {back.kind, kind} == {ChangeKind.ADDITIVE, ChangeKind.COLUMN}
    assert set(back.columns) == set(there.columns)
