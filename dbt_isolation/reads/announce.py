"""What of a run's reads its user must know, in words."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.lineage.reach import read_by
from dbt_isolation.reads.decide import Place, Read, command_that_builds, name_of, tested_by

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Announcements:
    """Lines, each one sentence; ``missing`` are reads of what exists nowhere."""

    lines: tuple[str, ...]
    unbuilt_changes: tuple[str, ...]
    missing: tuple[str, ...]


def announcements(
    manifest: Manifest,
    reads: Mapping[str, Read],
    *,
    chosen: Collection[str],
    homes: Collection[str],
    reads_from: str,
    inline: Iterable[str] = (),
) -> Announcements:
    """What to say of a run that builds or tests ``chosen``.

    ``homes``: what it reads at home. ``reads_from``: the environment that it reads else. ``inline``: what SQL
    without a node reads.
    """
    here = {*chosen, *homes}
    readers: dict[str, list[str]] = {}
    elsewhere: dict[str, int] = {}
    for one in chosen:
        node = manifest.get(one)
        if node is None:
            continue
        for parent in read_by(manifest, node):
            if parent in reads and parent not in here:
                readers.setdefault(parent, []).append(name_of(node))
        if node.resource_type == "test":
            for about in tested_by(node):
                if about in reads and about not in here and reads[about].place is Place.RELEASE:
                    elsewhere[about] = elsewhere.get(about, 0) + 1
    for parent in inline:
        if parent in reads and parent not in here:
            readers.setdefault(parent, []).append("the inline query")

    unbuilt, missing = [], []
    for parent, names in sorted(readers.items()):
        read = reads[parent]
        who = listed(sorted(set(names)))
        if read.place is Place.NOWHERE:
            missing.append(
                f"{name_of(read.node)}, which {who} would read, is {read.why}, and {reads_from} has none; "
                f"build it: {command_that_builds(read.node)}"
            )
        elif read.stands_in:
            unbuilt.append(
                f"{name_of(read.node)} is read from {reads_from} ({read.relation}) by {who}: {read.why}; "
                f"to read the change, build it: {command_that_builds(read.node)}"
            )
    lines = []
    if elsewhere:
        tests = sum(elsewhere.values())
        lines.append(
            f"{tests} {'test is' if tests == 1 else 'tests are'} of relations of {reads_from}, which are not "
            f"built here as they are now: {listed([name_of(reads[one].node) for one in sorted(elsewhere)])}"
        )
    return Announcements(tuple(lines), tuple(unbuilt), tuple(missing))


def listed(names: list[str]) -> str:
    """The first few, and how many more."""
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
