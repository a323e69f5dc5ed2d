"""DI05: a fixed place, which naming has no say in."""

from collections.abc import Iterator

from dbt_isolation.checks.file import File
from dbt_isolation.outcome import Finding

_DATABASES = frozenset({"database", "project", "catalog", "target_database", "target_schema"})
_SCHEMAS = frozenset({"schema", "dataset"})


def check(file: File) -> Iterator[Finding]:
    """A finding a configuration."""
    for fixed in file.reading.fixed:
        if fixed.key in _DATABASES:
            message = f"{fixed.key} is {fixed.value} in every environment"
        elif fixed.key in _SCHEMAS and file.protected.schema(fixed.value):
            message = f"{fixed.key} is {fixed.value}, which a protected environment owns"
        else:
            continue
        yield file.finding(
            "DI05",
            fixed.start,
            message,
            "take it out, and let templates or overrides of the environment say where it goes",
            end=fixed.start + len(fixed.value),
        )
