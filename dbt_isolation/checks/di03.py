"""DI03: compiled SQL that reads another environment than its own or the one that this reads."""

from collections.abc import Iterator

from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.checks.subject import Subject
from dbt_isolation.environments import Relation, owner
from dbt_isolation.outcome import Finding
from dbt_isolation.places import folded
from dbt_isolation.sql.unreadable import UnreadableError
from dbt_isolation.sql.uses import uses


def check(subject: Subject) -> Iterator[Finding]:
    """A finding a node and relation; what no environment is known to build is not judged here."""
    if not subject.compiled:
        return
    built: dict[Relation, set[str]] = {}
    for use, place, _ in subject.places.relations():
        built.setdefault(folded(place), set()).add(use.environment)
    for node in subject.own:
        sql = subject.compiled.get(node.unique_id)
        if not sql:
            continue
        allowed = _allowed(subject, node, built)
        said = set[Relation]()
        for place in _read(subject, node, sql):
            owned = owner(subject.config, place.database, place.schema)
            environments = {owned[0].name} if owned is not None else built.get(folded(place), set())
            if not environments or environments & allowed or place in said:
                continue
            said.add(place)
            names = " or ".join(sorted(environments))
            yield subject.finding(
                "DI03",
                node,
                f"it reads {place}, which is {names}'s; it may read {' and '.join(sorted(allowed))}",
                "read it by ref() or source(), and compile it again on its own target",
                relation=str(place),
            )


def _allowed(subject: Subject, node: Node, built: dict[Relation, set[str]]) -> set[str]:
    """The environments that a node may read: its own, and what this reads; all that it may be, if unknown."""
    environments = subject.config.environments
    owned = owner(subject.config, node.relation.database, node.relation.schema)
    if owned is not None:
        own = {owned[0].name}
    else:
        own = built.get(folded(node.relation)) or {
            one.name for one in environments.values() if not one.protected
        }
    return own | {reads for name in own if (reads := environments[name].reads)}


def _read(subject: Subject, node: Node, sql: str) -> Iterator[Relation]:
    try:
        found = uses(sql, subject.dialect)
    except UnreadableError:
        return
    for use in found:
        if use.kind == "table" and use.action == "read" and len(use.parts) in (2, 3):
            *database, schema, identifier = use.parts
            yield Relation(database[0] if database else node.relation.database, schema, identifier)
