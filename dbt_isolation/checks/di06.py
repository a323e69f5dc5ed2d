"""DI06: two nodes that give one relation, within an environment or across two."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from dbt_isolation.checks.file import PAGE
from dbt_isolation.checks.subject import Subject
from dbt_isolation.checks.tree import Content
from dbt_isolation.outcome import Finding, Severity
from dbt_isolation.reads.announce import listed

_ENABLED = re.compile(r"\benabled\b")


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


def of_tree(contents: Sequence[Content], folders: Sequence[str]) -> Iterator[Finding]:
    """One finding a file below ``folders``, those of models, whose model another file there is as well.

    Not where something says which of them is enabled: dbt takes two if it is one at most.
    """
    settings = [one.text for one in contents if one.path.endswith((".yml", ".yaml"))]
    settings = [one for one in settings if _ENABLED.search(one)]
    first: dict[str, Content] = {}
    for content in sorted(contents, key=lambda one: one.path):
        path = PurePosixPath(content.path)
        if path.suffix not in (".sql", ".py") or not any(path.is_relative_to(one) for one in folders):
            continue
        other = first.setdefault(path.stem, content)
        if other is content or _ENABLED.search(content.text) or _ENABLED.search(other.text):
            continue
        parts = {path.stem, *path.parts, *PurePosixPath(other.path).parts}
        if any(part in text for text in settings for part in parts - set(folders)):
            continue
        yield Finding(
            code="DI06",
            severity=Severity.ERROR,
            message=f"{other.path} is a model {path.stem} too",
            remedy="rename or remove one of the files",
            url=f"{PAGE}#di06",
            path=content.path,
            line=1,
        )
