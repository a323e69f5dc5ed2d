"""Tools that find the column edges of a compiled project, each as a script for a process of its own.

A script takes the project's folder and the file to write ``[model, column, parent, parent_column]`` into.
Peers are called from Python, as their own command lines do it, so that nobody pays for a report.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .peers import NotRunError, python
from .projects import PACKAGE
from .timing import BenchmarkError, Command, environment

_OLDER = Path(__file__).parent / "requirements-peers-older.lock"

_BEGIN = """\
import json, os, sys
from pathlib import Path
folder, output = Path(sys.argv[1]), sys.argv[2]
if len(sys.argv) > 3 and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[3])])
target = folder / "target"

def write(edges):
    Path(output).write_text(json.dumps(edges))

def project():
    manifest = json.loads((target / "manifest.json").read_text())
    catalog = json.loads((target / "catalog.json").read_text())
    entries = {**manifest["nodes"], **manifest["sources"]}
    listed = {**catalog["nodes"], **catalog["sources"]}
    names = {}
    for unique_id, table in listed.items():
        names[".".join(table["metadata"][part] for part in ("database", "schema", "name"))] = unique_id
    return entries, listed, names

def above(entries, unique_id):
    found, ahead = set(), list(entries[unique_id]["depends_on"]["nodes"])
    while ahead:
        one = ahead.pop()
        if entries.get(one, {}).get("config", {}).get("materialized") == "ephemeral":
            ahead += entries[one]["depends_on"]["nodes"]
        else:
            found.add(one)
    return found
"""

_OURS = """
import gc
gc.set_threshold(50_000, 20, 100)  # as the command line has it
from dbt_isolation.artifacts import catalog, compiled
from dbt_isolation.lineage.columns import columns_of
manifest, sql = compiled.read_all(target / "manifest.json")
found = columns_of(manifest, sql, catalog.read(target / "catalog.json"), "duckdb")
write([[*column, *one] for column, inputs in found.value.items() for one in inputs])
"""

_COLIBRI = """
import logging
logging.disable(logging.CRITICAL)
from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor
extractor = DbtColumnLineageExtractor(str(target / "manifest.json"), str(target / "catalog.json"))
parents = extractor.extract_project_lineage()["lineage"]["parents"]
write([
    [model, column, one["dbt_node"], one["column"]]
    for model, columns in parents.items()
    for column, inputs in columns.items() if not column.startswith("__colibri_")
    for one in inputs
])
"""

# It names a table by its last part alone; it is taken to mean the one that the model reads.
_COL_LINEAGE = """
import logging
logging.disable(logging.CRITICAL)
from dbt_column_lineage.lineage.sqlglot_provider import build_sqlglot_provider
provider = build_sqlglot_provider(str(target / "catalog.json"), str(target / "manifest.json"))
entries, listed, names = project()
models = {entry["name"]: one for one, entry in entries.items() if entry["resource_type"] == "model"}
edges = []
for name, model in provider.get_models().items():
    if name not in models:
        continue
    short = {entries[one]["name"]: one for one in above(entries, models[name])}
    for column in model.columns.values():
        for made in column.lineage or ():
            for one in made.source_columns:
                table, _, parent = one.rpartition(".")
                if parent != "*":
                    edges.append([models[name], column.name, short.get(table, table), parent])
write(edges)
"""

_SQLGLOT = """
from sqlglot import exp
from sqlglot.lineage import lineage
entries, listed, names = project()
edges = []
for unique_id, table in listed.items():
    sql = entries[unique_id].get("compiled_code")
    if not sql:
        continue
    schema = {}
    for one in above(entries, unique_id):
        meta = listed[one]["metadata"]
        columns = {name: column["type"] for name, column in listed[one]["columns"].items()}
        schema.setdefault(meta["database"], {}).setdefault(meta["schema"], {})[meta["name"]] = columns
    for column in table["columns"]:
        try:
            root = lineage(column, sql, schema=schema, dialect="duckdb")
        except Exception:
            continue
        for node in root.walk():
            if not node.downstream and isinstance(node.expression, exp.Table):
                read = ".".join(part.name for part in node.expression.parts)
                edges.append([unique_id, column, names.get(read, read), node.name.rpartition(".")[2]])
write(edges)
"""

_SQLLINEAGE = """
import logging, warnings
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
from sqllineage.core.metadata.dummy import DummyMetaDataProvider
from sqllineage.runner import LineageRunner
entries, listed, names = project()
tables = {unique_id: name for name, unique_id in names.items()}
edges = []
for unique_id, table in listed.items():
    sql = entries[unique_id].get("compiled_code")
    if not sql:
        continue
    metadata = {tables[one]: list(listed[one]["columns"]) for one in above(entries, unique_id)}
    try:
        runner = LineageRunner(
            f"create table {tables[unique_id]} as {sql}",
            dialect="duckdb",
            metadata_provider=DummyMetaDataProvider(metadata),
        )
        paths = runner.get_column_lineage()
    except Exception:
        continue
    for path in paths:
        read = str(path[0].parent)
        if path[-1].raw_name != "*":
            edges.append([unique_id, path[-1].raw_name, names.get(read, read), path[0].raw_name])
write(edges)
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """One of them."""

    script: str
    ours: bool = False
    """Whether it runs beside this package."""
    older: bool = False
    """Whether it is one of those that need an older parser."""

    def command(self, project: Path, output: Path, cores: int = 0) -> Command:
        """Finds all edges of ``project``, on so many cores. Raises ``NotRunError`` where it cannot be had."""
        words = (str(project), str(output), *((str(cores),) if cores else ()))
        path = str(PACKAGE) if self.ours else ""
        argv = (self._interpreter(), "-c", _BEGIN + self.script, *words)
        return Command(argv, project, environment(PYTHONPATH=path, DO_NOT_TRACK="1"))

    def _interpreter(self) -> str:
        if self.ours:
            return sys.executable
        try:
            return str(python(_OLDER, "-older") if self.older else python())
        except (BenchmarkError, subprocess.CalledProcessError) as error:
            raise NotRunError(f"cannot be installed: {str(error).splitlines()[0]}") from error


OURS, COLIBRI = "ours", "dbt-colibri"
TOOLS: Mapping[str, Tool] = {
    OURS: Tool(_OURS, ours=True),
    COLIBRI: Tool(_COLIBRI),
    "dbt-col-lineage": Tool(_COL_LINEAGE, older=True),
    "sqlglot `lineage()` per column": Tool(_SQLGLOT),
    "sqllineage, dialect duckdb": Tool(_SQLLINEAGE),
}
