"""The rules beside other rules, and where a file, a project or a configuration is odd."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dbt_isolation.code.files import LONGEST, read
from dbt_isolation.code.reading import Reading
from isolation_hooks.sqlfluff import findings
from tests.hooks.sqlfluff.project import found, lint, make, mended, write

BAD = "select * from a.b\n"
DI01 = ("Isolation_DI01", 1, 15)


@pytest.fixture(autouse=True)
def _as_in_a_new_process() -> None:
    for one in (findings._say_once, findings._project, findings._findings):
        one.cache_clear()


def test_fixes_beside_all_other_rules(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What others change around a name, and of the name itself, is written, and so is the name's fix."""
    text = "SELECT o.id,   c.name from Prod.main.Orders o\njoin prod.sales.customers c on c.id=o.id\n"
    file = write(make(tmp_path), "models/one.sql", text)
    assert mended(file, rules="all") == (
        "SELECT\n    o.id,\n    c.name\n"
        "FROM {{ ref('orders') }} AS o\n"
        "INNER JOIN {{ ref('customers') }} AS c ON o.id = c.id\n"
    )
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_fixes_in_branches_beside_all_other_rules(tmp_path: Path) -> None:
    """A file that sqlfluff renders more than once."""
    text = (
        "{% if var('all', false) %}\nselect ID from prod.main.orders\n"
        "{% else %}\nselect id FROM prod.main.orders\n{% endif %}\n"
    )
    file = write(make(tmp_path), "models/one.sql", text)
    assert mended(file, rules="all") == (
        "{% if var('all', false) %}\n    select ID from {{ ref('orders') }}\n"
        "{% else %}\n    select id from {{ ref('orders') }}\n{% endif %}\n"
    )


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four rules ask about it, and each again in every rendering and after each fix."""
    texts = []

    def spy(path: str, text: str, *rest: Any) -> Reading:
        texts.append(text)
        return read(path, text, *rest)

    monkeypatch.setattr(findings, "read", spy)
    text = "select * from prod.main.orders\n{% if var('a', false) %}where true{% endif %}\n"
    mended(write(make(tmp_path), "models/one.sql", text))
    assert texts == [text]


def test_weights(tmp_path: Path) -> None:
    """Off is nothing; what only warns does not fail; the last path that fits counts."""
    checks = "DI01: warn, paths: [{path: models/old, DI01: off}, {path: models/new, DI01: error}]"
    project = make(tmp_path, checks=checks)
    assert found(lint(write(project, "models/new/a.sql", BAD))) == [DI01]
    assert not lint(write(project, "models/old/a.sql", BAD)).violations
    linted = lint(write(project, "models/a.sql", BAD))
    assert found(linted) == []
    assert [one.rule_code() for one in linted.get_violations(filter_warning=False)] == ["Isolation_DI01"]


def test_the_configuration_is_read_again_when_it_is_saved(tmp_path: Path) -> None:
    """An editor's server lives long."""
    file = write(make(tmp_path), "models/a.sql", BAD)
    assert found(lint(file)) == [DI01]
    make(tmp_path, checks="DI01: off")
    assert found(lint(file)) == []


@pytest.mark.parametrize(
    ("project", "said"),
    [
        (None, "no dbt_project.yml above"),
        ("name: shop\nprofile: shop\n", "no vars: dbt_isolation: block"),
        ("vars: {dbt_isolation: {environments: {dev: }}}\n", "no protected environment"),
        ("vars: {", "dbt_project.yml"),
    ],
)
def test_without_a_project_that_can_be_read(
    project: str | None, said: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is found, and why is said once."""
    (tmp_path / ".git").mkdir()
    if project is not None:
        write(tmp_path, "dbt_project.yml", project)
    for name in ("one", "two"):
        assert not lint(write(tmp_path, f"models/{name}.sql", BAD)).violations
    [one] = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert said in one.getMessage()


def test_the_nearest_project_counts(tmp_path: Path) -> None:
    """Several projects in one repository."""
    make(tmp_path)
    make(tmp_path / "inner", checks="DI01: off")
    assert found(lint(write(tmp_path, "models/a.sql", BAD))) == [DI01]
    assert found(lint(write(tmp_path, "inner/models/a.sql", BAD))) == []


def test_a_text_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as a model of the project that one stands in."""
    make(tmp_path)
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path / "models")
    [one] = findings.findings(Path("stdin"), BAD, "duckdb")
    assert (one.code, one.line) == ("DI01", 1)
    assert findings.findings(None, BAD, "duckdb") == (one,)


def test_a_manifest_of_another_project(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Names are then not known, so nothing is fixed; all is found."""
    project = make(tmp_path)
    manifest = project / "target/manifest.json"
    manifest.write_text(manifest.read_text().replace('"project_name": "shop"', '"project_name": "x"'))
    text = "select * from prod.main.orders\n"
    file = write(project, "models/a.sql", text)
    assert found(lint(file)) == [DI01]
    assert mended(file) == text
    assert "nothing can be fixed" in caplog.text


def test_without_a_manifest_nothing_is_fixed(tmp_path: Path) -> None:
    """Nobody knows what the table is."""
    text = "select * from prod.main.orders\n"
    file = write(make(tmp_path, manifest=False), "models/a.sql", text)
    assert found(lint(file)) == [DI01]
    assert mended(file) == text


@pytest.mark.parametrize("text", ["", "\n", "{# nothing #}", "{% set a = 1 %}", "{{ config() }}\n"])
def test_a_file_that_renders_to_nothing(text: str, tmp_path: Path) -> None:
    """Nothing is found, and nothing breaks."""
    file = write(make(tmp_path), "models/a.sql", text)
    assert not lint(file).violations
    assert mended(file) == text


def test_findings_in_a_file_that_renders_to_nothing(tmp_path: Path) -> None:
    """They have a place in the source, if none in what is rendered."""
    text = "{% set rows = run_query('delete from a.b') %}"
    assert found(lint(write(make(tmp_path), "macros/a.sql", text))) == [("Isolation_DI04", 1, 38)]


def test_a_file_that_dbt_cannot_read(tmp_path: Path) -> None:
    """It is a finding, where sqlfluff itself gets as far as to ask for any."""
    text = "select 1 as one\nfrom {{ x.y(\n"
    file = write(make(tmp_path), "models/a.sql", text)
    assert [(one.code, one.line) for one in findings.findings(file, text, "duckdb")] == [("DI01", 2)]
    for templater in ("jinja", "raw"):
        assert lint(file, core={"templater": templater}).violations


def test_a_file_that_is_not_looked_at(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and the linter goes on."""
    file = write(make(tmp_path), "models/a.sql", "")
    assert findings.findings(file, "-" * (LONGEST + 1), "duckdb") == ()
    assert "models/a.sql:1 is not looked at whole" in caplog.text


def test_noqa_that_is_off(tmp_path: Path) -> None:
    """`disable_noqa` of sqlfluff holds for ours too."""
    file = write(make(tmp_path), "models/a.sql", "select * from a.b -- noqa: DI01\n")
    assert found(lint(file)) == []
    assert found(lint(file, core={"disable_noqa": True})) == [DI01]


def test_the_core_needs_no_sqlfluff() -> None:
    """Nor do the hooks: sqlfluff is an extra, and slow to import."""
    code = (
        "import sys; import dbt_isolation.main, dbt_isolation.commands.check, isolation_hooks.check; "
        "sys.exit('sqlfluff' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)


def test_the_rules_are_imported_late() -> None:
    """sqlfluff imports every plugin when it starts."""
    code = "import sys; import isolation_hooks.sqlfluff; sys.exit('dbt_isolation.checks' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
