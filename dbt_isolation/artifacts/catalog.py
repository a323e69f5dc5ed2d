"""catalog.json: the columns that relations really have, as `dbt docs generate` found them."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from dbt_isolation.errors import IsolationError


class _Column(msgspec.Struct, frozen=True):
    type: str = ""
    index: int = 0


class _Table(msgspec.Struct, frozen=True):
    columns: dict[str, _Column] = {}


class _Catalog(msgspec.Struct, frozen=True):
    nodes: dict[str, _Table] = {}
    sources: dict[str, _Table] = {}


def read(file: Path) -> Mapping[str, Mapping[str, str]]:
    """The types of the columns in their order, by unique id; empty where there is no file.

    Raises ``IsolationError`` for one that is cut off or something else.
    """
    try:
        content = msgspec.json.decode(file.read_bytes(), type=_Catalog)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise IsolationError(f"{file}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IsolationError(
            f"{file} is no catalog that can be read: {error}", "run `dbt docs generate` again, or remove it"
        ) from error
    return {
        unique_id: {
            name: one.type for name, one in sorted(table.columns.items(), key=lambda item: item[1].index)
        }
        for tables in (content.nodes, content.sources)
        for unique_id, table in tables.items()
    }
