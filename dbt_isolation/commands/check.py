"""``check``: the static checks."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from dbt_isolation.artifacts.project import SourceFiles, own_variables
from dbt_isolation.checked import CheckedProject
from dbt_isolation.checks import CHECKS
from dbt_isolation.checks.baseline import Baseline
from dbt_isolation.checks.findings import of_files, of_project, of_tree
from dbt_isolation.checks.fix import fix
from dbt_isolation.checks.noqa import split_files
from dbt_isolation.checks.parsed import Parsed, remembered
from dbt_isolation.checks.subject import Subject
from dbt_isolation.checks.tree import Tree
from dbt_isolation.config.settings import suggestion
from dbt_isolation.errors import IsolationError
from dbt_isolation.outcome import Finding, Json, Outcome, Severity, Skipped, Table, Text
from dbt_isolation.places import Places


def add_arguments(parser: ArgumentParser) -> None:
    """Takes files to speak of, and the codes of the checks."""
    parser.add_argument(
        "files", type=Path, nargs="*", metavar="FILE", help="only what is found in these files or folders"
    )
    parser.add_argument(
        "--select", action="append", default=[], metavar="CODE", help="only this check; may be given again"
    )
    parser.add_argument(
        "--fix", action="store_true", help="write ref() and source() in place of names, where that is certain"
    )
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="what is known already; written if it is not there"
    )
    parser.add_argument(
        "--statistics", action="store_true", help="a count of each check in place of findings"
    )


def run(arguments: Namespace) -> Outcome:
    """A finding each, weighed as the configuration says. Raises ``IsolationError``."""
    folder: Path = arguments.project_dir
    checked = CheckedProject(folder, arguments.profiles_dir)
    config, target_path = checked.config, checked.target_path
    codes = _codes(arguments.select)
    skipped = [] if checked.parsed else _without_manifest(target_path, codes)
    dialect = config.dialect or _dialect(checked, arguments.target)
    sources = SourceFiles(folder, checked.settings)
    paths = _paths(folder, sources, arguments.files)
    contents = list(Tree(folder, target_path, dialect, own_variables(checked.settings)).contents(paths))
    # Only what is named may be replaced, and most projects name nothing.
    replaceable = any(named.whole for one in contents for named in one.reading.named)
    calls = checked.calls if replaceable else {}
    found: list[Finding] = []
    for one in of_files(contents, config, codes, calls):
        if isinstance(one, Finding):
            found.append(one)
        else:
            skipped.append(one)
    if not arguments.files:
        found += of_tree(contents, sources.model_folders, config, codes)
    models = 0
    if checked.parsed:
        depends = (codes, dialect, checked.depends)
        parsed = remembered(target_path, depends, partial(_of_parsed, checked, codes, dialect))
        wanted = set(paths)
        found += [one for one in parsed.findings if not arguments.files or one.path in wanted]
        skipped += parsed.skipped
        models = parsed.models
    found, silenced = split_files(folder, found, config.noqa_reason)
    mended: list[Finding] = []
    if arguments.fix:
        mended = fix(folder, contents, found)
        found = [one for one in found if one not in mended]
    new, known = found, list[Finding]()
    if arguments.baseline is not None:
        new, known = _against(arguments.baseline, found, codes, whole=not arguments.files)
    counts = [_count(code, new, known, silenced) for code in codes]
    new.sort(key=lambda one: (one.path, one.line, one.column, one.code))
    here = [_from_here(folder, one) for one in new]
    return Outcome(
        findings=() if arguments.statistics else tuple(here),
        skipped=tuple(skipped),
        blocks=(
            *(_statistics(counts, len(contents), models) if arguments.statistics else ()),
            *([Text(f"{len(mended)} findings are mended", _mended(folder, mended))] if mended else []),
            *([Text(f"{len(known)} findings are known: {arguments.baseline}", ())] if known else []),
            *([Text(f"{len(silenced)} findings are silenced by noqa", ())] if silenced else []),
        ),
        data={
            "files": len(contents),
            "models": models,
            "mended": len(mended),
            "known": len(known),
            "silenced": len(silenced),
            "checks": counts,
        },
    )


def _without_manifest(target_path: Path, codes: Collection[str]) -> list[Skipped]:
    why = f"no manifest at {target_path / 'manifest.json'}; run `dbt parse` first"
    return [Skipped(code, why) for code in codes if not CHECKS[code].of_files]


def _of_parsed(checked: CheckedProject, codes: Collection[str], dialect: str) -> Parsed:
    manifest, places = checked.manifest, checked.places
    if manifest is None:
        return Parsed([], [], 0)
    compiled = checked.compiled if "DI03" in codes else {}
    subject = Subject(places.project, manifest, checked.config, places, compiled, dialect)
    found = list(of_project(subject, codes))
    skipped = _not_looked_at(codes, places, checked.no_profile, compiled)
    return Parsed(found, skipped, len(subject.models))


def _not_looked_at(
    codes: Collection[str], places: Places, no_profile: str, compiled: Collection[str]
) -> list[Skipped]:
    why = no_profile or ("" if places.known else "the project's own macros name; the guards look in each run")
    found = [Skipped("DI06", why)] if why and "DI06" in codes else []
    if "DI03" in codes and not compiled:
        found.append(Skipped("DI03", "nothing is compiled in the manifest; run `dbt compile` first"))
    return found


def _dialect(checked: CheckedProject, target: str | None) -> str:
    """Of the target, else of what dbt parsed last; empty where neither says."""
    if checked.profile is not None:
        named = target or os.environ.get("DBT_TARGET") or checked.profile.default
        found = next((one.adapter_type for one in checked.profile.targets if one.name == named), "")
        if found:
            return found
    return (checked.manifest.metadata.adapter_type or "") if checked.manifest is not None else ""


def _paths(folder: Path, sources: SourceFiles, named: Sequence[Path]) -> list[str]:
    """What to look at, from the project; files that are named and are none of its sources are left out."""
    if not named:
        return list(dict.fromkeys(sources.below()))
    found: dict[str, None] = {}
    for one in named:
        if not one.exists():
            raise IsolationError(f"no file {one}", "name files or folders of the project")
        path = os.path.relpath(one, folder).replace(os.sep, "/")
        if one.is_dir():
            found.update(dict.fromkeys(sources.below("" if path == "." else path)))
        elif path in sources:
            found[path] = None
    return list(found)


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


def _from_here(folder: Path, finding: Finding) -> Finding:
    """With its path from the working folder, as editors and CI servers take it."""
    return replace(finding, path=(folder / finding.path).as_posix()) if finding.path else finding


def _mended(folder: Path, mended: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(
        f"{(folder / one.path).as_posix()}:{one.line}: {one.relation} is {one.edit.text} now"
        for one in mended
        if one.edit is not None
    )


def _count(code: str, new: list[Finding], known: list[Finding], silenced: list[Finding]) -> dict[str, Json]:
    mine = [one.severity for one in new if one.code == code]
    return {
        "code": code,
        "error": mine.count(Severity.ERROR),
        "warn": mine.count(Severity.WARN),
        "known": sum(one.code == code for one in known),
        "silenced": sum(one.code == code for one in silenced),
    }


def _statistics(counts: list[dict[str, Json]], files: int, models: int) -> tuple[Table, ...]:
    columns = ("code", "error", "warn", "known", "silenced")
    rows = tuple(
        (*(str(one[column]) for column in columns), CHECKS[str(one["code"])].finds) for one in counts
    )
    title = f"{files} files" + (f", {models} models" if models else "")
    return (Table(title, (*columns, "finds"), rows),)


def _codes(selected: Collection[str]) -> tuple[str, ...]:
    for code in selected:
        if code.upper() not in CHECKS:
            raise IsolationError(f"no check {code}", suggestion(code.upper(), CHECKS))
    return tuple(code for code in CHECKS if not selected or code in {one.upper() for one in selected})
