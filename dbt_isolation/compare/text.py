"""From a model's compiled text to the one query that it is."""

from itertools import pairwise

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from dbt_isolation.compare.keys import UnprovableError

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
    return tree
