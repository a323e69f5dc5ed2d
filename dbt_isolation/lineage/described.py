"""What of a node or a source changes no data.

What describes it, who may see it, where it is put and how it is run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbt_isolation.artifacts.column import Column
from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.artifacts.source import Source
from dbt_isolation.lineage.config_call import ConfigCall

_PLACES = frozenset({"alias", "database", "schema", "target_database", "target_schema"})
#: Config that changes no data: what describes, who may see it, where it is put and how it is run.
NO_DATA = _PLACES | {
    *("access", "concurrent_batches", "deprecation_date", "description", "docs", "enabled", "freshness"),
    *("full_refresh", "grants", "group", "job_labels", "labels", "latest_version"),
    *("latest_version_pointer", "meta", "persist_docs", "query_tag", "snowflake_warehouse"),
    *("static_analysis", "tags", "threads"),
}

_OF_COLUMN = ("description", "tags", "meta", "data_type", "constraints")


@dataclass(frozen=True, slots=True)
class Described:
    """``places``: config of where it is put, as written; ``texts``: everything else."""

    texts: Mapping[str, object]
    places: Mapping[str, object]


def of_node(node: Node, call: ConfigCall, files: ProjectFiles) -> Described:
    """What describes ``node``, whose code configures itself by ``call``.

    What may differ by target is taken as it is written, and left out where only the code says it: there it
    is a part of the data.
    """
    written = files.by_target(node)
    config = {
        key.lstrip("+"): value
        for key, value in {**node.unrendered_config, **written["config"]}.items()
        if key.lstrip("+") in NO_DATA and (call.literal or key not in call.keys)
    }
    columns = _columns(node.columns, written["columns"], promised=node.contract.enforced)
    return Described(
        _said(
            {
                **{key: value for key, value in config.items() if key not in _PLACES},
                "description": written.get("description", node.description),
                "columns": columns,
                "constraints": None if node.contract.enforced else as_parsed(node.constraints),
                "latest_version": node.latest_version,
                # dbt writes a day as midnight with the offset of the machine's zone.
                "deprecation_date": (node.deprecation_date or "")[:19],
            }
        ),
        _said({key: value for key, value in config.items() if key in _PLACES}),
    )


def of_source(source: Source, files: ProjectFiles) -> Described:
    """What describes ``source``."""
    written = files.by_target(source)
    texts = {
        "description": source.description,
        "source_description": source.source_description,
        "tags": source.tags,
        "meta": {**(source.meta or {}), **(source.config.meta or {})},
    }
    columns = _columns(source.columns, written["columns"], promised=False)
    return Described(_said({**_overlaid(texts, written), "columns": columns}), {})


def as_parsed(constraints: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Constraints without the table that a foreign key names, which is a parent too.

    A ref() when dbt has parsed; a relation, and so another one for each target, when it has compiled.
    """
    return [{key: None if key == "to" else value for key, value in one.items()} for one in constraints]


def _columns(
    columns: Mapping[str, Column], written: Mapping[str, Mapping[str, Any]], *, promised: bool
) -> dict[str, list[object]]:
    """By name: description, tags, meta, type and constraints."""
    found: dict[str, list[object]] = {}
    for name, one in columns.items():
        told: list[object] = [
            one.description or "",
            _set(one.tags) if one.tags else [],
            one.meta or {},
            None if promised else one.data_type,
            as_parsed(one.constraints) if one.constraints and not promised else [],
        ]
        if name in written:
            told = list(_overlaid(dict(zip(_OF_COLUMN, told, strict=True)), written[name]).values())
        found[name] = told
    return found


def _overlaid(texts: Mapping[str, object], written: Mapping[str, Any]) -> dict[str, object]:
    said = {**written, **(written.get("config") or {})}
    return {key: said.get(key, value) for key, value in texts.items()}


def _said(texts: Mapping[str, object]) -> dict[str, object]:
    """Without what is empty; in an order of their own where order says nothing."""
    found = {key: _sorted(key, value) for key, value in texts.items()}
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _sorted(key: str, value: object) -> object:
    if key == "grants" and isinstance(value, Mapping):
        return {str(privilege).lstrip("+"): _set(who) for privilege, who in value.items()}
    return _set(value) if key == "tags" else value


def _set(value: object) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [] if value is None else [str(value)]
    return sorted({str(one) for one in value})
