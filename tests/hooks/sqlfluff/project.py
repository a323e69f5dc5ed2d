"""A small dbt project for sqlfluff to look at, and what dbt parsed in it last."""

import json
from pathlib import Path
from typing import Any

from sqlfluff.core import FluffConfig, Linter
from sqlfluff.core.linter import LintedFile

from tests.hooks.sqlfluff.plugin import register

PROJECT = """\
name: shop
version: 1.0.0
config-version: 2
profile: shop
flags: {send_anonymous_usage_stats: false}
vars:
  dbt_isolation:
    environments:
      prod:
        targets: [prod]
        protected: true
        owns: ["prod.*", "*.analytics_prod"]
        deployer: {env_var: DBT_ISOLATION_DEPLOY}
      dev: {targets: ["*"], reads: prod}
"""
CHECKS = "    checks: {%s}\n"


def make(folder: Path, *, checks: str = "", manifest: bool = True) -> Path:
    """A project in ``folder``; ``checks``: what the block says under ``checks:``."""
    write(folder, "dbt_project.yml", PROJECT + (CHECKS % checks if checks else ""))
    if manifest:
        write(folder, "target/manifest.json", json.dumps(_manifest()))
    return folder


def write(folder: Path, path: str, text: str) -> Path:
    """Writes a file, and its folder."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="")
    return file


def lint(file: Path, *, rules: str = "isolation", fix: bool = False, **configs: Any) -> LintedFile:
    """What sqlfluff finds in a file; ``configs`` are sections of its configuration."""
    register()
    sections: Any = {
        "templater": {"jinja": {"apply_dbt_builtins": True}},
        **configs,
        "core": {"dialect": "duckdb", "templater": "jinja", "rules": rules, **configs.get("core", {})},
    }
    with file.open(encoding="utf-8", newline="") as stream:
        return Linter(FluffConfig(sections)).lint_string(stream.read(), fname=str(file), fix=fix)


def found(linted: LintedFile) -> list[tuple[str, int, int]]:
    """The rule, the line and the position of each finding of ours."""
    return [
        (one.rule_code(), one.line_no, one.line_pos)
        for one in linted.get_violations()
        if one.rule_code().startswith("Isolation_")
    ]


def mended(file: Path, **configs: Any) -> str:
    """The file's text as `sqlfluff fix` would write it."""
    linted = lint(file, fix=True, **configs)
    # Without one sqlfluff could make nothing of the file.
    return file.read_text(encoding="utf-8") if linted.templated_file is None else linted.fix_string()[0]


def _manifest() -> dict[str, Any]:
    nodes = {}
    for name, schema in (("orders", "main"), ("customers", "sales")):
        nodes[f"model.shop.{name}"] = {
            "unique_id": f"model.shop.{name}",
            "resource_type": "model",
            "name": name,
            "package_name": "shop",
            "original_file_path": f"models/{name}.sql",
            "database": "prod",
            "schema": schema,
            "alias": name,
            "relation_name": f'"prod"."{schema}"."{name}"',
            "config": {"materialized": "table"},
        }
    source = {
        "unique_id": "source.shop.shop.payments",
        "name": "payments",
        "source_name": "shop",
        "database": "lake",
        "schema": "shop",
        "identifier": "payments",
        "relation_name": '"lake"."shop"."payments"',
    }
    return {
        "metadata": {"project_name": "shop", "adapter_type": "duckdb"},
        "nodes": nodes,
        "sources": {source["unique_id"]: source},
    }
