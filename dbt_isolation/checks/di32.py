"""DI32: a public model without an enforced contract."""

from collections.abc import Iterator

from dbt_isolation.checks.subject import Subject
from dbt_isolation.outcome import Finding


def check(subject: Subject) -> Iterator[Finding]:
    """One finding a model that other projects may read and that promises them nothing."""
    for model in subject.models:
        if model.access == "public" and not model.contract.enforced:
            yield subject.finding(
                "DI32",
                model,
                f"{model.name} is public, and no contract says what its readers can rely on",
                "add contract: {enforced: true} to its config, with the columns' types; or make it protected",
            )
