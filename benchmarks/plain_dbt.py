"""What the package adds to plain dbt: a full parse, an unchanged partial parse, and a run."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from .generator import PROJECT
from .projects import TIMEOUT, USER, dbt, find_hidden, generate_project, rows
from .results import Options, Section
from .timing import BenchmarkError, Command, in_turn, run, say


def plain_dbt(options: Options) -> Section:
    """Time dbt on the same generated project, with the package against without."""
    rounds = options.rounds or 5
    with TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        hidden = find_hidden(folder)
        plain, packaged = folder / "plain", folder / "packaged"
        generate_project(plain, options.models, packaged=False)
        generate_project(packaged, options.models)
        run(dbt(packaged, "parse"), timeout=TIMEOUT)
        _check_effect(packaged)

        found = []
        for what, words, goal, anew in (
            ("full parse", ("parse",), 1.15, True),
            ("unchanged partial parse", ("parse",), 1.05, False),
            ("`run`", ("run",), 1.05, False),
        ):
            say(what)
            without, with_ = in_turn(
                [
                    timed(plain, *words, hidden=hidden.places, anew=anew),
                    timed(packaged, *words, anew=anew),
                ],
                rounds=rounds,
                timeout=TIMEOUT,
            )
            found += rows(what, without, with_, goal)
    about = (
        f"dbt on the generated project of {options.models} models (DuckDB, target dev). A: without the "
        "package, its one-line macros and its block. B: with them. The goal is for CPU time, which other "
        "work on the machine disturbs least."
    )
    remark = (
        "In A the plugin is installed too, and inert: there is no block for it to act on."
        if hidden.together
        else "In A the plugin cannot be imported."
    )
    return Section(about, found, rounds, [remark])


def timed(project: Path, *words: str, hidden: tuple[str, ...] = (), anew: bool) -> Command:
    """A dbt command in a project; `anew` makes it parse everything."""
    known = project / "target" / "partial_parse.msgpack"
    prepare = (lambda: known.unlink(missing_ok=True)) if anew else None
    return dbt(project, *words, hidden=hidden, prepare=prepare)


def _check_effect(project: Path) -> None:
    """Refuse to measure a package that does nothing."""
    manifest = json.loads((project / "target" / "manifest.json").read_text(encoding="utf-8"))
    schemas = {
        node["schema"] for key, node in manifest["nodes"].items() if key.startswith(f"model.{PROJECT}.")
    }
    if strays := [schema for schema in schemas if not schema.startswith(f"dev_{USER}_")]:
        raise BenchmarkError(f"the package is not in effect: models go to {', '.join(sorted(strays))}")
