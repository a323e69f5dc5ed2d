"""How a dialect writes and compares names."""

from collections.abc import Mapping

from sqlglot import exp

from dbt_isolation.sql.names import fold

_LOWER = frozenset(("postgres", "redshift", "trino", "athena", "presto"))
#: In a USING join's star the keys come first, except here.
_KEYS_IN_PLACE = frozenset(("duckdb", "clickhouse"))
#: An expression of the select list may use the alias of one before it.
_LATERAL = frozenset(("duckdb", "snowflake", "redshift", "databricks", "spark", "clickhouse", "teradata", ""))
#: WHERE may use aliases of the select list.
_EARLY = frozenset(("duckdb", "snowflake", "clickhouse", "redshift", "teradata", ""))
#: GROUP BY takes the alias where a column has the same name.
_ALIAS_FIRST = frozenset(("bigquery", "clickhouse"))
#: A query that names itself needs no word RECURSIVE.
_SELF = frozenset(("snowflake", "tsql", "oracle", "teradata", ""))
_PSEUDO = {
    "duckdb": "rowid filename file_row_number file_index",
    "postgres": "ctid xmin xmax cmin cmax tableoid",
    "bigquery": "_partitiontime _partitiondate _table_suffix _file_name _change_type _change_timestamp",
    "snowflake": "metadata$action metadata$isupdate metadata$row_id metadata$filename "
    "metadata$file_row_number metadata$file_content_key metadata$file_last_modified "
    "metadata$start_scan_time",
    "databricks": "_metadata _change_type _commit_version _commit_timestamp",
    "spark": "_metadata",
    "clickhouse": "_part _partition_id _table _file _path _sample_factor",
    "trino": "$path $file_size $file_modified_time $partition",
}


def _says_upper(schema: Mapping[str, Mapping[str, str]]) -> bool:
    names = [name for columns in schema.values() for name in columns]
    return not names or any(name.isupper() for name in names)


class Spelling:
    """The rules of one dialect.

    Snowflake writes names in upper case; a schema with no column in upper case is taken to be written without
    quotes, and then output names are in lower case too.
    """

    __slots__ = (
        "_upper",
        "alias_first",
        "dialect",
        "early_aliases",
        "keys_in_place",
        "lateral",
        "pseudo",
        "recursive",
    )

    def __init__(self, dialect: str, schema: Mapping[str, Mapping[str, str]]) -> None:
        self.dialect = dialect
        self.keys_in_place = dialect in _KEYS_IN_PLACE
        self.lateral = dialect in _LATERAL
        self.early_aliases = dialect in _EARLY
        self.alias_first = dialect in _ALIAS_FIRST
        self.recursive = dialect in _SELF
        self.pseudo = frozenset(_PSEUDO.get(dialect, "").split())
        self._upper = dialect == "snowflake" and _says_upper(schema)

    def key(self, name: exp.Expr) -> str:
        """A name as it is compared."""
        text, quoted = name.name, bool(name.args.get("quoted"))
        if self.dialect == "snowflake" and not self._upper and not quoted:
            return text.lower()
        return fold(text, quoted, self.dialect)

    def raw_key(self, text: str, quoted: bool = True) -> str:
        """The same for a name that stands in no tree, such as one of the schema."""
        if self.dialect == "snowflake" and not self._upper and not quoted:
            return text.lower()
        return fold(text, quoted, self.dialect)

    def written(self, name: exp.Expr) -> str:
        """A name as the created relation has it."""
        text = name.name
        if self.dialect in _LOWER:
            kept = self.dialect == "postgres" and name.args.get("quoted")
            return text if kept else text.lower()
        if self.dialect == "snowflake":
            return self.key(name)
        return text
