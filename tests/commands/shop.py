"""The project of a shop, written by hand, as the folder in which commands are typed."""

from pathlib import Path

import pytest

from tests.projects import DEPLOY

#: Production, staging that nobody reads, development, and a place that reads nothing else.
PROJECT = """\
name: shop
profile: shop
vars:
  dbt_isolation:
    environments:
      prod:
        targets: [prod]
        protected: true
        owns: [warehouse.analytics]
        deployer: {env_var: DBT_ISOLATION_DEPLOY, equals: "1"}
      staging:
        targets: [staging]
        protected: true
        owns: [warehouse.staging]
        deployer: {env_var: DBT_ISOLATION_DEPLOY, equals: "1"}
      dev:
        targets: [dev]
        reads: prod
      lab:
        targets: [lab]
"""
PROFILES = """\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, schema: dev}
    lab: {type: duckdb, schema: lab}
    prod: {type: duckdb, schema: analytics}
    staging: {type: duckdb, schema: staging}
    stray: {type: duckdb, schema: stray}
"""


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes both files into a new folder, and makes it the current one of somebody who deploys nothing."""
    folder.mkdir()
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "profiles.yml").write_text(PROFILES)
    monkeypatch.chdir(folder)
    for name in ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR", "DBT_ISOLATION_ENVIRONMENT", DEPLOY):
        monkeypatch.delenv(name, raising=False)
