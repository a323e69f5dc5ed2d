"""Where SQL compares a string, as ``'{{ target.name }}' = 'prod'`` does."""

from collections.abc import Collection, Iterator

from dbt_isolation.sql.tokens import Text, dialect_of

_OPERATORS = frozenset(
    {"=", "==", "!", "<>", "!=", "<", ">", "in", "like", "ilike", "is", "not", "regexp", "rlike"}
)
#: The nearest of these before an equals sign says whether it compares or assigns.
_COMPARE = frozenset(
    {"where", "on", "and", "or", "when", "then", "having", "if", "case", "qualify", "select", "else", "not"}
)
_ASSIGN = frozenset(
    {"set", "options", "with", "tag", "comment", "alter", "default", "tblproperties", "values"}
)


def compared(sql: str, dialect: str, words: Collection[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The offset of each string that is one of ``words`` and is compared, with the strings beside it."""
    tokens = Text(sql, dialect_of(dialect))
    keys = tokens.keys
    for number, key in enumerate(keys):
        if key != "'" or not any(word in tokens.tokens[number].text for word in words):
            continue
        left, right = number - 1, number + 1
        # Out of the brackets of `lower(…)`.
        while left > 0 and right < len(keys) and keys[left] == "(" and keys[right] == ")":
            left, right = (
                left - (2 if keys[left - 1].isidentifier() and keys[left - 1] != "in" else 1),
                right + 1,
            )
        before = keys[left] if left >= 0 else ""
        after = keys[right] if right < len(keys) else ""
        if before == "," or (before == "(" and after in (",", ")")):
            inner = _opens(keys, left)
            before = keys[inner - 1] if inner > 0 else ""
            if before != "in":
                continue
        if after in _OPERATORS or before in ("case", "when", "in", "like", "ilike"):
            pass
        elif before not in _OPERATORS or not _compares(keys, left):
            continue
        near = range(max(number - 3, 0), min(number + 4, len(keys)))
        yield (
            tokens.tokens[number].start,
            tuple(tokens.tokens[one].text for one in near if one != number and keys[one] == "'"),
        )


def _compares(keys: list[str], at: int) -> bool:
    for key in reversed(keys[:at]):
        if key in _COMPARE:
            return True
        if key in _ASSIGN or key == ";":
            return False
    return False


def _opens(keys: list[str], at: int) -> int:
    depth = 0
    for number in range(at, -1, -1):
        if keys[number] == ")":
            depth += 1
        elif keys[number] == "(":
            if not depth:
                return number
            depth -= 1
    return 0
