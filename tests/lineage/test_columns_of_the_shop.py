"""DuckDB's word on the column lineage of the shop: every model, on the rows that it was built from.

What a column is not said to depend on cannot change it; what it is said to depend on can.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import duckdb
import pytest

from dbt_isolation.artifacts import compiled, manifest
from dbt_isolation.lineage.columns import ColumnOf, columns_of
from tests.projects import Project

#: Other values of a type, for the row ``rowid`` and a seed; and a value where there is none.
_OTHERS = {
    "BOOLEAN": ("not {0}", "true"),
    "DATE": ("{0} + (hash(rowid, {1}) % 90)::int - 45", "date '2026-01-01'"),
    "TIMESTAMP": ("{0} + to_hours((hash(rowid, {1}) % 2000)::int - 1000)", "timestamp '2026-01-01'"),
    "VARCHAR": ("{0} || '~' || (hash(rowid, {1}) % 5)", "'x'"),
}
_OTHER_NUMBERS = ("{0} + (hash(rowid, {1}) % 7)::int - 3", "0")
#: What has no effect on any rows, and is named all the same, as SQL alone does not say it.
NO_EFFECT = {
    # Events of one time are numbered in the order of their ids, and are of one session in any order.
    ("model.shop.int_web_sessions", "web_session_id", "event_id"),
}


class Rows:
    """A project's relations in memory, and copies of each with other values in every column.

    The columns of a copy, each by itself: 0 both of the following with nulls between, 1 in another order,
    2 other values of the type, 3 nulls. A higher number is as 0 to 2 with another seed.
    """

    def __init__(self, warehouse: Path, relations: Mapping[str, tuple[str, str]], copies: int) -> None:
        self.copies = copies
        self._relations = relations
        # One thread, so that ties are broken the same way each time.
        self._connection = duckdb.connect(config={"threads": 1})
        self._execute(f"attach '{warehouse}' as warehouse (read_only)")
        self.types: dict[str, dict[str, str]] = {}
        self._kept: dict[str, str] = {}
        self._present: dict[str, str] = {}
        for unique_id, (schema, table) in relations.items():
            found = self._execute(
                "select column_name, data_type from duckdb_columns() where database_name = 'warehouse' "
                f"and schema_name = '{schema}' and table_name = '{table}' order by column_index"
            ).fetchall()
            if found:
                self.types[unique_id] = {str(name): str(kind) for name, kind in found}
                self._kept[unique_id] = f"kept_{len(self._kept)}"
                name = self._kept[unique_id]
                self._execute(f'create table {name} as select * from warehouse."{schema}"."{table}"')
                for copy in range(copies):
                    self._execute(f"create table {name}_{copy} as {self._copied(unique_id, copy)}")
        self._execute("detach warehouse; attach ':memory:' as warehouse")
        for schema, _ in relations.values():
            self._execute(f'create schema if not exists warehouse."{schema}"')
        self.restore(relations)

    def restore(self, unique_ids: Iterable[str]) -> None:
        """Gives relations the rows that they had."""
        for unique_id in unique_ids:
            if unique_id in self._kept:
                self._put(unique_id, f"select * from {self._kept[unique_id]}")

    def change(self, unique_id: str, columns: Iterable[str], copy: int, base: int | None = None) -> None:
        """Puts the columns of a copy into a relation; the others are as they were, or as in ``base``."""
        kept, changed = self._kept[unique_id], set(columns)
        start = kept if base is None else f"{kept}_{base}"
        items = (f'{"other" if one in changed else "start"}."{one}"' for one in self.types[unique_id])
        joined = f"{start} as start positional join {kept}_{copy} as other"
        self._put(unique_id, f"select {', '.join(items)} from {joined}")

    def digests(self, sql: str, groups: Mapping[str, Iterable[str]]) -> dict[str, object]:
        """What a query makes of the present rows: of each group of its columns the rows, in any order."""
        quoted = [", ".join(f'"{one}"' for one in columns) for columns in groups.values()]
        sums = ", ".join(f"(count(*), sum(hash({columns})))" for columns in quoted)
        values = self._execute(f"select {sums} from ({sql})").fetchall()[0]
        return dict(zip(groups, values, strict=True))

    def _put(self, unique_id: str, sql: str) -> None:
        schema, table = self._relations[unique_id]
        if self._present.get(unique_id) == sql:
            return
        self._present[unique_id] = sql
        self._execute(f'create or replace table warehouse."{schema}"."{table}" as {sql}')

    def _copied(self, unique_id: str, copy: int) -> str:
        kept, parts = self._kept[unique_id], []
        for place, (name, kind) in enumerate(self.types[unique_id].items()):
            column, seed = f'"{name}"', 1000 * copy + place
            other, default = _OTHERS.get(kind.partition(" ")[0], _OTHER_NUMBERS)
            value, order = f"({other.format(column, seed)})::{kind}", f"hash(rowid, {seed})"
            if copy == 3:
                value = f"null::{kind}"
            elif copy % 3 == 0:
                value = f"({other.format(f'coalesce({column}, {default})', seed)})::{kind}"
                value = f"case when hash(rowid, {seed}) % 5 > 0 then {value} end"
            elif copy % 3 == 1:
                value = column
            else:
                order = "rowid"
            parts.append(f"(select {value} as {column} from {kept} order by {order})")
        return f"select * from {' positional join '.join(parts)}"

    def _execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(sql)


@dataclass(frozen=True)
class Query:
    """A model's SQL; what it says each column's value is made of; what shapes its rows."""

    model: str
    sql: str
    values: Mapping[str, frozenset[ColumnOf]]
    influence: frozenset[ColumnOf]

    def changed_by_others(self, rows: Rows, every_copy: bool) -> Iterator[str]:
        """The columns that other values change in what is outside of value and influence."""
        read = {one.unique_id for inputs in (*self.values.values(), self.influence) for one in inputs}
        kept_sets = sorted({inputs | self.influence for inputs in self.values.values()}, key=sorted)
        groups = {
            str(place): [name for name, inputs in self.values.items() if inputs | self.influence <= kept]
            for place, kept in enumerate(kept_sets)
        }
        before = rows.digests(self.sql, groups)
        for (place, group), kept in zip(groups.items(), kept_sets, strict=True):
            for copy in range(rows.copies) if every_copy else (int(place) % rows.copies,):
                for table in read:
                    others = [one for one in rows.types[table] if ColumnOf(table, one) not in kept]
                    rows.change(table, others, copy)
                if rows.digests(self.sql, {place: group})[place] != before[place]:
                    yield f"{self.model}: {group} depend on more than {sorted(kept)} (copy {copy})"
        rows.restore(read)

    def without_effect(self, rows: Rows) -> Iterator[tuple[str, str, str]]:
        """Each column with an input of which no other values change it, or the rows for what shapes them.

        On the rows as they are, then on rows that are changed already: as built, copies of a row are alike.
        """
        read = {one.unique_id for inputs in (*self.values.values(), self.influence) for one in inputs}
        for one in sorted(self.influence.union(*self.values.values())):
            ahead = {name: {name} for name, inputs in self.values.items() if one in inputs}
            if one in self.influence:
                ahead = {**ahead, "its rows": set(self.values)}
            else:
                # Beside what does not depend on it: ranks that change places are the same ranks.
                beside = self.values.keys() - ahead.keys()
                ahead = {name: {name, *beside} for name in ahead}
            for base, copy in product((None, *range(rows.copies)), range(rows.copies)):
                if not ahead or base == copy:
                    continue
                rows.restore(read)
                for table in read if base is not None else ():
                    rows.change(table, rows.types[table], base or 0)
                before = rows.digests(self.sql, ahead)
                rows.change(one.unique_id, [one.column], copy, base)
                after = rows.digests(self.sql, ahead)
                ahead = {name: group for name, group in ahead.items() if after[name] == before[name]}
            yield from ((self.model, name, one.column) for name in ahead)
        rows.restore(read)


@pytest.mark.xdist_group("shop")
@pytest.mark.parametrize("copies", [4, pytest.param(12, marks=pytest.mark.all)])
def test_every_column_of_the_shop(shop: Project, copies: int) -> None:
    """Other values in all that is left out change nothing; in each column that is named, something."""
    built = manifest.read(shop.folder / "built.json")
    compiled_code = compiled.read(shop.folder / "built.json")
    entries = {one.unique_id: one.relation for one in built.buildable() if not one.ephemeral}
    entries |= {one.unique_id: one.relation for one in built.sources.values()}
    relations = {unique_id: (one.schema, one.identifier) for unique_id, one in entries.items()}
    rows = Rows(shop.folder / "warehouse.duckdb", relations, copies)
    code = {
        one.unique_id: compiled_code[one.unique_id]
        for one in built.buildable()
        if one.resource_type in ("model", "snapshot")
        and not one.ephemeral
        and not one.original_file_path.endswith(".py")
    }
    found = columns_of(built, code, rows.types, "duckdb")
    assert len(code) > 30
    assert [one for one in found.unknown if one.unique_id in code] == []
    wrong: list[str] = []
    idle: set[tuple[str, str, str]] = set()
    for model, sql in code.items():
        values = {one.column: frozenset(of) for one, of in found.value.items() if one.unique_id == model}
        query = Query(model, sql, values, frozenset(found.influence[model]))
        wrong += query.changed_by_others(rows, every_copy=copies > 4)
        idle |= set(query.without_effect(rows))
    assert wrong == []
    assert idle == NO_EFFECT
