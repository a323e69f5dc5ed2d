"""The checks: one file each, called by its code, and this table."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from dbt_isolation.checks.subject import Subject
from dbt_isolation.outcome import Finding, Severity


class Row(NamedTuple):
    """One check: what it finds, and how much that weighs where the configuration does not say."""

    finds: str
    severity: Severity


CHECKS: Mapping[str, Row] = {
    "DI06": Row("two nodes that give one relation", Severity.ERROR),
    "DI11": Row("a reference against the order of the layers", Severity.ERROR),
    "DI12": Row("a source that is read outside of the first layer", Severity.ERROR),
    "DI31": Row("a model without a key test", Severity.WARN),
    "DI32": Row("a public model without an enforced contract", Severity.WARN),
    "DI33": Row("a model without an owner", Severity.WARN),
}


class Check(Protocol):
    """A check's module."""

    def check(self, subject: Subject) -> Iterator[Finding]:
        """What it finds; pure. The severity of what it yields is that of its row."""


def check_of(code: str) -> Check:
    """The check of that code."""
    return cast(Check, import_module(f"dbt_isolation.checks.{code.lower()}"))
