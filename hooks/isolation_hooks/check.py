"""``dbt-isolation-check FILES…``: `check` for the files of each dbt project, where they have changed.

What was found to be clean, or to deserve no more than a warning, is answered from the cache with the standard
library alone.
"""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from dbt_isolation.cache import Cache
from isolation_hooks import words
from isolation_hooks.project import Project, projects_of

# It is only a name here: to import what it is takes longer than to answer.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from dbt_isolation.outcome import Outcome

#: Tables of the cache: the files that are clean, and what was shown for files that are not quite.
_ANSWERS, _SHOWN = "answers", "shown"
_MOST_SHOWN = 500
_INTERRUPTED = 130
#: What the look of a report depends on.
_LOOK = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM")


def main(argv: Sequence[str] | None = None) -> int:
    """The worst status of all projects' checks; 0 where everything is known to be clean."""
    flags, files = words.split(sys.argv[1:] if argv is None else argv)
    if {"-h", "--help"} & set(flags):
        return _run(["check", *flags])[0]
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


def unknown(project: Project, keys: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of the files, with their keys, that are not known to be clean."""
    known = Cache(project.target, _ANSWERS).get(keys.values())
    return {file: key for file, key in keys.items() if key not in known}


def arguments(project: Project, flags: Sequence[str], files: Iterable[str]) -> list[str]:
    """The words of the command for some files of a project."""
    named = (one if not one.startswith("-") else os.path.join(".", one) for one in files)
    return ["check", *flags, "--project-dir", project.folder, *named]


def _check(project: Project, flags: Sequence[str]) -> int:
    if words.wants_report(flags):
        return _run(arguments(project, flags, [] if project.whole else project.files))[0]
    keys = project.keys(flags)
    missing = unknown(project, keys)
    if project.whole:
        return _ask(project, flags, [], missing)[0]
    if not missing:
        return 0
    shown = Cache(project.target, _SHOWN, _MOST_SHOWN)
    key = _key_of_all(project, keys)
    if (text := shown.get([key]).get(key)) is not None:
        sys.stdout.write(text.decode(errors="surrogateescape"))
        return 0
    status, text = _ask(project, flags, missing, missing)
    if status == 0 and text is not None:
        shown.put({key: text})
    return status


def _ask(
    project: Project, flags: Sequence[str], files: Iterable[str], keys: Mapping[str, bytes]
) -> tuple[int, bytes | None]:
    """The status of `check`, and what it showed where that may be shown again; notes what is clean."""
    status, outcome, text = _run(arguments(project, flags, files))
    if outcome is None:
        return status, None
    # A file may have been saved while it was looked at; then it is not known which text was.
    after = project.keys(flags)
    same = {file: key for file, key in keys.items() if after.get(file) == key}
    clean = _clean(project, same, outcome)
    Cache(project.target, _ANSWERS).put({same[one]: b"" for one in clean})
    again = bool(_strange(outcome)) or len(same) < len(keys) or len(clean) == len(keys)
    return status, None if again else text.encode(errors="surrogateescape")


def _key_of_all(project: Project, keys: Mapping[str, bytes]) -> bytes:
    """Of these files together, shown in this terminal and from this folder."""
    try:
        width = os.get_terminal_size(1).columns
    except OSError:
        width = 0
    look = [project.folder, str(width), str(sys.stdout.isatty()), *(os.environ.get(one, "") for one in _LOOK)]
    digest = blake2b("\0".join(look).encode(errors="surrogateescape"), digest_size=16)
    for key in sorted(keys.values()):
        digest.update(key)
    return digest.digest()


class _Heard:
    """A stream that also keeps what is written to it."""

    def __init__(self, stream: "TextIO") -> None:
        self._stream = stream
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return self._stream.write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def _run(argv: list[str]) -> "tuple[int, Outcome | None, str]":
    """The status of `dbt-isolation`, what it found if it came to that, and what it showed."""
    from dbt_isolation.main import main as run

    found: list[Outcome] = []
    heard, stdout = _Heard(sys.stdout), sys.stdout
    sys.stdout = heard
    try:
        status = run(argv, seen=found.append)
    finally:
        sys.stdout = stdout
    return status, found[0] if found else None, heard.text


def _clean(project: Project, files: Iterable[str], outcome: "Outcome") -> list[str]:
    """The files of which nothing was found and nothing was skipped; none where it is not known which are."""
    places = [one.path for one in outcome.findings]
    for what in _strange(outcome):
        # It is said from the project, with the line.
        places.append(os.path.join(project.folder, what.rpartition(":")[0] or what))
    bad = {os.path.abspath(one) for one in places}
    if not all(map(os.path.isfile, bad)):
        return []
    return [one for one in files if os.path.abspath(one) not in bad]


def _strange(outcome: "Outcome") -> list[str]:
    """What was skipped beside checks: those want a manifest, and the key has that."""
    from dbt_isolation.checks import CHECKS

    return [one.what for one in outcome.skipped if one.what not in CHECKS]
