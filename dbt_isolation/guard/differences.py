"""After a run in development: what the project changes of what production runs, in a few lines."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.guard.deferral import Opened
from dbt_isolation.guard.flags import given
from dbt_isolation.guard.present import Present
from dbt_isolation.guard.say import in_short, say
from dbt_isolation.guard.session import Session

#: Lines about nodes; more are for the command.
_SHOWN = 6
#: Models whose columns are read at the end of one run; the next run goes on from there.
_READ = 100


@dataclass(slots=True)
class Differences:
    """What there is to say once the command is over; ``chosen``: the unique ids that it selected."""

    session: Session
    opened: Opened
    present: Present
    chosen: Collection[str] = ()

    def say(self) -> None:
        """Says it; the run is what it is, whatever becomes of this."""
        flags = self.session.flags
        if not flags.WRITE_JSON or getattr(flags, "QUIET", False) or not self._any():
            return
        try:
            for line in self._lines():
                say(line)
        except KeyboardInterrupt:
            say("interrupted; the run itself is complete")
        except Exception as error:
            text = f"dbt-isolation: nothing is said of what changed: {in_short(error)}"
            fire_event(Note(msg=text), level=EventLevel.DEBUG)

    def _any(self) -> bool:
        """Whether anything differs, which most often costs nothing to know.

        What production has never built, and this run does not either, is no news after each run.
        """
        released = self.opened.release.nodes
        present = {
            one.unique_id: self.present.fingerprints[one.unique_id]
            for one in self.present.manifest.buildable()
            if not one.external and not one.ephemeral
        }
        if released.keys() - present.keys() or not present.keys().isdisjoint(
            one for one in self.chosen if one not in released
        ):
            return True
        return any(
            (released[name].fingerprint, released[name].metadata) != (str(one), one.described)
            for name, one in present.items()
            if name in released
        )

    def _lines(self) -> Iterator[str]:
        # sqlglot comes with these, and most runs need none of it.
        from dbt_isolation.compare import words
        from dbt_isolation.compare.comparison import compare
        from dbt_isolation.compare.drift import drift
        from dbt_isolation.compare.project import Released, Tree
        from dbt_isolation.lineage.answers import column_cache

        session, opened = self.session, self.opened
        assert session.run is not None
        files = ProjectFiles(session.project_dir, session.run.environ, session.flags.VARS or {})
        tree = Tree.of(session.target_path, files, self.present.fingerprints, target=session.run.target.name)
        found = compare(
            Released.of(opened.local, opened.copy),
            tree,
            drift=drift(opened.local.releases, opened.release, session.project_dir, tree.fingerprints)
            if not opened.copy.problem
            else None,
            cache=column_cache(session.target_path),
            processes=1,
            most=_READ,
        )
        release = f"release {opened.release.number} of {opened.environment.reads}"
        yield f"compared with {release}: {words.headline(found)}"
        lines = [f"{words.what(one)} {one.pair.node.name}: {words.short(one)}" for one in found.nodes]
        broken = [
            f"may break {found.tree.lineage.vertices[one.unique_id].name}: {words.felt(one)}"
            for one in found.reached
            if one.broken
        ]
        for line in (*broken, *lines)[:_SHOWN]:
            yield f"  {line}"
        more = len(lines) + len(broken) - _SHOWN
        yield f"  {f'and {more} more; ' if more > 0 else ''}all of it: dbt-isolation compare{_flags(session)}"


def _flags(session: Session) -> str:
    """What the command needs to mean the same project and target."""
    found = ""
    if session.project_dir.resolve() != Path.cwd():
        found += f" --project-dir {session.project_dir}"
    if given("target") and session.run is not None:
        found += f" --target {session.run.target.name}"
    return found
