"""A text's tokens, and which bracket closes which."""

from functools import lru_cache
from typing import Any

from sqlglot import Token, Tokenizer, TokenType
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from dbt_isolation.sql.unreadable import UnreadableError


def words(text: str) -> frozenset[str]:
    """The words of a text, to look others up in."""
    return frozenset(text.split())


#: dbt's adapter types that sqlglot calls something else, or that speak another engine's SQL.
_DIALECTS = {
    "sqlserver": "tsql",
    "synapse": "tsql",
    "fabric": "tsql",
    "glue": "spark",
    "fabricspark": "spark",
    "greenplum": "postgres",
    "alloydb": "postgres",
    "timescaledb": "postgres",
    "starburst": "trino",
    "motherduck": "duckdb",
}
KNOWN = words("""
    duckdb postgres snowflake bigquery redshift databricks spark trino clickhouse tsql athena mysql
    """)

_STRINGS = (
    TokenType.STRING,
    TokenType.RAW_STRING,
    TokenType.HEREDOC_STRING,
    TokenType.NATIONAL_STRING,
    TokenType.UNICODE_STRING,
    TokenType.BYTE_STRING,
)
_KEYS = {
    **dict.fromkeys(_STRINGS, "'"),
    TokenType.IDENTIFIER: '"',
    TokenType.NUMBER: "0",
    TokenType.BIT_STRING: "0",
    TokenType.HEX_STRING: "0",
}
_CLOSES = {")": "(", "]": "[", "}": "{"}


def dialect_of(adapter_type: str) -> str:
    """The dialect that an adapter type's SQL is read in; "" for one that is not known.

    "" takes names in double quotes and in backticks, strings in single quotes and between ``$$``.
    """
    name = _DIALECTS.get(adapter_type.lower(), adapter_type.lower())
    return name if name in KNOWN else ""


@lru_cache(maxsize=32)
def _tokenizer(dialect: str) -> tuple[type[Tokenizer], Dialect]:
    """The dialect's tokenizer without keywords: every word is a word, and a command hides nothing."""
    # Athena takes Hive's statements with backticks besides Trino's.
    base = Dialect.get_or_raise("trino" if dialect == "athena" else dialect)
    fields: dict[str, Any] = {"KEYWORDS": {}, "COMMANDS": set()}
    if dialect in ("", "athena"):
        fields["IDENTIFIERS"] = ['"', "`"]
    if dialect in ("", "databricks", "spark"):
        fields["HEREDOC_STRINGS"] = ["$"]
    return type("Words", (base.tokenizer_class,), fields), base


class Text:
    """A text cut into tokens; ``keys`` has a word in lower case, a sign, ``"`` for a quoted name, ``'`` for
    a string and ``0`` for a number, and ``close`` the place of the bracket that closes one."""

    __slots__ = ("close", "dialect", "keys", "sql", "tokens")

    def __init__(self, sql: str, dialect: str) -> None:
        self.sql = sql
        self.dialect = dialect
        kind, base = _tokenizer(dialect)
        tokenizer = kind(dialect=base)
        try:
            self.tokens: list[Token] = tokenizer.tokenize(sql)
        except (SqlglotError, ValueError, IndexError, RecursionError) as error:
            before = tokenizer.tokens
            offset = before[-1].end + 1 if before else 0
            offset += len(sql[offset:]) - len(sql[offset:].lstrip())
            raise UnreadableError("a string, a name in quotes or a comment does not end", offset) from error
        special = _KEYS
        self.keys: list[str] = [
            special[token.token_type] if token.token_type in special else token.text.lower()
            for token in self.tokens
        ]
        self.close = self._pairs()

    def _pairs(self) -> dict[int, int]:
        close: dict[int, int] = {}
        ahead: list[int] = []
        keys = self.keys
        for index, key in enumerate(keys):
            if key in "([{":
                ahead.append(index)
            elif key in ")]}":
                wanted = _CLOSES[key]
                if any(keys[one] == wanted for one in reversed(ahead[-64:])):
                    while keys[ahead[-1]] != wanted:
                        close[ahead.pop()] = index
                    close[ahead.pop()] = index
        end = len(keys)
        close.update((index, end) for index in ahead)
        return close

    def touches(self, index: int) -> bool:
        """Whether the token stands right behind the one before it."""
        return 0 < index < len(self.tokens) and self.tokens[index - 1].end + 1 == self.tokens[index].start

    def key(self, index: int, hi: int) -> str:
        """The key at a place, "" outside."""
        return self.keys[index] if 0 <= index < hi else ""


def is_word(key: str) -> bool:
    """Whether a key is a word, not a sign, a string, a number or a quoted name."""
    return len(key) > 1 or key.isalpha() or key == "_"
