"""``config`` in a template: it writes nothing, and may be asked for what the node is configured with."""

import re
from collections.abc import Mapping
from typing import Any

from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.rendering.doubts import Doubts
from dbt_isolation.sql.tokens import words

#: Those of dbt that are None where nobody sets them.
_NONE = frozenset({"unique_key", "incremental_strategy", "full_refresh", "event_time", "batch_size", "begin"})
#: Others of dbt, which have a value all the same, or one that is put together from several places.
_OF_DBT = words("""
    enabled tags persist_docs post-hook pre-hook post_hook pre_hook quoting column_types on_schema_change
    on_configuration_change grants packages docs contract concurrent_batches access freshness lookback
    strategy updated_at check_cols hard_deletes invalidate_hard_deletes snapshot_meta_column_names
    dbt_valid_to_current target_schema target_database delimiter quote_columns
    """)
#: A value with such signs in it may be Jinja, or Python's words for it.
_RENDERED = re.compile(r"[{}()]")


class Configuration:
    """A node's; what it says of a value alone is known."""

    unsafe_callable = False
    alters_data = False

    def __init__(self, node: Node, doubts: Doubts) -> None:
        self._node = node
        self._doubts = doubts

    def __call__(self, *arguments: Any, **named: Any) -> str:
        return ""

    def set(self, name: str, value: Any) -> str:
        """As a call."""
        return ""

    def get(self, name: str, default: Any = None, validator: Any = None) -> Any:
        """``config.get``."""
        config = self._node.config
        if name in ("materialized", "database", "schema", "alias", "store_failures", "group", "meta"):
            found = getattr(config, "schema_" if name == "schema" else name)
            return dict(found) if isinstance(found, Mapping) else found
        written = self._node.unrendered_config
        if name in _OF_DBT or not written or _may_be_rendered(written.get(name)):
            return self._doubts.unknown(f"config '{name}' is not known")
        return written.get(name, None if name in _NONE else default)

    def require(self, name: str, validator: Any = None) -> Any:
        """``config.require``."""
        missing = object()
        found = self.get(name, missing)
        return self._doubts.unknown(f"config '{name}' is not set") if found is missing else found

    def meta_get(self, name: str, default: Any = None, validator: Any = None) -> Any:
        """``config.meta_get``."""
        return self._node.config.meta.get(name, default)

    def meta_require(self, name: str, validator: Any = None) -> Any:
        """``config.meta_require``."""
        if name in self._node.config.meta:
            return self._node.config.meta[name]
        return self._doubts.unknown(f"meta '{name}' is not set")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "jinja_pass_arg":
            raise AttributeError(name)
        return self._doubts.unknown(f"config.{name} is not known")

    def __str__(self) -> str:
        return str(self._doubts.unknown("config is written without a call"))


def _may_be_rendered(value: Any) -> bool:
    if isinstance(value, str):
        return _RENDERED.search(value) is not None
    if isinstance(value, Mapping):
        return any(map(_may_be_rendered, value.values()))
    return isinstance(value, list) and any(map(_may_be_rendered, value))
