"""The raw tables that the sources name: what they hold, and the SQL that makes them.

Values come from arithmetic on the row's number: neither DuckDB's `hash()` nor its `random()` is the same in
every version.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from .relation import PROJECT, Column, Relation, plural

ROWS = 200
DATABASE = f"{PROJECT}.duckdb"
BLOCK_SIZE = 16384
"""Of the DuckDB file: small, since each of many small tables takes at least one block."""
SETUP = "raw.sql"

SUBJECTS: dict[str, str] = {
    "sales": "customer order order_line quote discount channel refund territory",
    "finance": "account invoice payment ledger_entry budget cost_center currency vendor",
    "marketing": "contact campaign impression click lead segment audience landing_page",
    "product": "user session event feature subscription plan comment workspace",
    "logistics": "carrier shipment parcel route depot delivery vehicle customs_form",
    "inventory": "item warehouse stock_count supplier purchase receipt transfer bin",
    "support": "agent ticket reply queue escalation survey macro article",
    "people": "employee team position absence payslip review applicant interview",
    "risk": "policy claim incident audit control exposure limit_breach assessment",
    "partners": "partner referral commission agreement reseller territory payout deal",
}
"""By subject: what its tables hold, in the singular."""
SYSTEMS = ("app", "erp", "crm", "legacy", "cloud", "feed")

_CATEGORIES: dict[str, tuple[str, ...]] = {
    "status": ("new", "open", "paid", "shipped", "closed", "cancelled"),
    "channel_type": ("web", "store", "phone", "partner"),
    "priority": ("low", "normal", "high"),
    "country": ("nl", "de", "fr", "us", "gb", "pl", "es"),
    "tier": ("bronze", "silver", "gold"),
}
_MONEY = ("amount", "cost", "tax", "fee", "balance", "margin")
_NUMBERS = ("quantity", "unit_count", "attempt_count")
_TEXTS = ("reference_code", "display_name", "contact_email")
_FLAGS = ("is_test", "is_active", "is_manual")


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table of a source system, and how its rows are made."""

    relation: Relation
    source: str
    name: str
    entity: str
    duplicates: bool
    """Whether some rows were loaded twice, as sources do; its staging model then keeps the latest."""
    values: dict[str, str]
    """By column: the SQL that makes its value from `i`."""

    @property
    def schema(self) -> str:
        """The schema it is in."""
        return f"raw_{self.source}"

    def sql(self) -> str:
        """The statement that makes the table."""
        rows = ROWS + ROWS // 20 if self.duplicates else ROWS
        values = ", ".join(f"{value} as {column}" for column, value in self.values.items())
        table = f"{self.schema}.{self.name}"
        return f"create or replace table {table} as select {values} from range(1, {rows + 1}) t(i);"


def raw_table(rng: Random, source: str, noun: str, refers: list[tuple[str, str]]) -> RawTable:
    """A table of `noun`s with a key, references to other entities (noun, entity) and a mix of values."""
    name, entity = plural(noun), f"{source}.{noun}"
    salt = rng.randrange(1, 1000)
    columns = [Column("id", "key", entity)]
    values = {"id": f"((i - 1) % {ROWS} + 1)::integer"}

    def put(column: Column, value: str) -> None:
        columns.append(column)
        values[column.name] = value

    for turn, (other, other_entity) in enumerate(refers):
        key = f"(((i % {ROWS}) * {31 + 2 * turn} + {salt}) % {ROWS} + 1)::integer"
        value = f"case when i % {23 + turn} = 0 then null else {key} end"
        put(Column(f"{other}_id", "ref", other_entity), value)
    for turn, money in enumerate(rng.sample(_MONEY, rng.randint(1, 2))):
        put(Column(f"{money}_cents", "money"), f"((i * {7919 + turn} + {salt} * 13) % 90000 + 100)::bigint")
    for number in rng.sample(_NUMBERS, rng.randint(0, 1)):
        value = f"case when i % 17 = 0 then null else ((i * 5 + {salt}) % 12 + 1)::integer end"
        put(Column(number, "number"), value)
    categories = ["status", *rng.sample(list(_CATEGORIES)[1:], rng.randint(0, 1))]
    for turn, category in enumerate(categories):
        words = _CATEGORIES[category]
        pick = f"{list(words)!r}[(i * {3 + 2 * turn} + {salt}) % {len(words)} + 1]"
        value = f"case when i % 4 = 0 then upper({pick}) else {pick} || ' ' end"
        put(Column(category, "category", values=words), value)
    for text in rng.sample(_TEXTS, rng.randint(0, 1)):
        put(Column(text, "text"), f"case when i % 29 = 0 then '' else '{noun} ' || i::varchar end")
    for flag in rng.sample(_FLAGS, rng.randint(0, 1)):
        put(Column(flag, "flag"), f"(i + {salt}) % 9 = 0")
    started = f"timestamp '2024-01-01 00:00:00' + to_hours(((i * 37 + {salt}) % 17000)::integer)"
    put(Column("created_at", "time"), started)
    put(Column("updated_at", "time"), f"{started} + to_hours((i % 500)::integer)")
    put(Column("_loaded_at", "time"), "timestamp '2026-01-01 00:00:00' + to_minutes(i::integer)")
    relation = Relation(
        id=f"source.{PROJECT}.{source}.{name}",
        jinja=f"{{{{ source('{source}', '{name}') }}}}",
        columns=tuple(columns),
        noun=noun,
        complete=True,
    )
    return RawTable(relation, source, name, entity, rng.random() < 0.25, values)


def setup_sql(tables: list[RawTable]) -> str:
    """The script that makes every raw table anew."""
    schemas = dict.fromkeys(table.schema for table in tables)
    lines = [f"create schema if not exists {schema};" for schema in schemas]
    lines += [table.sql() for table in tables]
    return "\n".join(["begin;", *lines, "commit;", ""])


def load_raw(path: Path) -> None:
    """Make the raw tables of the generated project at `path`, in the project's DuckDB file."""
    import duckdb  # here, so that measuring processes stay small

    with duckdb.connect(path / DATABASE, config={"default_block_size": BLOCK_SIZE}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute((path / SETUP).read_text(encoding="utf-8"))
