"""Whose relation a name in SQL means."""

import re
from collections.abc import Collection, Iterable, Mapping

from dbt_isolation.environments import Relation

#: Under a name that more than one relation may mean.
_SEVERAL = ""
_QUOTES = re.compile(r'["`\[\]]')


class Names:
    """Finds the unique id of a relation by its dotted name, with the database's or without.

    A name as it is written comes before one that differs in case. What could mean two relations means none.
    """

    def __init__(self, entries: Iterable[tuple[str, Relation]]) -> None:
        self._exact: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        shorter_exact: dict[str, str] = {}
        shorter_folded: dict[str, str] = {}
        for unique_id, relation in entries:
            _note(str(relation), unique_id, self._exact, self._folded)
            if relation.database:
                short = f"{relation.schema}.{relation.identifier}"
                _note(short, unique_id, shorter_exact, shorter_folded)
        self._exact = shorter_exact | self._exact
        self._folded = shorter_folded | self._folded

    def find(self, name: str) -> str | None:
        """The unique id, empty where it may be one of several, None where there is none."""
        found = self._exact.get(name)
        return self._folded.get(name.lower()) if found is None else found


def _note(name: str, unique_id: str, exact: dict[str, str], folded: dict[str, str]) -> None:
    for key, table in ((name, exact), (name.lower(), folded)):
        if table.setdefault(key, unique_id) != unique_id:
            table[key] = _SEVERAL


def given_names(relations: Mapping[str, Collection[Relation]]) -> dict[str, str]:
    """By each name that SQL may give them, with the database's or without: whose relation it is.

    Of names that differ in case alone one is enough for each; a short one that could mean two is left out.
    """
    found: dict[str, str] = {}
    short: dict[str, str] = {}
    for unique_id, several in relations.items():
        folded = set[str]()
        for relation in several:
            name = str(relation)
            if name.lower() not in folded:
                folded.add(name.lower())
                found.setdefault(name, unique_id)
            if relation.database:
                name = f"{relation.schema}.{relation.identifier}"
                if short.setdefault(name, unique_id) != unique_id:
                    short[name] = _SEVERAL
    for name, unique_id in short.items():
        if unique_id:
            found.setdefault(name, unique_id)
    return found


def names_elsewhere(parents: Mapping[str, Collection[Relation]], sql: str) -> dict[str, str]:
    """Names of what a text reads in another environment, as dbt defers to it: whose relation each is.

    Of ``parents`` of which the text has no name that is known, and has the identifier behind another schema.
    """
    missing = {
        unique_id: next(iter(several)).identifier
        for unique_id, several in parents.items()
        if several and not any(_stands_in(relation, sql) for relation in several)
    }
    if not missing:
        return {}
    plain = _QUOTES.sub("", sql)
    found: dict[str, str] = {}
    for unique_id, identifier in missing.items():
        if sum(one.lower() == identifier.lower() for one in missing.values()) == 1:
            name = rf"(?<![\w.])(?:[\w$-]+\.){{1,2}}{re.escape(identifier)}(?![\w.])"
            found |= {match[0]: unique_id for match in re.finditer(name, plain, re.IGNORECASE)}
    return found


def _stands_in(relation: Relation, sql: str) -> bool:
    if any(f"{quote}{relation.schema}{quote}.{quote}{relation.identifier}{quote}" in sql for quote in '"`'):
        return True
    name = re.escape(f"{relation.schema}.{relation.identifier}")
    return re.search(rf"(?<!\w){name}(?!\w)", _QUOTES.sub("", sql), re.IGNORECASE) is not None


def names_itself(own: Collection[str], sql: str) -> bool:
    """Whether a text may read its own result, which is called one of ``own``."""
    lower = sql.lower()
    if not any(name.rpartition(".")[2].lower() in lower for name in own):
        return False
    plain = _QUOTES.sub("", lower)
    return any(name.lower() in plain for name in own)
