"""Writes the edits of findings into their files; nothing else in them changes."""

from collections.abc import Iterable
from pathlib import Path

from dbt_isolation.checks.tree import Content
from dbt_isolation.errors import IsolationError
from dbt_isolation.outcome import Finding


def fix(folder: Path, contents: Iterable[Content], findings: Iterable[Finding]) -> list[Finding]:
    """Mends what can be mended, and returns what was. Raises ``IsolationError``."""
    edits: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.edit is not None:
            edits.setdefault(finding.path, []).append(finding)
    mended = []
    for content in contents:
        wanted = sorted(edits.get(content.path, ()), key=lambda one: one.edit.start if one.edit else 0)
        if not wanted:
            continue
        places = _raw_places(content)
        parts, end, done = [], 0, list[Finding]()
        for finding in wanted:
            if (edit := finding.edit) is None or places[edit.start] < end:
                continue
            parts += [content.raw[end : places[edit.start]], edit.text]
            end = places[edit.end]
            done.append(finding)
        parts.append(content.raw[end:])
        file = folder / content.path
        try:
            if file.read_bytes() != content.raw.encode():
                # Somebody has written it since; the places of the edits are others now.
                continue
            # In place, so that a link stays one and the file keeps its mode.
            file.write_bytes("".join(parts).encode())
        except OSError as error:
            raise IsolationError(f"{file}: {error.strerror or error}", "nothing in it was changed") from error
        mended += done
    return mended


def _raw_places(content: Content) -> list[int]:
    """Where each character of the text stands on the disk, where a line may end with two."""
    places, at = [], 0
    for one in content.text:
        places.append(at)
        at += 2 if one == "\n" and content.raw.startswith("\r\n", at) else 1
    return [*places, at]
