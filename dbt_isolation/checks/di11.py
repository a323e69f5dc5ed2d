"""DI11: a reference against the configured order of the layers."""

from collections.abc import Iterator

from dbt_isolation.checks.subject import Subject
from dbt_isolation.outcome import Finding


def check(subject: Subject) -> Iterator[Finding]:
    """One finding a reference to a later layer; what stands in no layer is free."""
    for model in subject.models:
        mine = subject.layer(model)
        if mine is None:
            continue
        for parent in dict.fromkeys(model.depends_on.nodes):
            node = subject.manifest.get(parent)
            theirs = (
                subject.layer(node) if node is not None and node.package_name == subject.project else None
            )
            if node is not None and theirs is not None and theirs[0] > mine[0]:
                yield subject.finding(
                    "DI11",
                    model,
                    f"{model.name} ({mine[1].name}) reads {node.name} ({theirs[1].name}), a later layer",
                    f"move what both need into {mine[1].name} or an earlier layer, or {model.name} into "
                    f"{theirs[1].name}",
                )
