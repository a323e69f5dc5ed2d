"""DI04: a hook, an operation or a macro that writes outside its own environment."""

from collections.abc import Iterator

from dbt_isolation.checks.file import File
from dbt_isolation.outcome import Finding

#: Configurations that say where files are written.
_LOCATIONS = frozenset({"location", "location_root", "external_location"})


def check(file: File) -> Iterator[Finding]:
    """A finding each time something that is not the node's own is written."""
    listed = 0
    for named in file.reading.named:
        if not named.writes or (named.kind == "place" and not named.parts):
            continue
        if named.kind == "place":
            # One list of places, as of a search path, is one finding.
            follows = file.text[listed : named.start].strip() == "," if listed else False
            listed = named.end
            if follows:
                continue
        what = named.about or named.relation
        message = f"{what} is written, which is not this node's own"
        if named.kind == "place":
            message = f"{what} is a place that is spelled out, and is written, granted on or moved to"
        remedy = "write {{ this }}, or a model that makes what is needed"
        if named.kind == "place":
            remedy = (
                "write {{ target.schema }} or {{ target.database }}, or let dbt do it, such as by `grants:`"
            )
        if named.kind in ("file", "stage"):
            remedy = "let the environment say where files go, such as with an environment variable"
        yield file.finding("DI04", named.start, message, remedy, end=named.end, relation=named.relation)
    for fixed in file.reading.fixed:
        if fixed.key in _LOCATIONS:
            yield file.finding(
                "DI04",
                fixed.start,
                f"{fixed.key} is {fixed.value} in every environment",
                "let the environment say where files go, such as with an environment variable",
                end=fixed.start + len(fixed.value),
                relation=fixed.value,
            )
