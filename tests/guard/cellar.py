"""Production's DuckDB file in a folder, a development target that attaches it, and other processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
from dbt.adapters.duckdb.credentials import Attachment, DuckDBCredentials

from dbt_isolation.config.block import parse
from dbt_isolation.environments import Target, run_of
from dbt_isolation.guard import copies
from dbt_isolation.guard.session import Session

OPEN = (
    "import duckdb, signal, sys; signal.alarm(60); c = duckdb.connect(sys.argv[1]); "
    "c.execute(sys.argv[2]); print('open', flush=True); sys.stdin.read()"
)
CRASH = (
    "import duckdb, os, signal, sys; signal.alarm(60); c = duckdb.connect(sys.argv[1]); "
    "c.execute(sys.argv[2]); os._exit(0)"
)


@contextmanager
def writer(file: Path, sql: str = "select 1") -> Iterator[int]:
    """Another process that has the file open for writing, once it has run ``sql``; yields its number."""
    with subprocess.Popen(
        [sys.executable, "-c", OPEN, str(file), sql], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield process.pid
        process.communicate(timeout=60)


def write(file: Path, sql: str, code: str = CRASH) -> None:
    """Runs ``sql`` in a process that ends without closing the file."""
    subprocess.run([sys.executable, "-c", code, str(file), sql], check=True, timeout=60)


@dataclass
class Cellar:
    """A folder with production's file, and what a development target would attach."""

    folder: Path
    attach: list[dict[str, Any]] = field(
        default_factory=lambda: [{"path": "prod.duckdb", "alias": "prod", "read_only": True}]
    )
    path: str = "dev.duckdb"
    database: str = "dev"
    owns: tuple[str, ...] = ("prod.*",)
    settings: dict[str, Any] = field(default_factory=dict)
    dev: dict[str, Any] = field(default_factory=dict)
    target: str = "dev"
    command: str = "run"

    @property
    def production(self) -> Path:
        """Its file."""
        return self.folder / "prod.duckdb"

    def execute(self, sql: str, file: str = "prod.duckdb") -> None:
        """Changes a file, and closes it."""
        with duckdb.connect(str(self.folder / file)) as connection:
            connection.execute(sql)

    def session(self) -> Session:
        """One dbt command, with credentials of its own."""
        block = {
            "environments": {
                "prod": {
                    "targets": ["prod"],
                    "protected": True,
                    "owns": list(self.owns),
                    "deployer": {"env_var": "DEPLOY"},
                },
                "dev": {"targets": ["dev"], **self.dev},
            },
            **self.settings,
        }
        credentials = DuckDBCredentials(
            database=self.database,
            path=self.path,
            attach=[Attachment(**one) for one in self.attach],
        )
        run = run_of(parse(block, {}), Target(self.target, self.database, "main"), {})
        return Session(
            command=self.command,
            project="cellar",
            flags=SimpleNamespace(),
            credentials=credentials,
            project_dir=self.folder,
            target_path=self.folder / "target",
            run=run,
        )

    def read(self) -> list[Attachment]:
        """What the next run attaches."""
        session = self.session()
        copies.read_from_copies(session)
        return cast("list[Attachment]", session.credentials.attach)

    def copy(self) -> Path:
        """Where the only attachment's copy stands."""
        [attachment] = self.read()
        return Path(attachment.path)

    def bottles(self) -> int:
        """How many bottles the next run sees."""
        [attachment] = self.read()
        with duckdb.connect() as connection:
            connection.execute(attachment.to_sql())
            [found] = connection.execute("select count(*) from prod.bottles").fetchall()
            return int(found[0])

    def kept(self) -> set[str]:
        """The files in the folder of copies, but for the lock."""
        found = {file.name for file in (self.folder / "target/dbt_isolation/copies").iterdir()}
        return {name for name in found if not name.endswith(".lock")}
