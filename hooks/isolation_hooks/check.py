"""``dbt-isolation-check FILES…``: `check` for the files of each dbt project, where they have changed.

What was found to be clean is answered from the cache with the standard library alone.
"""

import os
import sys
from collections.abc import Iterable, Sequence

from dbt_isolation.cache import Cache
from isolation_hooks import words
from isolation_hooks.project import Project, projects_of

# It is only a name here: to import what it is takes longer than to answer.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from dbt_isolation.outcome import Outcome

ANSWERS = "answers"
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """The worst status of all projects' checks; 0 where everything is known to be clean."""
    flags, files = words.split(sys.argv[1:] if argv is None else argv)
    if {"-h", "--help"} & set(flags):
        return _run(["check", *flags])
    if words.values(flags, "--project-dir") or "--fix" in flags:
        print(
            "dbt-isolation: the hook finds each file's project itself, and changes nothing", file=sys.stderr
        )
        print("  take --project-dir out; dbt-isolation-fix is the hook that changes files", file=sys.stderr)
        return 2
    worst = 0
    for project in projects_of(files):
        worst = max(worst, _check(project, flags))
        if worst == _INTERRUPTED:
            break
    return worst


def unknown(project: Project, flags: Sequence[str]) -> dict[str, bytes]:
    """The keys of those files that are not known to be clean."""
    keys = project.keys(flags)
    known = Cache(project.target, ANSWERS).get(keys.values())
    return {file: key for file, key in keys.items() if key not in known}


def arguments(project: Project, flags: Sequence[str], files: Iterable[str]) -> list[str]:
    """The words of the command for some files of a project."""
    named = (one if not one.startswith("-") else os.path.join(".", one) for one in files)
    return ["check", *flags, "--project-dir", project.folder, *named]


def _check(project: Project, flags: Sequence[str]) -> int:
    if words.wants_report(flags):
        return _run(arguments(project, flags, [] if project.whole else project.files))
    missing = unknown(project, flags)
    if not missing and not project.whole:
        return 0
    found: list[Outcome] = []
    status = _run(arguments(project, flags, [] if project.whole else missing), found)
    if found:
        # A file may have been saved while it was looked at; then it is not known which text was.
        after = project.keys(flags)
        same = {file: key for file, key in missing.items() if after.get(file) == key}
        Cache(project.target, ANSWERS).put({same[one]: b"" for one in _clean(project, same, found[0])})
    return status


def _run(argv: list[str], found: "list[Outcome] | None" = None) -> int:
    from dbt_isolation.main import main as run

    return run(argv, seen=None if found is None else found.append)


def _clean(project: Project, files: Iterable[str], outcome: "Outcome") -> list[str]:
    """The files of which nothing was found and nothing was skipped.

    A warning is not remembered, so that it is shown again. What was skipped as a check, for want of a
    manifest, is asked again once there is one, since the key has the manifest.
    """
    from dbt_isolation.checks import CHECKS

    places = [one.path for one in outcome.findings]
    for skipped in outcome.skipped:
        if skipped.what not in CHECKS:
            path = skipped.what.partition(":")[0]
            places.append(path if os.path.isfile(path) else os.path.join(project.folder, path))
    bad = {os.path.abspath(one) for one in places}
    if not all(map(os.path.isfile, bad)):
        return []
    return [one for one in files if os.path.abspath(one) not in bad]
