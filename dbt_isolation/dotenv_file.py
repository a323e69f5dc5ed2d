"""The `.env` file that dbt 1.12 loads from the working folder or one above it."""

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from dbt_isolation.installation.versions import loads_dotenv


def load(environ: MutableMapping[str, str] = os.environ) -> None:
    """Sets the variables that the file gives and nobody set, where the dbt that is installed does so."""
    if _is_there() and loads_dotenv():
        for name, value in _content().items():
            environ.setdefault(name, value)


def stray(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The variables that have the value which the file gives them: they make nobody a deployer."""
    if not _is_there() or not loads_dotenv():
        return frozenset()
    return frozenset(name for name, value in _content().items() if environ.get(name) == value)


def _is_there() -> bool:
    folder = Path.cwd()
    return any((one / ".env").is_file() for one in (folder, *folder.parents))


def _content() -> dict[str, str]:
    # Comes with the dbt that loads the file.
    from dotenv import dotenv_values, find_dotenv

    found = dotenv_values(find_dotenv(usecwd=True))
    return {name: value for name, value in found.items() if value is not None}
