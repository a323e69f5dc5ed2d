"""Whether production has gone on since this branch began, so that another's change is not ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.fingerprint import Fingerprint
from dbt_isolation.state.commit import is_ancestor
from dbt_isolation.state.release import Release, ReleasedNode
from dbt_isolation.state.releases import Releases

#: How many releases back the one is looked for that the branch began with.
_FARTHEST = 50


@dataclass(frozen=True, slots=True)
class Drift:
    """What happened in production that this branch does not have.

    ``base``: the number of the release that the branch began with, 0 where none is known. ``theirs``: unique
    ids of what changed there since and is here as it was; ``both``: of what changed there and here.
    """

    base: int
    theirs: frozenset[str] = frozenset()
    both: frozenset[str] = frozenset()


def drift(
    releases: Releases, current: Release, folder: Path, fingerprints: Mapping[str, Fingerprint]
) -> Drift | None:
    """None where the commit of ``current`` is in the history of the one that ``folder`` stands on.

    Also where git cannot say. ``fingerprints``: the tree's. Raises ``IsolationError`` where a release
    between the two cannot be read.
    """
    if is_ancestor(folder, current.commit) is not False:
        return None
    base = _base(releases, current, folder)
    if base is None:
        return Drift(0)
    theirs, both = set(), set()
    for name in base.nodes.keys() | current.nodes.keys():
        was, is_ = _data(base.nodes.get(name)), _data(current.nodes.get(name))
        if was == is_:
            continue
        here = fingerprints[name].data if name in fingerprints else ""
        if here == was:
            theirs.add(name)
        elif here != is_:
            both.add(name)
    return Drift(base.number, frozenset(theirs), frozenset(both))


def _base(releases: Releases, current: Release, folder: Path) -> Release | None:
    """The newest release before ``current`` whose commit is in the folder's history."""
    found = current
    for _ in range(_FARTHEST):
        if not found.previous:
            return None
        try:
            found = releases.read(found.previous)
        except IsolationError as error:
            raise IsolationError(
                f"what this branch began with cannot be told: {error.message}", error.hint
            ) from error
        if is_ancestor(folder, found.commit):
            return found
    return None


def _data(node: ReleasedNode | None) -> str:
    """The hash of a node's own data; empty where there is none."""
    return node.fingerprint.split(":")[1] if node is not None and node.fingerprint.count(":") == 2 else ""
