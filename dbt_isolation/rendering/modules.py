"""``modules``: what dbt lets templates have of Python."""

import datetime
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dbt_isolation.rendering.sandbox import Sandbox

# What goes on without end or hands out the same twice is left out.
_ITERTOOLS = (
    *("accumulate", "chain", "compress", "islice", "zip_longest", "product", "permutations"),
    *("combinations", "combinations_with_replacement"),
)


def modules(sandbox: Sandbox) -> Mapping[str, Mapping[str, Any]]:
    """By name; the time zones are left out: they are no part of Python."""
    names = ("date", "datetime", "time", "timedelta", "tzinfo")
    return {
        "datetime": {name: getattr(datetime, name) for name in names},
        "re": {name: getattr(re, name) for name in re.__all__},
        "itertools": {name: _bounded(sandbox, getattr(itertools, name)) for name in _ITERTOOLS},
    }


def _bounded(sandbox: Sandbox, function: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    return lambda *arguments, **named: sandbox.budget.rounds(function(*arguments, **named))
