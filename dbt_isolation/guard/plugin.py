"""dbt Core's plugin: refuses a command that would write what it may not, before anything is written.

``initialize`` runs once the project is loaded and refuses by command; ``get_manifest_artifacts`` runs after
parsing and looks at the relation of every node that the command would write, and at what its hooks write. dbt
skips the second under ``--no-write-json``, for a manifest that ``dbtRunner`` was given and in
``docs generate``; there the same look is taken when dbt announces what it found, still on the main thread
(raising on a worker thread hangs dbt).
"""

from collections.abc import Callable, Mapping
from typing import IO, Any

import click
from dbt.plugins.manager import dbtPlugin
from dbt.version import __version__ as dbt_version
from dbt_common.events.base_types import EventLevel, EventMsg
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from dbt_common.exceptions import DbtRuntimeError

from dbt_isolation import __version__, writes
from dbt_isolation.artifacts.manifest import of_node
from dbt_isolation.errors import IsolationError
from dbt_isolation.guard.connections import Undo, make_read_only
from dbt_isolation.guard.copies import read_from_copies, remove_written_copies
from dbt_isolation.guard.course import Course
from dbt_isolation.guard.deferral import defer_untouched
from dbt_isolation.guard.hooks import refused_hooks
from dbt_isolation.guard.say import say
from dbt_isolation.guard.selection import selected
from dbt_isolation.guard.session import Session, manifest_in_use
from dbt_isolation.guard.set_up import ambiguous_name, set_up_refusals
from dbt_isolation.installation.versions import supports

BY = "plugin"
#: What `retry` repeats is known after parsing; and dbt would show a `clone` that ends earlier as a traceback.
_CHECKED_LATE = frozenset({"retry", "clone"})


class RefusedError(DbtRuntimeError, click.ClickException):  # type: ignore[misc]
    """A refusal; one of click's errors too, since `dbt clone` handles none of dbt's own."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints the message as dbt would."""
        click.echo(f"Encountered an error:\n{self}", file=file)


class IsolationPlugin(dbtPlugin):  # type: ignore[misc]
    """One dbt invocation's guard; inert in a project without the block."""

    def initialize(self) -> None:
        """Refuses by command, and sees to it that the nodes are looked at later, whatever path dbt takes."""
        self._looked = False
        self._course: Course | None = None
        self._undo: Undo | None = None
        self._session = session = Session.begin()
        if session is None:
            return
        self._check_dbt()
        if session.command not in _CHECKED_LATE:
            self._check_command(session)
        # In these three cases dbt never asks for `get_manifest_artifacts`.
        self._asked = (
            bool(session.flags.WRITE_JSON) and manifest_in_use() is None and session.command != "generate"
        )
        if not self._asked:
            self._of_user(session, defer_untouched, session)
        add_callback_to_manager(self._on_event)

    def get_manifest_artifacts(self, manifest: Any) -> Mapping[str, Any]:
        """Looks at every node that the command would write; there is nothing to write beside the manifest."""
        if self._session is not None:
            self._look(manifest)
        return {}

    # dbt's own decorator would put the method's name before the message.
    get_manifest_artifacts.is_dbt_hook = True  # type: ignore[attr-defined]

    def _on_event(self, event: EventMsg) -> None:
        """Follows the command: dbt tells here what it selected, and what became of each node."""
        name = event.info.name
        if name == "CommandCompleted":
            remove_written_copies()
            if self._undo is not None:
                self._undo()
        if name == "FoundStats" and not self._asked and not self._looked:
            self._look(manifest_in_use())
        elif self._course is None:
            return
        elif name == "NodeFinished":
            self._course.node_finished(event)
        elif name == "ConcurrencyLine":
            self._of_user(self._course.session, self._course.selected)
        elif name == "EndRunResult":
            self._course.ended()
        elif name == "CommandCompleted":
            self._course.completed()

    def _look(self, manifest: Any) -> None:
        self._looked = True
        began = self._session
        assert began is not None
        session = Session.resume(began) if began.command == "retry" else began
        if session is None:
            return
        if began.command in _CHECKED_LATE:
            self._check_command(session)
        if session.run is None:
            return
        if session.command not in writes.READING:
            self._check_macros(session, manifest)
            self._check_nodes(session, manifest)
        self._of_user(session, read_from_copies, session)
        self._of_user(session, self._follow, session, manifest)
        self._of_user(session, self._check_hooks, session, manifest)

    def _check_nodes(self, session: Session, manifest: Any) -> None:
        assert session.run is not None
        nodes = [*manifest.nodes.values(), *getattr(manifest, "functions", {}).values()]
        found = writes.refused_writes(
            session.run,
            map(of_node, nodes),
            session.command,
            session.project,
            store_failures=session.store_failures,
        )
        if not found:
            return
        chosen = selected(session.command, session.flags, manifest, session.credentials.type)
        refusals = [one for one in found if chosen is None or one.unique_id in chosen]
        if refusals:
            self._refuse(session, writes.message(session.run, session.command, refusals, by=BY))

    def _check_hooks(self, session: Session, manifest: Any) -> None:
        assert session.run is not None
        deferral = self._course.deferral if self._course is not None else None
        if refusals := refused_hooks(session, manifest, deferral.reads if deferral is not None else {}):
            self._refuse(session, writes.message(session.run, session.command, refusals, by=BY))

    def _follow(self, session: Session, manifest: Any) -> None:
        self._course = Course.of(session, manifest, derives=self._asked)

    def _of_user(self, session: Session, function: Callable[..., None], *arguments: Any) -> None:
        """Calls ``function``; what it finds wrong with the set-up is told as dbt tells its own errors."""
        try:
            function(*arguments)
        except IsolationError as error:
            if session.command in writes.READING:
                say(str(error))
            else:
                raise RefusedError(
                    f"dbt-isolation ({BY}) refused `dbt {session.command}`: {error}"
                ) from error

    def _check_command(self, session: Session) -> None:
        if session.problem is not None or session.run is None:
            self._refuse_unless_reading(session, str(session.problem))
            return
        if refusal := writes.refused_command(session.run, session.command):
            self._refuse(session, writes.message(session.run, session.command, [refusal], by=BY))
        elif not session.observing and not session.run.deploys and _may_not_write(session):
            self._undo = make_read_only(session.credentials)

    def _check_macros(self, session: Session, manifest: Any) -> None:
        if name := ambiguous_name(session.credentials):
            say(
                f"a database is called {name}, as is this target's schema: DuckDB takes {name} in a view for "
                "either, and such views fail; give the file, the alias or the schema another name"
            )
        run = session.run
        assert run is not None
        refusals = list(set_up_refusals(run, manifest, session.project, session.flags))
        if refusals:
            self._refuse(session, writes.message(run, session.command, refusals, by=BY))

    def _check_dbt(self) -> None:
        if not supports(dbt_version):
            raise DbtRuntimeError(
                f"dbt-isolation {__version__} needs dbt-core 1.10 or later, and this is {dbt_version}"
            )

    def _refuse_unless_reading(self, session: Session, text: str) -> None:
        if session.command in writes.READING:
            fire_event(Note(msg=f"dbt-isolation: {text}"), level=EventLevel.WARN)
        else:
            raise RefusedError(f"dbt-isolation ({BY}) refused `dbt {session.command}`: {text}")

    def _refuse(self, session: Session, text: str) -> None:
        if session.observing:
            fire_event(Note(msg=text), level=EventLevel.WARN)
        else:
            raise RefusedError(text)


def _may_not_write(session: Session) -> bool:
    run = session.run
    return run is not None and (run.environment is None or run.environment.protected)
