"""How right DI01 is about the models of the corpus, ours and what else looks for tables named in models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .results import Options, table
from .timing import say

if TYPE_CHECKING:
    from tests.checks.corpus import Case

_HEADINGS = ("what", "found", "missed", "false alarms", "precision", "recall", "met?", "why not")


@dataclass(frozen=True, slots=True)
class Score:
    """How many were found that were to be found, how many were not, and how many are there too many."""

    found: int
    missed: int
    alarms: int

    @property
    def perfect(self) -> bool:
        """Whether nothing is missed and there is no false alarm."""
        return not self.missed and not self.alarms

    def cells(self) -> tuple[str, ...]:
        """As text, in the order of the headings."""
        parts = (self.found, self.missed, self.alarms)
        return (*map(str, parts), _percent(self.found, self.alarms), _percent(self.found, self.missed))


@dataclass(frozen=True, slots=True)
class Answers:
    """The result: what each tool answered, or why it could not be asked."""

    ours: Sequence[tuple[str, Score]]
    peers: Sequence[tuple[str, Score | str]]
    bad: int
    fine: int

    @property
    def met(self) -> bool:
        """Ours makes no mistake."""
        return all(score.perfect for _, score in self.ours)

    def text(self, name: str, options: Options) -> str:
        """The section under its heading."""
        rows = [(what, *score.cells(), "yes" if score.perfect else "**no**", "") for what, score in self.ours]
        for what, answer in self.peers:
            cells = ("not run", "", "", "", "") if isinstance(answer, str) else answer.cells()
            rows.append((what, *cells, "", answer if isinstance(answer, str) else ""))
        about = (
            f"The models in SQL of `tests/cases/corpus`: {self.bad} name a table, a file or another database "
            f"in place of `ref()` or `source()`, {self.fine} do not, though many look so. A tool finds a "
            "case where it says anything of the file; ours has to name each relation as well. The goal is "
            "100 %."
        )
        remark = (
            "What counts here (docs/checks.md) is more than the others set out to find: dbt-bouncer and "
            "dbt-project-evaluator look for names with a dot or in quotes in the raw text, dbt-checkpoint "
            "for words behind `from` and `join`."
        )
        repeat = f"Repeat: `python -m benchmarks {name}`"
        return "\n\n".join([f"## {name}", about, table(_HEADINGS, rows), remark, repeat]) + "\n"


def corpus(options: Options) -> Answers:
    """Ask every tool about every model of the corpus."""
    # Here, because what this process has grown to is the least that another benchmark can see one need.
    from tests.checks.corpus import cases

    from .peers import NotRunError, bouncer, checkpoint, evaluator

    models = [case for case in cases() if case.is_model and ("DI01" in case.finds or "DI01" not in case.may)]
    texts = {f"m{number}": case.text for number, case in enumerate(models)}
    bad = {name for name, case in zip(texts, models, strict=True) if "DI01" in case.finds}
    named = [_named(case) for case in models]
    ours = [
        ("ours, by file", _score(bad, {name for name, one in zip(texts, named, strict=True) if one})),
        ("ours, by relation", _by_relation(models, named)),
    ]
    peers: Mapping[str, Callable[[Mapping[str, str]], set[str]]] = {
        "dbt-checkpoint `check-script-has-no-table-name`": checkpoint,
        "dbt-bouncer `check_model_hard_coded_references`": bouncer,
        "dbt-project-evaluator `fct_hard_coded_references`": evaluator,
    }
    answers: list[tuple[str, Score | str]] = []
    for what, peer in peers.items():
        say(what)
        try:
            answers.append((what, _score(bad, peer(texts))))
        except NotRunError as error:
            answers.append((what, str(error)))
    return Answers(ours, answers, len(bad), len(texts) - len(bad))


def _named(case: Case) -> set[str]:
    """The relations that DI01 finds in a case."""
    from dbt_isolation.checks.text import findings_of
    from tests.checks.corpus import config

    found = findings_of(case.path, case.text, case.dialect, config())
    return {one.relation for one in found if one.code == "DI01"}


def _by_relation(models: Sequence[Case], named: Sequence[set[str]]) -> Score:
    """Relations of all cases; where a case says only how many there are, their number counts."""
    found = missed = alarms = 0
    for case, names in zip(models, named, strict=True):
        expected = case.finds.get("DI01", ())
        right = min(expected, len(names)) if isinstance(expected, int) else len(names & set(expected))
        found += right
        missed += (expected if isinstance(expected, int) else len(expected)) - right
        alarms += 0 if "DI01" in case.may else len(names) - right
    return Score(found, missed, alarms)


def _score(bad: set[str], said: set[str]) -> Score:
    return Score(len(bad & said), len(bad - said), len(said - bad))


def _percent(right: int, wrong: int) -> str:
    return f"{100 * right / (right + wrong):.1f} %" if right + wrong else "-"
