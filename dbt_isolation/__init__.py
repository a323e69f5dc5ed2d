"""Keeps development and production data apart in dbt projects.

dbt Core 1.x imports every installed module whose name starts with ``dbt_`` and takes its ``plugins``,
in every project of the Python environment; so nothing is imported here until dbt asks for them.
"""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "plugins":
        from dbt_isolation.guard.plugin import IsolationPlugin

        return [IsolationPlugin]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
