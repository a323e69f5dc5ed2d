"""How a connection is made read-only, by dbt's adapter type: one function an engine and a table."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

#: Takes back what was done.
Undo = Callable[[], None]


def _duckdb(credentials: Any) -> Undo | None:
    if not Path(credentials.path).is_file():
        return None
    credentials.config_options = {**(credentials.config_options or {}), "access_mode": "read_only"}
    for attachment in credentials.attach or ():
        attachment.read_only = True
    return _nothing


def _postgres(credentials: Any) -> Undo | None:
    before = os.environ.get("PGOPTIONS")
    options = before or ""
    if path := credentials.search_path:
        # dbt would give it as options of the connection, and those take the place of the variable's.
        options = "-c search_path={}".format(path.replace(" ", "\\ "))
        credentials.search_path = None
    os.environ["PGOPTIONS"] = f"{options} -c default_transaction_read_only=on".strip()

    def undo() -> None:
        if before is None:
            os.environ.pop("PGOPTIONS", None)
        else:
            os.environ["PGOPTIONS"] = before

    return undo


def _nothing() -> None:
    """Credentials are the invocation's own."""


_ENGINES: Mapping[str, Callable[[Any], Undo | None]] = {"duckdb": _duckdb, "postgres": _postgres}


def make_read_only(credentials: Any) -> Undo | None:
    """Makes every connection that dbt opens from ``credentials`` read-only; None where the engine cannot.

    What is returned is to be called at the end of the dbt invocation.
    """
    engine = _ENGINES.get(credentials.type)
    return engine(credentials) if engine is not None else None
