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
from dataclasses import asdict
from typing import TextIO

from dbt_isolation.outcome import Outcome

VERSION = 1


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """Writes the envelope, indented, with a newline at its end."""
    envelope = {
        "version": VERSION,
        "command": command,
        "status": "findings" if outcome.failed else "clean",
        "findings": [
            {key: value for key, value in asdict(finding).items() if value} for finding in outcome.findings
        ],
        "skipped": [asdict(one) for one in outcome.skipped],
        "data": outcome.data,
    }
    json.dump(envelope, stream, indent=2, ensure_ascii=False)
    stream.write("\n")
