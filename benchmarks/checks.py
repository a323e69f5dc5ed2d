"""What `dbt-isolation check` costs: for one file, for all of a project, in memory, and beside other tools."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .memory import peaks
from .peers import CHECKPOINT, NotRunError, python
from .projects import PACKAGE, TIMEOUT, dbt, generate_project
from .results import Options, Row, Section
from .timing import BenchmarkError, Command, Samples, Spread, cpu, environment, in_turn, run, say, wall

ONE, ONE_COLD, ALL, ALL_WARM = 2.0, 3.0, 1.5, 40.0
"""The goals: for one changed file with and without what was read before, for all files, for none changed."""
MEMORY, MEMORY_LARGE = 400e6, 1.5e9
"""Bytes, of all its processes together, at the large size and at ten times that."""
WORKERS = 2

# As pip's console scripts begin; a finding is no failure here.
_OURS = """\
import sys
from dbt_isolation.main import run
try:
    run()
except SystemExit as ended:
    sys.exit(ended.code if ended.code not in (0, 1) else 0)
"""
_SQLFLUFF = """\
import sys
from sqlfluff.cli.commands import cli
try:
    cli()
except SystemExit as ended:
    sys.exit(ended.code if ended.code not in (0, 1) else 0)
"""
_CHECKPOINT = """\
import sys
from dbt_checkpoint.check_script_has_no_table_name import main
status = main()
sys.exit(status if status not in (0, 1) else 0)
"""

# What reading these files costs anybody: Jinja's parse, sqlglot's compiled parse, and YAML in C.
_YARDSTICK = """\
import re, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

def read(paths):
    import sqlglot, yaml
    from jinja2 import Environment
    jinja = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
    for path in paths:
        text = Path(path).read_text(encoding="utf-8")
        if path.endswith(".yml"):
            yaml.load(text, Loader=yaml.CSafeLoader)
            continue
        jinja.parse(text)
        if not path.startswith("macros"):
            text = re.sub(r"(?s)\\{[%#].*?[%#]\\}|\\{\\{\\s*config\\(.*?\\}\\}", " ", text)
            text = re.sub(r"\\{\\{.*?\\}\\}", "x", text)
            sqlglot.parse(text, read="duckdb")

if __name__ == "__main__":
    found = [str(one) for place in ("models", "macros") for one in Path(place).rglob("*.*")]
    found = [one for one in found if one.endswith((".sql", ".yml"))]
    parts = [found[start : start + 50] for start in range(0, len(found), 50)]
    with ProcessPoolExecutor(int(sys.argv[1]), get_context("fork")) as pool:
        for _ in pool.map(read, parts):
            pass
"""


@dataclass(frozen=True, slots=True)
class _Project:
    """A generated project, its cache, and the model that somebody works on."""

    folder: Path

    @property
    def model(self) -> Path:
        return min((self.folder / "models").rglob("*.sql"))

    def change(self) -> None:
        with self.model.open("a", encoding="utf-8") as stream:
            stream.write(f"-- {time.time_ns()}\n")

    def forget(self) -> None:
        (self.folder / "target/dbt_isolation_cache.db").unlink(missing_ok=True)

    def change_and_forget(self) -> None:
        self.change()
        self.forget()

    def check(self, *words: str, prepare: Callable[[], object] | None = None) -> Command:
        return self.command((sys.executable, "-c", _OURS, "check", *words), prepare=prepare)

    def check_model(self, prepare: Callable[[], object]) -> Command:
        return self.check(str(self.model.relative_to(self.folder)), prepare=prepare)

    def command(
        self, argv: Sequence[str], *, prepare: Callable[[], object] | None = None, path: str = str(PACKAGE)
    ) -> Command:
        return Command(
            argv, self.folder, environment(PYTHONPATH=path, DBT_PROFILES_DIR=str(self.folder)), prepare
        )


def checks(options: Options) -> Section:
    """Time `check` on a large generated project; measure its memory there and on one ten times as large."""
    rounds = options.rounds or 15
    remarks = [
        "What is unchanged is timed through the hook, under hooks. The yardstick for all models is Jinja's "
        "parse, sqlglot's compiled parse and the YAML loader in C for the same files on as many processes.",
    ]
    with TemporaryDirectory() as temporary:
        bare = _Project(Path(temporary).resolve() / "bare")
        generate_project(bare.folder, options.large, packaged=False, data=False)
        _configure(bare.folder)
        parsed = _Project(Path(temporary).resolve() / "parsed")
        generate_project(parsed.folder, options.large, data=False)
        say("  dbt parse")
        run(dbt(parsed.folder, "parse"), timeout=TIMEOUT)
        rows = [
            *_one_model(bare, parsed, rounds),
            *_all_models(bare, parsed, options.large, rounds),
            *_memory(bare, f"{options.large} models", MEMORY),
        ]
        say("  memory at ten times the size")
        larger = _Project(Path(temporary).resolve() / "larger")
        generate_project(larger.folder, 10 * options.large, packaged=False, data=False)
        _configure(larger.folder)
        rows += _memory(larger, f"{10 * options.large} models", MEMORY_LARGE)
        beside, left_out = _peers(bare, parsed, min(rounds, 5))
    about = (
        f"`dbt-isolation check` (B) in a generated project of {options.large} models. Whole processes; the "
        "goals are for time on the clock."
    )
    remarks.append(
        "Memory is the most that each process of the tree ever had (VmHWM), the sum of all; A is the goal. "
        "What forked processes share counts once for each."
    )
    return Section(about, [*rows, *beside], rounds, [*remarks, *left_out])


def _one_model(bare: _Project, parsed: _Project, rounds: int) -> list[Row]:
    run(bare.check(), timeout=TIMEOUT)
    run(parsed.check(), timeout=TIMEOUT)
    base, *judged = in_turn(
        [
            bare.command((sys.executable, "-c", "import sqlglot")),
            bare.check_model(bare.change),
            parsed.check_model(parsed.change),
            bare.check_model(bare.change_and_forget),
            parsed.check_model(parsed.change_and_forget),
        ],
        rounds=rounds,
    )
    names = [
        ("one changed model, no manifest", ONE),
        ("one changed model, with a manifest", ONE),
        ("one changed model, no cache, no manifest", ONE_COLD),
        ("one changed model, no cache, with a manifest", ONE_COLD),
    ]
    rows: list[Row] = []
    for (what, goal), taken in zip(names, judged, strict=True):
        rows += _rows(f"{what} (B), `import sqlglot` (A)", base, taken, goal)
    return rows


def _all_models(bare: _Project, parsed: _Project, models: int, rounds: int) -> list[Row]:
    yardstick = bare.command((sys.executable, "-c", _YARDSTICK, str(WORKERS)))
    rounds = max(1, rounds // 3)
    base, cold = in_turn([yardstick, bare.check(prepare=bare.forget)], rounds=rounds)
    nothing, warm, warm_parsed = in_turn(
        [bare.command((sys.executable, "-c", "pass")), bare.check(), parsed.check()], rounds=rounds
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    where = f"{models} models, cold (B), yardstick on {WORKERS} processes (A), {cores} cores"
    return [
        *_rows(where, base, cold, ALL),
        *_rows(f"{models} models, nothing changed, no manifest (B), `pass` (A)", nothing, warm, ALL_WARM),
        *_rows(f"{models} models, nothing changed, with a manifest (B), `pass` (A)", nothing, warm_parsed),
    ]


def _peers(bare: _Project, parsed: _Project, rounds: int) -> tuple[list[Row], list[str]]:
    """Other tools on one file (A) beside ours (B), with a manifest where needed; why one was not run."""
    model = str(bare.model.relative_to(bare.folder))
    words = ("lint", "--templater", "jinja", "--dialect", "duckdb", "--rules", "RF01", model)
    peers: dict[str, tuple[_Project, Callable[[], Command]]] = {
        "sqlfluff, jinja templater, RF01 alone": (
            bare,
            lambda: bare.command((sys.executable, "-c", _SQLFLUFF, *words), prepare=bare.change, path=""),
        ),
        "dbt-checkpoint `check-script-has-no-table-name`": (bare, lambda: _checkpoint(bare, model)),
        "dbt-bouncer `check_model_hard_coded_references`": (parsed, lambda: _bouncer(parsed)),
    }
    rows, left_out = list[Row](), list[str]()
    for name, (project, made) in peers.items():
        say(f"  {name}")
        try:
            theirs, ours = in_turn([made(), project.check_model(project.change)], rounds=rounds)
        except (NotRunError, BenchmarkError, subprocess.CalledProcessError) as error:
            left_out.append(f"{name}: not run ({str(error).splitlines()[0]}).")
            continue
        rows += _rows(f"one changed model (B), {name} (A)", theirs, ours)
    return rows, left_out


def _checkpoint(project: _Project, model: str) -> Command:
    if not (clone := os.environ.get(CHECKPOINT)):
        raise NotRunError(f"a clone's folder as {CHECKPOINT} is needed")
    # Else it reports each call to a server.
    settings = "version: 1\ndisable-tracking: true\n"
    (project.folder / ".dbt-checkpoint.yaml").write_text(settings, encoding="utf-8")
    argv = (str(python()), "-c", _CHECKPOINT, model)
    return project.command(argv, prepare=project.change, path=str(Path(clone).absolute()))


def _bouncer(project: _Project) -> Command:
    check = "manifest_checks:\n  - name: check_model_hard_coded_references\n"
    (project.folder / "dbt-bouncer.yml").write_text(check, encoding="utf-8")
    return project.command((str(python().with_name("dbt-bouncer")), "run"), prepare=project.change)


def _memory(project: _Project, what: str, goal: float) -> Iterator[Row]:
    for name, prepare in (("cold", project.forget), ("nothing changed", None)):
        most = peaks(project.check(prepare=prepare))
        total = sum(most)
        yield Row(
            f"{what}, {name}, peak memory of {len(most)} processes; the largest {max(most) / 1e6:.0f} MB",
            f"{goal / 1e6:.0f} MB",
            f"{total / 1e6:.0f} MB",
            Spread.of([total / goal]),
            goal="at most 1",
            met=total <= goal,
        )


def _configure(folder: Path) -> None:
    """Gives a plain project the least of our block, so that `check` looks at it."""
    deployer = "deployer: {env_var: DBT_ISOLATION_DEPLOY, equals: '1'}"
    environments = f"{{prod: {{targets: [prod], protected: true, owns: [bench.analytics], {deployer}}}}}"
    with (folder / "dbt_project.yml").open("a", encoding="utf-8") as stream:
        stream.write(f"\nvars:\n  dbt_isolation:\n    environments: {environments}\n")


def _rows(what: str, base: Samples, judged: Samples, goal: float = 0) -> Iterator[Row]:
    for name, measure in (("wall", wall), ("CPU", cpu)):
        found = judged.against(base, measure)
        meant = bool(goal) and measure is wall
        yield Row(
            f"{what}, {name}",
            f"{found.a:.3f} s",
            f"{found.b:.3f} s",
            found.ratio,
            goal=f"at most {goal:g}" if meant else "",
            met=found.ratio.median <= goal if meant else None,
        )
