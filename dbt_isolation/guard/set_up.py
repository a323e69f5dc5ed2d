"""What of the set-up only a parsed project shows: the package's macros, their version, who calls them."""

import re
from collections.abc import Iterator
from typing import Any

from dbt_isolation import __version__
from dbt_isolation.environments import Refusal, Run
from dbt_isolation.installation.one_liners import POINTER_MACRO, one_liner
from dbt_isolation.installation.versions import agrees
from dbt_isolation.profile import duckdb_name


def set_up_refusals(run: Run, manifest: Any, project: str, flags: Any) -> Iterator[Refusal]:
    """Why ``run`` would not be named as its configuration says; ``manifest`` and ``flags`` are dbt's."""
    version = manifest.macros.get("macro.dbt_isolation.version")
    if version is None:
        yield _refusal(
            "vars: dbt_isolation: is set, and packages.yml brings no package dbt_isolation",
            "add the package to packages.yml and run `dbt deps`",
        )
        return
    found = re.search(r"return\('([^']+)'\)", version.macro_sql)
    there = found[1] if found else "unknown"
    if not agrees(there):
        yield _refusal(
            f"the package's macros are version {there}, the Python package is {__version__}",
            f"set the revision in packages.yml to v{__version__} and run `dbt deps`, "
            f"or install dbt-isolation {there}",
        )
    environment = run.environment
    if environment is None:
        return
    templated = set(environment.templates).union(*(one.templates for one in environment.overrides))
    names = {f"generate_{part}_name": part for part in sorted(templated)}
    if "alias" in templated and pointed_to(manifest, flags):
        names[POINTER_MACRO] = "alias"
    for name, part in names.items():
        if not _calls(manifest, f"macro.{project}.{name}", f"macro.dbt_isolation.{name}"):
            yield _refusal(
                f"environments.{environment.name}.{part} has no effect, as the project's {name} "
                "does not call the package's",
                f"write it to macros/{name}.sql: {one_liner(name)}",
            )


def ambiguous_name(credentials: Any) -> str:
    """The name of both the target's schema and a database, which DuckDB cannot tell apart; else empty."""
    if credentials.type != "duckdb":
        return ""
    attached = (one.alias or duckdb_name(one.path) for one in credentials.attach or ())
    names = {credentials.database, *attached}
    return str(credentials.schema) if credentials.schema in names else ""


def pointed_to(manifest: Any, flags: Any) -> list[str]:
    """The models, by unique id, beside whose latest version dbt writes a view that is in no manifest."""
    by_default = getattr(flags, "latest_version_pointer_enabled_by_default", False)
    found = []
    for node in manifest.nodes.values():
        asked = getattr(getattr(node.config, "latest_version_pointer", None), "enabled", False)
        if getattr(node, "is_latest_version", False) and (by_default if asked is None else asked):
            found.append(node.unique_id)
    return found


def _refusal(reason: str, remedy: str) -> Refusal:
    return Refusal("set-up", reason, remedy)


def _calls(manifest: Any, caller: str, wanted: str) -> bool:
    seen: set[str] = set()
    ahead = [caller]
    while ahead:
        name = ahead.pop()
        if name == wanted:
            return True
        if name not in seen and name in manifest.macros:
            seen.add(name)
            ahead += manifest.macros[name].depends_on.macros
    return False
