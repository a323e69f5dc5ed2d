"""Columns whose values decide which rows a run adds to what is there already, or replaces there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: Any of them.
ALL = "*"
_WORD = re.compile(r"\w+")
_INCREMENTAL = ("unique_key", "event_time", "incremental_predicates", "predicates")


def deciding(resource_type: str, config: Mapping[str, Any]) -> frozenset[str]:
    """Of a snapshot or an incremental model with ``config``; in lower case, none of anything else.

    A key may be an expression: then each word in it counts.
    """
    if resource_type == "snapshot":
        keys = ["unique_key", "check_cols" if config.get("strategy") == "check" else "updated_at"]
        if config.get("strategy") == "check" and config.get("check_cols") in (None, "all"):
            return frozenset({ALL})
    elif config.get("materialized") == "incremental":
        keys = list(_INCREMENTAL)
    else:
        return frozenset()
    return frozenset(word.lower() for key in keys for word in _words(config.get(key)))


def _words(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield from _WORD.findall(one)
