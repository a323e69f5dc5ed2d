"""The checks: one file each, called by its code, and this table."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from dbt_isolation.checks.file import File
from dbt_isolation.checks.subject import Subject
from dbt_isolation.outcome import Finding, Severity


class Row(NamedTuple):
    """One check: what it finds, and how much that weighs where the configuration does not say.

    ``of_files``: it looks at one file at a time, and needs no manifest.
    """

    finds: str
    severity: Severity
    of_files: bool = False


CHECKS: Mapping[str, Row] = {
    "DI01": Row(
        "a table, a file or another database that is named in place of ref() or source()",
        Severity.ERROR,
        True,
    ),
    "DI02": Row("an environment that is spelled out", Severity.ERROR, True),
    "DI03": Row("compiled SQL that reads another environment", Severity.ERROR),
    "DI04": Row("a write outside of the own environment", Severity.ERROR, True),
    "DI05": Row("a fixed place", Severity.ERROR, True),
    "DI06": Row("two nodes that give one relation", Severity.ERROR),
    "DI11": Row("a reference against the order of the layers", Severity.ERROR),
    "DI12": Row("a source that is read outside of the first layer", Severity.ERROR),
    "DI31": Row("a model without a key test", Severity.WARN),
    "DI32": Row("a public model without an enforced contract", Severity.WARN),
    "DI33": Row("a model without an owner", Severity.WARN),
}


class FileCheck(Protocol):
    """The module of a check of files."""

    def check(self, file: File) -> Iterator[Finding]:
        """What it finds; pure. The severity of what it yields is that of its row."""


class Check(Protocol):
    """The module of a check of what dbt parsed."""

    def check(self, subject: Subject) -> Iterator[Finding]:
        """What it finds; pure. The severity of what it yields is that of its row."""


def check_of(code: str) -> Check:
    """The check of that code, which looks at what dbt parsed."""
    return cast(Check, import_module(f"dbt_isolation.checks.{code.lower()}"))


def file_check_of(code: str) -> FileCheck:
    """The check of that code, which looks at files."""
    return cast(FileCheck, import_module(f"dbt_isolation.checks.{code.lower()}"))
