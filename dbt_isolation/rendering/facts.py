"""What is known beside the manifest when a template is rendered: variables, environment, target."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def _none_is_set(package: str, name: str) -> object:
    raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Facts:
    """``variables``: the value of a variable for a node of a package, a ``KeyError`` for one that is not set.

    ``environ``: environment variables. ``dialect``: a dbt adapter type. ``incremental``: whether incremental
    models find what they built before. ``target``: what is known of the target, by the names that templates
    use. ``orders``: where ``dispatch:`` in dbt_project.yml has macros looked for, by namespace.
    """

    dialect: str
    incremental: bool = False
    variables: Callable[[str, str], object] = _none_is_set
    environ: Mapping[str, str] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    orders: Mapping[str, Sequence[str]] = field(default_factory=dict)
