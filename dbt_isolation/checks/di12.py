"""DI12: a source that is read outside of the first layer."""

from collections.abc import Iterator

from dbt_isolation.checks.subject import Subject
from dbt_isolation.outcome import Finding


def check(subject: Subject) -> Iterator[Finding]:
    """One finding a source that a model of a later layer, or of none, reads; none without layers."""
    if not subject.config.layers:
        return
    first = subject.config.layers[0]
    for model in subject.models:
        mine = subject.layer(model)
        if mine is not None and mine[0] == 0:
            continue
        for parent in dict.fromkeys(model.depends_on.nodes):
            source = subject.manifest.sources.get(parent)
            if source is not None:
                where = f"{mine[1].name}" if mine is not None else "in no layer"
                yield subject.finding(
                    "DI12",
                    model,
                    f"{model.name} ({where}) reads the source {source.source_name}.{source.name}",
                    f"read a model of {first.name} instead, and let that one read the source",
                    relation=str(source.relation),
                )
