"""GitHub's workflow commands, which it shows beside the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from typing import TextIO

from dbt_isolation.outcome import Finding, Outcome, Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARN: "warning"}


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """A line a finding, and one for each thing that was skipped."""
    for finding in outcome.findings:
        stream.write(f"{_line(finding)}\n")
    for one in outcome.skipped:
        text = _value(f"{one.what}: {one.why}")
        stream.write(f"::notice title={_property(f'dbt-isolation {command}: skipped')}::{text}\n")


def _line(finding: Finding) -> str:
    place = {
        "file": finding.path,
        "line": finding.line,
        "col": finding.column,
        "endColumn": finding.column + finding.length if finding.column and finding.length else 0,
        "title": finding.code,
    }
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in place.items() if value)
    text = "\n".join(filter(None, (finding.message, finding.remedy)))
    return f"::{_LEVELS[finding.severity]} {properties}::{_value(text)}"


def _value(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _value(text).replace(":", "%3A").replace(",", "%2C")
