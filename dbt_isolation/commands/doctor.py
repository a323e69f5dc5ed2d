"""``doctor``: proves the set-up, or says what to do."""

import os
from argparse import ArgumentParser, Namespace

from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts.project import artifacts_folder
from dbt_isolation.config import block as configuration
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.installation.fact import Fact
from dbt_isolation.installation.facts import facts
from dbt_isolation.outcome import Finding, Outcome, Severity, Skipped, Table
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
            "`dbt-isolation init` writes it",
        )
        return Outcome(findings=(inert,), data={"configured": False})
    profile = profile_of(project_dir, profile_file(project_dir, arguments.profiles_dir))
    looked_at = [profile.target(arguments.target)] if arguments.target else list(profile.targets)
    project = read_yaml(project_dir / "dbt_project.yml")
    file = artifacts_folder(project_dir, project, os.environ) / "manifest.json"
    manifest = artifact.read(file) if file.is_file() else None
    known = list(facts(project_dir, config, profile, looked_at, manifest, os.environ))
    skipped: tuple[Skipped, ...] = ()
    if manifest is None:
        skipped = (
            Skipped(
                "sources, packages and relations of nodes", f"no manifest at {file}; run `dbt parse` first"
            ),
        )
    return Outcome(
        findings=tuple(
            Finding("doctor", _severity(fact), f"{fact.what}: {fact.found}", fact.remedy)
            for fact in known
            if fact.remedy
        ),
        skipped=skipped,
        blocks=(
            Table(
                "",
                ("", "what", "found"),
                tuple((_mark(fact), fact.what, fact.found) for fact in known),
            ),
        ),
        data={
            "configured": True,
            "facts": [
                {
                    "what": fact.what,
                    "found": fact.found,
                    "fine": not fact.remedy,
                    "advice": fact.advice,
                    "remedy": fact.remedy,
                }
                for fact in known
            ],
        },
    )


def _severity(fact: Fact) -> Severity:
    return Severity.WARN if fact.advice else Severity.ERROR


def _mark(fact: Fact) -> str:
    if not fact.remedy:
        return "✓"
    return "!" if fact.advice else "✗"
