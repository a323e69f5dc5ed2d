"""Which nodes a release has and which the tree has, and in what they differ before their SQL is read."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.lineage.fingerprint import VERSION, Fingerprint, normalised
from dbt_isolation.state.release import ReleasedNode

#: Config that says where a node is put.
_PLACE = ("database", "schema", "alias", "target_database", "target_schema")


class Became(StrEnum):
    """What became of a node; ``described``: only what describes it changed, and not its data."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    MOVED = "moved"
    CHANGED = "changed"
    DESCRIBED = "described"


@dataclass(frozen=True, slots=True)
class Pair:
    """A node as the release has it and as the tree has it; one of the two is None where it came or went.

    ``moves``: sentences about where it was and is.
    """

    before: Node | None
    now: Node | None
    became: frozenset[Became]
    moves: tuple[str, ...] = ()

    @property
    def node(self) -> Node:
        """The tree's, else the release's."""
        node = self.now or self.before
        assert node is not None
        return node

    @property
    def unique_id(self) -> str:
        """The tree's, else the release's."""
        return self.node.unique_id


def pairs(
    before: Manifest,
    now: Manifest,
    released: Mapping[str, ReleasedNode],
    fingerprints: Mapping[str, Fingerprint],
    apart: Collection[str] = (),
    again: Callable[[], Mapping[str, Fingerprint]] | None = None,
) -> list[Pair]:
    """What differs of models, seeds, snapshots and functions, in the order of their unique ids.

    ``released``: what the release says of the nodes that it built. ``apart``: unique ids that are not looked
    at. Other projects' nodes are not either. ``again``: gives the fingerprints of ``before`` as they are made
    now, for what was recorded in another way.
    """
    old = {one.unique_id: one for one in before.buildable() if not one.external}
    new = {one.unique_id: one for one in now.buildable() if not one.external}
    gone = {name: old[name] for name in sorted(old.keys() - new.keys()) if name not in apart}
    come = {name: new[name] for name in sorted(new.keys() - old.keys()) if name not in apart}
    renamed = _renamed(gone, come)
    called = {node.unique_id: name for name, node in renamed.items()}
    found = []
    for name in sorted(old.keys() & new.keys() - {*apart}):
        became = _changed(old[name], new[name], released.get(name), fingerprints[name], again)
        # A ref() without a version means the latest: another model, though the code is the same.
        if {called.get(one, one) for one in old[name].depends_on.nodes} != {*new[name].depends_on.nodes}:
            became = {Became.CHANGED}
        moves = tuple(_moves(old[name], new[name]))
        if moves:
            # Where it is put is part of what describes it.
            became = (became - {Became.DESCRIBED}) | {Became.MOVED}
        if became:
            found.append(Pair(old[name], new[name], frozenset(became), moves))
    for name, node in come.items():
        if name in renamed:
            moves = tuple(_moves(renamed[name], node))
            found.append(Pair(renamed[name], node, frozenset({Became.RENAMED}), moves))
        else:
            found.append(Pair(None, node, frozenset({Became.ADDED})))
    taken = {one.unique_id for one in renamed.values()}
    found += [
        Pair(node, None, frozenset({Became.REMOVED})) for name, node in gone.items() if name not in taken
    ]
    return sorted(found, key=lambda pair: pair.unique_id)


def same_data(recorded: str, present: Fingerprint) -> bool | None:
    """Whether a node's own data half is as ``recorded``; None where that was made in another way."""
    version, _, rest = recorded.partition(":")
    return rest.partition(":")[0] == present.data if version == str(VERSION) else None


def _changed(
    before: Node,
    now: Node,
    released: ReleasedNode | None,
    present: Fingerprint,
    again: Callable[[], Mapping[str, Fingerprint]] | None,
) -> set[Became]:
    same = same_data(released.fingerprint, present) if released is not None else None
    if same is None:
        # An ephemeral model is in no release by itself, and another version's hashes say nothing.
        same = _text(before) == _text(now) and before.unrendered_config == now.unrendered_config
        if released is not None:
            same = same and before.checksum == now.checksum
            same = same and (again is None or again()[before.unique_id].data == present.data)
    if not same:
        return {Became.CHANGED}
    # What a release of an earlier version says nothing of is no difference.
    recorded = released.metadata.split(":")[1:2] if released is not None else []
    return {Became.DESCRIBED} if recorded and recorded[0] != present.metadata else set()


def _moves(before: Node, now: Node) -> Iterator[str]:
    for key in _PLACE:
        old, new = (one.unrendered_config.get(key) for one in (before, now))
        if old != new:
            yield f"{key}: {_shown(old)} → {_shown(new)}"
    old_file, new_file = (one.original_file_path.replace("\\", "/") for one in (before, now))
    if old_file != new_file:
        yield f"{old_file} → {new_file}"


def _shown(value: object) -> str:
    return "none" if value in (None, "") else str(value)


def _renamed(gone: Mapping[str, Node], come: Mapping[str, Node]) -> dict[str, Node]:
    """What each new node was called before, where exactly one that is gone had its body."""
    bodies: dict[tuple[str, str], list[Node]] = {}
    for node in gone.values():
        bodies.setdefault(_body(node), []).append(node)
    alike: dict[tuple[str, str], list[Node]] = {}
    for node in come.values():
        alike.setdefault(_body(node), []).append(node)
    return {
        nodes[0].unique_id: bodies[body][0]
        for body, nodes in alike.items()
        if body[1] and len(nodes) == 1 and len(bodies.get(body, ())) == 1
    }


def _body(node: Node) -> tuple[str, str]:
    return node.resource_type, node.checksum.checksum if node.resource_type == "seed" else _text(node)


def _text(node: Node) -> str:
    return normalised(node.raw_code)
