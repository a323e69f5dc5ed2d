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
    relations = {one: _model(one, node) for one, node in nodes.items() if node.signature is None}
    functions = {one: _function(one, node) for one, node in nodes.items() if node.signature is not None}
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


def _model(unique_id: str, node: ReleasedNode) -> dict[str, Any]:
    return {
        **_place(unique_id, node),
        "resource_type": "model",
        "relation_name": node.relation_name,
        "checksum": {"name": "none", "checksum": ""},
        "config": {"materialized": "table"},
    }


def _function(unique_id: str, node: ReleasedNode) -> dict[str, Any]:
    return {
        **_place(unique_id, node),
        **(node.signature or {}),
        "resource_type": "function",
        "relation_name": node.relation_name,
        "checksum": {"name": "none", "checksum": ""},
        "config": {"materialized": "function"},
    }


def _place(unique_id: str, node: ReleasedNode) -> dict[str, Any]:
    parts = unique_id.split(".")
    return {
        "unique_id": unique_id,
        "package_name": parts[1],
        "name": parts[2],
        "fqn": parts[1:],
        "path": "",
        "original_file_path": "",
        "database": node.database,
        "schema": node.schema_,
        "alias": node.identifier,
    }
