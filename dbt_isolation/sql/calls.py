"""Functions that read files or other databases, or take a table's name or SQL in a string."""

import re
from typing import NamedTuple

from dbt_isolation.sql.names import Name, Use, name_at
from dbt_isolation.sql.scan import Scan

#: Functions whose argument is a table by its name.
NAMES_TABLES = frozenset(("table", "stream", "changes", "appends"))

_READ_FILES = re.compile(
    r"read_\w+|scan_\w+|parquet_(scan|metadata|schema|file_metadata|kv_metadata|bloom_probe)|sniff_csv|glob"
    r"|\w+_scan|st_read(_meta|osm)?|iceberg_(metadata|snapshots|column_stats|partition_stats)|xlsx_sheets"
    r"|delta_list_files|load_(geo)?json"
)
_CLICKHOUSE_FILES = re.compile(
    r"(file|url|s3|hdfs|gcs|oss|cosn|azureblobstorage|deltalake|hudi|paimon|iceberg)(cluster|local|s3|azure|hdfs)?"
    r"|jdbc|odbc|mongodb|redis|sqlite|executable|filesystem|arrowflight|ytsaurus|prometheusquery"
)
_FILES = {
    "duckdb": _READ_FILES,
    "": _READ_FILES,
    "clickhouse": _CLICKHOUSE_FILES,
    "databricks": re.compile(r"read_files|cloud_files|read_\w+"),
    "spark": re.compile(r"read_files|cloud_files"),
    "snowflake": re.compile(r"infer_schema|directory|read_\w+"),
    "postgres": re.compile(r"pg_read_file|pg_read_binary_file|pg_ls_dir|lo_import|read_\w+|\w+_scan"),
    "tsql": re.compile(r"openrowset|opendatasource"),
}
#: Functions that run the SQL in their strings.
_RUN = {
    "": "query postgres_query mysql_query sqlite_query dblink crosstab external_query openquery",
    "duckdb": "query postgres_query mysql_query sqlite_query postgres_execute mysql_execute",
    "postgres": "dblink dblink_exec dblink_open dblink_send_query crosstab crosstab2 crosstab3 crosstab4 "
    "crosstabn query_to_xml query_to_xmlschema query_to_xml_and_xmlschema",
    "redshift": "dblink",
    "bigquery": "external_query",
    "tsql": "openquery openrowset",
    "databricks": "remote_query read_query",
    "trino": "query raw_query execute",
    "athena": "query raw_query execute",
}
_RUNS = {dialect: frozenset(names.split()) for dialect, names in _RUN.items()}
#: Functions that take a table's name in a string.
_NAME = {
    "": "query_table identifier table_changes to_table connectby table_to_xml",
    "duckdb": "query_table",
    "snowflake": "identifier table to_table to_query",
    "databricks": "identifier table_changes table",
    "spark": "identifier table_changes table",
    "clickhouse": "dictionary",
    "postgres": "connectby table_to_xml table_to_xmlschema",
}
_NAMES = {dialect: frozenset(names.split()) for dialect, names in _NAME.items()}
#: ClickHouse's functions of another server: at which argument database and table begin.
_REMOTE = {
    "remote": 1,
    "remotesecure": 1,
    "cluster": 1,
    "clusterallreplicas": 1,
    "postgresql": 1,
    "mysql": 1,
    "merge": 0,
    "loop": 0,
    "mergetreeindex": 0,
}


class Argument(NamedTuple):
    """One argument of a call: its name, if it has one, and its tokens."""

    name: str
    lo: int
    hi: int


def call(scan: Scan, name: Name, in_table_place: bool) -> None:
    """What a call names by its strings; its tokens are read by others."""
    if name.first in scan.named:
        return
    scan.named.add(name.first)
    dialect = scan.dialect
    word = name.parts[-1].lower()
    if len(name.parts) > 1:
        scan.add(name, "function", "read")
        if name.parts[-2].lower() != "system" and not (dialect == "tsql" and word == "openrowset"):
            return
    if word in _RUNS.get(dialect, ()):
        strings = _strings(scan, name.last)
        if word == "openrowset":
            _rowset(scan, name.last)
        else:
            for one in strings:
                scan.open_string(one)
        return
    if len(name.parts) > 1:
        return
    if word == "set_config":
        _search_path(scan, name.last)
        return
    if word == "identifier" and not in_table_place:
        # A column's.
        return
    if word in _NAMES.get(dialect, ()):
        for argument in arguments_of(scan, name.last)[:1]:
            _names(scan, argument)
        return
    if dialect == "clickhouse" and in_table_place and word in _REMOTE:
        remote(scan, name.last, _REMOTE[word])
        return
    pattern = _FILES.get(dialect)
    if pattern is not None and pattern.fullmatch(word) and (dialect != "clickhouse" or in_table_place):
        arguments = arguments_of(scan, name.last)
        named = [one for one in arguments if one.name in ("location", "path", "uri", "filename", "files")]
        for one in _strings(scan, name.last, named[:1] or arguments[:1]):
            scan.add_string(one, "file", "read")


def arguments_of(scan: Scan, open_at: int) -> list[Argument]:
    """The arguments between a pair of brackets."""
    keys, end = scan.keys, scan.close[open_at]
    found: list[Argument] = []
    lo = index = open_at + 1
    while index <= end:
        if index == end or keys[index] == ",":
            if index > lo:
                found.append(_argument(scan, lo, index))
            lo = index + 1
        elif keys[index] in "([{":
            index = min(scan.close[index], end - 1)
        index += 1
    return found


def _argument(scan: Scan, lo: int, hi: int) -> Argument:
    keys = scan.keys
    at = lo + 1
    while at < hi and at < lo + 3 and keys[at] in ("=", ">", ":"):
        at += 1
    if lo + 1 < at < hi:
        return Argument(keys[lo], at, hi)
    return Argument("", lo, hi)


def _strings(scan: Scan, open_at: int, arguments: list[Argument] | None = None) -> list[int]:
    """The strings of a call or of some of its arguments, those of a list as well."""
    if arguments is None:
        ranges = [(open_at + 1, scan.close[open_at])]
    else:
        ranges = [(one.lo, one.hi) for one in arguments]
    return [at for lo, hi in ranges for at in range(lo, hi) if scan.keys[at] == "'"]


def _names(scan: Scan, argument: Argument) -> None:
    """A relation by its name in a string, put together of some, or a list of such names."""
    keys = scan.keys
    if keys[argument.lo] != "[" and (
        "|" in keys[argument.lo : argument.hi] or "+" in keys[argument.lo : argument.hi]
    ):
        _joined(scan, argument)
        return
    for one in range(argument.lo, argument.hi):
        if keys[one] == "'":
            scan.add_name_in(one, "read")


def _joined(scan: Scan, argument: Argument) -> None:
    """``'a.' || x``: what is no string is not known, and stands as ``*``."""
    written = ""
    index = argument.lo
    while index < argument.hi:
        key = scan.keys[index]
        if key == "'":
            written += scan.text.tokens[index].text
        elif key not in "|+" and not written.endswith("*"):
            written += "*"
        index = scan.close[index] + 1 if key in "([{" else index + 1
    parts = tuple(part.strip('"`') for part in written.split("."))
    if any(part.strip("*") for part in parts):
        start, end = scan.span(argument.lo, argument.hi)
        scan.found.append(Use(parts, (False,) * len(parts), "table", "read", start, end, False))


def _search_path(scan: Scan, open_at: int) -> None:
    """``set_config('search_path', …)`` moves the session."""
    strings = _strings(scan, open_at)
    if len(strings) > 1 and scan.text.tokens[strings[0]].text.lower() == "search_path":
        scan.add_places(strings[1])


def _rowset(scan: Scan, open_at: int) -> None:
    """T-SQL: ``bulk 'file'``, or a provider, a connection, and SQL or a table."""
    arguments = arguments_of(scan, open_at)
    if not arguments:
        return
    first = arguments[0]
    if scan.keys[first.lo] == "bulk":
        for one in _strings(scan, open_at, [first]):
            scan.add_string(one, "file", "read")
    elif len(arguments) > 2:
        last = arguments[-1]
        if scan.keys[last.lo] == "'":
            scan.open_string(last.lo)
        else:
            scan.target(last.lo, last.hi, action="read")
    else:
        for one in _strings(scan, open_at)[:1]:
            scan.add_string(one, "file", "read")


def remote(scan: Scan, open_at: int, at: int) -> None:
    """A table of another server by its database and name, or the first string as it is."""
    arguments = arguments_of(scan, open_at)
    rest = arguments[at : at + 2]
    if not rest or (at == 0 and len(rest) == 1):
        for one in _strings(scan, open_at, arguments[:1]):
            scan.add_string(one, "file", "read")
        return
    parts: list[str] = []
    quoted: list[bool] = []
    last = rest[0].lo
    for argument in rest:
        if scan.keys[argument.lo] == "'":
            parts.append(scan.text.tokens[argument.lo].text)
            quoted.append(True)
            last = argument.lo + 1
            continue
        name = name_at(scan.text, argument.lo, argument.hi)
        if name is None or name.last != argument.hi:
            break
        scan.named.add(name.first)
        parts += name.parts
        quoted += name.quoted
        last = name.last
        if len(name.parts) > 1:
            break
    if not parts:
        return
    start, end = scan.span(rest[0].lo, last)
    scan.found.append(Use(tuple(parts), tuple(quoted), "table", "read", start, end, False))
