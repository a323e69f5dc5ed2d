"""What the checks find, weighed as the configuration says."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dbt_isolation.checks import CHECKS, check_of, di06, file_check_of
from dbt_isolation.checks.file import File, Protected
from dbt_isolation.checks.subject import Subject
from dbt_isolation.checks.tree import Content
from dbt_isolation.config.model import Config
from dbt_isolation.outcome import Finding, Severity, Skipped

#: Begins what is said of a check that failed.
BROKEN = "the check itself failed, which is a bug of ours"


def of_files(
    contents: Iterable[Content], config: Config, codes: Collection[str], called: Mapping[str, str]
) -> Iterator[Finding | Skipped]:
    """What the checks of files among ``codes`` find.

    A file that dbt cannot read either is a finding; one that was not read whole for another reason is
    skipped.
    """
    checks = [(code, file_check_of(code)) for code in codes if CHECKS[code].of_files]
    protected = Protected.of(config)
    for content in contents:
        file = File(content.path, content.text, content.reading, protected, called)
        if content.reading.problem is not None:
            yield from _unread(file, [code for code, _ in checks], config)
        for code, check in checks:
            try:
                yield from _weighed(check.check(file), code, config)
            except Exception as error:
                yield replace(_broken(code, error), path=content.path)


def of_tree(
    contents: Sequence[Content], folders: Sequence[str], config: Config, codes: Collection[str]
) -> Iterator[Finding]:
    """What the files of all models together tell; ``folders``: where those are."""
    if "DI06" in codes:
        yield from _weighed(di06.of_tree(contents, folders), "DI06", config)


def of_project(subject: Subject, codes: Collection[str]) -> Iterator[Finding]:
    """What the checks of what dbt parsed find."""
    for code in codes:
        if not CHECKS[code].of_files:
            try:
                yield from list(_weighed(check_of(code).check(subject), code, subject.config))
            except Exception as error:
                # The others' findings are not lost with it.
                yield _broken(code, error)


def _weighed(findings: Iterable[Finding], code: str, config: Config) -> Iterator[Finding]:
    for finding in findings:
        weight = config.weight(code, finding.path) or str(CHECKS[code].severity)
        if weight != "off":
            yield replace(finding, severity=Severity(weight))


def _unread(file: File, codes: Sequence[str], config: Config) -> Iterator[Finding | Skipped]:
    why, at = file.reading.problem or ("", 0)
    if not file.reading.broken:
        line = file.text.count("\n", 0, at) + 1
        yield Skipped(f"{file.path}:{line}", why)
        return
    # Once, under the first check that would have looked at it.
    for code in codes:
        if config.weight(code, file.path) != "off":
            yield file.finding(code, at, f"it cannot be read: {why}", "mend it, so that it can be checked")
            return


def _broken(code: str, error: Exception) -> Finding:
    return Finding(code, Severity.ERROR, f"{BROKEN}: {error!r}", "switch it off until it is mended")
