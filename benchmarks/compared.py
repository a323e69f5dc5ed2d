"""A generated project beside a release of it, and what `dbt-isolation compare` should say of the two."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from .edits import Edit, Edits, State
from .projects import PACKAGE, TIMEOUT, dbt, dbt_isolation, generate_project
from .release import push_release
from .tiles import copied
from .timing import BenchmarkError, Command, environment, run, say

_CACHE = "target/dbt_isolation_cache.db"


@dataclass(frozen=True, slots=True)
class Compared:
    """A project, a release of it in a store with its copy here, and manifests of the project as it is now.

    `compiled` and `parsed`: as edited; `unchanged`: the one that was released. `reached`: what is true
    of all below. `inlining`: what has edited models in its own SQL.
    """

    folder: Path
    edits: Sequence[Edit]
    reached: Mapping[str, State]
    inlining: frozenset[str]
    copies: int = 1

    @classmethod
    def made(cls, folder: Path, models: int) -> Compared:
        """Generate a project, release it as compiled for production, change it, and compile it here."""
        generate_project(folder, models, data=False)
        say(f"  dbt compile of {models} models, twice")
        run(dbt(folder, "compile", "--quiet", target="prod"), timeout=TIMEOUT)
        return cls.edited(folder)

    @classmethod
    def edited(cls, folder: Path) -> Compared:
        """The same from where production was compiled."""
        target = folder / "target"
        push_release(folder)
        shutil.copyfile(target / "manifest.json", folder / "unchanged.json")
        chosen = Edits(folder)
        edits = chosen.twenty()
        for one in edits:
            one.apply()
        for command, kept in (("parse", "parsed.json"), ("compile", "compiled.json")):
            run(dbt(folder, command, "--quiet"), timeout=TIMEOUT)
            shutil.copyfile(target / "manifest.json", folder / kept)
        return cls(folder, edits, chosen.reached(edits), chosen.inlining(edits))

    def tiled(self, copies: int) -> Compared:
        """So many of this beside each other, each with the same changes."""
        folder = self.folder.with_name(f"{self.folder.name}_{copies}")
        left_out = shutil.ignore_patterns("target", "state", "*.json", "*.duckdb")
        shutil.copytree(self.folder, folder, ignore=left_out)
        (folder / "target").mkdir()
        for kept in ("unchanged.json", "compiled.json"):
            command = [sys.executable, "-m", "benchmarks.tiles", str(self.folder / kept), str(copies)]
            subprocess.run([*command, str(folder / kept)], cwd=PACKAGE, check=True)
        shutil.copyfile(folder / "unchanged.json", folder / "target/manifest.json")
        push_release(folder)
        return replace(self, folder=folder, copies=copies)

    def forget(self) -> None:
        """Have nothing in the cache."""
        (self.folder / _CACHE).unlink(missing_ok=True)

    def take(self, kept: str) -> None:
        """Let the project be as in one of the manifests."""
        file = self.folder / "target/manifest.json"
        file.unlink(missing_ok=True)
        os.link(self.folder / kept, file)

    def compare(self, *words: str, prepare: Callable[[], object] | None = None) -> Command:
        """The command."""
        words = ("compare", "--format", "json", *words)
        command = dbt_isolation(self.folder, *words, target="dev", prepare=prepare)
        return replace(command, environment={**command.environment, "PYTHONPATH": str(PACKAGE)})

    def yardstick(self, kept: str) -> list[Command]:
        """Reading each manifest, and importing the parser."""
        copy = next((self.folder / "target/dbt_isolation/state/prod").glob("*/manifest.json"))
        path = environment(PYTHONPATH=str(PACKAGE))
        words: list[tuple[str, ...]] = [
            ("-m", "benchmarks.decode", str(one)) for one in (copy, self.folder / kept)
        ]
        words.append(("-c", "import sqlglot"))
        return [Command((sys.executable, *one), self.folder, path) for one in words]

    def check(self) -> int:
        """Compare, and see that the answers are right; how many are below."""
        output = self.folder / "answer.json"
        run(self.compare("--output", str(output)), timeout=TIMEOUT)
        answer = msgspec.json.decode(output.read_bytes(), type=_Answer).data
        nodes = {one.id: one for one in answer.nodes}
        said = {one.id: one.felt for one in answer.reached}
        for number in range(1, self.copies + 1):
            for edit in self.edits:
                name = copied(edit.unique_id, number)
                node = nodes.pop(name, None)
                renamed = [edit.renamed] if edit.renamed else []
                if node is None or (node.what, node.columns_renamed) != (edit.kind, renamed):
                    raise BenchmarkError(f"{name} is {edit.kind}, {renamed} renamed; {node} was said")
            for one in self.inlining:
                # What is said of it as changed and what as reached is all that is true of it.
                name = copied(one, number)
                node = nodes.pop(name, None)
                if node is None or node.what != self.reached[one].kind:
                    raise BenchmarkError(f"{name} is {self.reached[one].kind}; {node} was said")
                said[name].rows |= node.what == "model_wide"
                said[name].columns |= {*node.columns} if node.what == "column" else set()
                said[name].new |= {*node.columns} if node.what == "additive" else set()
        if nodes:
            raise BenchmarkError(f"{', '.join(nodes)} was said to be changed")
        self._check_reached(said)
        return len(said)

    def _check_reached(self, said: Mapping[str, State]) -> None:
        true = {
            copied(name, number): felt
            for name, felt in self.reached.items()
            for number in range(1, self.copies + 1)
        }
        if wrong := [name for name in sorted({*said, *true}) if said.get(name) != true.get(name)]:
            name = wrong[0]
            raise BenchmarkError(
                f"{len(wrong)} of {len(true)} below are otherwise than was said: {name} is {true.get(name)}, "
                f"and {said.get(name)} was said; {', '.join(wrong[1:20])}"
            )


class _Node(msgspec.Struct):
    id: str
    kind: str | None
    became: list[str]
    columns: list[str]
    columns_renamed: list[tuple[str, str]]

    @property
    def what(self) -> str:
        return self.kind or self.became[0]


class _Reached(msgspec.Struct):
    id: str
    rows: bool
    columns: list[str]
    new: list[str]
    broken: list[str]

    @property
    def felt(self) -> State:
        return State(self.rows, {*self.columns}, {*self.new}, broken=bool(self.broken))


class _Data(msgspec.Struct):
    nodes: list[_Node]
    reached: list[_Reached]


class _Answer(msgspec.Struct):
    data: _Data
