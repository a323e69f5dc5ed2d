"""``check``: the static checks."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.checks import CHECKS, check_of
from dbt_isolation.checks.baseline import Baseline
from dbt_isolation.checks.noqa import split_files
from dbt_isolation.checks.subject import Subject
from dbt_isolation.config.settings import suggestion
from dbt_isolation.errors import IsolationError
from dbt_isolation.installation.one_liners import own_naming
from dbt_isolation.invocation import Invocation
from dbt_isolation.outcome import Finding, Json, Outcome, Severity, Skipped, Table, Text
from dbt_isolation.places import Places


def add_arguments(parser: ArgumentParser) -> None:
    """Takes files to speak of, and the codes of the checks."""
    parser.add_argument(
        "files", type=Path, nargs="*", metavar="FILE", help="only what is found in these files"
    )
    parser.add_argument(
        "--select", action="append", default=[], metavar="CODE", help="only this check; may be given again"
    )
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="what is known already; written if it is not there"
    )
    parser.add_argument(
        "--statistics", action="store_true", help="a count of each check in place of findings"
    )


def run(arguments: Namespace) -> Outcome:
    """A finding each, weighed as the configuration says. Raises ``IsolationError``."""
    about = Invocation.of(arguments)
    codes = _codes(arguments.select)
    file = about.target_path / "manifest.json"
    if not file.is_file():
        why = f"no manifest at {file}; run `dbt parse` first"
        return Outcome(skipped=tuple(Skipped(code, why) for code in codes))
    manifest = artifact.read(file)
    if manifest.metadata.project_name not in (None, about.project):
        raise IsolationError(
            f"{file} is of project {manifest.metadata.project_name}, and this is {about.project}",
            "run `dbt parse` here",
        )
    own = frozenset(own_naming(about.project_dir))
    places = Places(about.config, about.profile.targets, manifest, about.project, own, os.environ)
    subject = Subject(about.project, manifest, about.config, places)
    wanted = {os.path.relpath(one, about.project_dir).replace(os.sep, "/") for one in arguments.files}
    found = []
    for code in codes:
        try:
            found += [one for one in _weighed(subject, code) if not wanted or one.path in wanted]
        except Exception as error:
            # The others' findings are not lost with it.
            broken = f"the check itself failed, which is a bug of ours: {error!r}"
            found.append(Finding(code, Severity.ERROR, broken, "switch it off until it is mended"))
    skipped = []
    if "DI06" in codes and not places.known:
        skipped.append(Skipped("DI06", "the project's own macros name; the guards look in each run"))
    found, silenced = split_files(about.project_dir, found, about.config.noqa_reason)
    new, known = found, list[Finding]()
    if arguments.baseline is not None:
        new, known = _against(arguments.baseline, found, codes, whole=not wanted)
    counts = [_count(code, new, known, silenced) for code in codes]
    return Outcome(
        findings=() if arguments.statistics else tuple(_from_here(about.project_dir, one) for one in new),
        skipped=tuple(skipped),
        blocks=(
            *(_statistics(counts, len(subject.models)) if arguments.statistics else ()),
            *([Text(f"{len(known)} findings are known: {arguments.baseline}", ())] if known else []),
            *([Text(f"{len(silenced)} findings are silenced by noqa", ())] if silenced else []),
        ),
        data={
            "models": len(subject.models),
            "known": len(known),
            "silenced": len(silenced),
            "checks": counts,
        },
    )


def _against(
    file: Path, found: list[Finding], codes: Collection[str], *, whole: bool
) -> tuple[list[Finding], list[Finding]]:
    """The findings that are new and those that the baseline has; it is written, or loses what is fixed."""
    if not file.exists():
        if not whole:
            raise IsolationError(f"no baseline {file}", "write it first, without naming files")
        Baseline.of(found).write(file)
        return [], found
    baseline = Baseline.read(file)
    if whole and (smaller := baseline.shrunk(found, codes)) != baseline:
        smaller.write(file)
    return baseline.split(found)


def _from_here(project_dir: Path, finding: Finding) -> Finding:
    """With its path from the working folder, as editors and CI servers take it."""
    return replace(finding, path=(project_dir / finding.path).as_posix()) if finding.path else finding


def _count(code: str, new: list[Finding], known: list[Finding], silenced: list[Finding]) -> dict[str, Json]:
    mine = [one.severity for one in new if one.code == code]
    return {
        "code": code,
        "error": mine.count(Severity.ERROR),
        "warn": mine.count(Severity.WARN),
        "known": sum(one.code == code for one in known),
        "silenced": sum(one.code == code for one in silenced),
    }


def _statistics(counts: list[dict[str, Json]], models: int) -> tuple[Table, ...]:
    columns = ("code", "error", "warn", "known", "silenced")
    rows = tuple(
        (*(str(one[column]) for column in columns), CHECKS[str(one["code"])].finds) for one in counts
    )
    return (Table(f"{models} models", (*columns, "finds"), rows),)


def _codes(selected: Collection[str]) -> tuple[str, ...]:
    for code in selected:
        if code.upper() not in CHECKS:
            raise IsolationError(f"no check {code}", suggestion(code.upper(), CHECKS))
    return tuple(code for code in CHECKS if not selected or code in {one.upper() for one in selected})


def _weighed(subject: Subject, code: str) -> Iterator[Finding]:
    for finding in check_of(code).check(subject):
        weight = subject.config.weight(code, finding.path) or str(CHECKS[code].severity)
        if weight != "off":
            yield replace(finding, severity=Severity(weight))
