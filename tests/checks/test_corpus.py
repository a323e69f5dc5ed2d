"""Every case of the corpus as it is, and written in other ways that mean the same."""

from collections import Counter

import duckdb
import pytest

from dbt_isolation.checks.text import findings_of
from dbt_isolation.outcome import Finding, Severity
from tests.checks.corpus import CODES, DIALECTS, Case, cases, config, wrong
from tests.checks.mutations import MUTATIONS

MODELS = [case for case in cases() if case.is_model]
#: One mutation a case, each in its turn; the others run in `make test-all`.
TURNS = [(case, list(MUTATIONS)[number % len(MUTATIONS)]) for number, case in enumerate(MODELS)]
REST = [(case, name) for case in MODELS for name in MUTATIONS if (case, name) not in TURNS]
#: What DuckDB alone can be asked: the text is SQL as it stands.
PLAIN = [
    case for case in MODELS if case.dialect == "duckdb" and "{{" not in case.text and "{%" not in case.text
]


def findings(case: Case, text: str) -> list[Finding]:
    """What is found in the case's file if it says this."""
    found = findings_of(case.path, text, case.dialect, config())
    return list(found)


def check_mutation(case: Case, mutation: str) -> None:
    """The same is found in the mutated text."""
    text = MUTATIONS[mutation](case)
    if text is not None:
        assert not wrong(case, findings(case, text), any_case=mutation == "upper"), text


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case(case: Case) -> None:
    """It finds what the case says, and says where."""
    found = findings(case, case.text)
    assert not wrong(case, found), case.text
    for one in found:
        assert one.path == case.path
        assert one.message
        assert 1 <= one.line <= case.text.count("\n") + 1


@pytest.mark.parametrize(("case", "mutation"), TURNS, ids=lambda one: getattr(one, "name", one))
def test_mutation(case: Case, mutation: str) -> None:
    """A case's turn."""
    check_mutation(case, mutation)


@pytest.mark.all
@pytest.mark.parametrize(("case", "mutation"), REST, ids=lambda one: getattr(one, "name", one))
def test_other_mutations(case: Case, mutation: str) -> None:
    """All the others."""
    check_mutation(case, mutation)


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_duckdb_agrees(case: Case) -> None:
    """The engine names the same tables, where it takes the statement without its tables and files."""
    expected = case.finds.get("DI01", ())
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        try:
            named = connection.get_table_names(case.text, qualified=True)
        except duckdb.Error:
            return
    # A file comes with its quotes and its alias.
    plain = {name.partition(" AS ")[0].replace('"', "") for name in named}
    if not isinstance(expected, int):
        assert plain == set(expected)


def test_the_corpus_is_whole() -> None:
    """Many cases, each named once; every code and every dialect both finds and passes."""
    names = Counter(case.name.partition(": ")[2] for case in cases())
    assert not [name for name, count in names.items() if count > 1]
    assert len(names) >= 320
    assert {case.dialect for case in cases() if case.finds} == set(DIALECTS)
    assert {case.dialect for case in cases() if not case.finds} == set(DIALECTS)
    assert {code for case in cases() for code in case.finds} == set(CODES)
    for case in cases():
        for code, found in case.finds.items():
            assert found, case.name
            if not isinstance(found, int):
                assert list(found) == sorted(set(found)), (case.name, code)


@pytest.mark.parametrize(
    ("finds", "may", "found", "mistakes"),
    [
        ({}, "", [], 0),
        ({}, "", [("DI01", "a.b")], 1),
        ({}, "", [("DI99", "a.b")], 1),
        ({}, "DI01", [("DI01", "a.b")], 0),
        ({"DI01": ("a.b",)}, "", [("DI01", "a.b"), ("DI01", "a.b")], 0),
        ({"DI01": ("a.b",)}, "", [("DI01", "A.b")], 2),
        ({"DI01": ("a.b",)}, "", [("DI02", "a.b")], 2),
        ({"DI01": ("a.b",)}, "DI01", [("DI01", "a.b"), ("DI01", "c")], 0),
        ({"DI01": ("a.b",)}, "DI01", [("DI01", "c")], 1),
        ({"DI02": 1}, "", [("DI02", "")], 0),
        ({"DI02": 1}, "", [], 1),
        ({"DI02": 1}, "", [("DI02", "a"), ("DI02", "b")], 1),
    ],
)
def test_what_is_wrong(
    finds: dict[str, tuple[str, ...] | int], may: str, found: list[tuple[str, str]], mistakes: int
) -> None:
    """The comparison that all of the above rests on."""
    case = Case("", "", "duckdb", "", finds, may=frozenset(may.split()))
    said = [Finding(code, Severity.ERROR, "", relation=relation) for code, relation in found]
    assert len(wrong(case, said)) == mistakes
