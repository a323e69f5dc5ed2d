"""The commands: one file each, with ``add_arguments`` and ``run``, and this table."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from dbt_isolation.outcome import Outcome


class Row(NamedTuple):
    """One command: its module, imported on use, and what it does in one line."""

    module: str
    summary: str


COMMANDS: Mapping[str, Row] = {
    "init": Row("dbt_isolation.commands.init", "sets a project up, shows what it would do, or undoes it"),
    "check": Row("dbt_isolation.commands.check", "the static checks of what was last parsed"),
    "doctor": Row("dbt_isolation.commands.doctor", "proves the set-up, or says what to do"),
    "state": Row("dbt_isolation.commands.state", "records what production runs, and copies it here"),
    "releases": Row("dbt_isolation.commands.releases", "what a protected environment has run"),
    "reads": Row("dbt_isolation.commands.reads", "where each ref and source of a node is read, and why"),
    "compare": Row("dbt_isolation.commands.compare", "what this project changes of what production runs"),
    "lineage": Row("dbt_isolation.commands.lineage", "what a node reads, and what reads it"),
    "sample": Row("dbt_isolation.commands.sample", "copies a raw source, or a part of it, for development"),
}


class Command(Protocol):
    """A command's module."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds what the command takes beside the common flags."""

    def run(self, arguments: Namespace) -> Outcome:
        """Does it. Raises ``IsolationError`` where the user's input or set-up is wrong."""
