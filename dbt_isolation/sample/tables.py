"""Which source tables are copied, and where to: what can be said of it before dbt is started."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbt_isolation import environments, naming
from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.artifacts.source import Source
from dbt_isolation.config.model import Environment
from dbt_isolation.config.settings import suggestion
from dbt_isolation.environments import Refusal, Relation, Run
from dbt_isolation.errors import IsolationError
from dbt_isolation.outcome import Json
from dbt_isolation.sample.extent import Column, Extent

BLOCK, SAMPLE_KEY = "dbt_isolation", "sample_key"
#: Neither dbt nor its adapters quote a relation whose name holds one of these.
_UNQUOTABLE = "\"'`\\"


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table to copy; ``place`` is what the environment says of its source: database, schema or both."""

    source: Source
    place: Mapping[str, str]

    @property
    def name(self) -> str:
        """As a user names it."""
        return f"{self.source.source_name}.{self.source.name}"

    @property
    def relation(self) -> Relation:
        """The copy, as far as the manifest knows the original."""
        original = self.source.relation
        return Relation(
            self.place.get("database", original.database),
            self.place.get("schema", original.schema),
            original.identifier,
        )

    def request(self, extent: Extent) -> Mapping[str, Json]:
        """What the macro is to know of it. Raises ``IsolationError`` for a sample key that is no text."""
        return {
            "node": self.source.unique_id,
            "database": self.place.get("database"),
            "schema": self.place.get("schema"),
            "keys": _candidates(self, extent.keys, _meta_key(self)) if extent.percent else [],
            "times": _candidates(self, extent.times, self.source.loaded_at_field) if extent.since else [],
        }


def choose(manifest: Manifest, names: Sequence[str], run: Run, environment: Environment) -> list[SourceTable]:
    """The tables that ``names``, each ``SOURCE`` or ``SOURCE.TABLE``, mean, by their names.

    Raises ``IsolationError`` for a name that means none, a source that the environment has no place for, a
    name that cannot be quoted, and two tables that would be copied to one place.
    """
    sources = sorted(manifest.sources.values(), key=lambda one: (one.source_name, one.name, one.unique_id))
    found: dict[Relation, Source] = {}
    for one in (one for name in names for one in _named(sources, name)):
        # Two packages may declare one table.
        found.setdefault(one.relation, one)
    chosen = [SourceTable(one, _place(run, environment, one.source_name)) for one in found.values()]
    for table in chosen:
        for text in (*_parts(table.source.relation), *_parts(table.relation)):
            if set(text) & set(_UNQUOTABLE):
                raise IsolationError(f"{table.name}: {text!r} holds a quote or a backslash", "rename it")
    _check_alone(chosen, run, environment, sources)
    return chosen


def refusals(run: Run, tables: Iterable[SourceTable]) -> Iterator[tuple[SourceTable, Refusal]]:
    """The tables that may not be copied to where they would be, and why."""
    for table in tables:
        refusal = environments.refusal(run, table.relation)
        if refusal is not None:
            yield table, refusal


def check_options(tables: Collection[SourceTable], extent: Extent) -> None:
    """Raises ``IsolationError`` for an option that is for a table which is not copied."""
    known = [name for table in tables for name in (table.source.name, table.name)]
    for option, columns in (("--key", extent.keys), ("--time", extent.times)):
        for column in columns:
            if column.table and column.table not in known:
                raise IsolationError(
                    f"{option} {column.table}={column.name}: no such table is copied",
                    suggestion(column.table, known),
                )


def _named(sources: Sequence[Source], name: str) -> list[Source]:
    found = [one for one in sources if name in (one.source_name, f"{one.source_name}.{one.name}")]
    if not found:
        known = {text for one in sources for text in (one.source_name, f"{one.source_name}.{one.name}")}
        hint = suggestion(name, sorted(known)) if known else "the project has no sources"
        raise IsolationError(f"no source '{name}'", hint)
    return found


def _place(run: Run, environment: Environment, source: str) -> Mapping[str, str]:
    place = environment.sources.get(source)
    if not place:
        raise IsolationError(
            f"environment '{environment.name}' has no place of its own for source '{source}'",
            "say where in dbt_project.yml, below vars: dbt_isolation: environments:\n"
            f"    {environment.name}:\n"
            "      sources:\n"
            f"        {source}: {{schema: {source}_sample}}",
        )
    return {part: naming.expand_variables(text, run.environ) for part, text in place.items()}


def _check_alone(
    chosen: Iterable[SourceTable], run: Run, environment: Environment, sources: Iterable[Source]
) -> None:
    """Whatever is chosen: another table of the project may be read from the same place."""
    placed: dict[Relation, list[SourceTable]] = {}
    for source in sources:
        if environment.sources.get(source.source_name):
            table = SourceTable(source, _place(run, environment, source.source_name))
            placed.setdefault(table.relation, []).append(table)
    for table in chosen:
        for other in placed[table.relation]:
            if other.source.relation != table.source.relation:
                both = f"{table.name} and {other.name} ({other.source.unique_id})"
                raise IsolationError(
                    f"{both} would both be {table.relation}",
                    "give their sources two places",
                )


def _candidates(table: SourceTable, options: Iterable[Column], last: str | None) -> list[Mapping[str, Json]]:
    """Columns to look for, in order: the table's own option alone, or general ones and then ``last``.

    ``last`` may be SQL, as dbt allows for ``loaded_at_field``.
    """
    own = [one for one in options if one.table in (table.source.name, table.name)]
    if own:
        return [{"name": own[-1].name, "must": True, "sql": False}]
    found: list[Mapping[str, Json]] = [
        {"name": one.name, "must": False, "sql": False} for one in options if not one.table
    ]
    if not last:
        return found
    return [*found, {"name": last, "must": True, "sql": re.fullmatch(r"\w+", last) is None}]


def _meta_key(table: SourceTable) -> str | None:
    for meta in (table.source.config.meta, table.source.meta):
        block = (meta or {}).get(BLOCK)
        if isinstance(block, Mapping) and SAMPLE_KEY in block:
            key = block[SAMPLE_KEY]
            if not isinstance(key, str) or not key:
                raise IsolationError(
                    f"{table.name}: meta: {BLOCK}: {SAMPLE_KEY}: {key!r} is no column",
                    "put its name in quotes",
                )
            return key
    return None


def _parts(relation: Relation) -> tuple[str, ...]:
    return relation.database, relation.schema, relation.identifier
