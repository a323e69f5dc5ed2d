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
from dbt_isolation.guard.evidence import Ledger
from dbt_isolation.guard.flags import given, mode, selects_by_state, set_flag
from dbt_isolation.guard.present import Present
from dbt_isolation.guard.say import say
from dbt_isolation.guard.selection import selected
from dbt_isolation.guard.session import Session
from dbt_isolation.reads.announce import announcements
from dbt_isolation.reads.decide import Evidence, Place, Read, reads, tested_by
from dbt_isolation.reads.state_manifest import state_manifest
from dbt_isolation.state.local import Copy, Local
from dbt_isolation.state.release import Release
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import open_store

#: dbt commands that read what they do not build.
DEFERRING = frozenset({"run", "build", "test", "snapshot", "compile", "show", "generate"})
#: Commands that only name relations: a new one that is not built fails nothing.
_NAMING = frozenset({"compile", "generate"})
#: Other commands whose selection may compare with the release.
_SELECTING = frozenset({"list", "ls", "seed"})
_FOLDER = "dbt_isolation/reads"


@dataclass(frozen=True, slots=True)
class Opened:
    """The release that a command reads, and its copy on this disk.

    ``compared``: dbt loads its untouched manifest anyway, as the selection compares with it.
    """

    environment: Environment
    local: Local
    release: Release
    copy: Copy
    compared: bool

    @property
    def artifacts(self) -> Path:
        """The folder with its manifest.json as dbt wrote it. Raises ``IsolationError``."""
        return self.local.artifacts(self.copy)


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
        executes = self.session.command not in _NAMING
        if found.missing and executes:
            raise IsolationError("\n".join(found.missing))
        if found.unbuilt_changes and executes and self.environment.unbuilt_change == "error":
            raise IsolationError(
                "\n".join(found.unbuilt_changes), "unbuilt_change: error, in dbt_project.yml, refuses it"
            )
        for line in (*found.unbuilt_changes, *found.missing):
            say(line)


def open_release(session: Session) -> Opened | None:
    """The release that the command reads or compares with, with ``STATE`` set where its selection needs it.

    None where there is nothing to read elsewhere, which is said where the user might expect it. Raises
    ``IsolationError`` for a place that cannot be opened.
    """
    run = session.run
    environment = run.environment if run is not None else None
    if run is None or environment is None or environment.reads is None:
        return None
    by_state = selects_by_state(session)
    reading = session.command in DEFERRING or session.command == "clone"
    if not reading and not (by_state and session.command in _SELECTING):
        return None
    if given("defer") and not session.flags.DEFER and not by_state:
        return None
    store = open_store(run.config.state, session.project_dir, run.environ)
    local = Local.of(Releases(store, session.project, environment.reads), session.target_path)
    copy = local.refresh()
    if copy.release is None:
        if copy.problem:
            say(f"{copy.problem}; all is read here")
        elif session.command in DEFERRING and not getattr(session.flags, "QUIET", False):
            say(f"no release of {environment.reads} yet in {local.releases.place}: all is read here")
        return None
    if copy.problem:
        say(f"{copy.problem}; the copy of release {copy.release.number} that is here is used")
    opened = Opened(environment, local, copy.release, copy, compared=by_state and not given("state"))
    if opened.compared:
        set_flag(session.flags, "state", opened.artifacts)
    return opened


def defer(
    session: Session, opened: Opened, present: Present, ledger: Ledger | None, manifest: Any
) -> Deferral | None:
    """Sets dbt's flags for the command under way; None where the user's own decide, and for `clone`.

    ``manifest`` is dbt's, in memory. Raises ``IsolationError``.
    """
    if session.command == "clone":
        # It is to copy what it is told to, whatever is built here.
        if not given("state", "defer_state"):
            _write(session, opened.release, ())
        return None
    if not _is_ours(session):
        return None
    found, homes = _decide(session, opened, present, ledger, manifest)
    if opened.compared and not homes:
        # Nothing is to be left out of it, and a second one would cost its loading.
        _defer_to(session, None)
    else:
        _write(session, opened.release, homes)
    return Deferral(session, opened.environment, present, found, homes)


def defer_untouched(session: Session) -> None:
    """Sets dbt's flags where nothing can be derived: there will be no look at the manifest in time."""
    opened = open_release(session)
    if opened is None or session.command not in DEFERRING or not _is_ours(session):
        return
    if session.command != "generate":
        release = f"release {opened.release.number} of {opened.environment.reads}"
        say(
            f"{release} is read for all that this run does not build, also where a change is built here: "
            "under --no-write-json, and when it is given a manifest, dbt shows it to no plugin in time"
        )
    _defer_to(session, opened.artifacts)


def _decide(
    session: Session, opened: Opened, present: Present, ledger: Ledger | None, manifest: Any
) -> tuple[dict[str, Read], frozenset[str]]:
    """Where each node is read; and the unique ids of those that this run reads at home."""

    def decided(evidence: Evidence) -> dict[str, Read]:
        return reads(
            present.manifest,
            present.fingerprints,
            opened.release,
            evidence,
            mode=mode(session.flags),
            now=datetime.now(UTC),
            max_age=opened.environment.max_age,
        )

    found = decided(Evidence.of(()) if ledger is None else ledger.recorded())
    # A test may be about what is unchanged; only `test` itself is sure to have one.
    wanted = [
        one.node.relation
        for one in found.values()
        if one.changed or session.command == "test" or (session.command == "build" and one.built)
    ]
    if ledger is None or not wanted:
        return found, frozenset()
    found = decided(ledger.looked_up(wanted))
    homes = {one for one, read in found.items() if read.place is Place.HOME}
    if session.command in ("test", "build"):
        homes |= {one for one in _tested(session, present, found, manifest) if found[one].built}
    return found, frozenset(homes)


def _tested(session: Session, present: Present, found: Mapping[str, Read], manifest: Any) -> set[str]:
    """The nodes whose relation at home a selected test is about, though the run does not build them."""
    nodes = present.manifest.nodes
    chosen: Collection[str] = nodes
    if session.command == "build":
        if not any(one.built and not one.changed for one in found.values()):
            return set()
        chosen = selected(session.command, session.flags, manifest, session.credentials.type) or ()
    return {
        about
        for one in chosen
        if one in nodes and nodes[one].resource_type == "test"
        for about in tested_by(nodes[one])
        if about in found
    }


def _write(session: Session, release: Release, homes: Collection[str]) -> None:
    """Writes the derived state manifest, in a folder of this invocation alone."""
    folder = session.target_path / _FOLDER / session.invocation_id
    nodes = {one: node for one, node in release.nodes.items() if one not in homes}
    content = state_manifest(nodes, project=session.project, adapter_type=session.credentials.type)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_bytes(content)
    except OSError as error:
        raise IsolationError(f"{folder}: {error.strerror or error}") from error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _defer_to(session, folder)


def _defer_to(session: Session, folder: Path | None) -> None:
    """Tells dbt to defer, to the manifest in ``folder`` or else to the one that it compares with."""
    if folder is not None:
        # dbt takes a relative folder for one of the project's, wherever it was started.
        set_flag(session.flags, "defer_state", folder.absolute())
    set_flag(session.flags, "defer", True)
    if not given("favor_state"):
        set_flag(session.flags, "favor_state", True)


def _is_ours(session: Session) -> bool:
    """Whether the user left it to us where to read."""
    if session.retrying:
        # Earlier flags say what was so then; a state that is not ours was the user's.
        state = session.flags.STATE
        ours = (
            state is None
            or session.target_path.absolute() / "dbt_isolation" in Path(state).absolute().parents
        )
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
