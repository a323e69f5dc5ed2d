"""DI33: a model without an owner."""

from collections.abc import Iterator

from dbt_isolation.checks.subject import Subject
from dbt_isolation.outcome import Finding


def check(subject: Subject) -> Iterator[Finding]:
    """One finding a model with neither a group, which has an owner, nor an owner in its ``meta``."""
    for model in subject.models:
        if not model.config.group and not model.owner:
            yield subject.finding(
                "DI33",
                model,
                f"nobody owns {model.name}",
                "give it a group, or meta: {owner: NAME}; for a folder at once: +group in dbt_project.yml",
            )
