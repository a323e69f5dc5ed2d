"""DI06: two nodes that give one relation, within an environment or across two."""

from collections.abc import Iterator

from dbt_isolation.checks.subject import Subject
from dbt_isolation.outcome import Finding
from dbt_isolation.reads.announce import listed


def check(subject: Subject) -> Iterator[Finding]:
    """One finding two nodes of one environment, and one two environments."""
    said = set()
    for shared in subject.places.shared():
        place, _, node = shared.relations[0]
        if shared.one == shared.other:
            for relation, one, other in shared.relations:
                # The same two meet on every target.
                if (one.unique_id, other.unique_id) in said:
                    continue
                said.add((one.unique_id, other.unique_id))
                yield subject.finding(
                    "DI06",
                    other,
                    f"{one.unique_id} and {other.unique_id} are both {relation} in {shared.one}",
                    "give one of them another alias, schema or database",
                    relation=str(relation),
                )
        else:
            names = listed([str(relation) for relation, _, _ in shared.relations])
            yield subject.finding(
                "DI06",
                node,
                f"{shared.one} and {shared.other} both give {names}",
                'give one of them a template, such as schema: "dev_{user}_{custom_schema}", or its target '
                "another schema in profiles.yml",
                relation=str(place),
            )
