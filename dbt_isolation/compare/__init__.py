"""What a change does: to the relation that a model's SQL gives, and to whom it reaches."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt_isolation.compare.change import Change, ChangeKind
    from dbt_isolation.compare.queries.classification import classify

__all__ = ["Change", "ChangeKind", "classify"]


def __getattr__(name: str) -> object:
    """`classify` and its answer; sqlglot is imported with the first."""
    if name == "classify":
        from dbt_isolation.compare.queries.classification import classify

        return classify
    if name in ("Change", "ChangeKind"):
        from dbt_isolation.compare import change

        return getattr(change, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
