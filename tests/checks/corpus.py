"""The cases of tests/cases/corpus: what each file says, and what is to be found in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import yaml

from dbt_isolation.config.block import parse
from dbt_isolation.config.model import Config
from dbt_isolation.outcome import Finding
from tests.projects import ROOT

FOLDER = ROOT / "tests/cases/corpus"
CODES = ("DI01", "DI02", "DI04", "DI05")
DIALECTS = (
    *("duckdb", "postgres", "snowflake", "bigquery", "redshift", "databricks", "spark", "trino"),
    *("clickhouse", "sqlserver", "athena"),
)
MODEL = "models/m.sql"
_KEYS = {"name", "dialect", "path", "text", "finds", "may"}


@dataclass(frozen=True, slots=True)
class Case:
    """One file, and the findings in it: of each code the relations, or how many where they have no name."""

    theme: str
    name: str
    dialect: str
    text: str
    finds: Mapping[str, tuple[str, ...] | int]
    path: str = MODEL
    may: frozenset[str] = field(default_factory=frozenset)
    """Codes that may be reported as well; of one that is also in ``finds``, more than is named there."""

    @property
    def is_model(self) -> bool:
        """Whether it is a model in SQL."""
        return self.path.startswith("models/") and self.path.endswith(".sql")


@cache
def cases() -> tuple[Case, ...]:
    """All of them, by theme. Raises ``ValueError`` for one that is not written as it has to be."""
    return tuple(case for file in sorted(FOLDER.glob("*.yml")) for case in _of(file.stem))


def _of(theme: str) -> Iterator[Case]:
    for written in yaml.safe_load((FOLDER / f"{theme}.yml").read_text(encoding="utf-8")):
        name = f"{theme}: {written.get('name')}"
        if unknown := set(written) - _KEYS:
            raise ValueError(f"{name}: unknown {', '.join(sorted(unknown))}")
        if written["dialect"] not in DIALECTS:
            raise ValueError(f"{name}: no dialect {written['dialect']}")
        if unknown := {*written["finds"], *written.get("may", ())} - set(CODES):
            raise ValueError(f"{name}: no code {', '.join(sorted(unknown))}")
        yield Case(
            theme=theme,
            name=name,
            dialect=written["dialect"],
            text=written["text"],
            finds={
                code: found if isinstance(found, int) else tuple(found)
                for code, found in written["finds"].items()
            },
            path=written.get("path", MODEL),
            may=frozenset(written.get("may", ())),
        )


@cache
def config() -> Config:
    """The configuration that every case assumes."""
    environments = {
        "prod": {
            "targets": ["prod"],
            "protected": True,
            "owns": ["prod.*", "*.analytics_prod", "*.analytics_prod_*"],
            "deployer": {"env_var": "DEPLOY"},
        },
        "dev": {"targets": ["*"], "reads": "prod"},
    }
    return parse({"environments": environments}, {})


def wrong(case: Case, found: Iterable[Finding], *, any_case: bool = False) -> list[str]:
    """In words, what the findings in a case's text are too many or too few; nothing where they are right."""
    said = tuple(found)
    return [
        line
        for code in sorted({*CODES, *(one.code for one in said)})
        for line in _wrong_of(case, code, [one for one in said if one.code == code], any_case)
    ]


def _wrong_of(case: Case, code: str, found: list[Finding], any_case: bool) -> Iterator[str]:
    expected = case.finds.get(code, ())
    if isinstance(expected, int):
        count = len({(one.relation, one.line, one.column) for one in found})
        if count < expected or (count > expected and code not in case.may):
            yield f"{code}: {count} findings and not {expected}"
        return
    names = {one.relation.lower() if any_case else one.relation for one in found}
    wanted = {name.lower() if any_case else name for name in expected}
    for name in sorted(wanted - names):
        yield f"{code}: {name} is not found"
    if code not in case.may:
        for name in sorted(names - wanted):
            yield f"{code}: {name or 'something'} is found and should not be"
