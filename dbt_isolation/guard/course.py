"""The course of one dbt command once its manifest was looked at: where it reads, what it leaves on record."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

from dbt import selected_resources
from dbt.contracts.state import load_result_state

from dbt_isolation.guard import cross_views
from dbt_isolation.guard.deferral import DEFERRING, Deferral, defer, open_release
from dbt_isolation.guard.differences import Differences
from dbt_isolation.guard.evidence import RECORDED, Ledger
from dbt_isolation.guard.present import Present
from dbt_isolation.guard.session import Session
from dbt_isolation.guard.sources import place_sources
from dbt_isolation.guard.starting_rows import STARTING, Starting


@dataclass(frozen=True, slots=True)
class Course:
    """``ledger`` is None where nothing is recorded, ``deferral`` where all is read at home.

    ``manifest`` is dbt's, in memory.
    """

    session: Session
    manifest: Any
    ledger: Ledger | None = None
    deferral: Deferral | None = None
    starting: Starting | None = None
    differences: Differences | None = None

    @classmethod
    def of(cls, session: Session, manifest: Any, *, derives: bool) -> Self | None:
        """The course of the command under way; None for a run without an environment.

        ``derives``: whether dbt has still to load the state it defers to. Raises ``IsolationError``.
        """
        run = session.run
        if run is None or run.environment is None:
            return None
        if session.retrying:
            _select_what_is_retried(session)
        recorded = session.command in RECORDED and not run.environment.protected
        opened = open_release(session) if derives else None
        reads = opened is not None and session.command in {*DEFERRING, "clone"}
        if not recorded and not reads:
            return cls(session, manifest)
        present = Present.of(session, manifest)
        ledger = None if run.environment.protected else Ledger(session, present, manifest)
        deferral = defer(session, opened, present, ledger, manifest) if opened is not None and reads else None
        starting = None
        if opened is not None and session.command in STARTING:
            starting = Starting(session, opened.environment, opened.release, manifest)
        differences = None
        if opened is not None and recorded and run.config.post_run:
            differences = Differences(session, opened, present)
        return cls(session, manifest, ledger if recorded else None, deferral, starting, differences)

    def selected(self) -> None:
        """dbt knows what it runs, and runs nothing yet. Raises ``IsolationError`` for what it cannot read."""
        chosen = frozenset(selected_resources.SELECTED_RESOURCES)
        place_sources(self.session, self.manifest)
        if self.differences is not None:
            self.differences.chosen = chosen
        if self.ledger is not None and self.session.flags.DEFER:
            homes = self.deferral.homes if self.deferral is not None else ()
            self.ledger.at_home = {*chosen, *homes}
        if self.deferral is not None:
            self.deferral.announce(chosen, self.manifest)
            cross_views.settle(self.deferral, chosen, self.manifest)
        if self.starting is not None:
            self._start(self.starting, chosen)

    def _start(self, starting: Starting, chosen: Collection[str]) -> None:
        adding = [one for one in chosen if starting.adds_to(one)]
        if not adding:
            return
        partial = starting.start(chosen)
        if self.ledger is None:
            return
        earlier = self.ledger.began_in_part()
        self.ledger.partial = self._with_descendants({*partial, *(earlier.intersection(adding))}, chosen)

    def _with_descendants(self, partial: set[str], chosen: Collection[str]) -> Collection[str]:
        """What this run builds on ``partial``, that among it."""
        children: dict[str, list[str]] = {}
        for one in chosen:
            node = self.manifest.nodes.get(one)
            for parent in node.depends_on_nodes if node is not None else ():
                children.setdefault(parent, []).append(one)
        ahead = list(partial)
        while ahead:
            found = [one for one in children.get(ahead.pop(), ()) if one not in partial]
            partial.update(found)
            ahead += found
        return partial

    def node_finished(self, event: Any) -> None:
        """One node's result, told on a worker thread."""
        if self.ledger is not None:
            self.ledger.node_finished(event)

    def ended(self) -> None:
        """Nothing is run any more, or the command was interrupted."""
        if self.ledger is not None:
            self.ledger.write()

    def completed(self) -> None:
        """The command is over, and dbt has written what it knows."""
        self.ended()
        if self.differences is not None:
            self.differences.say()


def _select_what_is_retried(session: Session) -> None:
    """Tells dbt's ref() what the earlier run selected: `retry` forgets it, and would read production's."""
    earlier = load_result_state(session.target_path / "run_results.json")
    if earlier is not None:
        selected_resources.set_selected_resources({result.unique_id for result in earlier.results})
