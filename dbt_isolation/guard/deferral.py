"""Reads from inside a run: dbt's own defer is told to read each ref where it should be read.

dbt takes the flags when it makes the command's task, after the manifest is parsed and looked at; so they are
set then, in both spellings. A flag that the user gave wins.
"""

import atexit
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbt_isolation.config.model import Environment
from dbt_isolation.errors import IsolationError
from dbt_isolation.guard.evidence import Ledger, mode, say
from dbt_isolation.guard.flags import given, selects_by_state, set_flag
from dbt_isolation.guard.present import Present
from dbt_isolation.guard.selection import selected
from dbt_isolation.guard.session import Session
from dbt_isolation.reads.announce import announcements
from dbt_isolation.reads.decide import Evidence, Place, Read, reads, tested_by
from dbt_isolation.reads.state_manifest import state_manifest
from dbt_isolation.state.local import Copy, Local
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import open_store

#: dbt commands that read what they do not build.
DEFERRING = frozenset({"run", "build", "test", "snapshot", "compile", "show", "generate"})
#: Commands that only name relations: a new one that is not built fails nothing.
_NAMING = frozenset({"compile", "generate"})
_SELECTING = frozenset({*DEFERRING, "list", "seed", "clone"})
_FOLDER = "dbt_isolation/reads"


@dataclass(frozen=True, slots=True)
class Deferral:
    """Where one run reads what it does not build; ``homes`` are the unique ids of what it reads at home."""

    session: Session
    environment: Environment
    present: Present
    reads: Mapping[str, Read]
    homes: Collection[str]

    def announce(self, chosen: Collection[str], manifest: Any) -> None:
        """Says what of this run's reads its user must know.

        ``chosen``: what dbt selected. ``manifest``: dbt's, in memory, for what ``--inline`` reads. Raises
        ``IsolationError`` where a new node that is read is not built, or ``unbuilt_change: error`` says so.
        """
        found = announcements(
            self.present.manifest,
            self.reads,
            chosen=chosen,
            homes=self.homes,
            reads_from=self.environment.reads or "",
            inline=_inline(manifest, chosen),
        )
        for line in found.lines:
            say(line)
        only_names = self.session.command in _NAMING
        for line in found.unbuilt_changes:
            if self.environment.unbuilt_change == "error" and not only_names:
                raise IsolationError(line, "unbuilt_change: error, in dbt_project.yml, refuses it")
            say(line)
        if found.missing:
            if not only_names:
                raise IsolationError("\n".join(found.missing))
            for line in found.missing:
                say(line)


def open_local(session: Session) -> tuple[Environment, Local] | None:
    """The local copy of the releases that the run's environment reads; None where it reads none.

    Raises ``IsolationError`` for a place that cannot be opened.
    """
    run = session.run
    environment = run.environment if run is not None else None
    if run is None or environment is None or environment.reads is None:
        return None
    store = open_store(run.config.state, session.project_dir, run.environ)
    return environment, Local.of(Releases(store, session.project, environment.reads), session.target_path)


def defer(session: Session, present: Present, ledger: Ledger | None, manifest: Any) -> Deferral | None:
    """Sets dbt's flags for the command under way; None where nothing is read elsewhere.

    ``manifest`` is dbt's, in memory. Raises ``IsolationError``.
    """
    opened = _open(session)
    if opened is None:
        return None
    environment, _, copy = opened
    assert copy.release is not None
    if session.command == "clone":
        # `dbt clone` is to copy what it is told to, whatever is built here.
        if not given("state", "defer_state"):
            _write(session, copy, ())
        return None
    if session.command not in DEFERRING or not _is_ours(session):
        return None
    found, homes = _decide(session, environment, copy, present, ledger, manifest)
    _write(session, copy, homes)
    return Deferral(session, environment, present, found, homes)


def defer_untouched(session: Session) -> None:
    """Sets dbt's flags where nothing can be derived: there will be no look at the manifest in time."""
    opened = _open(session)
    if opened is None or session.command not in DEFERRING or not _is_ours(session):
        return
    environment, local, copy = opened
    assert copy.release is not None
    say(
        f"release {copy.release.number} of {environment.reads} is read for all that this run does not build, "
        "also where a change of it is built here: dbt shows its manifest to nobody under --no-write-json and "
        "when it is given one"
    )
    _defer_to(session, local.artifacts(copy))


def _open(session: Session) -> tuple[Environment, Local, Copy] | None:
    """The release to read, with ``STATE`` set where the selection needs it."""
    if session.command not in _SELECTING:
        return None
    opened = open_local(session)
    if opened is None or (given("defer") and not session.flags.DEFER and not selects_by_state(session)):
        return None
    environment, local = opened
    copy = local.refresh()
    quiet = bool(getattr(session.flags, "QUIET", False))
    if copy.release is None:
        if session.command in DEFERRING and (copy.problem or not quiet):
            say(
                f"{copy.problem}; all is read here"
                if copy.problem
                else f"no release of {environment.reads} yet in {local.releases.place}: all is read here"
            )
        return None
    if copy.problem:
        say(f"{copy.problem}; the copy of release {copy.release.number} that is here is used")
    if selects_by_state(session) and not given("state"):
        set_flag(session.flags, "state", local.artifacts(copy))
    return environment, local, copy


def _decide(
    session: Session,
    environment: Environment,
    copy: Copy,
    present: Present,
    ledger: Ledger | None,
    manifest: Any,
) -> tuple[dict[str, Read], frozenset[str]]:
    """Where each node is read; and the unique ids of those that this run reads at home."""
    release = copy.release
    assert release is not None

    def decided(evidence: Evidence) -> dict[str, Read]:
        return reads(
            present.manifest,
            present.fingerprints,
            release,
            evidence,
            mode=mode(session.flags),
            now=datetime.now(UTC),
            max_age=environment.max_age,
        )

    found = decided(Evidence({}) if ledger is None else ledger.recorded())
    tests = session.command in ("test", "build")
    wanted = [one.node.relation for one in found.values() if one.changed or (tests and one.built)]
    if ledger is None or not wanted:
        return found, frozenset()
    found = decided(ledger.looked_up(wanted))
    homes = {one for one, read in found.items() if read.place is Place.HOME}
    if tests:
        homes |= {one for one in _tested(session, present, found, manifest) if found[one].built}
    return found, frozenset(homes)


def _tested(session: Session, present: Present, found: Mapping[str, Read], manifest: Any) -> set[str]:
    """The nodes whose relation at home a selected test is about, though the run does not build them."""
    nodes = present.manifest.nodes
    chosen: Collection[str] = nodes
    if session.command == "build" and any(one.built and not one.changed for one in found.values()):
        known = selected(session.command, session.flags, manifest, session.credentials.type)
        chosen = known if known is not None else ()
    return {
        about
        for one in chosen
        if one in nodes and nodes[one].resource_type == "test"
        for about in tested_by(nodes[one])
        if about in found
    }


def _write(session: Session, copy: Copy, homes: Collection[str]) -> None:
    """Writes the derived state manifest, in a folder of this invocation alone."""
    assert copy.release is not None
    folder = session.target_path / _FOLDER / session.invocation_id
    nodes = {one: node for one, node in copy.release.nodes.items() if one not in homes}
    content = state_manifest(nodes, project=session.project, adapter_type=session.credentials.type)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_bytes(content)
    except OSError as error:
        raise IsolationError(f"{folder}: {error.strerror or error}") from error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _defer_to(session, folder)


def _defer_to(session: Session, folder: Path) -> None:
    set_flag(session.flags, "defer", True)
    if not given("favor_state"):
        set_flag(session.flags, "favor_state", True)
    set_flag(session.flags, "defer_state", folder)


def _is_ours(session: Session) -> bool:
    """Whether the user left it to us where to read."""
    if session.retrying:
        # Earlier flags say what was so then; a state that is not ours was the user's.
        state = session.flags.STATE
        ours = state is None or session.target_path / "dbt_isolation" in Path(state).parents
        return bool(session.flags.DEFER) and ours
    if given("defer"):
        return bool(session.flags.DEFER) and not given("state", "defer_state")
    return not given("defer_state")


def _inline(manifest: Any, chosen: Collection[str]) -> tuple[str, ...]:
    """What the SQL of ``--inline`` reads, by unique id."""
    nodes = [
        manifest.nodes[one] for one in chosen if one.startswith("sql_operation.") and one in manifest.nodes
    ]
    return tuple(parent for node in nodes for parent in node.depends_on_nodes)
