"""One JSON object a command, for programs.

- ``version``: of this envelope, 1
- ``command``: its name
- ``status``: ``clean`` where no finding is an error, else ``findings``
- ``findings``: a list of objects with code, severity (warn, error), message, remedy, url, node, path, line,
  column, relation; what is not known is left out
- ``skipped``: a list of {what, why}
- ``data``: the command's own
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TextIO

from dbt_isolation.outcome import Finding, Json, Outcome

VERSION = 1
#: What of a finding stands in the envelope; the rest is for those who show or mend it.
_KEYS = ("code", "severity", "message", "remedy", "url", "node", "path", "line", "column", "relation")


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """Writes the envelope, indented, with a newline at its end."""
    envelope = {
        "version": VERSION,
        "command": command,
        "status": "findings" if outcome.failed else "clean",
        "findings": [_written(finding) for finding in outcome.findings],
        "skipped": [asdict(one) for one in outcome.skipped],
        "data": outcome.data,
    }
    json.dump(envelope, stream, indent=2, ensure_ascii=False)
    stream.write("\n")


def _written(finding: Finding) -> Mapping[str, Json]:
    return {key: value for key in _KEYS if (value := getattr(finding, key))}
