"""SARIF 2.1.0, which code scanning services and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

What was skipped are notifications of the run, so that a file without results does not look like a clean one.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TextIO
from urllib.parse import quote

from dbt_isolation import __version__
from dbt_isolation.outcome import Finding, Json, Outcome, Severity, Skipped

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARN: "warning"}
#: Where paths begin; services take it for the root of the repository.
_BASE = "%SRCROOT%"


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """Writes one run, with a newline at its end."""
    codes = list(dict.fromkeys(finding.code for finding in outcome.findings))
    urls = {finding.code: finding.url for finding in reversed(outcome.findings) if finding.url}
    seen: Counter[str] = Counter()
    driver = {
        "name": "dbt-isolation",
        "semanticVersion": __version__,
        "rules": [_rule(code, urls.get(code, "")) for code in codes],
    }
    invocation = {
        # A command that could not do its work ends with a message and without a report.
        "executionSuccessful": True,
        "toolExecutionNotifications": [_notification(one) for one in outcome.skipped],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "originalUriBaseIds": {_BASE: {"description": {"text": "the folder in which the command ran"}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes, seen) for finding in outcome.findings],
    }
    # In ASCII: a SARIF file is UTF-8, whatever the stream's encoding is.
    json.dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, stream, indent=2)
    stream.write("\n")


def _rule(code: str, url: str) -> Mapping[str, Json]:
    if re.match("https?://", url):
        return {"id": code, "helpUri": url}
    # A helpUri must be absolute.
    return {"id": code, "help": {"text": url}} if url else {"id": code}


def _notification(skipped: Skipped) -> Mapping[str, Json]:
    return {"level": "warning", "message": {"text": f"skipped {skipped.what}: {skipped.why}"}}


def _result(finding: Finding, codes: Sequence[str], seen: Counter[str]) -> Mapping[str, Json]:
    location = _location(finding)
    found: dict[str, Json] = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[finding.severity],
        # Braces are not doubled, as the specification wants for placeholders: what shows a message without
        # arguments shows it as it is, and `{{ ref('orders') }}` is there to be copied.
        "message": {"text": "\n".join(filter(None, (finding.message, finding.remedy)))},
        **({"locations": [location]} if location else {}),
        "partialFingerprints": {"dbtIsolation/v1": _fingerprint(finding, seen)},
        **({"properties": {"relation": finding.relation}} if finding.relation else {}),
    }
    if finding.edit is not None and finding.path:
        edit = finding.edit
        replacement: Json = {
            "deletedRegion": {"charOffset": edit.start, "charLength": edit.end - edit.start},
            "insertedContent": {"text": edit.text},
        }
        change: Json = {"artifactLocation": _artifact(finding.path), "replacements": [replacement]}
        fix: dict[str, Json] = {"artifactChanges": [change]}
        if finding.remedy:
            fix["description"] = {"text": finding.remedy}
        found["fixes"] = [fix]
    return found


def _location(finding: Finding) -> Mapping[str, Json]:
    found: dict[str, Json] = {}
    if finding.path:
        found["physicalLocation"] = {"artifactLocation": _artifact(finding.path), **_regions(finding)}
    if finding.node:
        found["logicalLocations"] = [{"fullyQualifiedName": finding.node}]
    return found


def _regions(finding: Finding) -> Mapping[str, Json]:
    if not finding.line:
        return {}
    region: dict[str, Json] = {"startLine": finding.line}
    snippet = finding.excerpt
    if finding.column:
        region["startColumn"] = finding.column
        snippet = snippet[finding.column - 1 :]
        if finding.length:
            # What goes on in the next line is cut: a region may not end after its line.
            length = min(finding.length, len(snippet)) if finding.excerpt else finding.length
            snippet = snippet[:length]
            region["endColumn"] = finding.column + length
    if not snippet:
        return {"region": region}
    region["snippet"] = {"text": snippet}
    if snippet == finding.excerpt:
        return {"region": region}
    # The specification wants more in it than in the region.
    whole: Json = {"startLine": finding.line, "snippet": {"text": finding.excerpt}}
    return {"region": region, "contextRegion": whole}


def _artifact(path: str) -> Mapping[str, Json]:
    # The bytes of a name that is no text are kept as they are.
    uri = quote(path, safe="/", errors="surrogateescape")
    if drive := re.match("[A-Za-z]:/", path):
        return {"uri": f"file:///{drive[0]}{uri[len(drive[0]) + 2 :]}"}
    if path.startswith("/"):
        return {"uri": f"file:///{uri.lstrip('/')}"}
    return {"uri": str(PurePosixPath(uri)), "uriBaseId": _BASE}


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """By all but the line, which moves with what stands above it; the second of two equal ones ends in 2."""
    key = json.dumps((finding.code, finding.path, finding.node, finding.message))
    found = sha256(key.encode()).hexdigest()[:32]
    seen[found] += 1
    return f"{found}:{seen[found]}"
