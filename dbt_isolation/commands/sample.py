"""``sample SOURCE``: a development copy of a raw source, where the environment has it."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime

from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.errors import IsolationError
from dbt_isolation.invocation import Invocation
from dbt_isolation.operation import Said, common_words, run_operation
from dbt_isolation.outcome import Finding, Outcome, Severity, Table
from dbt_isolation.sample.exchange import check, refused, request
from dbt_isolation.sample.extent import Extent
from dbt_isolation.sample.tables import SourceTable, check_options, choose, refusals

_REMEDY = "give the source another place in this environment: `sources:` in dbt_project.yml"
_SHOWN = ("original", "relation", "sample", "rows")


def add_arguments(parser: ArgumentParser) -> None:
    """Takes the source and how much of it."""
    parser.add_argument("sources", metavar="SOURCE[.TABLE]", nargs="+", help="a source, or a table of one")
    parser.add_argument("--schema-only", action="store_true", help="the columns, and no rows")
    parser.add_argument("--percent", metavar="N", help="a sample by key: the same keys in every table")
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="[TABLE=]COLUMN",
        help="the key, for one table or for all that have it; may be given again",
    )
    parser.add_argument("--since", metavar="WHEN", help="a time window: 12h, 30d, 3w, or 2026-10-01")
    parser.add_argument(
        "--time",
        action="append",
        default=[],
        metavar="[TABLE=]COLUMN",
        help="the time, likewise; a table's loaded_at_field if not given",
    )
    parser.add_argument("--all", action="store_true", help="everything")
    parser.add_argument(
        "--replace", action="store_true", help="replace tables that this command has not made, too"
    )


def run(arguments: Namespace) -> Outcome:
    """Copies the tables, or says what stands in the way before any is copied."""
    now = datetime.now(UTC)
    about = Invocation.of(arguments)
    extent = Extent.of(
        schema_only=arguments.schema_only,
        everything=arguments.all,
        percent=arguments.percent,
        since=arguments.since,
        keys=arguments.key,
        times=arguments.time,
        now=now,
    )
    if about.environment.protected:
        message = (
            f"refused: environment '{about.environment.name}' is protected, and a copy is for development"
        )
        return _refused(message, "use a target of another environment, such as --target dev")
    manifest = artifact.read(about.target_path / "manifest.json")
    tables = choose(manifest, arguments.sources, about.run, about.environment)
    check_options(tables, extent)
    findings = [
        Finding("sample", Severity.ERROR, f"refused: {why.reason}", _REMEDY, node=one.source.unique_id)
        for one, why in refusals(about.run, tables)
    ]
    if findings:
        return Outcome(findings=tuple(findings))
    said = run_operation(
        "sample_source",
        request(tables, extent, target=about.run.target.name, now=now, replace=arguments.replace),
        common_words(arguments),
    )
    return _outcome(about, tables, said)


def _outcome(about: Invocation, tables: Sequence[SourceTable], said: Said) -> Outcome:
    check(said.answers, tables)
    findings = refused(said.answers)
    made = [{key: one[key] for key in ("node", *_SHOWN)} for one in said.answers if one["problem"] is None]
    if said.problem or len(made) + len(findings) == 0:
        done = (
            f"copied before: {', '.join(one['original'] for one in made)}" if made else "nothing was copied"
        )
        raise IsolationError(f"dbt could not copy it: {said.problem or 'it said nothing'}", done)
    rows = tuple(tuple(str(one[key]) for key in _SHOWN) for one in made)
    title = f"samples of environment {about.environment.name}"
    return Outcome(
        findings=tuple(findings),
        blocks=(Table(title, ("source table", "copied to", "sample", "rows"), rows),) if rows else (),
        data={"environment": about.environment.name, "tables": made},
    )


def _refused(message: str, remedy: str) -> Outcome:
    return Outcome(findings=(Finding("sample", Severity.ERROR, message, remedy),))
