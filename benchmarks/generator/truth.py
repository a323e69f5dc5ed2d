"""What is true of every column, for scoring column lineage."""

from __future__ import annotations

import json
from pathlib import Path

from .relation import Model

TRUTH = "truth.json"


def write_truth(path: Path, models: list[Model]) -> None:
    """Write `truth.json` into the project folder.

    - `edges`: `[model, column, parent, parent_column]`: the parent's column is part of the column's value;
      window arguments, CASE conditions and FILTER predicates included.
    - `influence`: `[model, parent, parent_column]`: the parent's column shapes the model's rows or grouping.
    - `ephemeral`: the models that are inlined into their children, so that compiled SQL names none of them.

    Models and sources are written as dbt's unique ids. Parents are those that the model names itself. An
    incremental model is described as its full refresh builds it.
    """
    edges = (
        [model.relation.id, column, parent, parent_column]
        for model in models
        for column, origins in model.origins.items()
        for parent, parent_column in sorted(origins)
    )
    influence = ([model.relation.id, *origin] for model in models for origin in sorted(model.influence))
    ephemeral = (model.relation.id for model in models if model.materialized == "ephemeral")
    parts = {"edges": edges, "influence": influence, "ephemeral": ephemeral}
    with (path / TRUTH).open("w", encoding="utf-8", newline="\n") as file:
        for turn, (name, rows) in enumerate(parts.items()):
            file.write(f'{"," if turn else "{"}\n"{name}": [\n')
            file.write(",\n".join(json.dumps(row) for row in rows))
            file.write("\n]")
        file.write("\n}\n")
