"""The words of a hook's command line: flags for `check`, and files."""

from collections.abc import Sequence

#: Flags of `check` that take the next word as their value.
_WITH_VALUE = ("--baseline", "--format", "--output", "--profiles-dir", "--select", "--target")
#: These ask for a report, which is made each time.
_REPORTS = ("--format", "--output", "--statistics")


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Flags with their values, and files; after ``--`` every word is a file."""
    flags: list[str] = []
    files: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            files.extend(words)
        elif word.startswith("-") and word != "-":
            flags.append(word)
            if word in _WITH_VALUE and (value := next(words, None)) is not None:
                flags.append(value)
        else:
            files.append(word)
    return flags, files


def values(flags: Sequence[str], name: str) -> list[str]:
    """What is given for the flag, in either spelling."""
    return [
        flags[number + 1] if word == name else word.removeprefix(f"{name}=")
        for number, word in enumerate(flags)
        if (word == name and number + 1 < len(flags)) or word.startswith(f"{name}=")
    ]


def wants_report(flags: Sequence[str]) -> bool:
    """Whether something is to be written even where nothing is found."""
    return any(word.partition("=")[0] in _REPORTS for word in flags)
