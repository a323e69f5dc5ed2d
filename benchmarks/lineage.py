"""Column lineage of whole projects: how right it is, and what it costs, beside other tools."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .corpus import Score
from .generator import TRUTH
from .lineage_tools import COLIBRI, OURS, TOOLS
from .peers import NotRunError
from .projects import PACKAGE, TIMEOUT, dbt, generate_project
from .results import Options, Row, Section, table
from .timing import (
    BenchmarkError,
    Command,
    Sample,
    Samples,
    cpu,
    environment,
    in_turn,
    run,
    say,
    wall,
)

ONE_CORE, TWO_CORES, UNCHANGED = 1 / 3, 1 / 5, 1.5
"""The goals: the part of dbt-colibri's time, and of the yardstick's where nothing changed."""
PARSER = 1.5
"""Imports of sqlglot that one changed model may cost besides the yardstick."""
_LONGEST = 300.0
"""Seconds that a tool may take to be asked about its edges."""
_HEADINGS = ("models", "what", "edges found", "missed", "wrong", "precision", "recall", "met?", "why not")
_MARK = b"-- changed "
Edge = tuple[str, ...]

# A manifest is large; this process would stay as large as it became.
_PREPARE = """\
import json, sys
folder, chosen, mark = sys.argv[1:]
with open(f"{folder}/target/manifest.json", encoding="utf-8") as stream:
    manifest = json.load(stream)

def entry(one):
    name = one.get("alias") or one["identifier"]
    place = {"database": one["database"], "schema": one["schema"], "name": name}
    columns = {
        name: {"type": "VARCHAR", "index": number, "name": name, "comment": None}
        for number, name in enumerate(one["columns"], 1)
    }
    metadata = {"type": "VIEW", **place, "owner": None, "comment": None}
    return {"unique_id": one["unique_id"], "metadata": metadata, "columns": columns, "stats": {}}

nodes = {
    name: entry(one)
    for name, one in manifest["nodes"].items()
    if one["resource_type"] == "model" and one["config"]["materialized"] != "ephemeral"
}
sources = {name: entry(one) for name, one in manifest["sources"].items()}
with open(f"{folder}/target/catalog.json", "w", encoding="utf-8") as stream:
    json.dump({"metadata": {}, "nodes": nodes, "sources": sources, "errors": None}, stream)
manifest["nodes"][chosen]["compiled_code"] += f"\\n{mark}{'0' * 19}"
with open(f"{folder}/target/manifest.json", "w", encoding="utf-8") as stream:
    json.dump(manifest, stream)
"""
# As pip's console script begins.
_COMMAND = "from dbt_isolation.main import run; run()"


@dataclass(frozen=True, slots=True)
class Answers:
    """The result: how right each tool is in projects of some sizes, or why it was not asked; the times."""

    edges: Sequence[tuple[int, str, Score | str]]
    times: Section

    @property
    def met(self) -> bool:
        """Ours makes no mistake, and meets the goals of time."""
        ours = [score for _, what, score in self.edges if what == OURS]
        return self.times.met and all(isinstance(one, Score) and one.perfect for one in ours)

    def text(self, name: str, options: Options) -> str:
        """The section under its heading."""
        rows: list[tuple[str, ...]] = []
        for models, what, score in self.edges:
            if isinstance(score, str):
                rows.append((str(models), what, "not run", "", "", "", "", "", score))
            else:
                met = ("yes" if score.perfect else "**no**") if what == OURS else ""
                rows.append((str(models), what, *score.cells(), met, ""))
        about, times = self.times.text(name, options).split("\n\n", 2)[1:]
        return "\n\n".join([f"## {name}", about, table(_HEADINGS, rows), times])


@dataclass(frozen=True, slots=True)
class _Project:
    """A generated project that dbt has compiled, and the truth about it."""

    folder: Path
    models: int
    edges: frozenset[Edge]
    ephemeral: frozenset[str]
    chosen: str
    """A staging model that many read."""

    @classmethod
    def made(cls, folder: Path, models: int) -> _Project:
        """Generate, compile, and write the catalog that `dbt docs generate` would find after a run."""
        generate_project(folder, models, packaged=False, data=False)
        say(f"  dbt compile of {models} models")
        run(dbt(folder, "compile", "--quiet"), timeout=TIMEOUT)
        truth = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
        read = Counter(parent for _, _, parent, _ in truth["edges"] if ".stg_" in parent)
        chosen = read.most_common(1)[0][0]
        command = [sys.executable, "-c", _PREPARE, str(folder), chosen, _MARK.decode()]
        subprocess.run(command, check=True)
        edges = frozenset((*one,) for one in truth["edges"])
        return cls(folder, models, edges, frozenset(truth["ephemeral"]), chosen)

    @property
    def column(self) -> str:
        """One of the chosen model's, as the command takes it."""
        return min(f"{model}.{column}" for model, column, _, _ in self.edges if model == self.chosen)

    def score(self, found: frozenset[Edge]) -> Score:
        """How right the edges are. Ephemeral models are no relations: edges through them are joined up."""
        inputs: dict[Edge, set[Edge]] = {}
        for model, column, *parent in self.edges:
            inputs.setdefault((model, column), set()).add((*parent,))

        def through(parent: Edge) -> Iterator[Edge]:
            if parent[0] not in self.ephemeral:
                yield parent
                return
            for one in inputs.get(parent, ()):
                yield from through(one)

        def joined(edges: frozenset[Edge]) -> set[Edge]:
            return {
                (*edge[:2], *parent)
                for edge in edges
                if edge[0] not in self.ephemeral
                for parent in through(edge[2:])
            }

        said, true = joined(found), joined(self.edges)
        return Score(len(said & true), len(true - said), len(said - true))

    def change(self) -> None:
        """Give the chosen model's compiled SQL another comment."""
        file = self.folder / "target/manifest.json"
        now = str(time.time_ns()).zfill(19).encode()
        file.write_bytes(re.sub(_MARK + rb"\d{19}", _MARK + now, file.read_bytes()))

    def command(self, *argv: str, change: bool = False) -> Command:
        """A process in the project."""
        path = environment(PYTHONPATH=str(PACKAGE))
        return Command((sys.executable, *argv), self.folder, path, self.change if change else None)


def lineage(options: Options) -> Answers:
    """Ask every tool for the edges of two projects; time ours beside dbt-colibri, and with its cache."""
    rounds = options.rounds or 5
    edges: list[tuple[int, str, Score | str]] = []
    rows: list[Row] = []
    with TemporaryDirectory() as temporary:
        slow = dict[str, float]()
        for models in (options.models, options.large):
            project = _Project.made(Path(temporary).resolve() / str(models), models)
            output = Path(temporary) / "edges.json"
            edges += ((models, what, _asked(project, what, output, slow)) for what in TOOLS)
            for cores, goal, measure in ((1, ONE_CORE, cpu), (2, TWO_CORES, wall)):
                say(f"  {models} models, {cores} cores")
                commands = [TOOLS[what].command(project.folder, output, cores) for what in (COLIBRI, OURS)]
                theirs, ours = in_turn(commands, rounds=rounds, timeout=TIMEOUT)
                what = f"{models} models, cold, {cores} core{'s' * (cores > 1)}"
                rows += _rows(f"{what} (B), dbt-colibri (A)", theirs, ours, goal, judged=measure is cpu)
            rows += _warm(project, rounds)
    about = (
        "Column lineage of generated projects (DuckDB), compiled by dbt, whose generator knows every edge; "
        "every tool has the same manifest and a catalog of all relations. Cold: a whole process that "
        "reads both, finds all edges and writes them down, without a report and without a cache. Warm: "
        "`dbt-isolation lineage` of a staging model's column that many read; its yardstick decodes the "
        "manifest (`benchmarks/decode.py`). The goals on one core and with the cache are for CPU time, on "
        "two cores for time on the clock."
    )
    remarks = (
        "An edge through an ephemeral model counts for the relations at its ends. dbt-colibri and the others "
        "use one core. dbt-col-lineage names tables without their schema: the name is taken to mean "
        "the one that the model reads. sqllineage does not follow the star of a CTE, with which every "
        "generated model ends. Edges of a `*` are counted for nobody. A changed model has another comment in "
        "its compiled SQL.",
    )
    return Answers(edges, Section(about, rows, rounds, remarks))


def _asked(project: _Project, what: str, output: Path, slow: dict[str, float]) -> Score | str:
    """How right a tool is; why it was not asked. ``slow`` has the seconds that each took before."""
    say(f"  {project.models} models, {what}")
    if what in slow and 5 * slow[what] > _LONGEST:
        return f"it took over {min(slow[what], _LONGEST):.0f} s at a fifth of the size"
    try:
        slow[what] = run(TOOLS[what].command(project.folder, output), timeout=_LONGEST).wall
    except (NotRunError, BenchmarkError) as error:
        slow[what] = _LONGEST
        words = str(error).splitlines()[0]
        return re.sub(r".*: (took over|ended with)", r"\1", words)
    found = json.loads(output.read_text(encoding="utf-8"))
    return project.score(frozenset((*edge,) for edge in found))


def _warm(project: _Project, rounds: int) -> Iterator[Row]:
    say(f"  {project.models} models, warm")
    words = ("-c", _COMMAND, "lineage", project.column)
    decode = ("-m", "benchmarks.decode", str(project.folder / "target/manifest.json"))
    base, nothing = in_turn([project.command(*decode), project.command(*words)], rounds=rounds)
    where = f"{project.models} models"
    yield from _rows(f"{where}, nothing changed (B), decode (A)", base, nothing, UNCHANGED, judged=True)
    base, parser, changed = in_turn(
        [
            project.command(*decode),
            project.command("-c", "import sqlglot"),
            project.command(*words, change=True),
        ],
        rounds=rounds,
    )
    both = Samples(
        [
            Sample(one.wall + PARSER * two.wall, one.cpu + PARSER * two.cpu, max(one.peak, two.peak))
            for one, two in zip(base.runs, parser.runs, strict=True)
        ]
    )
    what = f"{where}, one model changed (B), decode + {PARSER:g} × `import sqlglot` (A)"
    yield from _rows(what, both, changed, 1.0, judged=True)


def _rows(what: str, base: Samples, taken: Samples, goal: float, *, judged: bool) -> Iterator[Row]:
    """CPU time and time on the clock; ``judged``: whether the goal is for the first of them."""
    for name, measure in (("CPU", cpu), ("wall", wall)):
        found = taken.against(base, measure)
        meant = judged == (measure is cpu)
        yield Row(
            f"{what}, {name}",
            f"{found.a:.2f} s",
            f"{found.b:.2f} s",
            found.ratio,
            goal=f"at most {goal:.3g}" if meant else "",
            met=found.ratio.median <= goal if meant else None,
        )
