"""What the macro ``sample_source`` is asked, and what it answers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from dbt_isolation.config.settings import suggestion
from dbt_isolation.errors import IsolationError
from dbt_isolation.outcome import Finding, Json, Severity
from dbt_isolation.sample.extent import Extent, Since
from dbt_isolation.sample.tables import BLOCK, SAMPLE_KEY, SourceTable

#: The comment on a copy begins so, and what has no such comment is somebody's own.
TAG = "dbt-isolation sample of "

_LOST = {
    "key": (
        "no key to sample by",
        f"give it with --key TABLE=COLUMN, or to the source table as config: {{meta: {{{BLOCK}: "
        f"{{{SAMPLE_KEY}: COLUMN}}}}}}",
    ),
    "time": (
        "no time column",
        "give it with --time TABLE=COLUMN, or to the source table as config: {loaded_at_field: COLUMN}",
    ),
}


def request(
    tables: Iterable[SourceTable], extent: Extent, *, target: str, now: datetime, replace: bool
) -> Mapping[str, Json]:
    """What to copy. Raises ``IsolationError`` for a sample key that is no text."""
    return {
        "target": target,
        "tables": [one.request(extent) for one in tables],
        "schema_only": extent.schema_only,
        "percent": None if extent.percent is None else f"{extent.percent:f}",
        "threshold": extent.threshold,
        "since": None if extent.since is None else _since(extent.since),
        "replace": replace,
        "tag": TAG,
        "made": now.isoformat(timespec="seconds"),
    }


def _since(since: Since) -> Mapping[str, Json]:
    plain = since.moment.replace(tzinfo=None).isoformat(" ", timespec="seconds")
    return {"said": since.said, "date": plain[:10], "plain": plain, "zoned": f"{plain}+00:00"}


def refused(answers: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """The tables that may not be replaced or written; then nothing was."""
    return [
        Finding(
            "sample",
            Severity.ERROR,
            f"refused: environment '{one['owner']}' owns {one['glob']}, and {one['relation']} would be in it"
            if one["problem"] == "owned"
            else f"refused: {one['relation']} is there, and nothing says that it is a sample",
            "give the source another place in this environment"
            if one["problem"] == "owned"
            else "look at it; if it may go, use --replace",
            node=str(one["node"]),
            relation=str(one["relation"]),
        )
        for one in answers
        if one["problem"] in ("owned", "taken")
    ]


def check(answers: Iterable[Mapping[str, Any]], tables: Sequence[SourceTable]) -> None:
    """Raises ``IsolationError`` for what is wrong with the input or the set-up; then nothing was copied."""
    names = {one.source.unique_id: one.name for one in tables}
    lines, hints = [], []
    for one in answers:
        name, problem = names[one["node"]], one["problem"]
        if problem == "gone":
            lines.append(f"{name} is not in the project any more")
            hints.append("run `dbt parse`")
        elif problem == "original":
            lines.append(f"{name} would be copied to {one['relation']}, where a source's original is")
            hints.append("give the source a place of its own in this environment")
        elif problem in _LOST:
            what, hint = _LOST[problem]
            looked = f", no column {' or '.join(map(repr, one['wanted']))}" if one["wanted"] else ""
            near = [suggestion(wanted, one["columns"]) for wanted in one["wanted"]]
            lines.append(f"{name}: {what}{looked}" + (f"; {near[0]}" if near else ""))
            hints.append(hint)
    if lines:
        raise IsolationError("\n".join(lines), "\n  ".join(dict.fromkeys(hints)))
