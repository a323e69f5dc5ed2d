"""The corpus through sqlfluff: what the checks find in a file is what its rules show, at the same places."""

from pathlib import Path

import pytest

from isolation_hooks.sqlfluff.findings import findings
from tests.checks.corpus import Case, cases
from tests.hooks.sqlfluff.project import found, lint, make, mended, write

#: What sqlfluff calls an adapter type's SQL.
DIALECTS = {"sqlserver": "tsql", "spark": "sparksql"}
SQL = [case for case in cases() if case.path.endswith(".sql")]
SOME = SQL[::25]
REST = [case for case in SQL if case not in SOME]


def check(case: Case, folder: Path) -> None:
    """The same, or nothing where sqlfluff itself could not render or parse the file; and it can be fixed."""
    file = write(make(folder), case.path, case.text)
    dialect = DIALECTS.get(case.dialect, case.dialect)
    linted = lint(file, core={"dialect": dialect})
    assert not [one for one in linted.violations if "Unexpected exception" in one.desc()]
    if linted.tree is not None:
        expected = {
            (f"Isolation_{one.code}", one.line, one.column) for one in findings(file, case.text, dialect)
        }
        assert set(found(linted)) == expected
        mended(file, core={"dialect": dialect})


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.name)
def test_case(case: Case, tmp_path: Path) -> None:
    """Some of every theme."""
    check(case, tmp_path)


@pytest.mark.all
@pytest.mark.parametrize("case", REST, ids=lambda case: case.name)
def test_all_cases(case: Case, tmp_path: Path) -> None:
    """The others."""
    check(case, tmp_path)
