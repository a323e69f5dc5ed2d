"""The real sqlfluff, as a user starts it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from isolation_hooks.sqlfluff import get_rules
from tests.dbt_process import environment
from tests.hooks.sqlfluff.project import make, write
from tests.projects import ROOT

TIMEOUT = 120
CONFIG = """\
[sqlfluff]
dialect = duckdb
templater = {templater}
rules = isolation

[sqlfluff:templater:jinja]
apply_dbt_builtins = true

[sqlfluff:templater:dbt]
profiles_dir = .
"""
PROFILES = """\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: dev.duckdb, schema: dev}
    prod: {type: duckdb, path: prod.duckdb, schema: main}
"""
BAD = """\
{{ config(post_hook="grant select on prod.main.orders to reporter") }}
select  id from prod.main.orders
{% if target.name == 'prod' %}
join prod.sales.customers using (id)
{% endif %}
"""
FIXED = BAD.replace("from prod.main.orders", "from {{ ref('orders') }}").replace(
    "join prod.sales.customers", "join {{ ref('customers') }}"
)
FOUND = [("DI04", 1, 38), ("DI01", 2, 17), ("DI02", 3, 7), ("DI01", 4, 6)]


def _project(folder: Path, templater: str) -> Path:
    write(make(folder), ".sqlfluff", CONFIG.format(templater=templater))
    write(folder, "profiles.yml", PROFILES)
    write(folder, "models/good.sql", "select id from {{ ref('orders') }}\n")
    write(folder, "models/bad.sql", BAD)
    return folder


def _sqlfluff(folder: Path, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.hooks.sqlfluff.plugin", *words],
        cwd=folder,
        env=environment(folder, PYTHONPATH=f"{ROOT / 'hooks'}:{ROOT}"),
        input=text,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def _found(folder: Path, *words: str) -> list[tuple[str, int, int]]:
    result = _sqlfluff(folder, "lint", "--format", "json", *words, "models/bad.sql", "models/good.sql")
    assert result.returncode == 1, result.stderr
    files = {one["filepath"]: one["violations"] for one in json.loads(result.stdout)}
    assert not files["models/good.sql"]
    return [
        (one["code"].removeprefix("Isolation_"), one["start_line_no"], one["start_line_pos"])
        for one in files["models/bad.sql"]
        if one["code"].startswith("Isolation_")
    ]


@pytest.mark.parametrize("templater", ["jinja", "raw"])
def test_lint(templater: str, tmp_path: Path) -> None:
    """All four rules are there, and a clean file is clean; also in several processes."""
    project = _project(tmp_path, templater)
    if templater == "raw":
        write(project, "models/good.sql", "select 1 as id\n")
    assert _found(project) == FOUND
    assert _found(project, "--processes", "2") == FOUND


def test_fix(tmp_path: Path) -> None:
    """It changes the names and nothing else, and fails for what is left."""
    project = _project(tmp_path, "jinja")
    result = _sqlfluff(project, "fix", "models")
    assert result.returncode == 1, result.stderr
    assert (project / "models/bad.sql").read_text() == FIXED
    assert _found(project) == [("DI04", 1, 38), ("DI02", 3, 7)]


def test_standard_input(tmp_path: Path) -> None:
    """An editor gives the text, and where it stands."""
    project = _project(tmp_path, "jinja")
    words = ("--stdin-filename", "models/bad.sql", "-")
    result = _sqlfluff(project, "fix", *words, text="select  id from prod.main.orders\n")
    assert result.stdout == "select  id from {{ ref('orders') }}\n"


def test_rules(tmp_path: Path) -> None:
    """sqlfluff lists them."""
    listed = _sqlfluff(_project(tmp_path, "jinja"), "rules").stdout
    for rule in get_rules():
        assert f"[{rule.name}]" in listed


def test_the_dbt_templater(tmp_path: Path) -> None:
    """The same under dbt's own rendering; names are those of what `dbt parse` wrote."""
    pytest.importorskip("sqlfluff_templater_dbt")
    project = _project(tmp_path, "dbt")
    write(project, "models/orders.sql", "select 1 as id\n")
    write(project, "models/customers.sql", "{{ config(schema='sales') }}\nselect 1 as id\n")
    assert _found(project) == FOUND
    result = _sqlfluff(project, "fix", "models/bad.sql")
    assert (project / "models/bad.sql").read_text() == FIXED, result.stdout + result.stderr
