"""One SQLite file in dbt's target folder that remembers what need not be worked out again.

The hooks ask it before anything else is imported, so this needs the standard library alone. It holds nothing
that cannot be made again: what goes wrong with it costs time and never an answer.
"""

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress

FILE = "dbt_isolation_cache.db"

#: Of the tables; a file with another one is made anew.
_LAYOUT = 1
#: Seconds to wait for another process; its transactions take milliseconds.
_PATIENCE = 5.0
#: How long an entry counts as just used, so that most readings write nothing.
_DAY = 24 * 3600
#: What one statement may ask for.
_AT_ONCE = 500


class Cache:
    """The entries of one ``table``, by keys that say all that an entry depends on; at most ``most`` of them.

    Each call is one short transaction, so that several processes share the file and a killed one leaves it
    as it was. Where ``folder`` cannot be written nothing is remembered; a file that is damaged is made anew,
    with one line on stderr.
    """

    def __init__(self, folder: str, table: str, most: int = 100_000) -> None:
        self.file = os.path.join(folder, FILE)
        self._table = table
        self._most = most

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The values of those of ``keys`` that are known."""
        wanted = list(keys)
        found: dict[bytes, bytes] = {}

        def read(connection: sqlite3.Connection) -> None:
            found.clear()
            old = []
            today = int(time.time())
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = connection.execute(
                    f"select key, used, value from {self._table} where key in ({marks})", some
                )
                for key, used, value in rows:
                    found[key] = value
                    if used < today - _DAY:
                        old.append((today, key))
            if old:
                # What is read is right, whether or not it can be noted that it was.
                with suppress(sqlite3.OperationalError), connection:
                    connection.executemany(f"update {self._table} set used = ? where key = ?", old)

        if wanted and os.path.exists(self.file):
            self._attempt(read)
        return found

    def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Remembers the entries; the ones not used for longest go where there are too many."""
        if not entries:
            return

        def write(connection: sqlite3.Connection) -> None:
            now = int(time.time())
            with connection:
                connection.execute("begin immediate")
                connection.execute(
                    f"create table if not exists {self._table} "
                    "(key blob primary key, used integer not null, value blob not null)"
                )
                connection.execute(f"pragma user_version = {_LAYOUT}")
                connection.executemany(
                    f"insert or replace into {self._table} values (?, ?, ?)",
                    [(key, now, value) for key, value in entries.items()],
                )
                (count,) = connection.execute(f"select count(*) from {self._table}").fetchone()
                if count > self._most:
                    # A tenth more than needed, so that not every writing does this.
                    connection.execute(
                        f"delete from {self._table} where key in "
                        f"(select key from {self._table} order by used limit ?)",
                        (count - self._most + self._most // 10,),
                    )

        with suppress(OSError):
            os.makedirs(os.path.dirname(self.file), exist_ok=True)
            self._attempt(write)

    def _attempt(self, work: Callable[[sqlite3.Connection], None]) -> None:
        for _ in range(2):
            opened = self._identity()
            try:
                with closing(sqlite3.connect(self.file, timeout=_PATIENCE)) as connection:
                    # A disk takes longer than the check; what a power cut spoils is made anew.
                    connection.execute("pragma synchronous = off")
                    (layout,) = connection.execute("pragma user_version").fetchone()
                    if layout in (0, _LAYOUT):
                        work(connection)
                        return
            except sqlite3.OperationalError:
                # No such table yet, a folder that cannot be written, or somebody who does not let go.
                return
            except sqlite3.DatabaseError as error:
                print(f"dbt-isolation: {self.file} was damaged ({error}) and is made anew", file=sys.stderr)
            if not self._remove(opened):
                return

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.file)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _remove(self, opened: tuple[int, int] | None) -> bool:
        """Removes the file that was opened, not one that another process has put there since."""
        if self._identity() == opened:
            try:
                for end in ("-journal", ""):
                    with suppress(FileNotFoundError):
                        os.remove(self.file + end)
            except OSError:
                return False
        return True
