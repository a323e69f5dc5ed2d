"""The root project's one-line macros that return the package's, and macros of its own in their place."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dbt_isolation.artifacts.project import Definition, macros_of
from dbt_isolation.config.block import COMPONENTS
from dbt_isolation.config.model import Config
from dbt_isolation.installation.fact import Fact
from dbt_isolation.installation.versions import has_pointers

ONE_LINERS = ("generate_database_name", "generate_schema_name", "generate_alias_name")
#: Names the view that dbt writes beside a model's latest version, from 1.12 on.
POINTER_MACRO = "generate_latest_version_pointer_alias"
#: Reads sources by environment where dbt loads no plugin.
SOURCE_MACRO = "source"


def one_liner(name: str, default: str = "") -> str:
    """The root project's macro ``name``, one of the above, that returns the package's.

    ``default``: the project's own macro, which names what no template does; dbt's does if not given.
    """
    if name == SOURCE_MACRO:
        head = "{% macro source(source_name, table_name) -%}"
        return f"{head}{{{{ return(dbt_isolation.source(source_name, table_name)) }}}}{{%- endmacro %}}"
    custom = name.replace("generate_", "custom_")
    arguments = f"{custom}, node" + (f", default={default}({custom}, node)" if default else "")
    head = f"{{% macro {name}({custom}=none, node=none) -%}}"
    return f"{head}{{{{ return(dbt_isolation.{name}({arguments})) }}}}{{%- endmacro %}}"


def own_naming(project_dir: Path) -> Mapping[str, Definition]:
    """The project's own naming macros that do not return the package's, by the part that they name."""
    macros = macros_of(project_dir)
    found = {part: macros.get(f"generate_{part}_name") for part in COMPONENTS}
    return {
        part: macro
        for part, macro in found.items()
        if macro is not None and f"dbt_isolation.generate_{part}_name" not in macro.text
    }


def one_liner_facts(project_dir: Path, config: Config) -> Iterator[Fact]:
    """A line a macro; one of the project's own is fine where no environment has a template for its part."""
    macros, own = macros_of(project_dir), own_naming(project_dir)
    templated = {
        part
        for environment in config.environments.values()
        for templates in (environment.templates, *(one.templates for one in environment.overrides))
        for part in templates
    }
    for part in COMPONENTS:
        name = f"generate_{part}_name"
        what, line = f"macro {name}", one_liner(name)
        if name not in macros:
            yield Fact(what, "not in the project", f"write it to macros/{name}.sql: {line}")
        elif part not in own:
            yield Fact(what, "returns the package's")
        elif part in templated:
            yield Fact(
                what,
                f"does not return the package's ({own[part].file}:{own[part].line}), so no {part} of an "
                "environment has effect",
                f"rename it to project_{part}_name and run `dbt-isolation init`, which writes "
                f"{one_liner(name, f'project_{part}_name')}",
            )
        else:
            yield Fact(what, "the project's own names as it did; plugin and on-run-start guard its names")
    if "alias" in templated and has_pointers():
        what, line = f"macro {POINTER_MACRO}", one_liner(POINTER_MACRO)
        pointer = macros.get(POINTER_MACRO)
        if pointer is not None and f"dbt_isolation.{POINTER_MACRO}" in pointer.text:
            yield Fact(what, "returns the package's")
        else:
            found = "not in the project" if pointer is None else "does not return the package's"
            yield Fact(
                what,
                f"{found}, so the views of latest versions have one name in every environment",
                f"write it to macros/{POINTER_MACRO}.sql: {line}",
            )
