"""What a text names: how a name is written, and when two are one."""

import re
from typing import NamedTuple

from dbt_isolation.sql.tokens import Text, is_word, words
from dbt_isolation.sql.unreadable import UnreadableError


class Use(NamedTuple):
    """A name in a text, and what the text does with what is called so.

    ``kind`` is table, file, stage, function, catalogue or place; ``action`` read or write. ``start`` and
    ``end`` are of the name as written, with its quotes; inside a string with escapes they are the string's.
    ``whole`` says that the name could be replaced there by another relation.
    """

    parts: tuple[str, ...]
    quoted: tuple[bool, ...]
    kind: str
    action: str
    start: int
    end: int
    whole: bool


class Name(NamedTuple):
    """A name as it stands in the tokens from ``first`` to before ``last``."""

    parts: tuple[str, ...]
    quoted: tuple[bool, ...]
    first: int
    last: int


_FILE_ENDS = re.compile(
    r"\.(csv|tsv|txt|psv|json|jsonl|ndjson|geojson|parquet|pq|xlsx|xls|db|duckdb|ddb|sqlite|sqlite3|avro|orc"
    r"|arrow|feather|ipc|shp|gpkg|fgb|xml|ya?ml)(\.(gz|gzip|zst|bz2|snappy|br))?$",
    re.IGNORECASE,
)
_FORMATS = words("delta parquet csv json orc avro text binaryfile iceberg xml hudi")
_CATALOGUES = words("""
    information_schema pg_catalog pg_toast account_usage organization_usage
    """)
_SYSTEM = frozenset(("clickhouse", "trino", "athena", "databricks", "spark", "duckdb", ""))
_VIEWS = re.compile(
    r"(svv_|stl_|stv_|svl_|svcs_|pg_|sys_(query|load|unload|session|copy|external|serverless|userlog|vacuum)).*"
)
_ENGINE_VIEWS = re.compile(r"duckdb_\w+|sqlite_(temp_)?master|sqlite_(temp_)?schema|pragma_\w+")
PLACEHOLDER = re.compile(r"dij[rnt]\d+z")
TEXT_PLACEHOLDER = re.compile(r"dijt\d+z")


def name_at(text: Text, index: int, hi: int) -> Name | None:
    """The name that begins at a place, up to its last dot and part."""
    keys, dialect = text.keys, text.dialect
    parts: list[str] = []
    quoted: list[bool] = []
    first = index
    while index < hi:
        key = keys[index]
        if key == '"':
            written = text.tokens[index].text
            pieces = written.split(".") if dialect == "bigquery" else [written]
            parts += pieces
            quoted += [True] * len(pieces)
            index += 1
        elif key == "." and parts and dialect in ("tsql", "snowflake", ""):
            parts.append("")
            quoted.append(False)
        else:
            end = _plain(text, index, hi, bool(parts))
            if end == index:
                break
            parts.append(text.sql[text.tokens[index].start : text.tokens[end - 1].end + 1])
            quoted.append(False)
            index = end
        if text.key(index, hi) != "." or text.key(index + 1, hi) in ("", "*", "(", "'", ")", ","):
            break
        index += 1
    return Name(tuple(parts), tuple(quoted), first, index) if parts else None


def _plain(text: Text, index: int, hi: int, later: bool) -> int:
    """Where a part without quotes ends: the place itself if there is none."""
    keys, dialect = text.keys, text.dialect
    at = index
    while dialect == "tsql" and text.key(at, hi) == "#":
        at += 1
    key = text.key(at, hi)
    if not is_word(key) and not (later and key == "0"):
        return index
    at += 1
    while at < hi and text.touches(at):
        key = keys[at]
        if is_word(key) or key == "0":
            at += 1
        elif key in "$#" or (key == "-" and dialect == "bigquery"):
            follows = text.key(at + 1, hi)
            if not text.touches(at + 1) or not (is_word(follows) or follows == "0"):
                break
            at += 2
        elif key == "*" and dialect == "bigquery" and later:
            at += 1
        else:
            break
    return at


def name_in(value: str, dialect: str) -> Name | None:
    """The name that a string holds, if it holds one and nothing else."""
    try:
        text = Text(value, dialect)
    except UnreadableError:
        return None
    found = name_at(text, 0, len(text.keys))
    return found if found is not None and found.last == len(text.keys) else None


def fold(part: str, quoted: bool, dialect: str) -> str:
    """A part as its dialect compares it."""
    if dialect == "clickhouse" or (quoted and dialect in ("postgres", "snowflake")):
        return part
    return part.upper() if dialect == "snowflake" else part.lower()


def is_temporary(parts: tuple[str, ...]) -> bool:
    """Whether the name itself says that the table is the session's own."""
    return parts[-1].startswith("#") or (len(parts) > 1 and parts[-2].lower() in ("pg_temp", "_session"))


def is_path(value: str) -> bool:
    """Whether a name in quotes can only be a file's."""
    return "/" in value or "\\" in value or _FILE_ENDS.search(value) is not None


def path_of(parts: tuple[str, ...], quoted: tuple[bool, ...], dialect: str) -> str | None:
    """The file that a name in a table's place stands for, as ``delta.`/path` `` and ``"x.csv"``."""
    if dialect in ("spark", "databricks", "") and len(parts) == 2 and quoted[1]:
        path = parts[1]
        return path if parts[0].lower() in _FORMATS and ("/" in path or ":" in path or "." in path) else None
    if dialect in ("duckdb", "") and len(parts) == 1 and quoted[0] and is_path(parts[0]):
        return parts[0]
    return None


def is_catalogue(parts: tuple[str, ...], dialect: str) -> bool:
    """Whether the engine itself keeps what is called so."""
    lower = [part.lower() for part in parts]
    last = lower.pop()
    if not lower:
        if last == "dual" or (dialect in ("duckdb", "", "postgres") and _ENGINE_VIEWS.fullmatch(last)):
            return True
        return dialect in ("redshift", "postgres", "duckdb", "") and _VIEWS.fullmatch(last) is not None
    if not _CATALOGUES.isdisjoint(lower) or "sys" in (lower[0], lower[-1]) or last == "__tables__":
        return True
    return (lower[0] == "system" and dialect in _SYSTEM) or (
        lower[0] == "snowflake" and dialect == "snowflake"
    )
