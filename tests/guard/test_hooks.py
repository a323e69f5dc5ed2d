"""Hooks and operations under the plugin, with real dbt: what is refused, let through, remembered."""

import sys
from collections.abc import Callable
from multiprocessing.util import Finalize
from pathlib import Path

import pytest

from tests.dbt_process import Result, dbt
from tests.guard.attacks import WIPE, production
from tests.projects import Project


@pytest.fixture
def project(depot: Project, tmp_path: Path) -> Project:
    """A copy of one's own."""
    return depot.copy(tmp_path / "depot")


def say_what_is_imported() -> None:
    """Prints at the end of the process whether SQL was read in it; dbt 1.12 imports sqlglot itself."""
    scanner = "dbt_isolation.sql.tokens"
    Finalize(None, lambda: print("scanner is", "in" if scanner in sys.modules else "out"), exitpriority=1)


def _configure(project: Project, text: str) -> None:
    file = project.folder / "dbt_project.yml"
    project.write("dbt_project.yml", file.read_text(encoding="utf-8") + text)


def _run(project: Project, *words: str, before: Callable[[], None] | None = None, **variables: str) -> Result:
    return dbt(words, project.folder, project.environment(**variables), before=before)


def test_what_only_production_runs_is_let_through(project: Project) -> None:
    """A branch of another target, a macro called in one, and the node itself."""
    project.write("macros/tidy.sql", f"{{% macro tidy() %}}{WIPE}{{% endmacro %}}")
    _configure(
        project,
        "models:\n  +post-hook:\n"
        f"""    - "{{% if target.name == 'prod' %}}{WIPE}{{% endif %}}"\n"""
        """    - "{{ tidy() if target.name == 'prod' }}"\n"""
        """    - "delete from {{ this }} where false"\n"""
        """    - "delete from {{ this.schema }}.{{ this.identifier }} where false"\n""",
    )
    before = production(project, ("plugin",))
    result = project.dbt("run", "--select", "orders")
    assert result.status == 0, result
    assert production(project, ("plugin",)) == before


def test_the_refusal_names_the_hook(project: Project) -> None:
    """Node, hook, file, relation, owner and remedy; nodes that are not selected are left out."""
    project.write("models/stray.sql", f'{{{{ config(post_hook="{WIPE}") }}}} select 1 as one')
    result = project.dbt("run")
    assert result.status == 2, result
    assert "hook writes: environment 'prod' owns warehouse.analytics" in result.output
    line = "post-hook of model.depot.stray (models/stray.sql) would write analytics.orders"
    assert line in result.output
    assert "what to do: write {{ this }}" in result.output
    result = project.dbt("run", "--select", "orders")
    assert result.status == 0, result
    project.edit("dbt_project.yml", "  dbt_isolation:\n", "  dbt_isolation:\n    mode: observe\n")
    result = project.dbt("run", "--select", "stray")
    assert "would refuse" in result.output
    assert line in result.output
    assert "Nothing was written" not in result.output


def test_a_macro_is_followed_with_what_it_is_given(project: Project) -> None:
    """Through other macros, with variables of the command line and arguments of an operation."""
    project.write("macros/tidy.sql", "{% macro tidy(place) %}{{ tidied(place) }}{% endmacro %}")
    project.write("macros/tidied.sql", "{% macro tidied(p) %}delete from {{ p }}.orders{% endmacro %}")
    project.write("macros/run_it.sql", "{% macro run_it(p) %}{% do run_query(tidy(p)) %}{% endmacro %}")
    _configure(project, """on-run-end: ["{{ tidy(var('place', target.schema)) }}"]\n""")
    assert project.dbt("run").status == 0
    refused = project.dbt("run", "--vars", "place: analytics")
    assert refused.status == 2, refused
    assert "on-run-end 1 of depot (dbt_project.yml) would write analytics.orders" in refused.output
    assert project.dbt("run-operation", "run_it", "--args", "p: dev").status == 0
    refused = project.dbt("run-operation", "run_it", "--args", "p: analytics")
    assert refused.status == 2, refused
    assert "macro.depot.run_it (macros/run_it.sql) would write analytics.orders" in refused.output


def test_a_source_in_production_is_refused(project: Project) -> None:
    """By the relation that it has here; where the environment has another, by that one."""
    project.write(
        "models/loaded.yml",
        "sources: [{name: loaded, database: warehouse, schema: analytics, tables: [{name: orders}]}]\n",
    )
    _configure(project, """on-run-end: ["delete from {{ source('loaded', 'orders') }}"]\n""")
    refused = project.dbt("run", "--select", "orders")
    assert refused.status == 2, refused
    assert "source('loaded', 'orders'), which is warehouse.analytics.orders" in refused.output
    project.edit("dbt_project.yml", "      dev:\n", "      dev:\n        sources: {loaded: {schema: dev}}\n")
    result = project.dbt("run", "--select", "orders")
    assert result.status == 0, result


def test_a_ref_that_is_read_in_production_is_refused(orchard: Project, tmp_path: Path) -> None:
    """Where the run does not build it, dbt's ref() leads there in a hook too."""
    project = orchard.copy(tmp_path / "orchard")
    project.write(
        "dbt_project.yml",
        (project.folder / "dbt_project.yml").read_text(encoding="utf-8")
        + """on-run-end: ["drop view if exists {{ ref('apples') }}"]\n""",
    )
    refused = project.dbt("run", "-s", "baskets")
    assert refused.status == 2, refused
    assert "ref('apples'), which is " in refused.output
    result = project.dbt("run", "-s", "apples", "baskets")
    assert "refused" not in result.output, result


def test_what_was_seen_is_not_read_again(project: Project) -> None:
    """No hooks: no SQL is read. A hook: it is, once, until the hook, its macro or the target changes."""
    assert "scanner is out" in _run(project, "seed", before=say_what_is_imported).output
    project.write("macros/tidy.sql", "{% macro tidy() %}delete from {{ this }} where false{% endmacro %}")
    _configure(project, 'seeds: {+post-hook: "{{ tidy() }}"}\n')
    for expected in ("in", "out"):
        result = _run(project, "seed", before=say_what_is_imported)
        assert result.status == 0, result
        assert f"scanner is {expected}" in result.output
    project.write("macros/tidy.sql", f"{{% macro tidy() %}}{WIPE}{{% endmacro %}}")
    for expected in ("in", "out"):
        result = _run(project, "seed", before=say_what_is_imported)
        assert result.status == 2, result
        assert f"scanner is {expected}" in result.output


def test_what_cannot_be_read_is_said(project: Project) -> None:
    """It is not refused for that."""
    project.write("macros/odd.sql", "{% macro odd() %}select 'it{% endmacro %}")
    _configure(project, """on-run-start: ["{{ odd() }}' as one"]\n""")
    _configure(project, """on-run-end: ["{{ odd() }}"]\n""")
    result = project.dbt("seed")
    assert "dbt-isolation (plugin) refused" not in result.output, result
    assert "not looked at, as it cannot be read: on-run-end 1 of depot (dbt_project.yml)" in result.output
