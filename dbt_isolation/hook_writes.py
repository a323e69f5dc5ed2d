"""Whether what a hook's or an operation's SQL writes is a protected place: the SQL's names are judged."""

import re
from collections.abc import Callable, Iterator

from dbt_isolation import naming
from dbt_isolation.code.reading import Named, Reading
from dbt_isolation.config.model import Environment
from dbt_isolation.environments import Refusal, Relation, Run, owner
from dbt_isolation.writes import RefusedText

#: Where ``ref`` or ``source`` of these names is in this run; None where that is its own or not known.
RelationOf = Callable[[str, tuple[str, ...]], Relation | None]
_ABOUT = re.compile(r"(ref|source)\((.+)\)")
_TEXT = re.compile(r"'([^']*)'")
_JUDGED = frozenset({"table", "function", "place", "stage"})


def refused_texts(
    run: Run, what: str, reading: Reading, relation_of: RelationOf, *, rule: str
) -> Iterator[RefusedText]:
    """What ``reading``, of a hook or an operation that is called ``what``, writes in protected places.

    A part of a name that only running it would tell is no protected one.
    """
    for named in reading.named:
        if not named.writes or named.kind not in _JUDGED:
            continue
        found = _owner(run, named, relation_of)
        if found is not None:
            relation, environment, glob = found
            yield RefusedText(what, relation, _refusal(run, environment, glob, rule))


def _owner(run: Run, named: Named, relation_of: RelationOf) -> tuple[str, Environment, str] | None:
    if named.about:
        about = _ABOUT.fullmatch(named.about)
        relation = relation_of(about[1], tuple(_TEXT.findall(about[2]))) if about else None
        if relation is None:
            return None
        found = owner(run.config, relation.database, relation.schema)
        return None if found is None else (f"{named.about}, which is {relation}", *found)
    for database, schema in _places(run, named):
        if found := owner(run.config, database, schema):
            return (named.relation, *found)
    if named.kind == "place" and (found := _owner_of_database(run, _parts(named)[0])):
        return (named.relation, *found)
    return None


def _parts(named: Named) -> list[str]:
    whole = ".".join(named.parts) == named.relation
    return list(named.parts) if whole else named.relation.lstrip("@").split(".")


def _places(run: Run, named: Named) -> Iterator[tuple[str, str]]:
    """The places, as database and schema, that the name can mean."""
    *before, last = _parts(named)
    if named.kind == "place":
        before.append(last)
    if not before:
        # A relation in the session's own place.
        return
    schema = before[-1]
    if len(before) > 1:
        yield before[-2], schema
        return
    yield run.target.database, schema
    if run.target.adapter_type == "duckdb":
        # `prod.orders` is `prod.main.orders` where a database is called so.
        yield schema, "main"


def _owner_of_database(run: Run, database: str) -> tuple[Environment, str] | None:
    """Who owns something in ``database``, which is not the run's own."""
    if database.lower() == run.target.database.lower():
        return None
    for environment in run.config.environments.values():
        for owned, schema in environment.owns:
            if owned.strip("*") and naming.matches(owned, database.lower()):
                return environment, f"{owned}.{schema}"
    return None


def _refusal(run: Run, environment: Environment, glob: str, rule: str) -> Refusal:
    target = next(iter(environment.targets or ()), environment.name)
    return Refusal(
        rule,
        f"environment '{environment.name}' owns {glob}, and this run is {run}",
        "write {{ this }}, or a name made of {{ target.schema }}; what only that environment should do "
        f"stands under {{% if target.name == '{target}' %}}",
    )
