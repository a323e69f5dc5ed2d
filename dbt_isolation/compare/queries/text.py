"""From a model's compiled text to the one query that it is."""

from itertools import pairwise

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from dbt_isolation.compare.queries.keys import UnprovableError

#: No model is that long; the parser would take seconds for it.
_LONGEST = 2_000_000


def read_query(sql: str, dialect: str, which: str) -> exp.Expr:
    """The query; raises ``UnprovableError`` for anything else. ``which`` of the two texts, for the reason."""
    if len(sql) > _LONGEST:
        raise UnprovableError(f"the {which} text is too long")
    base = Dialect.get_or_raise(dialect)
    try:
        tokens = base.tokenize(sql)
        for first, second in pairwise(tokens):
            if (
                first.text in ("{", "{{")
                and second.text in ("{", "%", "#", "{%")
                and second.start == first.end + 1
            ):
                raise UnprovableError(f"Jinja is left in the {which} text")
            if first.text in ("{{", "{%", "{#", "{{+", "{%-", "{{-", "{%+"):
                raise UnprovableError(f"Jinja is left in the {which} text")
        trees = [tree for tree in base.parser().parse(tokens, sql) if tree is not None]
    except (SqlglotError, ValueError, IndexError, TypeError, AttributeError, KeyError) as error:
        raise UnprovableError(f"the {which} text cannot be read as {dialect or 'SQL'}") from error
    if len(trees) != 1:
        raise UnprovableError(f"the {which} text has {len(trees)} statements")
    [tree] = trees
    if not isinstance(tree, exp.Query):
        raise UnprovableError(f"the {which} text is no SELECT")
    if any(
        isinstance(node, exp.Command | exp.DML | exp.DDL) and not isinstance(node, exp.Query)
        for node in tree.walk()
    ):
        raise UnprovableError(f"the {which} text does more than select")
    _keep_texts(tree, tokens)
    return tree


_FIRST = (TokenType.DISTINCT, TokenType.ALL)
_BEHIND = (
    *(
        TokenType.FROM,
        TokenType.WHERE,
        TokenType.GROUP_BY,
        TokenType.HAVING,
        TokenType.QUALIFY,
        TokenType.WINDOW,
    ),
    *(
        TokenType.ORDER_BY,
        TokenType.LIMIT,
        TokenType.OFFSET,
        TokenType.FETCH,
        TokenType.UNION,
        TokenType.EXCEPT,
    ),
    *(TokenType.INTERSECT, TokenType.SEMICOLON, TokenType.INTO),
)


def _keep_texts(tree: exp.Expr, tokens: list[Token]) -> None:
    """Keeps what is written for each output column that has no name, since engines make one of it."""
    first = tree
    while isinstance(first, exp.SetOperation):
        first = first.args["this"]
    if not isinstance(first, exp.Select):
        return
    depth, rest = 0, iter(tokens)
    for token in rest:
        depth += (token.text in _OPENS) - (token.text in _CLOSES)
        if not depth and token.token_type is TokenType.SELECT:
            break
    found: list[list[str]] = [[]]
    for token in rest:
        depth += (token.text in _OPENS) - (token.text in _CLOSES)
        if depth < 0 or (not depth and token.token_type in _BEHIND):
            break
        if not depth and token.token_type is TokenType.COMMA:
            found.append([])
        elif token.token_type not in _FIRST or found[-1]:
            quote = "'" if token.token_type is TokenType.STRING else ""
            found[-1].append(f"{quote}{token.text}{quote}" if quote else token.text.lower())
    if len(found) == len(first.expressions):
        for one, words in zip(first.expressions, found, strict=True):
            if not isinstance(one, exp.Alias | exp.Column | exp.Star):
                one.meta["text"] = _spaced(words)


def _spaced(words: list[str]) -> str:
    text = ""
    for word in words:
        tight = not text or text[-1] in "(.[" or word in ").,(]["
        text += word if tight else f" {word}"
    return text


_OPENS = ("(", "[", "{")
_CLOSES = (")", "]", "}")
