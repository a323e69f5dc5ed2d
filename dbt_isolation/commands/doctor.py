"""``doctor``: proves the set-up, or says what to do."""

import os
from argparse import ArgumentParser, Namespace

from dbt_isolation.config import block as configuration
from dbt_isolation.installation import facts
from dbt_isolation.outcome import Finding, Outcome, Severity, Table
from dbt_isolation.profile import profile_file, profile_of


def add_arguments(parser: ArgumentParser) -> None:
    """Takes the common flags alone; ``--target`` narrows the targets to one."""


def run(arguments: Namespace) -> Outcome:
    """A row a fact, and a finding for each that is not fine."""
    project_dir = arguments.project_dir
    config = configuration.load(project_dir)
    if config is None:
        inert = Finding(
            "doctor",
            Severity.WARN,
            "dbt_project.yml has no vars: dbt_isolation: block; the package is inert here",
            "write the block; docs/configuration.md has one to begin with",
        )
        return Outcome(findings=(inert,), data={"configured": False})
    profiles = profile_file(project_dir, arguments.profiles_dir)
    profile = profile_of(project_dir, profiles)
    found = [profile.target(arguments.target)] if arguments.target else list(profile.targets)
    known = list(facts(project_dir, config, found, os.environ))
    return Outcome(
        findings=tuple(
            Finding("doctor", Severity.ERROR, f"{fact.what}: {fact.found}", fact.remedy)
            for fact in known
            if fact.remedy
        ),
        blocks=(
            Table(
                "",
                ("", "what", "found"),
                tuple(("✗" if fact.remedy else "✓", fact.what, fact.found) for fact in known),
            ),
        ),
        data={
            "configured": True,
            "facts": [
                {"what": fact.what, "found": fact.found, "fine": not fact.remedy, "remedy": fact.remedy}
                for fact in known
            ],
        },
    )
