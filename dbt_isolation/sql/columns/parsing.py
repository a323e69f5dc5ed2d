"""A text's syntax tree, or a word about why there is none."""

import re

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.dialects.dialect import Dialect, Dialects
from sqlglot.errors import ParseError, SqlglotError

from dbt_isolation.sql.tokens import dialect_of
from dbt_isolation.sql.unreadable import UnreadableError

_OPEN = frozenset((TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE))
_CLOSE = frozenset((TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END))
_CONDITIONS = frozenset((TokenType.ON, TokenType.USING, TokenType.COMMA, TokenType.SELECT))
#: The parser's time doubles with each join in a row that has no condition, and it recurses for each bracket.
_JOINS, _DEPTH = 10, 150
#: How the parser shows a token in an error.
_TOKEN = re.compile(r"<Token token_type: [^,]*, text: (.*?), line: .*?>", re.DOTALL)
_KNOWN = frozenset(one.value for one in Dialects)


def dialect_name(dialect: str) -> str:
    """The parser's name for a dbt adapter type or a dialect; "" for one that is not known."""
    lower = dialect.lower()
    return dialect_of(lower) or (lower if lower in _KNOWN else "")


def parsed(sql: str, dialect: str) -> exp.Expr:
    """The tree of the one statement in a text; raises ``UnreadableError``."""
    base = Dialect.get_or_raise(dialect or None)
    try:
        tokens = base.tokenize(sql)
        if not _plain(sql):
            _bounded(tokens)
        trees = [tree for tree in base.parser().parse(tokens, sql) if tree is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        said = _TOKEN.sub(r"'\1'", str(first.get("description") or "no SQL"))
        raise UnreadableError(said, _offset(sql, first)) from error
    except (SqlglotError, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError("a string, a name in quotes or a comment does not end") from error
    except RecursionError as error:
        raise UnreadableError("too deep") from error
    trees = [tree for tree in trees if not isinstance(tree, exp.Semicolon)]
    if len(trees) != 1:
        raise UnreadableError("more than one statement" if trees else "no statement")
    return trees[0]


def _plain(sql: str) -> bool:
    """Whether a text has too few brackets and joins, however they stand, to be too deep."""
    lower = sql.lower()
    return sum(map(lower.count, ("(", "[", "{", "case"))) <= _DEPTH and lower.count("join") <= _JOINS


def _bounded(tokens: list[sqlglot.Token]) -> None:
    depth = joins = 0
    for token in tokens:
        kind = token.token_type
        if kind in _OPEN:
            depth += 1
            if depth > _DEPTH:
                raise UnreadableError("brackets too deep", token.start)
        elif kind in _CLOSE:
            depth -= 1
        elif kind is TokenType.JOIN:
            joins += 1
            if joins > _JOINS:
                raise UnreadableError("too many joins without a condition", token.start)
        elif kind is TokenType.CROSS or kind is TokenType.NATURAL or kind in _CONDITIONS:
            joins = -1 if kind in (TokenType.CROSS, TokenType.NATURAL) else 0


def _offset(sql: str, error: dict[str, object]) -> int:
    line, column = error.get("line"), error.get("col")
    if not isinstance(line, int) or not isinstance(column, int):
        return 0
    lines = sql.split("\n")
    return min(len(sql), sum(len(one) + 1 for one in lines[: line - 1]) + max(column - 1, 0))
