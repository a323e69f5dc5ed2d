"""``noqa``: a comment that silences findings of its own line.

``-- noqa: DI01``, ``# noqa: DI01, DI04`` and ``{# noqa: DI01 #}``, with a reason behind the codes:
``-- noqa: DI01 because the vendor's table has no source yet``. sqlfluff's ``Isolation_DI01`` is DI01. Other
tools' codes may stand among ours. One without codes is none of ours: others have their own use for it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from dbt_isolation.outcome import Finding

_COMMENT = re.compile(r"(?:--|(?<!\S)#|\{#-?)\s*noqa\s*:", re.IGNORECASE)
_PREFIX = "ISOLATION_"
_OURS = rf"(?:{_PREFIX})?DI\d\d\b"
#: What looks like a code or, with a dot, like the name of one of sqlfluff's rules.
_CODE = r"(?:[A-Za-z_]+\d+|[a-z_]+\.[a-z_.]+)\b"
#: After a blank alone only a code of ours is one: anything else begins the reason.
_CODES = re.compile(rf"\s*{_CODE}(?:\s*,\s*{_CODE}|\s+{_OURS})*", re.IGNORECASE)
_JINJA_END = re.compile(r"-?#\}")
_BECAUSE = re.compile(r"[\W_]*(?:because\b[\W_]*)?", re.IGNORECASE)


def split(
    text: str, findings: Sequence[Finding], reason_required: bool
) -> tuple[list[Finding], list[Finding]]:
    """The findings of the file ``text`` that are kept, and those that a ``noqa`` on their line silences.

    With ``reason_required`` one without a reason silences nothing, and the finding's remedy says so.
    """
    lines = _lines(text)
    return _parted(findings, [_judged(lines, finding, reason_required) for finding in findings])


def split_files(
    folder: Path, findings: Sequence[Finding], reason_required: bool
) -> tuple[list[Finding], list[Finding]]:
    """The same for findings of any files, whose paths begin in ``folder``; each file is read once.

    What has no line is kept, and so is what stands in a file that cannot be read.
    """
    files = {finding.path for finding in findings if finding.path and finding.line}
    lines = {path: _lines(_read(folder / path)) for path in files}
    judged = [_judged(lines.get(finding.path, ()), finding, reason_required) for finding in findings]
    return _parted(findings, judged)


def _parted(
    findings: Sequence[Finding], judged: Iterable[Finding | None]
) -> tuple[list[Finding], list[Finding]]:
    kept: list[Finding] = []
    silenced: list[Finding] = []
    for finding, one in zip(findings, judged, strict=True):
        if one is None:
            silenced.append(finding)
        else:
            kept.append(one)
    return kept, silenced


def _judged(lines: Sequence[str], finding: Finding, reason_required: bool) -> Finding | None:
    """The finding as it is kept; None if it is silenced."""
    if not 0 < finding.line <= len(lines):
        return finding
    reason = _reasons(lines[finding.line - 1]).get(finding.code)
    if reason is None:
        return finding
    if reason or not reason_required:
        return None
    needed = f"its noqa needs a reason: noqa: {finding.code} because …"
    return replace(finding, remedy="\n".join(filter(None, (finding.remedy, needed))))


def _reasons(line: str) -> Mapping[str, str]:
    """The reason of each code that the line's comments name, or no text."""
    found: dict[str, str] = {}
    comments = list(_COMMENT.finditer(line))
    for comment, following in zip_longest(comments, comments[1:]):
        end = following.start() if following else len(line)
        words = _JINJA_END.split(line[comment.end() : end], maxsplit=1)[0]
        if codes := _CODES.match(words):
            reason = _BECAUSE.sub("", words[codes.end() :], count=1).strip()
            for code in re.split(r"[\s,]+", codes[0].strip()):
                code = code.upper().removeprefix(_PREFIX)
                found[code] = found.get(code) or reason
    return found


def _lines(text: str) -> Sequence[str]:
    """The lines as the checks count them; none where no line can silence anything."""
    return text.split("\n") if re.search("noqa", text, re.IGNORECASE) else ()


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
