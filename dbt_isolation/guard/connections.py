"""How a connection is made read-only, by dbt's adapter type: one function an engine and a table."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def _duckdb(credentials: Any) -> bool:
    if not Path(credentials.path).is_file():
        return False
    credentials.config_options = {**(credentials.config_options or {}), "access_mode": "read_only"}
    for attachment in credentials.attach or ():
        attachment.read_only = True
    return True


_ENGINES: Mapping[str, Callable[[Any], bool]] = {"duckdb": _duckdb}


def make_read_only(credentials: Any) -> bool:
    """Makes every connection that dbt opens from ``credentials`` read-only; False where the engine cannot."""
    engine = _ENGINES.get(credentials.type)
    return engine is not None and engine(credentials)
