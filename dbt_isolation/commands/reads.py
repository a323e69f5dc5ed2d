"""``reads NODE``: where each ref and source of a node is read, and why."""

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from dbt_isolation import environments
from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.artifacts.project import ProjectFiles, was_edited
from dbt_isolation.config.settings import suggestion
from dbt_isolation.errors import IsolationError
from dbt_isolation.invocation import Invocation
from dbt_isolation.lineage.fingerprint import fingerprints
from dbt_isolation.lineage.reach import read_by
from dbt_isolation.outcome import Finding, Outcome, Severity, Skipped, Table
from dbt_isolation.reads.decide import Evidence, Place, Read, command_that_builds, reads
from dbt_isolation.records.evidence import Lines, Mode, Record
from dbt_isolation.state.local import Local


def add_arguments(parser: ArgumentParser) -> None:
    """Takes the node."""
    parser.add_argument("node", metavar="NODE", help="a node's name, name.vVERSION or unique id")


def run(arguments: Namespace) -> Outcome:
    """A row for each ref and source, as the last parse of the project has them."""
    about = Invocation.of(arguments)
    file = about.target_path / "manifest.json"
    manifest = artifact.read(file)
    node = _find(manifest, arguments.node)
    _check_parsed_here(about, manifest)
    parsed = file.stat().st_mtime
    above = (node, *_ancestors(manifest, node))
    stale = [one for one in above if was_edited(about.project_dir, one, parsed)]
    findings = [
        Finding(
            "reads",
            Severity.WARN,
            f"{one.original_file_path} was edited after the project was parsed; this is as it was then",
            "run `dbt parse` first",
            node=one.unique_id,
            path=one.original_file_path,
        )
        for one in stale
    ]
    found = _reads(about, manifest)
    rows, skipped = [], []
    for parent in read_by(manifest, node):
        rows.append(_row(manifest, parent, found, about))
        place = found[parent].place if parent in found else None
        if place is Place.NOWHERE:
            findings.append(_nowhere(about, found[parent]))
        elif place is Place.HOME:
            skipped.append(Skipped(parent, "whether its relation is still there; the run itself looks"))
    return Outcome(
        findings=tuple(findings),
        skipped=tuple(skipped),
        blocks=(Table(f"{node.unique_id} reads", ("what", "at", "relation", "why"), tuple(rows)),),
        data={
            "node": node.unique_id,
            "reads": [dict(zip(("what", "at", "relation", "why"), row, strict=True)) for row in rows],
        },
    )


def _reads(about: Invocation, manifest: Manifest) -> dict[str, Read]:
    """Where each node is read; none of them where there is no release to read."""
    if about.environment.reads is None:
        return {}
    copy = Local.of(about.releases(about.environment.reads), about.target_path).refresh()
    if copy.release is None:
        return {}
    return reads(
        manifest,
        fingerprints(manifest, ProjectFiles(about.project_dir, about.environ, {})),
        copy.release,
        Evidence.of(_records(about, manifest)),
        mode=Mode.FULL,
        now=datetime.now(UTC),
        max_age=about.environment.max_age,
    )


def _records(about: Invocation, manifest: Manifest) -> list[Record]:
    """The records of this instance: those of relations that the manifest has."""
    relations = {one.unique_id: str(one.relation) for one in manifest.buildable()}
    try:
        records = Lines(about.target_path, None).read()
    except OSError as error:
        raise IsolationError(f"{error.filename}: {error.strerror}") from error
    return [one for one in records if relations.get(one.about or one.unique_id) == one.relation]


def _row(
    manifest: Manifest, unique_id: str, found: dict[str, Read], about: Invocation
) -> tuple[str, str, str, str]:
    read = found.get(unique_id)
    if read is not None:
        places = {Place.HOME: "home", Place.RELEASE: about.environment.reads or "", Place.NOWHERE: "nowhere"}
        return unique_id, places[read.place], str(read.relation), read.why
    source = manifest.sources.get(unique_id)
    if source is not None:
        return unique_id, "source", str(source.relation), "a source is read where its properties say"
    node = manifest.get(unique_id)
    if node is None:
        return unique_id, "nowhere", "", "not in the manifest"
    if node.external:
        return unique_id, "other project", str(node.relation), "another project's model is read where it is"
    why = "no release to read" if about.environment.reads else "this environment reads no other"
    return unique_id, "home", str(node.relation), why


def _nowhere(about: Invocation, read: Read) -> Finding:
    return Finding(
        "reads",
        Severity.ERROR,
        f"{read.node.unique_id} is {read.why}, and {about.environment.reads} has none",
        f"build it: {command_that_builds(read.node)}",
        node=read.node.unique_id,
    )


def _find(manifest: Manifest, name: str) -> Node:
    nodes = {one.unique_id: one for one in [*manifest.nodes.values(), *manifest.functions.values()]}
    if name in nodes:
        return nodes[name]
    named = [one for one in nodes.values() if name in (one.name, f"{one.name}.v{one.version}")]
    if len(named) > 1:
        raise IsolationError(
            f"'{name}' is the name of {len(named)} nodes",
            f"say which: {', '.join(one.unique_id for one in named)}",
        )
    if not named:
        raise IsolationError(
            f"no node '{name}'", suggestion(name, [one.name for one in manifest.buildable()])
        )
    return named[0]


def _ancestors(manifest: Manifest, node: Node) -> list[Node]:
    """What the answer depends on: a change far above changes what is between."""
    found: dict[str, Node] = {}
    ahead = list(node.depends_on.nodes)
    while ahead:
        one = ahead.pop()
        parent = manifest.get(one)
        if parent is not None and one not in found:
            found[one] = parent
            ahead += parent.depends_on.nodes
    return list(found.values())


def _check_parsed_here(about: Invocation, manifest: Manifest) -> None:
    """Raises ``IsolationError`` where the last parse was for another environment."""
    for node in manifest.buildable():
        owner = environments.owner(about.config, node.database or "", node.schema_ or "")
        if owner is not None and owner[0] != about.environment and not node.external and not node.ephemeral:
            raise IsolationError(
                f"the project was parsed for '{owner[0].name}', where {node.name} is {node.relation}",
                f"parse it for this one: dbt parse --target {about.run.target.name}",
            )
