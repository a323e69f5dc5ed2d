"""What sources by environment cost a full parse: placed by the plugin, and by the one-line macro."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from dbt_isolation.installation.one_liners import SOURCE_MACRO, one_liner

from .plain_dbt import timed
from .projects import TIMEOUT, dbt, find_hidden, generate_project, rows
from .results import Options, Section
from .timing import BenchmarkError, in_turn, run, say

PLUGIN_GOAL = 1.15
#: dbt's static parser is off where a project has a `source` of its own.
MACRO_GOAL = 1.45
_PLACE = "      dev:\n"


def sources(options: Options) -> Section:
    """Time a full parse with `sources:`, against the same project without the package."""
    rounds = options.rounds or 5
    with TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        hidden = find_hidden(folder)
        plain, by_plugin, by_macro = folder / "plain", folder / "plugin", folder / "macro"
        generate_project(plain, options.models, packaged=False)
        for project in (by_plugin, by_macro):
            generate_project(project, options.models)
        run(dbt(by_plugin, "parse"), timeout=TIMEOUT)
        manifest = json.loads((by_plugin / "target" / "manifest.json").read_text(encoding="utf-8"))
        names = sorted({source["source_name"] for source in manifest["sources"].values()})
        for project in (by_plugin, by_macro):
            _place(project, names)
        (by_macro / "macros" / f"{SOURCE_MACRO}.sql").write_text(one_liner(SOURCE_MACRO) + "\n")
        for project in (by_plugin, by_macro):
            _check_effect(project, names[0])

        say("full parse")
        base, plugin, macro = in_turn(
            [
                timed(plain, "parse", hidden=hidden.places, anew=True),
                timed(by_plugin, "parse", anew=True),
                timed(by_macro, "parse", anew=True),
            ],
            rounds=rounds,
            timeout=TIMEOUT,
        )
    about = (
        f"A full parse of the generated project of {options.models} models (DuckDB, target dev), all of "
        f"whose {len(names)} sources have another place in development. A: without the package. B: with "
        "`sources:`, by the plugin alone; and with the one-line `source` macro as well. The goals are for "
        "CPU time."
    )
    found = [
        *rows("by the plugin", base, plugin, PLUGIN_GOAL),
        *rows("by the macro", base, macro, MACRO_GOAL),
    ]
    return Section(about, found, rounds)


def _place(project: Path, names: list[str]) -> None:
    file = project / "dbt_project.yml"
    text = file.read_text(encoding="utf-8")
    if text.count(_PLACE) != 1:
        raise BenchmarkError("the generated project has no environment dev")
    places = ", ".join(f"{name}: {{schema: {name}_sample}}" for name in names)
    file.write_text(text.replace(_PLACE, f"{_PLACE}        sources: {{{places}}}\n"), encoding="utf-8")


def _check_effect(project: Path, name: str) -> None:
    """Refuse to measure what does nothing."""
    run(dbt(project, "compile", "--select", f"source:{name}+1"), timeout=TIMEOUT)
    compiled = project / "target" / "compiled"
    if not any(f"{name}_sample" in file.read_text(encoding="utf-8") for file in compiled.rglob("*.sql")):
        raise BenchmarkError(f"source {name} is read where it was")
