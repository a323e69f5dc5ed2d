"""How an outcome is shown: one file a format, and this table."""

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, TextIO, cast

from dbt_isolation.outcome import Outcome

FORMATS: Mapping[str, str] = {
    "terminal": "dbt_isolation.reports.terminal",
    "json": "dbt_isolation.reports.json",
    "markdown": "dbt_isolation.reports.markdown",
    "html": "dbt_isolation.reports.html",
    "github": "dbt_isolation.reports.github",
    "junit": "dbt_isolation.reports.junit",
    "sarif": "dbt_isolation.reports.sarif",
    "mermaid": "dbt_isolation.reports.mermaid",
    "dot": "dbt_isolation.reports.dot",
}


class Report(Protocol):
    """A format's module."""

    def write(self, command: str, outcome: Outcome, stream: TextIO) -> None:
        """Writes ``outcome`` of ``command`` to ``stream``."""


def report(name: str) -> Report:
    """The format called ``name``, imported on use."""
    return cast(Report, import_module(FORMATS[name]))
