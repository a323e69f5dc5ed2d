"""Names as a dialect compares them, and what is known of the tables behind them."""

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

from dbt_isolation.sql.tokens import dialect_of

Schema = Mapping[str, Mapping[str, str]]

_LOWERED = (NormalizationStrategy.LOWERCASE, NormalizationStrategy.CASE_SENSITIVE)
#: Their columns have no case, whatever their tables do.
_CASELESS_COLUMNS = (
    "bigquery",
    "mysql",
    "tsql",
    "duckdb",
    "databricks",
    "spark",
    "redshift",
    "trino",
    "athena",
)


def read_dialect(dialect: str) -> str:
    """The sqlglot dialect of an adapter type or of a dialect; "" for one that is not known."""
    known = dialect_of(dialect)
    if known or not dialect:
        return known
    return dialect.lower() if Dialect.get(dialect.lower()) else ""


_EXACT_TABLES = ("bigquery", "clickhouse", "mysql")


class Names:
    """How one dialect compares names, with the caller's schema and relation map."""

    def __init__(self, dialect: str, schema: Schema, relation_map: Mapping[str, str] | None) -> None:
        self.dialect = dialect
        self._strategy = Dialect.get_or_raise(dialect).normalization_strategy
        self._caseless = dialect in _CASELESS_COLUMNS
        self._schema = {_dotted(table): columns for table, columns in schema.items()}
        self._map = {_dotted(name): logical for name, logical in (relation_map or {}).items()}
        # A table that only another environment's spelling has in the schema has that one's columns.
        for name, logical in self._map.items():
            if name in self._schema:
                self._schema.setdefault(_dotted(logical), self._schema[name])

    def column(self, name: str, quoted: bool = False) -> str:
        """A column's or an alias's name, as compared."""
        if self._caseless or self._strategy in (
            NormalizationStrategy.CASE_INSENSITIVE,
            NormalizationStrategy.CASE_INSENSITIVE_UPPERCASE,
        ):
            return name.lower()
        if quoted or self._strategy is NormalizationStrategy.CASE_SENSITIVE:
            return name
        return name.upper() if self._strategy is NormalizationStrategy.UPPERCASE else name.lower()

    def identifier(self, node: exp.Expr | None) -> str:
        """The same, of a node."""
        if isinstance(node, exp.Identifier):
            return self.column(node.name, bool(node.args.get("quoted")))
        return self.column(node.name) if node is not None else ""

    def table(self, table: exp.Table) -> str:
        """The logical table that a name means."""
        parts = [part for part in table.parts if isinstance(part, exp.Identifier)]
        dotted = _dotted(".".join(part.name for part in parts))
        exact = self.dialect in _EXACT_TABLES
        logical = self._map.get(dotted)
        if logical is not None:
            return logical if exact else logical.lower()
        return ".".join(part.name if exact else self._table_part(part) for part in parts)

    def _table_part(self, part: exp.Identifier) -> str:
        name = self.identifier(part)
        return name.lower() if name == self.column(part.name) else f'"{name}"'

    def columns(self, table: exp.Table) -> list[tuple[str, str]] | None:
        """A table's columns, each as compared and as written; None if they are not known."""
        dotted = _dotted(".".join(part.name for part in table.parts))
        known = self._schema.get(dotted)
        if known is None and dotted in self._map:
            known = self._schema.get(_dotted(self._map[dotted]))
        if known is None:
            return None
        return [(self._catalogued(name), name) for name in known]

    def type_of(self, table: exp.Table, column: str) -> str:
        """The type of a table's column in lower case, "" if it is not known."""
        known = self._schema.get(_dotted(".".join(part.name for part in table.parts)), {})
        return next((kind.lower() for name, kind in known.items() if self._catalogued(name) == column), "")

    def _catalogued(self, name: str) -> str:
        """A name from a catalogue: one whose case the engine would not give it has been quoted."""
        if self._strategy is NormalizationStrategy.UPPERCASE:
            return name.upper() if name.islower() else name
        if self._strategy in _LOWERED and not self._caseless:
            return name.lower() if name.isupper() else name
        return self.column(name)


def _dotted(name: str) -> str:
    return name.replace('"', "").replace("`", "").replace("[", "").replace("]", "").lower()
