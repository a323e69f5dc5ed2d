"""What it costs that a plain run reads production by itself, against dbt's own defer given by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from .generator import DATABASE
from .projects import TIMEOUT, dbt, find_hidden, generate_project, rows
from .release import build_middle, push_release
from .results import Options, Row, Section
from .timing import BenchmarkError, in_turn, say

GOAL, GOAL_BY_STATE = 1.0, 1.05
_DEFER = ("--defer", "--favor-state", "--state")


def reads(options: Options) -> Section:
    """Time `dbt run` of one model in an empty instance, with the plugin against with flags."""
    rounds = options.rounds or 3
    found: list[Row] = []
    sizes = (options.models, options.large)
    for models in sizes:
        with TemporaryDirectory() as temporary:
            found += _of_size(Path(temporary).resolve(), models, rounds)
    about = (
        f"`dbt run -s MODEL --target dev` in an empty instance of the generated project, of {sizes[0]} and "
        f"of {sizes[1]} models (DuckDB), where what MODEL reads is in production alone. A: with "
        "`--defer --favor-state --state` and a copy of production's artifacts, without the plugin. B: plain, "
        "with the plugin, the release pushed before and its copy here. The goal is for CPU time."
    )
    remarks = [
        "With `state:modified` MODEL is the one that was edited.",
        "Production has MODEL and all above it. The release has every model of the project: run_results.json "
        "was written as if the run had built them; manifest.json is dbt's, and smaller than after a run of "
        "all, which would hold compiled code that A has to load.",
    ]
    return Section(about, found, rounds, remarks)


def _of_size(folder: Path, models: int, rounds: int) -> list[Row]:
    say(f"{models} models")
    hidden = find_hidden(folder)
    if hidden.together:
        raise BenchmarkError("the plugin stands beside dbt and cannot be hidden from A: pip install -e .")
    project, artifacts, database = folder / "project", folder / "artifacts", folder / DATABASE
    generate_project(project, models)
    name = build_middle(project)
    push_release(project)
    artifacts.mkdir()
    for file in ("manifest.json", "run_results.json"):
        shutil.copy(project / "target" / file, artifacts)
    shutil.copy(project / DATABASE, database)

    def empty() -> None:
        """Take away what the run before built in dev, and what is recorded of it."""
        shutil.copy(database, project / DATABASE)
        (project / f"{DATABASE}.wal").unlink(missing_ok=True)
        (project / "target" / "dbt_isolation" / "evidence.jsonl").unlink(missing_ok=True)

    found = []
    for selection, goal in ((name, GOAL), ("state:modified", GOAL_BY_STATE)):
        by_state = selection != name
        if by_state:
            _edit(project, name)
        say("  -s state:modified" if by_state else "  -s MODEL")
        by_hand, plain = in_turn(
            [
                dbt(
                    *(project, "run", "-s", selection, *_DEFER, str(artifacts)),
                    hidden=hidden.places,
                    prepare=empty,
                ),
                dbt(project, "run", "-s", selection, prepare=empty),
            ],
            rounds=rounds,
            timeout=TIMEOUT,
        )
        _check_effect(project, name)
        what = f"{models} models, `-s {'state:modified' if by_state else 'MODEL'}`"
        found += rows(what, by_hand, plain, goal)
    return found


def _edit(project: Path, name: str) -> None:
    (file,) = (project / "models").rglob(f"{name}.sql")
    file.write_text(f"{file.read_text(encoding='utf-8')}\n-- edited\n", encoding="utf-8", newline="\n")


def _check_effect(project: Path, name: str) -> None:
    """Refuse to measure a run of something else, or one that does not read production."""
    results = json.loads((project / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    built = [result for result in results if result["unique_id"].startswith("model.")]
    if [result["unique_id"].rpartition(".")[2] for result in built] != [name]:
        raise BenchmarkError(f"the run built {len(built)} models and not {name} alone")
    if ".analytics_" not in built[0]["compiled_code"].replace('"', ""):
        raise BenchmarkError(f"{name} was not built from production's relations")
