"""Intermediate models: joins, aggregates, windows, unions and filters over staging and each other."""

from __future__ import annotations

from collections.abc import Callable

from .catalog import DEEPEST, Catalog
from .query import Query, Scope, Select, expr, first
from .relation import Column, Kind, Model, Relation, plural

BANDS = ("small", "medium", "large")
LINKED: tuple[Kind, ...] = ("ref", "money", "day")
_MEASURED: tuple[Kind, ...] = ("category", "money", "day")


def intermediate(catalog: Catalog, domain: str, pool: list[Relation]) -> Model:
    """One more intermediate model over the relations of its domain."""
    rng = catalog.rng
    shallow = [r for r in pool if r.depth <= DEEPEST and r.has("key", "money", "category", "day")]
    linked = [r for r in shallow if r.has("ref")]
    if not linked or rng.random() < 0.1:
        return _united(catalog, domain, *rng.sample(shallow, 2))
    recipe = rng.choices(list(_OVER_ONE), list(_OVER_ONE.values()))[0]
    return recipe(catalog, domain, rng.choice(linked))


def carry(catalog: Catalog, select: Select, scope: Scope, more: int) -> None:
    """Select the key, the first column of each important kind, and up to `more` others."""
    wanted = [scope.columns[0]]
    for kind in ("ref", "money", "category", "day"):
        wanted += [column for column in scope.columns if column.kind == kind][:1]
    rest = [column for column in scope.columns if column not in wanted]
    wanted += catalog.rng.sample(rest, min(more, len(rest)))
    for column in wanted:
        select.add(column, scope.col(column, bare=not select.joins))


def look_up(catalog: Catalog, select: Select, scope: Scope, noun: str, count: int) -> None:
    """Select up to `count` columns of a joined scope, with its noun before their names."""
    known = [c for c in scope.columns[1:] if c.kind not in ("ref", "key") and c.name.count("_") <= 3]
    for column in catalog.rng.sample(known, min(count, len(known))):
        name = column.name if column.name.startswith(noun) else f"{noun}_{column.name}"
        value = scope.col(column)
        if column.kind in ("money", "number"):
            value = expr("coalesce({0}, 0)", value)
        select.add(Column(name, column.kind, values=column.values), value)


def _enriched(catalog: Catalog, domain: str, base: Relation) -> Model:
    query, noun = Query(), base.noun
    left = query.read(base, plural(noun))
    joined = Select(left)
    found = catalog.lookups(base, [catalog.totals])[: catalog.rng.randint(1, 2)]
    scopes = []
    for ref, other in found:
        right = query.read(other, plural(other.noun))
        joined.join("left", right, expr("{0} = {1}", left.col(ref), right.col(other.key)))
        scopes.append((other.noun, right))
    carry(catalog, joined, left, catalog.rng.randint(0, 2))
    for other_noun, right in scopes:
        look_up(catalog, joined, right, other_noun, catalog.rng.randint(1, 2))
    money, day = left.col(first(base.columns, "money"), bare=not scopes), first(base.columns, "day")
    band = expr("case when {0} >= 500 then 'large' when {0} >= 100 then 'medium' else 'small' end", money)
    joined.add(Column(f"{noun}_band", "category", values=BANDS), band)
    joined.add(Column(f"{noun}_month", "day"), expr("cast(date_trunc('month', {0}) as date)", left.col(day)))
    return _finish(catalog, domain, query, query.cte("joined", joined), noun, "enriched", base.complete)


def _totals(catalog: Catalog, domain: str, base: Relation) -> Model:
    rng, query, noun = catalog.rng, Query(), base.noun
    rows = query.read(base, plural(noun))
    ref = rng.choice(base.all("ref"))
    category, day = rng.choice(base.all("category")), first(base.columns, "day")
    key = rows.col(ref, bare=True)
    grouped = Select(rows)
    grouped.where(expr("{0} is not null", key))
    grouped.group_by(rng.choice(["1", "all", ref.name]), [key])
    grouped.add(Column(ref.name, "key", ref.entity), key)
    grouped.add(Column(f"{noun}_count", "number"), expr("count(*)"))
    for money in base.all("money")[:2]:
        total = expr("cast(sum({0}) as decimal(18, 2))", rows.col(money, bare=True))
        grouped.add(Column(f"total_{money.name}", "money"), total)
    amount, label = rows.col(base.all("money")[0], bare=True), rows.col(category, bare=True)
    word = rng.choice(category.values)
    part = f"cast(sum(case when {{0}} = '{word}' then {{1}} else 0 end) as decimal(18, 2))"
    grouped.add(Column(f"{word}_amount", "money"), expr(part, label, amount))
    filtered = expr(f"count(*) filter (where {{0}} <> '{word}')", label)
    grouped.add(Column(f"not_{word}_count", "number"), filtered)
    grouped.add(Column(f"main_{category.name}", "category", values=category.values), expr("max({0})", label))
    grouped.add(Column("first_on", "day"), expr("min({0})", rows.col(day, bare=True)))
    grouped.add(Column("last_on", "day"), expr("max({0})", rows.col(day, bare=True)))
    owner = ref.name.removesuffix("_id")
    model = _finish(catalog, domain, query, query.cte("grouped", grouped), owner, f"{noun}_totals", False)
    catalog.totals[ref.entity].append(model.relation)
    return model


def _sequenced(catalog: Catalog, domain: str, base: Relation) -> Model:
    query = Query()
    last, _ = _numbered(catalog, query, base)
    return _finish(catalog, domain, query, last, base.noun, "sequenced", base.complete)


def _latest(catalog: Catalog, domain: str, base: Relation) -> Model:
    query = Query()
    numbered, number = _numbered(catalog, query, base)
    newest = Select(numbered)
    ref = first(base.columns, "ref")
    newest.where(expr("{0} = 1", numbered.col(number, bare=True)))
    newest.where(expr("{0} is not null", numbered.col(ref, bare=True)))
    newest.add(Column(ref.name, "key", ref.entity), numbered.col(ref, bare=True))
    for column in numbered.columns:
        kind = "number" if column.kind == "key" else column.kind
        newest.add(Column(column.name, kind, column.entity, column.values), numbered.col(column, bare=True))
    noun = ref.name.removesuffix("_id")
    model = _finish(catalog, domain, query, query.cte("newest", newest), noun, f"latest_{base.noun}", False)
    catalog.totals[ref.entity].append(model.relation)
    return model


def _numbered(catalog: Catalog, query: Query, base: Relation) -> tuple[Scope, str]:
    """The rows of `base` with window columns, and which of these numbers them, newest first."""
    rows = query.read(base, plural(base.noun))
    ref, money, day = (rows.col(first(base.columns, kind), bare=True) for kind in LINKED)
    key = rows.col(base.key, bare=True)
    numbered = Select(rows)
    if len(base.columns) <= 8:
        numbered.star(rows)
    else:
        carry(catalog, numbered, rows, 2)
    newest_first = f"{base.noun}_number"
    while newest_first in numbered.origins:
        newest_first += "_again"
    number = expr("row_number() over (partition by {0} order by {1} desc, {2} desc)", ref, day, key)
    numbered.add(Column(newest_first, "number"), number)
    running = expr(
        "cast(sum({1}) over (partition by {0} order by {2}, {3} rows unbounded preceding) as decimal(18, 2))",
        *(ref, money, day, key),
    )
    numbered.add(Column("running_amount", "money"), running)
    before = expr("lag({1}, 1) over (partition by {0} order by {2}, {3})", ref, money, day, key)
    numbered.add(Column("previous_amount", "money"), expr("coalesce({0}, 0)", before))
    return query.cte("numbered", numbered), newest_first


def _filtered(catalog: Catalog, domain: str, base: Relation) -> Model:
    query, noun = Query(), base.noun
    rows = query.read(base, plural(noun))
    found = catalog.lookups(base, [catalog.totals])
    kept = Select(rows)
    category = first(base.columns, "category")
    kept.where(expr(f"{{0}} <> '{category.values[-1]}'", rows.col(category, bare=True)))
    if found:
        ref, other = found[0]
        known = query.read(other, plural(other.noun))
        money = next((column for column in other.columns if column.kind == "money"), other.key)
        within = expr(
            f"{{0}} in (\n            select {{1}} from {known.name} where {{2}} > 10\n        )",
            *(rows.col(ref), known.col(other.key), known.col(money)),
        )
        kept.where(within)
    carry(catalog, kept, rows, 4)
    amount = rows.col(first(base.columns, "money"), bare=True)
    band = expr("if({0} > 250, 'large', 'small')", amount)
    kept.add(Column(f"{noun}_band", "category", values=BANDS), band)
    return _finish(catalog, domain, query, query.cte("kept", kept), noun, "filtered", False)


def _united(catalog: Catalog, domain: str, one: Relation, two: Relation) -> Model:
    query = Query()
    selects = []
    for label, relation in (("a", one), ("b", two)):
        rows = query.read(relation, plural(relation.noun))
        branch = Select(rows)
        key, category, amount, day = (
            rows.col(column, bare=True)
            for column in (relation.key, *(first(relation.columns, kind) for kind in _MEASURED))
        )
        branch.add(Column("record_key", "key"), expr(f"'{label}-' || cast({{0}} as varchar)", key))
        branch.add(Column("record_type", "text"), expr(f"'{relation.noun}'"))
        branch.add(Column("state", "text"), category)
        branch.add(Column("amount", "money"), amount)
        branch.add(Column("happened_on", "day"), day)
        when = expr("case when {0} < date '2025-01-01' then 'early' else 'late' end", day)
        branch.add(Column("period", "category", values=("early", "late")), when)
        selects.append(branch)
    noun = f"{one.noun}_or_{two.noun}" if one.noun != two.noun else one.noun
    noun = noun if len(noun) <= 40 else "record"
    return _finish(catalog, domain, query, query.cte("united", *selects), noun, "united", False)


def _finish(
    catalog: Catalog, domain: str, query: Query, last: Scope, noun: str, verb: str, complete: bool
) -> Model:
    ephemeral = catalog.rng.random() < 0.2
    return catalog.finish(
        name=catalog.name(f"int_{domain}__{plural(noun)}_{verb}"),
        layer="intermediate",
        domain=domain,
        materialized="ephemeral" if ephemeral else "view",
        noun=noun,
        description=f"One row for each {noun.replace('_', ' ')}: {verb.replace('_', ' ')}.",
        query=query,
        last=last,
        complete=complete,
        head="{{ config(materialized='ephemeral') }}\n\n" if ephemeral else "",
    )


_OVER_ONE: dict[Callable[[Catalog, str, Relation], Model], int] = {
    _enriched: 34,
    _totals: 28,
    _sequenced: 16,
    _latest: 11,
    _filtered: 11,
}
"""The recipes over one relation, and how often each is taken."""
