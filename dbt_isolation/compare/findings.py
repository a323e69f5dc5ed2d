"""What of a comparison somebody must see to, and what makes the two sides hard to compare."""

from collections.abc import Iterator

from dbt_isolation.compare import words
from dbt_isolation.compare.comparison import Comparison
from dbt_isolation.compare.project import Released
from dbt_isolation.lineage.refs import disagreements
from dbt_isolation.outcome import Finding, Severity


def remarks(found: Comparison) -> Iterator[Finding]:
    """Warnings: none of them says that the change is wrong."""
    yield from _of_sides(found)
    yield from _broken(found)
    changed = [node.pair.unique_id for node in found.nodes if node.pair.now is not None]
    tree = found.tree
    for one in disagreements(tree.manifest, tree.compiled, tree.dialect, changed):
        yield Finding("compare", Severity.WARN, one.message, one.remedy, node=one.node)


def _of_sides(found: Comparison) -> Iterator[Finding]:
    tree, released = found.tree, found.released
    edited = sorted(
        one.original_file_path for one in tree.manifest.buildable() if one.unique_id in tree.edited
    )
    if edited:
        yield Finding(
            "compare",
            Severity.WARN,
            f"edited after the project was parsed: {words.listed(edited)}; this is as it was then",
            "run `dbt compile` first",
            path=edited[0],
        )
    if released is None:
        return
    was, here = released.manifest.metadata, tree.manifest.metadata
    if was.adapter_type != here.adapter_type:
        yield Finding(
            "compare",
            Severity.WARN,
            f"{released.name} is of {was.adapter_type}, and this project of {here.adapter_type}: what SQL "
            "gives cannot be compared",
            "compare with a target of the same engine",
        )
    elif _minor(was.dbt_version) != _minor(here.dbt_version) and found.nodes:
        yield Finding(
            "compare",
            Severity.WARN,
            f"{released.name} was made with dbt {was.dbt_version}, and this is {here.dbt_version}: "
            "some of it may differ by that alone",
        )
    if found.drift is not None:
        yield _gone_on(found, released)


def _gone_on(found: Comparison, released: Released) -> Finding:
    assert found.drift is not None
    remedy = "merge or rebase onto what production runs"
    where = f"{released.name} is of commit {released.release.commit[:12]}, which this branch does not have"
    if not found.drift.base:
        return Finding("compare", Severity.WARN, f"{where}: what differs may be another's change", remedy)
    theirs, both = (
        [one.rpartition(".")[2] for one in sorted(some)] for some in (found.drift.theirs, found.drift.both)
    )
    parts = [f"{where}; it began with release {found.drift.base}"]
    if theirs:
        parts.append(f"changed in production since, and left out here: {words.listed(theirs)}")
    if both:
        parts.append(f"changed there and here: {words.listed(both)}")
    return Finding("compare", Severity.WARN, "; ".join(parts), remedy)


def _broken(found: Comparison) -> Iterator[Finding]:
    for one in found.reached:
        if not one.broken:
            continue
        vertex = found.tree.lineage.vertices[one.unique_id]
        owner = f", of {vertex.owner}," if vertex.owner else ""
        who = vertex.owner or "who looks after it"
        first = f"tell {who}" if words.is_consumer(vertex.kind) else "change it too"
        yield Finding(
            "compare",
            Severity.WARN,
            f"{vertex.kind} {vertex.name}{owner} may break: {'; '.join(one.broken)}",
            f"{first}, or keep the old column beside the new one",
            node=one.unique_id,
        )


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
