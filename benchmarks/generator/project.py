"""The files around the models: dbt_project.yml, profiles.yml, and what a project adds to use the package."""

from __future__ import annotations

from pathlib import Path

from .raw import DATABASE
from .relation import PROJECT

_PROJECT = f"""\
name: {PROJECT}
version: "1.0.0"
config-version: 2
profile: {PROJECT}

model-paths: [models]
macro-paths: [macros]
clean-targets: [target, dbt_packages]

flags:
  send_anonymous_usage_stats: false

models:
  {PROJECT}:
    staging:
      +materialized: view
      +schema: staging
    intermediate:
      +materialized: view
      +schema: intermediate
    marts:
      +materialized: table
      +schema: marts
"""

_PROFILES = f"""\
{PROJECT}:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: {DATABASE}
      schema: dev
      threads: 2
    prod:
      type: duckdb
      path: {DATABASE}
      schema: analytics
      threads: 2
"""

_BLOCK = f"""
vars:
  dbt_isolation:
    state: state
    environments:
      prod:
        targets: [prod]
        protected: true
        owns: ["{PROJECT}.analytics", "{PROJECT}.analytics_*"]
        deployer: {{env_var: DBT_ISOLATION_DEPLOY, equals: "1"}}
      ci:
        when: {{env_var: CI}}
        schema: "ci_{{env:DBT_PR}}_{{custom_schema}}"
        reads: prod
      dev:
        targets: ["*"]
        schema: "dev_{{user}}_{{custom_schema}}"
        reads: prod
"""

_ONE_LINERS = {
    "generate_database_name": "custom_database_name",
    "generate_schema_name": "custom_schema_name",
    "generate_alias_name": "custom_alias_name",
}


def project_files(package: Path | None) -> dict[str, str]:
    """By path within the project: the text of each file that is not about a model."""
    files = {
        "dbt_project.yml": _PROJECT,
        "profiles.yml": _PROFILES,
        ".gitignore": "target/\ndbt_packages/\nlogs/\n*.duckdb\n*.wal\n",
        "macros/.gitkeep": "",
    }
    if package is None:
        return files
    files["dbt_project.yml"] += _BLOCK
    files["packages.yml"] = f'packages:\n  - local: "{package.resolve().as_posix()}"\n'
    for macro, argument in _ONE_LINERS.items():
        call = f"{{{{ return(dbt_isolation.{macro}({argument}, node)) }}}}"
        head = f"{{% macro {macro}({argument}=none, node=none) -%}}"
        files[f"macros/{macro}.sql"] = f"{head}{call}{{%- endmacro %}}\n"
    return files
