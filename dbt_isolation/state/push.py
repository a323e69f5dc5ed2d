"""What a run of a protected environment did becomes a release, or a refresh of the one there is."""

import gzip
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.errors import IsolationError
from dbt_isolation.state.carry_over import carry_over
from dbt_isolation.state.ran import Ran
from dbt_isolation.state.release import Refresh, Release, ReleasedNode, Switch
from dbt_isolation.state.releases import MANIFEST, RUN_RESULTS, DamagedError, Releases, now, sha256

#: How often a push begins again when another one comes first with other nodes.
_ATTEMPTS = 20
#: How many releases back a run is known that is pushed once more.
_REMEMBERED = 100


class Kind(StrEnum):
    """What a push made."""

    RELEASE = "release"
    REFRESH = "refresh"
    KNOWN = "known"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: ``changed`` is what differs from the release before.

    ``described``: what gives the same data in the same place, and is described otherwise. ``number`` is the
    current release's; of a run that is known, the one that it is in.
    """

    kind: Kind
    number: int
    changed: tuple[str, ...] = ()
    described: tuple[str, ...] = ()


def push(releases: Releases, ran: Ran) -> Pushed:
    """Writes a release where something that was built differs from the current one, else a run record.

    What is only described otherwise differs too: a release has the documentation of what it runs.
    Raises ``IsolationError`` where another push came first with one of the same nodes, and for a store that
    does not answer; what was current stays current.
    """
    built = ran.built()
    first = head = releases.head()
    for _ in range(_ATTEMPTS):
        current = _current(releases, head, ran)
        if current is not None and ran.invocation_id in current.pushed:
            return Pushed(Kind.KNOWN, current.pushed[ran.invocation_id])
        if not built:
            return Pushed(Kind.NOTHING, head.release if head is not None else 0)
        if current is not None and head != first:
            _refuse_conflict(current, ran, built, first.release if first is not None else 0)
        nodes = _nodes(ran, built, current)
        changed = tuple(sorted(one for one in built if _differs(nodes[one], current, one)))
        described = tuple(
            sorted(one for one in built if one not in changed and _redescribed(nodes[one], current, one))
        )
        if current is not None and not changed and not described:
            return _refresh(releases, ran, current)
        if number := _release(releases, ran, head, current, nodes):
            return Pushed(Kind.RELEASE, number, changed, described)
        head = releases.head()
    raise IsolationError(
        f"{releases.place}: others were faster {_ATTEMPTS} times", "run `dbt-isolation state push` again"
    )


def _current(releases: Releases, head: Switch | None, ran: Ran) -> Release | None:
    """The release that is built upon; none, where it is damaged and a whole run needs nothing of it."""
    try:
        return releases.read(head.release, head.digest) if head is not None else None
    except DamagedError:
        if ran.whole:
            return None
        raise


def _release(
    releases: Releases,
    ran: Ran,
    head: Switch | None,
    current: Release | None,
    nodes: Mapping[str, ReleasedNode],
) -> int:
    """Writes a release on top of ``current`` and switches to it; its number, 0 where another came first."""
    built = ran.built()
    pushed = [*current.pushed.items()][1 - _REMEMBERED :] if current is not None else []
    manifest_gz = gzip.compress(_manifest(releases, ran, current, built), mtime=0)
    previous = head.release if head is not None else 0
    number = releases.claim(previous, ran.run_results_json)
    release = Release(
        number=number,
        project=releases.project,
        environment=releases.environment,
        created_at=now(),
        actor=ran.actor,
        commit=ran.commit.sha,
        dirty=ran.commit.dirty,
        previous=previous,
        invocation_id=ran.invocation_id,
        dbt_version=ran.manifest.metadata.dbt_version,
        adapter_type=ran.manifest.metadata.adapter_type or "",
        built=sorted(built),
        files={MANIFEST: sha256(manifest_gz), RUN_RESULTS: sha256(ran.run_results_json)},
        nodes={
            one: msgspec.structs.replace(node, release=node.release or number) for one, node in nodes.items()
        },
        pushed={**dict(pushed), ran.invocation_id: number},
    )
    try:
        content = releases.write(release, manifest_gz)
    except BaseException:
        releases.abandon(number)
        raise
    if releases.switch(head, release, content):
        return number
    releases.abandon(number)
    return 0


def _nodes(ran: Ran, built: Mapping[str, Node], current: Release | None) -> dict[str, ReleasedNode]:
    """What the release would hold; a node built now has no release's number yet."""
    times = {result.unique_id: result.completed_at for result in ran.results.results}
    found = {}
    for node in ran.manifest.buildable():
        if node.unique_id in built:
            found[node.unique_id] = ReleasedNode(
                fingerprint=str(ran.fingerprints[node.unique_id]),
                resource_type=node.resource_type,
                database=node.database,
                schema_=node.schema_,
                identifier=node.alias,
                relation_name=node.relation_name,
                materialized=node.config.materialized,
                built_at=times[node.unique_id] or ran.results.metadata.generated_at,
                release=0,
                signature=node.signature,
                metadata=ran.fingerprints[node.unique_id].described,
            )
        elif current is not None and node.unique_id in current.nodes:
            found[node.unique_id] = current.nodes[node.unique_id]
    return found


def _differs(node: ReleasedNode, current: Release | None, unique_id: str) -> bool:
    known = current.nodes.get(unique_id) if current is not None else None
    return known is None or (known.fingerprint, known.relation) != (node.fingerprint, node.relation)


def _redescribed(node: ReleasedNode, current: Release | None, unique_id: str) -> bool:
    known = current.nodes.get(unique_id) if current is not None else None
    return known is not None and known.metadata != node.metadata


def _manifest(releases: Releases, ran: Ran, current: Release | None, built: Collection[str]) -> bytes:
    """The run's manifest, with what was not built as the current release has it."""
    released = current.nodes if current is not None else {}
    settled = {
        one
        for one, fingerprint in ran.fingerprints.items()
        if one in built or (one in released and released[one].fingerprint == str(fingerprint))
    }
    if ran.whole:
        return ran.manifest_json
    before = releases.manifest(current) if current is not None else b"{}"
    return carry_over(ran.manifest_json, before, built, settled)


def _refresh(releases: Releases, ran: Ran, current: Release) -> Pushed:
    record = Refresh(
        release=current.number,
        at=now(),
        actor=ran.actor,
        commit=ran.commit.sha,
        invocation_id=ran.invocation_id,
        command=ran.results.command,
        results={result.unique_id: result.status for result in ran.results.results},
    )
    appended = releases.refresh(record)
    return Pushed(Kind.REFRESH if appended else Kind.KNOWN, current.number)


def _refuse_conflict(current: Release, ran: Ran, built: Mapping[str, Node], since: int) -> None:
    """Raises where a release made meanwhile and this run do not go together.

    It has another version of a node that this run built, or a new node of which this run's project does not
    know: on top of it, that would be gone.
    """
    conflicts = [
        one
        for one in sorted(built)
        if one in current.nodes
        and current.nodes[one].release > since
        and current.nodes[one].fingerprint != str(ran.fingerprints[one])
    ]
    if conflicts:
        raise IsolationError(
            f"release {current.number} by {current.actor} came first, with another version of "
            f"{', '.join(conflicts[:5])}",
            "nothing of this push is visible; see which of the two is in the database, and run it again",
        )
    unknown = [
        one
        for one, node in sorted(current.nodes.items())
        if node.release > since and ran.manifest.get(one) is None
    ]
    if unknown:
        raise IsolationError(
            f"release {current.number} by {current.actor} came first, with nodes that the project of this "
            f"run does not have: {', '.join(unknown[:5])}",
            "nothing of this push is visible; if they were removed from the project, run and push again",
        )
