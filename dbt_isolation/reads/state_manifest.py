"""The state manifest that dbt defers to: the relations to be read elsewhere, and nothing else.

dbt spends its time on macros, tests, columns and code of a state manifest, and needs but the relation of a
node. So every node stands here as the least that dbt accepts as a model, whatever it is.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from dbt_isolation.state.release import ReleasedNode

_SECTIONS = (
    *("sources", "macros", "docs", "exposures", "metrics", "groups", "selectors", "disabled", "parent_map"),
    *("child_map", "group_map", "saved_queries", "semantic_models", "unit_tests"),
)
_SCHEMA = "https://schemas.getdbt.com/dbt/manifest/v12.json"


def state_manifest(nodes: Mapping[str, ReleasedNode], *, project: str, adapter_type: str) -> bytes:
    """manifest.json with ``nodes``, by unique id, where the release has them."""
    entries = {one: _entry(one, node) for one, node in nodes.items()}
    relations = {one: entry for one, entry in entries.items() if entry["resource_type"] == "model"}
    functions = {one: entry for one, entry in entries.items() if entry["resource_type"] == "function"}
    content: dict[str, Any] = {
        "metadata": {
            "dbt_schema_version": _SCHEMA,
            "project_name": project,
            "adapter_type": adapter_type,
        },
        "nodes": relations,
        **{section: {} for section in _SECTIONS},
    }
    if functions:
        content["functions"] = functions
    return msgspec.json.encode(content)


def _entry(unique_id: str, node: ReleasedNode) -> dict[str, Any]:
    parts = unique_id.split(".")
    kind, materialized = ("model", "table") if node.signature is None else ("function", "function")
    return {
        **(node.signature or {}),
        "resource_type": kind,
        "unique_id": unique_id,
        "package_name": parts[1],
        "name": parts[2],
        "fqn": parts[1:],
        "path": "",
        "original_file_path": "",
        "database": node.database,
        "schema": node.schema_,
        "alias": node.identifier,
        "relation_name": node.relation_name,
        "checksum": {"name": "none", "checksum": ""},
        "config": {"materialized": materialized},
    }
