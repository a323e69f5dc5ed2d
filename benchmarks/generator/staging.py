"""Staging: one view for each raw table, which renames, casts and cleans."""

from __future__ import annotations

from .catalog import Catalog
from .query import Query, Select, expr
from .raw import RawTable
from .relation import Column, Model


def staging(catalog: Catalog, domain: str, table: RawTable) -> Model:
    """The staging model of a raw table."""
    query = Query()
    raw = query.read(table.relation, "source")
    source = raw
    if table.duplicates:
        dedupe = Select(raw)
        dedupe.star(raw)
        latest = expr(
            "row_number() over (partition by {0} order by {1} desc) = 1",
            raw.col("id", bare=True),
            raw.col("_loaded_at", bare=True),
        )
        dedupe.shape("qualify", latest)
        source = query.cte("deduplicated", dedupe)

    renamed = Select(source)
    for column in table.relation.columns:
        value = source.col(column, bare=True)
        match column.kind:
            case "key":
                noun = table.relation.noun
                renamed.add(Column(f"{noun}_id", "key", table.entity), value)
            case "money":
                name = column.name.removesuffix("_cents")
                renamed.add(Column(name, "money"), expr("cast({0} / 100.0 as decimal(18, 2))", value))
            case "number":
                renamed.add(column, expr("coalesce({0}, 0)", value))
            case "category":
                renamed.add(column, expr("lower(trim({0}))", value))
            case "text":
                renamed.add(column, expr("nullif(trim({0}), '')", value))
            case "flag":
                renamed.add(column, expr("coalesce({0}, false)", value))
            case "time" if column.name == "created_at":
                renamed.add(Column("created_on", "day"), expr("cast({0} as date)", value))
            case "time" if column.name == "_loaded_at":
                pass
            case _:
                renamed.add(column, value)
    model = catalog.finish(
        name=catalog.name(f"stg_{table.source}__{table.name}"),
        layer="staging",
        domain=domain,
        materialized="view",
        noun=table.relation.noun,
        description=f"One row for each {_words(table.relation.noun)} of {_words(table.source)}, cleaned.",
        query=query,
        last=query.cte("renamed", renamed),
        complete=True,
    )
    catalog.staging[table.entity] = model.relation
    return model


def _words(name: str) -> str:
    return name.replace("_", " ")
