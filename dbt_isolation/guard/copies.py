"""On DuckDB, a run of development reads production's files from copies of them.

DuckDB keeps writers out of a file that anybody reads, and readers out of one that is written: without copies
a run of development stops production's deployer, and the other way round. And an attachment that is read-only
is no boundary, `COPY … TO` overwrites its file.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dbt_isolation import naming
from dbt_isolation.errors import IsolationError
from dbt_isolation.guard.file_copy import (
    BeingWrittenError,
    NoDatabaseError,
    Place,
    is_right,
    look,
    remove_written,
)
from dbt_isolation.guard.say import say
from dbt_isolation.guard.session import Session
from dbt_isolation.profile import duckdb_name

_NEVER_CONNECTS = frozenset({"parse", "list", "ls", "serve"})
#: Options of ATTACH that say whether it may be written; dbt refuses one that is given twice.
_ACCESS = frozenset({"read_only", "read_write"})
_SAID_FROM = 1_000_000_000
#: What this process attached last, by the copy's path: dbt keeps a connection from one command to the next.
_attached: dict[Path, tuple[int, int]] = {}


@dataclass(frozen=True, slots=True)
class _Production:
    """One file of production that the target attaches: as what, which file, and where its copy stands."""

    attachment: Any
    name: str
    source: Path
    copy: Path
    written: str


def read_from_copies(session: Session) -> None:
    """Attaches copies in place of production's files, for a run that is not production's.

    To be called once dbt has parsed the project, which would take another `attach:` for a change of the
    profile and parse anew, and before it connects. Raises ``IsolationError`` where there is nothing to read.
    """
    run, credentials = session.run, session.credentials
    if run is None or run.environment is None or run.environment.protected or session.observing:
        return
    if credentials.type != "duckdb" or credentials.remote or session.command in _NEVER_CONNECTS:
        return
    found = list(_of_production(session))
    # All of them first: a command that goes on after an error must not open production.
    for one in found:
        _attach_copy(one)
    if found:
        _let_go(credentials)
    for one in found:
        made = _refresh(one, run.config.copy_limit)
        if made is not None:
            _renew(one, credentials, (made.st_ino, made.st_mtime_ns))


def remove_written_copies() -> None:
    """Removes copies into which SQL of this process wrote; to be called when a command is over.

    What is written stands in a log beside the copy, where the next command does not look.
    """
    for copy in _attached:
        with suppress(OSError):
            remove_written(copy)


def _of_production(session: Session) -> Iterator[_Production]:
    run, credentials = session.run, session.credentials
    assert run is not None
    assert run.environment is not None
    globs = {glob for one in run.config.environments.values() for glob, _ in one.owns}
    templates = [run.environment.templates, *(one.templates for one in run.environment.overrides)]
    homes = {
        glob for one in templates for glob in naming.patterns(one.get("database", "")) if glob != "*"
    } | {credentials.database}
    own = _file(credentials.path)
    folder = session.target_path.absolute() / "dbt_isolation" / "copies"
    for attachment in credentials.attach or ():
        options = attachment.options or {}
        source = _file(attachment.path)
        kind = attachment.type or options.get("type") or "duckdb"
        if source is None or source == own or source.parent == folder or kind.lower() != "duckdb":
            continue
        if getattr(attachment, "is_ducklake", None):
            continue
        name = (attachment.alias or _name_of(source)).strip('"')
        only_read = bool(attachment.read_only or options.get("read_only"))
        if not any(naming.matches(glob, name.lower()) for glob in globs if glob != "*" or only_read):
            continue
        if not only_read and any(naming.matches(home.lower(), name.lower()) for home in homes):
            continue
        digest = hashlib.md5(os.fsencode(source), usedforsecurity=False).hexdigest()[:8]
        copy = folder / f"{naming.slug(name)[:60]}_{digest}.duckdb"
        yield _Production(attachment, name, source, copy, attachment.path)


def _file(path: str) -> Path | None:
    """The local file that ``path`` means; None for a database in memory, or one behind a scheme."""
    if not path or path.startswith(":memory:") or re.match(r"[A-Za-z][\w+.-]+:", path):
        return None
    # As DuckDB does: from the working folder, which is not the project's under --project-dir.
    return Path(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111


def _name_of(file: Path) -> str:
    """What DuckDB calls a file that is attached without an alias."""
    name = duckdb_name(str(file))
    return f"{name}_db" if name.lower() in {"main", "temp", "system"} else name


def _attach_copy(one: _Production) -> None:
    attachment = one.attachment
    if not attachment.alias:
        attachment.alias = '"{}"'.format(one.name.replace('"', '""'))
    attachment.path = str(one.copy)
    attachment.read_only = True
    if attachment.options:
        attachment.options = {
            name: value for name, value in attachment.options.items() if name.lower() not in _ACCESS
        }


def _refresh(one: _Production, limit: int) -> os.stat_result | None:
    """What the copy looks like, made where it was not right; None where production itself is read."""
    try:
        source, copy = look(one.source), look(one.copy)
        if source is None:
            raise IsolationError(
                f"the target attaches {one.written} as {one.name}, which is production's, and there is no "
                f"file {one.source}",
                "production is built first, by its deployer; or correct the path under attach:",
            )
        if source.st_size > limit:
            say(
                f"{one.source.name} has {_size(source.st_size)}, and copy_limit is {_size(limit)}: it is "
                "attached itself, read-only, and nobody can write it while this runs"
            )
            one.attachment.path = one.written
            return None
        if is_right(source, copy):
            return copy
        with Place.of(one.copy, lambda: say(f"waiting for another run that copies {one.source.name}")) as at:
            copy = look(one.copy)
            return copy if is_right(source, copy) else _copy(one, at, source.st_size)
    except NoDatabaseError as error:
        if not error.sqlite:
            raise IsolationError(
                f"{one.source} is no DuckDB database",
                "correct the path under attach: in profiles.yml; is it another engine's, say so with type:",
            ) from error
        one.attachment.path = one.written
        return None
    except OSError as error:
        raise IsolationError(
            f"{one.source} cannot be copied to {one.copy.parent}: {error.strerror or error}",
            "it takes a folder that can be written, with room for it: dbt's --target-path chooses another; "
            "with a copy_limit below its size the file itself is read",
        ) from error


def _copy(one: _Production, at: Place, size: int) -> os.stat_result | None:
    if size >= _SAID_FROM:
        say(f"copying {one.source.name}, {_size(size)}")
    try:
        at.make(one.source, _merge(one))
    except BeingWrittenError as error:
        here = error.process == os.getpid()
        by = " by this very process" if here else f" by process {error.process}" if error.process > 0 else ""
        whole = at.whole()
        if whole is None:
            raise IsolationError(
                f"{one.source} is being written{by}, and there is no copy of it to read yet",
                "close what has it open, or run dbt in a process of its own"
                if here
                else "run this again when production's run has ended",
            ) from error
        when = datetime.fromtimestamp(whole.st_mtime).isoformat(" ", "seconds")
        say(f"{one.source.name} is being written{by}: the copy of {when} is read")
        return whole
    return look(one.copy)


def _merge(one: _Production) -> Callable[[Path], None]:
    """How changes that a writer committed, and had no time to put into the file, get into the copy."""

    def merge(file: Path) -> None:
        import duckdb  # there where dbt-duckdb is

        attachment = replace(one.attachment, path=str(file), alias="merged", read_only=False)
        try:
            with duckdb.connect() as connection:
                connection.execute(attachment.to_sql())
                connection.execute("checkpoint merged")
                connection.execute("detach merged")
        except duckdb.Error as error:
            raise IsolationError(
                f"{one.source} was left with a log of changes that DuckDB cannot read: {error}",
                "production's deployer opens it once, which merges the log or says what is wrong with it",
            ) from error

    return merge


def _let_go(credentials: Any) -> None:
    """Closes what an earlier command of this process left open, as dbt itself would before it connects.

    After production's own run that is production, whose file has the last changes only once it is closed.
    """
    kept = _kept()
    if kept is not None and kept.creds != credentials:
        kept.close()


def _renew(one: _Production, credentials: Any, made: tuple[int, int]) -> None:
    """Attaches the copy anew where dbt goes on with a connection that has the one before it."""
    earlier, _attached[one.copy] = _attached.get(one.copy), made
    kept = _kept()
    connection = getattr(kept, "conn", None)
    if kept is None or connection is None or kept.creds != credentials or earlier == made:
        return
    connection.execute(f"detach database if exists {one.attachment.alias}")
    connection.execute(one.attachment.to_sql())


def _kept() -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    return DuckDBConnectionManager._ENV


def _size(number: int) -> str:
    return f"{number / 10**9:.3g} GB" if number >= 10**9 else f"{number / 10**6:.3g} MB"
