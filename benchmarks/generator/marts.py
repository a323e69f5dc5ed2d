"""Marts: dimensions, facts (a few of them incremental), monthly summaries and reports on these."""

from __future__ import annotations

from .catalog import Catalog
from .intermediate import BANDS, LINKED, carry, look_up
from .query import Query, Scope, Select, expr, first
from .relation import Column, Model, Relation, plural

INCREMENTAL = 0.12
"""The share of facts that are incremental."""


def mart(catalog: Catalog, domain: str, pool: list[Relation], summaries: list[Relation]) -> Model:
    """One more mart over the relations of its domain; a new summary is put into `summaries`."""
    rng = catalog.rng
    known = [relation for relation in pool if relation.complete and catalog.totals.get(relation.key.entity)]
    linked = [relation for relation in pool if relation.has("ref", "money", "category", "day")]
    measured = [relation for relation in pool if relation.has("money", "category", "day")]
    roll = rng.random()
    if roll < 0.25 and known:
        return _dimension(catalog, domain, rng.choice(known))
    if roll < 0.6 and linked:
        return _fact(catalog, domain, rng.choice(linked))
    if roll < 0.8 and summaries:
        return _report(catalog, domain, rng.choice(summaries))
    model = _summary(catalog, domain, rng.choice(measured))
    summaries.append(model.relation)
    return model


def _dimension(catalog: Catalog, domain: str, base: Relation) -> Model:
    rng, query, noun = catalog.rng, Query(), base.noun
    left = query.read(base, plural(noun))
    totals = catalog.totals[base.key.entity]
    joined = Select(left)
    scopes = []
    for other in rng.sample(totals, min(len(totals), rng.randint(1, 2))):
        right = query.read(other, f"{noun}_totals")
        if other.key.name == base.key.name:
            joined.join_using("left", right, base.key.name)
        else:
            joined.join("left", right, expr("{0} = {1}", left.col(base.key), right.col(other.key)))
        scopes.append(right)
    carry(catalog, joined, left, rng.randint(1, 3))
    for right in scopes:
        look_up(catalog, joined, right, noun, 2)
    money = left.col(first(base.columns, "money")) if base.has("money") else expr("0")
    value = expr("case when {0} > 800 then 'large' when {0} > 300 then 'medium' else 'small' end", money)
    joined.add(Column(f"{noun}_value", "category", values=BANDS), value)
    last = query.cte("joined", joined)
    model = _finish(catalog, domain, query, last, f"dim_{plural(noun)}", noun, base.complete)
    catalog.dimensions[base.key.entity].append(model.relation)
    return model


def _fact(catalog: Catalog, domain: str, base: Relation) -> Model:
    rng, query, noun = catalog.rng, Query(), base.noun
    rows = query.read(base, plural(noun))
    joined = Select(rows)
    scopes = []
    for ref, other in catalog.lookups(base, [catalog.dimensions, catalog.totals])[: rng.randint(1, 3)]:
        right = query.read(other, plural(other.noun))
        kind = rng.choice(["left", "left", "inner"])
        joined.join(kind, right, expr("{0} = {1}", rows.col(ref), right.col(other.key)))
        scopes.append((other.noun, right))
    carry(catalog, joined, rows, rng.randint(0, 2))
    for other_noun, right in scopes:
        look_up(catalog, joined, right, other_noun, 1)
    final = query.cte("joined", joined)
    if len(final.columns) <= 9:
        final = _shares(query, final)
    day = first(final.columns, "day").name
    incremental = rng.random() < INCREMENTAL
    tail = (
        "\n{% if is_incremental() %}\n"
        f"where {day} >= (select max(newest.{day}) from {{{{ this }}}} as newest)\n"
        "{% endif %}\n"
    )
    return _finish(
        catalog, domain, query, final, f"fct_{plural(noun)}", noun, False, tail=tail if incremental else ""
    )


def _shares(query: Query, joined: Scope) -> Scope:
    ref, money, day = (joined.col(first(joined.columns, kind), bare=True) for kind in LINKED)
    shared = Select(joined)
    shared.star(joined)
    total = "sum({1}) over (partition by {0})"
    share = expr(f"round(100.0 * {{1}} / nullif({total}, 0), 2)", ref, money)
    shared.add(Column("share_of_total", "number"), share)
    gap = expr("{1} - lag({1}) over (partition by {0} order by {1})", ref, day)
    shared.add(Column("days_since_previous", "number"), expr("coalesce({0}, 0)", gap))
    return query.cte("shared", shared)


def _summary(catalog: Catalog, domain: str, base: Relation) -> Model:
    rng, query, noun = catalog.rng, Query(), base.noun
    rows = query.read(base, plural(noun))
    category, moneys = rng.choice(base.all("category")), base.all("money")[:2]
    month = expr("cast(date_trunc('month', {0}) as date)", rows.col(first(base.columns, "day"), bare=True))
    label = expr("coalesce({0}, 'unknown')", rows.col(category, bare=True))
    monthly = Select(rows)
    monthly.where(expr("{0} is not null", rows.col(first(base.columns, "day"), bare=True)))
    monthly.group_by(rng.choice(["1, 2", "all"]), [month, label])
    monthly.add(Column("month", "day"), month)
    words = (*category.values, "unknown")
    monthly.add(Column(f"{noun}_label", "category", values=words), label)
    monthly.add(Column(f"{noun}_count", "number"), expr("count(*)"))
    for money in moneys:
        amount = rows.col(money, bare=True)
        monthly.add(Column(f"total_{money.name}", "money"), expr("cast(sum({0}) as decimal(18, 2))", amount))
    amount = rows.col(moneys[0], bare=True)
    monthly.add(Column("largest_amount", "money"), expr("max({0})", amount))
    if base.has("ref"):
        ref = first(base.columns, "ref")
        distinct = expr("count(distinct {0})", rows.col(ref, bare=True))
        monthly.add(Column(f"distinct_{ref.name}_count", "number"), distinct)
    if rng.random() < 0.3:
        monthly.shape("having", expr("sum({0}) > 0", amount))
    grouped = query.cte("monthly", monthly)

    final = Select(grouped)
    at, by = grouped.col("month", bare=True), grouped.col(f"{noun}_label", bare=True)
    total = grouped.col(first(grouped.columns, "money"), bare=True)
    final.add(Column("summary_key", "key"), expr("cast({0} as varchar) || '-' || {1}", at, by))
    for column in grouped.columns:
        final.add(column, grouped.col(column, bare=True))
    running = "cast(sum({2}) over (partition by {1} order by {0} rows unbounded preceding) as decimal(18, 2))"
    final.add(Column("running_amount", "money"), expr(running, at, by, total))
    before = expr("lag({2}) over (partition by {1} order by {0})", at, by, total)
    final.add(Column("change_in_amount", "money"), expr("{0} - coalesce({1}, 0)", total, before))
    name = f"agg_{domain}__{plural(noun)}_monthly"
    return _finish(catalog, domain, query, query.cte("final", final), name, noun, False)


def _report(catalog: Catalog, domain: str, base: Relation) -> Model:
    query, noun = Query(), base.noun
    rows = query.read(base, "summary")
    by, month = rows.col(first(base.columns, "category"), bare=True), rows.col("month", bare=True)
    total = rows.col(first(base.columns, "money"), bare=True)
    ranked = Select(rows)
    recent = f"{{0}} >= (select max(all_of.month) - interval 11 month from {rows.name} as all_of)"
    ranked.where(expr(recent, month))
    carry(catalog, ranked, rows, 2)
    rank = expr("rank() over (partition by {0} order by {1} desc)", month, total)
    ranked.add(Column("rank_in_month", "number"), rank)
    share = expr("round(100.0 * {1} / nullif(sum({1}) over (partition by {0}), 0), 2)", month, total)
    ranked.add(Column("share_of_month", "number"), share)
    smooth = "avg({2}) over (partition by {0} order by {1} rows between 2 preceding and current row)"
    ranked.add(Column("three_month_average", "number"), expr(f"round({smooth}, 2)", by, month, total))
    trend = expr("case when {0} > 1000 then 'up' else 'down' end", total)
    ranked.add(Column("trend", "category", values=("up", "down")), trend)
    if catalog.rng.random() < 0.5:
        place = expr("dense_rank() over (partition by {0} order by {1} desc) <= 5", month, total)
        ranked.shape("qualify", place)
    name = f"rpt_{domain}__{plural(noun)}_by_month"
    return _finish(catalog, domain, query, query.cte("ranked", ranked), name, noun, False)


def _finish(
    catalog: Catalog,
    domain: str,
    query: Query,
    last: Scope,
    name: str,
    noun: str,
    complete: bool,
    *,
    tail: str = "",
) -> Model:
    key = last.columns[0].name
    return catalog.finish(
        name=catalog.name(name),
        layer="marts",
        domain=domain,
        materialized="incremental" if tail else "table",
        noun=noun,
        description=f"{name.replace('_', ' ').strip()}: for analysts and dashboards.",
        query=query,
        last=last,
        complete=complete,
        head=f"{{{{ config(materialized='incremental', unique_key='{key}') }}}}\n\n" if tail else "",
        tail=tail,
    )
