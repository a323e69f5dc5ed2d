"""Where a node that a run does not build is read: at home, in production, or nowhere; and why.

Pure functions of the present fingerprints, the release, the evidence and what exists.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.environments import Relation
from dbt_isolation.lineage.fingerprint import VERSION, Fingerprint
from dbt_isolation.records.evidence import Mode, Record, newest
from dbt_isolation.state.release import Release

_FAILED = frozenset({"fail", "error", "runtime error"})
_BUILT = frozenset({"success"})


class Place(StrEnum):
    """Where a node is read."""

    HOME = "home"
    RELEASE = "release"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Read:
    """Where one node is read; ``changed``: it differs from the release, or is not in it.

    ``built``: its relation at home is its present self, whether it is read or not.
    """

    node: Node
    place: Place
    relation: Relation
    why: str
    changed: bool
    built: bool

    @property
    def stands_in(self) -> bool:
        """Whether production's relation is read in place of a change that is not built."""
        return self.changed and self.place is Place.RELEASE


@dataclass(frozen=True, slots=True)
class Evidence:
    """An instance's records, made by ``of``; ``tests`` are those of tests, by the node that they are about.

    ``existing`` are its relations, None where nobody has looked.
    """

    records: Mapping[tuple[str, str], Record]
    tests: Mapping[str, Collection[Record]]
    existing: Collection[tuple[str, str, str]] | None = None

    @classmethod
    def of(cls, records: Iterable[Record], existing: Collection[Relation] | None = None) -> "Evidence":
        """The newest record of each thing counts."""
        last = newest(records)
        tests: dict[str, list[Record]] = {}
        for record in last.values():
            if record.about:
                tests.setdefault(record.about, []).append(record)
        return cls(last, tests, None if existing is None else frozenset(map(_folded, existing)))

    def unfit(
        self, node: Node, fingerprint: Fingerprint, mode: Mode, now: datetime, max_age: timedelta | None
    ) -> str:
        """Why the node's relation at home is not its present self; empty if it is."""
        record = self.records.get((node.unique_id, ""))
        if record is None:
            return "it is not built here"
        when = f"{record.time:%Y-%m-%d %H:%M}"
        if record.status == "cloned":
            return f"it was cloned here, not built ({when})"
        if record.status not in _BUILT:
            return f"its last build here failed ({when})"
        if record.fingerprint != str(fingerprint):
            return f"{_what_changed(record.fingerprint, fingerprint)} since it was built here ({when})"
        if record.relation != str(node.relation):
            return f"it was built as {record.relation}"
        if record.mode not in (Mode.FULL, mode):
            return f"it was built with only a part of its input (mode {record.mode}, {when})"
        if failed := self._failed_tests(record):
            return f"its tests failed here: {', '.join(failed)}"
        age = abs(now - record.time)
        if max_age is not None and age > max_age:
            return f"it was built {_days(age)} ago, and max_age is {_days(max_age)}"
        # Engines do not list functions among relations.
        seen = node.resource_type != "function" and self.existing is not None
        if seen and _folded(node.relation) not in (self.existing or ()):
            return f"it was built here ({when}), and its relation is gone"
        return ""

    def _failed_tests(self, built: Record) -> list[str]:
        """Of this build; a unit test needs no relation, so it may come before."""
        return sorted(
            record.unique_id
            for record in self.tests.get(built.unique_id, ())
            if record.status in _FAILED
            and record.fingerprint == built.fingerprint
            and (record.time >= built.time or record.unique_id.startswith("unit_test."))
        )


def reads(
    manifest: Manifest,
    fingerprints: Mapping[str, Fingerprint],
    release: Release,
    evidence: Evidence,
    *,
    mode: Mode,
    now: datetime,
    max_age: timedelta | None,
) -> dict[str, Read]:
    """Where every relation of the project is read, for a run of ``mode`` that builds none of them.

    Ephemeral models have no relation, and other projects' models are read where they are: neither is in it.
    """
    found = {}
    for node in manifest.buildable():
        if node.ephemeral or node.external:
            continue
        fingerprint = fingerprints[node.unique_id]
        released = release.nodes.get(node.unique_id)
        unfit = evidence.unfit(node, fingerprint, mode, now, max_age)
        if released is not None and released.fingerprint == str(fingerprint):
            place, why = Place.RELEASE, f"unchanged against release {release.number}"
        elif not unfit:
            place, why = Place.HOME, f"{_how_changed(released is None)}, and built here"
        elif released is not None:
            place, why = Place.RELEASE, f"changed, but {unfit}"
        else:
            place, why = Place.NOWHERE, f"new, and {unfit}"
        relation = node.relation if released is None or place is Place.HOME else released.relation
        changed = released is None or released.fingerprint != str(fingerprint)
        found[node.unique_id] = Read(node, place, relation, why, changed, not unfit)
    return found


def tested_by(node: Node) -> list[str]:
    """The unique ids that a test is about: the node it is attached to, else all that it reads."""
    return [node.attached_node] if node.attached_node else list(node.depends_on.nodes)


def name_of(node: Node) -> str:
    """As a selection would name it."""
    return f"{node.name}.v{node.version}" if node.version is not None else node.name


def command_that_builds(node: Node) -> str:
    """The dbt command that builds it."""
    verb = {"seed": "seed", "snapshot": "snapshot", "function": "build"}.get(node.resource_type, "run")
    return f"dbt {verb} -s {name_of(node)}"


def _folded(relation: Relation) -> tuple[str, str, str]:
    """Engines differ in the case in which they give names back."""
    return relation.database.casefold(), relation.schema.casefold(), relation.identifier.casefold()


def _how_changed(is_new: bool) -> str:
    return "new" if is_new else "changed"


def _what_changed(recorded: str, present: Fingerprint) -> str:
    version, _, rest = recorded.partition(":")
    if version != str(VERSION):
        return "dbt-isolation makes fingerprints in another way"
    return "what it reads has changed" if rest.partition(":")[0] == present.data else "it has changed"


def _days(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
