"""`check --fix` in a project that dbt has parsed: what it writes, and that dbt takes it as it was meant."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbt_isolation.checks import noqa
from dbt_isolation.main import main
from tests.projects import Project

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def project(orchard: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the orchard as the current folder; its own macros name the schema no more."""
    copy = orchard.copy(tmp_path / "orchard")
    monkeypatch.chdir(copy.folder)
    for name in ("DBT_PROFILES_DIR", "DBT_PROJECT_DIR", "DBT_PROFILE", "DBT_ISOLATION_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return copy


def fixed(project: Project, path: str, text: str) -> str:
    """What the file is after ``--fix``, which leaves every other one alone."""
    project.write(path, text)
    files = {one: one.read_bytes() for one in project.folder.glob("m*/*") if one != project.folder / path}
    assert main(["check", "--fix", "--select", "DI01", "--output", "report.txt"]) in (0, 1)
    assert {one: one.read_bytes() for one in files} == files
    return (project.folder / path).read_text(encoding="utf-8")


def test_dbt_takes_it(project: Project) -> None:
    """A model and a source named as production has them; the same dependencies as if written by hand."""
    text = "select a.*\nfrom warehouse.analytics.apples as a -- the apples\njoin  {} t using (tree_id)\n"
    [source] = json.loads((project.folder / "target/manifest.json").read_text())["sources"].values()
    raw = f"{source['database']}.{source['schema']}.{source['identifier']}"
    assert fixed(project, "models/pears.sql", text.format(raw)) == (
        "select a.*\nfrom {{ ref('apples') }} as a -- the apples\n"
        "join  {{ source('raw', 'trees') }} t using (tree_id)\n"
    )
    parsed = project.dbt("parse", "--target", "dev")
    assert parsed.status == 0, parsed
    manifest = json.loads((project.folder / "target/manifest.json").read_text())
    assert set(manifest["nodes"]["model.orchard.pears"]["depends_on"]["nodes"]) == {
        "model.orchard.apples",
        "source.orchard.raw.trees",
    }
    assert main(["check", "--select", "DI01"]) == 0


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("macros/m.sql", "{% macro m() %}select * from analytics.apples{% endmacro %}"),
        ("models/m.sql", "{{ config(post_hook='insert into x select * from analytics.apples') }} select 1"),
        ("models/m.sql", "{% set x = 'analytics.apples' %}select * from {{ x }}"),
        ("models/m.sql", "select 'select * from analytics.apples' as a"),
        ("models/m.sql", "select analytics.apples.tree_id from analytics.apples"),
        ("models/m.sql", "select * from apples"),
        ("models/m.sql", "{% call statement() %}select * from analytics.apples{% endcall %}"),
        ("models/m.sql", "select * from analytics.plums"),
        ("models/m.sql", "select * from elsewhere.analytics.apples"),
        ("models/m.sql", "-- select * from analytics.apples\nselect 1"),
    ],
)
def test_what_is_left(project: Project, path: str, text: str) -> None:
    """Macros, hooks, strings, comments, columns with their table, and what no node or more than one is."""
    assert fixed(project, path, text) == text


def test_two_of_one_name(project: Project) -> None:
    """A relation that two nodes may be is nobody's."""
    file = project.folder / "target/manifest.json"
    manifest = json.loads(file.read_text())
    apples = manifest["nodes"]["model.orchard.apples"]
    manifest["nodes"]["model.orchard.other"] = {
        **apples,
        "config": {**apples["config"], "alias": "apples"},
        "unique_id": "model.orchard.other",
        "name": "other",
    }
    file.write_text(json.dumps(manifest))
    text = "select * from analytics.apples"
    assert fixed(project, "models/m.sql", text) == text


NAME = "analytics.apples"
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
BETWEEN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.tuples(BETWEEN, ENDS), max_size=4), rest=st.lists(st.tuples(BETWEEN, ENDS), max_size=4)
)
def test_nothing_else_changes(
    project: Project, lines: list[tuple[str, str]], rest: list[tuple[str, str]]
) -> None:
    """Whatever comments stand around it, and however lines end."""
    before, after = ("".join(f"--{words}{end}" for words, end in one) for one in (lines, rest))
    file = project.folder / "models/any.sql"
    content = f"{before}select * from {NAME}\r\n{after}"
    file.write_bytes(content.encode())
    assert main(["check", "--fix", "--select", "DI01", "--output", "report.txt", "models/any.sql"]) in (0, 1)
    new = file.read_bytes().decode()
    assert new in (content, content.replace(f"from {NAME}", "from {{ ref('apples') }}"))
    if not any(mark in before + after for mark in ("{", NAME)):
        assert new != content
    file.unlink()


def test_a_file_that_somebody_writes_meanwhile(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is left as it is then."""
    project.write("models/m.sql", "select * from analytics.apples")
    real = noqa.split_files

    def written(*arguments: object) -> object:
        project.write("models/m.sql", "select 2 as b from analytics.apples")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("dbt_isolation.commands.check.split_files", written)
    assert main(["check", "--fix", "--select", "DI01", "models/m.sql"]) == 1
    assert (project.folder / "models/m.sql").read_text() == "select 2 as b from analytics.apples"
