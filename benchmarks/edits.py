"""A day's work on a generated project: some changed models, and what is true of them and of what is below."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from random import Random

from .generator import PROJECT, TRUTH
from .timing import BenchmarkError

ADDED = "bench_added"
"""The column, and the model, that come."""
_FEW = 30
"""Below a model whose column gets another name while others read it."""
_CONSTANTS = (
    (" / 100.0 as ", " / 1000.0 as "),
    (" >= 500 then ", " >= 600 then "),
    (" > 800 then ", " > 900 then "),
    (" > 1000 then ", " > 2000 then "),
    ("round(100.0 * ", "round(1000.0 * "),
)
_NAME = re.compile(r"(\w+),?$")
_FILTER = re.compile(r"(    where .* <> ')\w+(')")
_REF = re.compile(r"ref\('(\w+)'\)")


@dataclass(slots=True)
class State:
    """What of a node may be otherwise: all of it, or some columns; which come or go; if it breaks."""

    rows: bool = False
    columns: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    broken: bool = False

    @property
    def kind(self) -> str:
        """What `compare` calls a change that does this and breaks nothing."""
        if self.rows:
            return "model_wide"
        return "column" if self.columns else "additive" if self.new else "none"


@dataclass(frozen=True, slots=True)
class Edit:
    """A model before (empty where it is new) and now (where it goes); `kind` as `compare` names it."""

    file: Path
    before: str
    now: str
    kind: str
    state: State = field(default_factory=State)
    renamed: tuple[str, str] | None = None

    @property
    def unique_id(self) -> str:
        """dbt's."""
        return f"model.{PROJECT}.{self.file.stem}"

    def apply(self) -> None:
        """Do it."""
        if self.now:
            self.file.write_text(self.now, encoding="utf-8", newline="\n")
        else:
            self.file.unlink()

    def undo(self) -> None:
        """Have the file as it was."""
        if self.before:
            self.file.write_text(self.before, encoding="utf-8", newline="\n")
        else:
            self.file.unlink()


class Edits:
    """Chooses models of the generated project in `folder`, always the same."""

    def __init__(self, folder: Path) -> None:
        truth = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
        self._folder = folder
        #: By model: the columns it reads of each parent, for a column of its own and for its rows.
        self._values: dict[str, dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
        self._shapes: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._readers: dict[str, set[str]] = defaultdict(set)
        self._read: dict[tuple[str, str], set[str]] = defaultdict(set)
        for model, column, *parent in truth["edges"]:
            self._values[model][column].add((parent[0], parent[1]))
        for model, *parent in truth["influence"]:
            self._shapes[model].add((parent[0], parent[1]))
        for model in {*self._values, *self._shapes}:
            for parent in self._inputs(model):
                self._readers[parent[0]].add(model)
                self._read[parent].add(model)
        self._ephemeral = frozenset(truth["ephemeral"])
        self._exposures = dict(_exposures(folder / "models/exposures.yml"))
        files = sorted((folder / "models").rglob("*.sql"))
        Random(0).shuffle(files)
        self._texts = {file: file.read_text(encoding="utf-8") for file in files}
        #: Models whose `*` takes what comes to what they read.
        self._stars = {
            _id(file)
            for file, text in self._texts.items()
            if "_sequenced" in file.stem and "        *,\n" in text
        }
        self._taken: set[Path] = set()

    def twenty(self) -> list[Edit]:
        """Columns that come, get other values and other names; filters; a model that comes, one that goes."""
        return [
            *self._some(2, "staging", self._expression_read),
            *self._some(1, "staging", self._additive),
            *self._some(1, "staging", self._rename_read),
            *self._some(3, "intermediate", self._expression),
            *self._some(2, "intermediate", self._additive),
            *self._some(2, "intermediate", self._filter),
            *self._some(1, "intermediate", self._rename_unread),
            *self._some(2, "marts", self._expression),
            *self._some(3, "marts", self._additive),
            *self._some(1, "marts", self._rename_unread),
            *self._some(1, "marts", self._removal),
            self._model(),
        ]

    def five(self) -> list[Edit]:
        """Fewer: a column that comes, three that get other values, a filter."""
        return [
            *self._some(1, "staging", self._expression_read),
            *self._some(1, "intermediate", self._expression),
            *self._some(1, "intermediate", self._filter),
            *self._some(1, "marts", self._additive),
            *self._some(1, "marts", self._expression),
        ]

    def reached(self, edits: Sequence[Edit]) -> dict[str, State]:
        """All below the edits, by unique id, each with what of it may be otherwise.

        An edited one is among them where anything that it reads may be otherwise.
        """
        own = {one.unique_id: one.state for one in edits if one.now}
        below: set[str] = set()
        ahead = list(own)
        while ahead:
            found = self._below(ahead.pop()) - below
            below |= found
            ahead += found
        states: dict[str, State] = {}
        felt: dict[str, State] = {}
        still = State()
        among = {*own, *below}
        order = TopologicalSorter(
            {one: [parent for parent in self._parents(one) if parent in among] for one in among}
        )
        for name in order.static_order():
            state = State()
            parents = self._parents(name)
            for parent in parents:
                if parent in states:
                    self._follow(name, parent, states[parent], state)
            if name in below and (name not in own or any(states.get(one, still) != still for one in parents)):
                felt[name] = deepcopy(state)
            if name in own:
                mine = own[name]
                state.rows |= mine.rows
                state.columns |= mine.columns
                state.new |= mine.new
                state.gone |= mine.gone
            states[name] = state
        return felt

    def inlining(self, edits: Sequence[Edit]) -> frozenset[str]:
        """What has the SQL of an edited ephemeral model in its own, and so is changed too."""
        found: set[str] = set()
        ahead = [one.unique_id for one in edits if one.now]
        while ahead:
            if (one := ahead.pop()) in self._ephemeral:
                readers = self._readers[one] - found
                found |= readers
                ahead += readers
        return frozenset(found) - {one.unique_id for one in edits}

    def _follow(self, name: str, parent: str, above: State, state: State) -> None:
        state.broken |= above.broken
        if name in self._exposures:
            state.rows |= above.rows or bool(above.columns)
            state.broken |= bool(above.gone)
            return
        state.broken |= any((parent, one) in self._inputs(name) for one in above.gone)
        moved = {(parent, one) for one in above.columns}
        shaping = {(parent, one) for one in above.columns | above.new}
        state.rows |= above.rows or bool(self._shapes[name] & shaping)
        state.columns |= {column for column, inputs in self._values[name].items() if inputs & moved}
        if name in self._stars:
            state.new |= above.new

    def _inputs(self, model: str) -> set[tuple[str, str]]:
        return self._shapes[model].union(*self._values[model].values())

    def _parents(self, name: str) -> set[str]:
        return self._exposures.get(name) or {parent for parent, _ in self._inputs(name)}

    def _below(self, name: str) -> set[str]:
        return self._readers[name] | {one for one, read in self._exposures.items() if name in read}

    def _some(self, count: int, layer: str, recipe: Callable[[Path, str], Edit | None]) -> Iterator[Edit]:
        found = 0
        for file, text in self._texts.items():
            if found == count:
                return
            if layer in file.parts and file not in self._taken and (edit := recipe(file, text)):
                self._taken.add(file)
                found += 1
                yield edit
        if found < count:
            raise BenchmarkError(f"too few models in {layer} to change; ask for more with --models")

    def _expression(self, file: Path, text: str) -> Edit | None:
        for line in text.splitlines():
            for old, new in _CONSTANTS:
                if old in line and (name := _NAME.search(line)):
                    now = text.replace(line, line.replace(old, new, 1), 1)
                    return Edit(file, text, now, "column", State(columns={name[1]}))
        return None

    def _expression_read(self, file: Path, text: str) -> Edit | None:
        found = self._expression(file, text)
        return found if found and all(self._read[(_id(file), one)] for one in found.state.columns) else None

    def _additive(self, file: Path, text: str) -> Edit | None:
        head, last = _last(text)
        if "    group by" in last or "    union all" in last:
            return None
        more = last.replace("\n    from ", f",\n        1 as {ADDED}\n    from ", 1)
        return Edit(file, text, head + more, "additive", State(new={ADDED}))

    def _filter(self, file: Path, text: str) -> Edit | None:
        now = _FILTER.sub(r"\1nothing\2", text, count=1)
        return Edit(file, text, now, "model_wide", State(rows=True)) if now != text else None

    def _rename_read(self, file: Path, text: str) -> Edit | None:
        below = self.reached([Edit(file, text, text, "", State(rows=True))])
        return self._rename(file, text, read=True) if len(below) <= _FEW else None

    def _rename_unread(self, file: Path, text: str) -> Edit | None:
        return self._rename(file, text, read=False)

    def _rename(self, file: Path, text: str, *, read: bool) -> Edit | None:
        if self._readers[_id(file)] & self._stars or "{%" in text:
            return None
        head, last = _last(text)
        for line in last.partition("\n    from ")[0].splitlines()[4:]:
            name = _NAME.search(line)
            if name is None or bool(self._read[(_id(file), name[1])]) != read:
                continue
            old, new = name[1], f"{name[1]}_renamed"
            plain = line.rstrip(",").removesuffix(f" as {old}")
            now = head + last.replace(line, f"{plain} as {new}{',' * line.endswith(',')}", 1)
            # What is made of nothing is not known to be the same.
            renamed = (old, new) if self._values[_id(file)][old] else None
            return Edit(file, text, now, "column", State(columns={new}, gone={old}), renamed)
        return None

    def _removal(self, file: Path, text: str) -> Edit | None:
        return None if self._below(_id(file)) else Edit(file, text, "", "removed")

    def _model(self) -> Edit:
        dimension = min(file.stem for file in self._texts if file.stem.startswith("dim_"))
        text = f"select * from {{{{ ref('{dimension}') }}}}\n"
        return Edit(self._folder / f"models/marts/{ADDED}.sql", "", text, "added")


def _last(text: str) -> tuple[str, str]:
    """The text up to the select list of the last CTE, and from there on."""
    names = re.findall(r"(?m)^select \* from (\w+)$", text)
    place = text.index(f"{names[-1]} as (\n\n    select\n")
    return text[:place], text[place:]


def _id(file: Path) -> str:
    return f"model.{PROJECT}.{file.stem}"


def _exposures(file: Path) -> Iterator[tuple[str, set[str]]]:
    for part in file.read_text(encoding="utf-8").split("  - name: ")[1:]:
        read = {f"model.{PROJECT}.{name}" for name in _REF.findall(part)}
        yield f"exposure.{PROJECT}.{part.split(maxsplit=1)[0]}", read
