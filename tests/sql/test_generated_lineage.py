"""Column lineage on a generated project, whose generator knows where every column comes from."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from benchmarks.generator import PROJECT, TRUTH, generate
from dbt_isolation.sql import column_lineage

SOURCE = re.compile(r"\{\{ source\('(\w+)', '(\w+)'\) \}\}")
REF = re.compile(r"\{\{ ref\('(\w+)'\) \}\}")
ONCE = re.compile(r"\{% if is_incremental\(\) %\}.*?\{% endif %\}", re.DOTALL)
CONFIG = re.compile(r"\{\{ config\(.*?\) \}\}")


def rendered(text: str) -> str:
    """A model's SQL as a full refresh runs it, each relation under a name of two parts."""
    text = CONFIG.sub("", ONCE.sub("", text))
    return SOURCE.sub(r"\1.\2", REF.sub(rf"{PROJECT}.\1", text))


def tables(folder: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """dbt's id, the name in the SQL, and the columns of each source and model."""
    for file in (folder / "models").rglob("_*.yml"):
        block = yaml.safe_load(file.read_text())
        for source in block.get("sources", ()):
            for table in source["tables"]:
                name = f"{source['name']}.{table['name']}"
                yield f"source.{PROJECT}.{name}", name, {one["name"]: "" for one in table["columns"]}
        for model in block.get("models", ()):
            columns = {one["name"]: "" for one in model["columns"]}
            yield f"model.{PROJECT}.{model['name']}", f"{PROJECT}.{model['name']}", columns


@pytest.mark.parametrize("models", [120, pytest.param(1000, marks=pytest.mark.all)])
def test_every_edge_is_found_and_no_other(models: int, tmp_path: Path) -> None:
    """Precision and recall are 1, for values and for what shapes the rows."""
    generate(tmp_path, models=models, package=None)
    truth = json.loads((tmp_path / TRUTH).read_text())
    ids, schema = {}, {}
    for unique_id, name, columns in tables(tmp_path):
        ids[name] = unique_id
        schema[name] = columns
    edges, influence = set(), set()
    for file in (tmp_path / "models").rglob("*.sql"):
        model = f"model.{PROJECT}.{file.stem}"
        found = column_lineage(rendered(file.read_text()), dialect="duckdb", schema=schema)
        assert found.unresolved == ()
        assert list(found.columns) == list(schema[f"{PROJECT}.{file.stem}"])
        influence |= {(model, ids[table], column) for table, column in found.influence}
        for name, origins in found.columns.items():
            edges |= {(model, name, ids[table], column) for table, column in origins}
    assert edges == set(map(tuple, truth["edges"]))
    assert influence == set(map(tuple, truth["influence"]))
