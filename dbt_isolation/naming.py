"""Templates, slugs and globs: how a name is made, and how a name is recognised.

``macros/naming/`` does the same in Jinja; ``tests/cases/configuration.yml`` holds both to one answer.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import product

from dbt_isolation.errors import IsolationError

TOKENS = ("target_database", "target_schema", "custom_database", "custom_schema", "alias", "user")

#: The longest identifier of an engine, by dbt's adapter type, in characters. Engines that are not listed
#: take 255, which all of them allow.
IDENTIFIER_LIMITS: Mapping[str, int] = {
    "postgres": 63,
    "redshift": 127,
    "greenplum": 63,
    "mysql": 64,
    "sqlserver": 128,
    "synapse": 128,
    "fabric": 128,
    "oracle": 128,
    "vertica": 128,
    "teradata": 128,
}
DEFAULT_IDENTIFIER_LIMIT = 255

#: Ends the schema that naming gives where a write would be wrong; no environment can own such a name.
REFUSED = "__refused"

_TOKEN = re.compile(r"\{([^{}]*)\}")


def tokens(template: str) -> Iterator[str]:
    """The tokens of ``template`` in their order, without braces.

    Raises ``IsolationError`` for ``{{``, an unknown token and a brace without its partner.
    """
    if "{{" in template:
        raise IsolationError(
            f"'{{{{' in {template!r}: dbt does not render Jinja in vars",
            "write {env:NAME} for an environment variable",
        )
    for match in _TOKEN.finditer(template):
        token = match[1]
        if token not in TOKENS and not is_variable(token):
            known = ", ".join(f"{{{name}}}" for name in (*TOKENS, "env:NAME"))
            raise IsolationError(f"unknown token '{{{token}}}' in {template!r}", f"known tokens: {known}")
        yield token
    if re.search(r"[{}]", _TOKEN.sub("", template)):
        raise IsolationError(f"a brace without its partner in {template!r}")


def is_variable(token: str) -> bool:
    """Whether ``token`` stands for an environment variable: ``env:NAME``."""
    return token.startswith("env:") and len(token) > len("env:")


def expand(template: str, values: Mapping[str, str]) -> str:
    """``template`` with its tokens replaced; an empty value takes one neighbouring ``_`` with it."""
    text, position = "", 0
    for match in _TOKEN.finditer(template):
        text += template[position : match.start()]
        position = match.end()
        value = values[match[1]]
        if value:
            text += value
        elif text.endswith("_"):
            text = text[:-1]
        elif template.startswith("_", position):
            position += 1
    return text + template[position:]


def expand_variables(text: str, environ: Mapping[str, str]) -> str:
    """``text`` with each ``{env:NAME}`` replaced by the variable as it is.

    Raises ``IsolationError`` for a variable that is not set.
    """

    def value(match: re.Match[str]) -> str:
        if not is_variable(match[1]):
            return match[0]
        name = match[1].removeprefix("env:")
        if name not in environ:
            raise unset_variable(name)
        return environ[name]

    return _TOKEN.sub(value, text)


def unset_variable(name: str) -> IsolationError:
    """The error for an environment variable that a setting names and nobody set."""
    return IsolationError(
        f"environment variable '{name}' is not set", f"set {name}, or take it out of the setting"
    )


def slug(text: str) -> str:
    """``text`` in lower case with every run of other characters than a-z, 0-9 and ``_`` made one ``_``."""
    return re.sub(r"_+", "_", re.sub(r"[^a-z0-9_]", "_", text.lower())).strip("_")


def cut(name: str, adapter_type: str) -> str:
    """``name`` if the engine takes it, else its beginning and eight hexadecimal digits of its MD5."""
    limit = IDENTIFIER_LIMITS.get(adapter_type, DEFAULT_IDENTIFIER_LIMIT)
    if len(name) <= limit:
        return name
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:8]
    return f"{name[: limit - 9]}_{digest}"


def matches(pattern: str, text: str) -> bool:
    """Whether ``text`` fits ``pattern``, where ``*`` stands for any characters or none."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def overlap(left: str, right: str) -> bool:
    """Whether some text fits both patterns."""
    seen: set[tuple[int, int]] = set()
    ahead = [(0, 0)]
    while ahead:
        place = i, j = ahead.pop()
        if place in seen:
            continue
        seen.add(place)
        one, other = left[i : i + 1], right[j : j + 1]
        if not one and not other:
            return True
        if one == "*":
            ahead += [(i + 1, j)] + [(i, j + 1)] * bool(other)
        if other == "*":
            ahead += [(i, j + 1)] + [(i + 1, j)] * bool(one)
        if one and one == other:
            ahead.append((i + 1, j + 1))
    return False


def patterns(template: str) -> frozenset[str]:
    """Globs that together fit every name which ``template`` can make."""
    names = list(dict.fromkeys(tokens(template)))
    return frozenset(
        expand(template, dict(zip(names, values, strict=True)))
        for values in product(("*", ""), repeat=len(names))
    )
