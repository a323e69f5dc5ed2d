"""JUnit's XML, which CI servers show as tests: a case a finding; one of severity error is a failure."""

import re
from typing import TextIO
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from dbt_isolation.outcome import Finding, Outcome, Severity

#: What no XML 1.0 document may hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(command: str, outcome: Outcome, stream: TextIO) -> None:
    """Writes one suite; where there is nothing to say, it has one case that passed."""
    failures = sum(finding.severity is Severity.ERROR for finding in outcome.findings)
    count = max(1, len(outcome.findings) + len(outcome.skipped))
    suites = Element("testsuites")
    suite = SubElement(
        suites,
        "testsuite",
        name=f"dbt-isolation {command}",
        tests=str(count),
        failures=str(failures),
        skipped=str(len(outcome.skipped)),
        errors="0",
    )
    for finding in outcome.findings:
        _add(suite, finding)
    for one in outcome.skipped:
        case = SubElement(suite, "testcase", classname="skipped", name=_plain(one.what))
        SubElement(case, "skipped", message=_plain(one.why))
    if not len(suite):
        SubElement(suite, "testcase", classname=command, name="all fine")
    indent(suites)
    stream.write('<?xml version="1.0" encoding="utf-8"?>\n')
    ElementTree(suites).write(stream, encoding="unicode")
    stream.write("\n")


def _add(suite: Element, finding: Finding) -> None:
    name = _plain(finding.node or finding.path or finding.relation or finding.message)
    place = {"file": _plain(finding.path)} if finding.path else {}
    case = SubElement(suite, "testcase", {"classname": finding.code, "name": name, **place})
    text = _plain("\n".join(filter(None, (finding.message, finding.remedy, finding.url))))
    if finding.severity is Severity.ERROR:
        failure = SubElement(case, "failure", type=finding.code, message=_plain(finding.message))
        failure.text = text
    else:
        SubElement(case, "system-out").text = text


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
