"""``dbt-isolation-fix FILES…``: `check --fix` for the files of each dbt project, where they have changed."""

import sys
from collections.abc import Iterable, Sequence

from isolation_hooks import words
from isolation_hooks.check import arguments, unknown
from isolation_hooks.project import projects_of

_FINDINGS = 1


def main(argv: Sequence[str] | None = None) -> int:
    """1 where a file was changed, as pre-commit's own fixers do; what is left to say, the check says."""
    flags, files = words.split(sys.argv[1:] if argv is None else argv)
    changed = False
    for project in projects_of(files):
        # What is clean has nothing to be mended.
        missing = list(unknown(project, project.keys(flags)))
        if not missing:
            continue
        from dbt_isolation.main import main as run

        before = _contents(missing)
        status = run(arguments(project, ["--fix", *flags], missing))
        if status > _FINDINGS:
            return status
        after = _contents(missing)
        for file in missing:
            if after[file] != before[file]:
                changed = True
                print(f"dbt-isolation: changed {file}")
    return _FINDINGS if changed else 0


def _contents(files: Iterable[str]) -> dict[str, bytes]:
    found = {}
    for file in files:
        with open(file, "rb") as stream:
            found[file] = stream.read()
    return found
