"""DI31: a model without a key test."""

from collections.abc import Iterator

from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.checks.subject import Subject
from dbt_isolation.outcome import Finding

#: Generic tests of several columns together, as dbt-utils and dbt-expectations call them.
_COMBINED = frozenset({"unique_combination_of_columns", "expect_compound_columns_to_be_unique"})


def check(subject: Subject) -> Iterator[Finding]:
    """One finding a model whose rows nothing tells apart; an ephemeral model is part of another."""
    for model in subject.models:
        if not model.ephemeral and not _has_key(model, subject.tests_about.get(model.unique_id, ())):
            yield subject.finding(
                "DI31",
                model,
                f"nothing tests that a key of {model.name} is unique and never null",
                "add data_tests: [unique, not_null] to its key column, or a primary_key constraint",
            )


def _has_key(model: Node, tests: tuple[Node, ...]) -> bool:
    tested: dict[str, set[str]] = {}
    for test in tests:
        metadata = test.test_metadata
        if metadata is None:
            continue
        if metadata.name in _COMBINED:
            return True
        column = test.column_name or metadata.column
        tested.setdefault(column.casefold(), set()).add(metadata.name)
    for name, described in model.columns.items():
        constraints = {str(one.get("type")) for one in described.constraints}
        if "primary_key" in constraints:
            return True
        tested.setdefault(name.casefold(), set()).update(constraints)
    if any(one.get("type") == "primary_key" for one in model.constraints):
        return True
    return any({"unique", "not_null"} <= names for names in tested.values())
