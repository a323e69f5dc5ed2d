"""SARIF against what the specification says of the properties that are written, and of those that must be.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import io
import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from dbt_isolation.outcome import Edit, Finding, Outcome, Severity, Skipped
from dbt_isolation.reports import sarif
from tests.reports.test_golden import EXAMPLES

_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_TEXT = {"type": "string"}


def _object(required: tuple[str, ...] = (), /, **properties: object) -> dict[str, object]:
    """One of those that may have no other properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _number(least: int) -> dict[str, object]:
    return {"type": "integer", "minimum": least}


def _list(of: object, **more: object) -> dict[str, object]:
    return {"type": "array", "items": of, **more}


_MESSAGE = _object(("text",), text=_TEXT)
_ARTIFACT = _object(("uri",), uri={**_TEXT, "pattern": r"^[A-Za-z0-9._~%/:-]*$"}, uriBaseId=_TEXT)
_REGION: dict[str, object] = {
    **_object(
        startLine=_number(1),
        startColumn=_number(1),
        endColumn=_number(1),
        charOffset=_number(0),
        charLength=_number(0),
        snippet=_MESSAGE,
    ),
    "anyOf": [{"required": ["startLine"]}, {"required": ["charOffset"]}],
}
_REPLACEMENT = _object(("deletedRegion",), deletedRegion=_REGION, insertedContent=_MESSAGE)
_CHANGE = _object(
    ("artifactLocation", "replacements"),
    artifactLocation=_ARTIFACT,
    replacements=_list(_REPLACEMENT, minItems=1),
)
_PHYSICAL: dict[str, object] = {
    **_object(("artifactLocation",), artifactLocation=_ARTIFACT, region=_REGION, contextRegion=_REGION),
    "dependentRequired": {"contextRegion": ["region"]},
}
_RESULT = _object(
    ("message",),
    ruleId=_TEXT,
    ruleIndex=_number(0),
    level=_LEVEL,
    message=_MESSAGE,
    locations=_list(
        _object(
            physicalLocation=_PHYSICAL,
            logicalLocations=_list(_object(fullyQualifiedName=_TEXT), uniqueItems=True),
        ),
    ),
    partialFingerprints={"type": "object", "additionalProperties": _TEXT},
    fixes=_list(
        _object(("artifactChanges",), description=_MESSAGE, artifactChanges=_list(_CHANGE, minItems=1)),
        uniqueItems=True,
    ),
    properties={"type": "object"},
)
_RULE = _object(("id",), id=_TEXT, help=_MESSAGE, helpUri={**_TEXT, "pattern": "^https?://"})
_DRIVER = _object(
    ("name",),
    name=_TEXT,
    semanticVersion={**_TEXT, "pattern": r"^\d+\.\d+\.\d+"},
    rules=_list(_RULE, uniqueItems=True),
)
_RUN = _object(
    ("tool",),
    tool=_object(("driver",), driver=_DRIVER),
    invocations=_list(
        _object(
            ("executionSuccessful",),
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=_list(_object(("message",), level=_LEVEL, message=_MESSAGE)),
        )
    ),
    originalUriBaseIds={"type": "object", "additionalProperties": _object(description=_MESSAGE)},
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=_list(_RESULT),
)
SCHEMA = _object(
    ("version", "runs"), **{"$schema": _TEXT}, version={"const": "2.1.0"}, runs=_list(_RUN, minItems=1)
)
VALIDATOR = Draft202012Validator(SCHEMA)


def run(outcome: Outcome) -> Any:
    """The one run of the report, once it is valid."""
    stream = io.StringIO()
    sarif.write("check", outcome, stream)
    written = json.loads(stream.getvalue())
    VALIDATOR.validate(written)
    [found] = written["runs"]
    assert len({json.dumps(one) for one in found["results"]}) == len(outcome.findings)
    for one in found["results"]:
        assert found["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
    return found


def finding(**fields: Any) -> Finding:
    """One in a file, with what is said."""
    return Finding(
        **{"code": "DI01", "severity": Severity.ERROR, "message": "no ref", "path": "a.sql", **fields}
    )


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples(example: str) -> None:
    """Each is valid, and what was skipped is not lost."""
    outcome = EXAMPLES[example]
    found = run(outcome)
    notes = found["invocations"][0]["toolExecutionNotifications"]
    assert [one["message"]["text"] for one in notes] == [
        f"skipped {one.what}: {one.why}" for one in outcome.skipped
    ]


def test_the_schema_refuses() -> None:
    """What the specification does not know, or needs."""
    for wrong in ({"version": "2.0.0", "runs": []}, {"version": "2.1.0", "runs": [{"tool": {}}]}):
        with pytest.raises(ValidationError):
            VALIDATOR.validate(wrong)


@pytest.mark.parametrize(
    ("path", "uri", "based"),
    [
        ("models/a b.sql", "models/a%20b.sql", True),
        ("modèles/é#?%.sql", "mod%C3%A8les/%C3%A9%23%3F%25.sql", True),
        ("a:b/c.sql", "a%3Ab/c.sql", True),
        ("../shop/a.sql", "../shop/a.sql", True),
        ("./a.sql", "a.sql", True),
        ("bytes\udcff.sql", "bytes%FF.sql", True),
        ("/srv/my shop/a.sql", "file:///srv/my%20shop/a.sql", False),
        ("C:/my shop/a.sql", "file:///C:/my%20shop/a.sql", False),
    ],
)
def test_paths(path: str, uri: str, based: bool) -> None:
    """As URIs: relative ones to where the command ran."""
    [result] = run(Outcome(findings=(finding(path=path),)))["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": uri, **({"uriBaseId": "%SRCROOT%"} if based else {})}


@pytest.mark.parametrize(
    ("fields", "region", "context"),
    [
        ({}, None, None),
        ({"line": 2}, {"startLine": 2}, None),
        ({"line": 2, "column": 4}, {"startLine": 2, "startColumn": 4}, None),
        (
            {"line": 2, "column": 4, "length": 3},
            {"startLine": 2, "startColumn": 4, "endColumn": 7},
            None,
        ),
        ({"line": 2, "excerpt": "from x"}, {"startLine": 2, "snippet": {"text": "from x"}}, None),
        (
            {"line": 2, "column": 6, "length": 1, "excerpt": "from x y"},
            {"startLine": 2, "startColumn": 6, "endColumn": 7, "snippet": {"text": "x"}},
            "from x y",
        ),
        (
            {"line": 2, "column": 6, "length": 9, "excerpt": "from x"},
            {"startLine": 2, "startColumn": 6, "endColumn": 7, "snippet": {"text": "x"}},
            "from x",
        ),
        (
            {"line": 2, "column": 1, "length": 6, "excerpt": "from x"},
            {"startLine": 2, "startColumn": 1, "endColumn": 7, "snippet": {"text": "from x"}},
            None,
        ),
    ],
)
def test_regions(fields: dict[str, Any], region: object, context: str | None) -> None:
    """What is known of the place, within its line; the whole line beside it."""
    [result] = run(Outcome(findings=(finding(**fields),)))["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical.get("region") == region
    assert physical.get("contextRegion", {}).get("snippet", {}).get("text") == context


def test_a_fix() -> None:
    """Its place counts characters of the file, and its text goes in there."""
    mended = finding(edit=Edit(14, 25, "{{ ref('orders') }}"), remedy="use ref")
    [result] = run(Outcome(findings=(mended,)))["results"]
    [fix] = result["fixes"]
    assert fix["description"]["text"] == "use ref"
    [change] = fix["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"charOffset": 14, "charLength": 11},
            "insertedContent": {"text": "{{ ref('orders') }}"},
        }
    ]


def test_a_rule() -> None:
    """It links to its page where that has an address, else it says where it is."""
    findings = (
        finding(),
        finding(url="https://example.com/checks#di01", line=2),
        finding(code="DI02", url="docs/checks.md#di02"),
    )
    assert run(Outcome(findings=findings))["tool"]["driver"]["rules"] == [
        {"id": "DI01", "helpUri": "https://example.com/checks#di01"},
        {"id": "DI02", "help": {"text": "docs/checks.md#di02"}},
    ]


def test_what_a_result_is_known_by() -> None:
    """All but its line; two that are equal otherwise are two."""

    def known(*findings: Finding) -> list[str]:
        results = run(Outcome(findings=findings))["results"]
        return [one["partialFingerprints"]["dbtIsolation/v1"] for one in results]

    first = finding(line=1, node="model.shop.a")
    [before] = known(first)
    assert known(finding(line=7, column=3, node="model.shop.a", remedy="use ref")) == [before]
    assert before not in known(
        finding(code="DI02", node="model.shop.a"),
        finding(path="b.sql", node="model.shop.a"),
        finding(node="model.shop.b"),
        finding(message="another", node="model.shop.a"),
    )
    twice = known(first, finding(line=9, node="model.shop.a"))
    assert twice[0] == before
    assert len(set(twice)) == 2


_FINDINGS = st.builds(
    Finding,
    code=st.sampled_from(["DI01", "DI02", "DI31"]),
    severity=st.sampled_from(Severity),
    message=st.text(),
    remedy=st.text(),
    url=st.text(),
    node=st.text(),
    path=st.text(),
    line=st.integers(0, 9),
    column=st.integers(0, 9),
    relation=st.text(),
    length=st.integers(0, 9),
    excerpt=st.text(),
    edit=st.none() | st.builds(lambda at, text: Edit(at, at + len(text), text), st.integers(0, 9), st.text()),
)
_SKIPPED = st.builds(Skipped, st.text(), st.text())


@given(st.lists(_FINDINGS, max_size=4), st.lists(_SKIPPED, max_size=2))
def test_any_findings(findings: list[Finding], skipped: list[Skipped]) -> None:
    """Whatever they say, the report is valid, and names the file that they name."""
    for one, result in zip(
        findings,
        run(Outcome(findings=tuple(findings), skipped=tuple(skipped)))["results"],
        strict=True,
    ):
        if one.path:
            uri = urlsplit(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
            assert unquote(uri.path).strip("/").split("/")[-1] in one.path
