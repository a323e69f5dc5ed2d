"""``init``: sets a project up; shows what it would do, or takes it out again."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dbt_isolation.adoption.changes import diff, make
from dbt_isolation.adoption.plan import Plan, set_up, undo
from dbt_isolation.adoption.production import Move
from dbt_isolation.adoption.survey import Surveyor
from dbt_isolation.artifacts.project import artifacts_folder
from dbt_isolation.config import block as configuration
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.installation.versions import has_vars_file
from dbt_isolation.outcome import Finding, Outcome, Severity, Skipped, Text
from dbt_isolation.profile import profile_file, profile_of

_SHOWN = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Where production is, and what else to write."""
    parser.add_argument(
        "--production", metavar="TARGET", help="production's target; the one called prod if not given"
    )
    parser.add_argument(
        "--manifest", type=Path, metavar="FILE", help="production's manifest.json; dbt's last one if it is"
    )
    parser.add_argument(
        "--owns",
        action="append",
        default=[],
        metavar="DATABASE.SCHEMA",
        help="a place of production's; a glob",
    )
    parser.add_argument("--package", metavar="FOLDER_OR_URL", help="where packages.yml finds the dbt package")
    parser.add_argument("--observe", action="store_true", help="begin with guards that only speak")
    parser.add_argument(
        "--source-macro", action="store_true", help="let a macro place sources, for a dbt without plugins"
    )
    parser.add_argument("--hooks", action="store_true", help="set pre-commit up as well, if it is not there")
    parser.add_argument(
        "--accept-moves", action="store_true", help="even if relations of production move to another place"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the changes, and make none")
    parser.add_argument("--undo", action="store_true", help="take out what init wrote")


def run(arguments: Namespace) -> Outcome:
    """What was changed, or would be, and what to know and do next. Raises ``IsolationError``."""
    project_dir: Path = arguments.project_dir
    project = read_yaml(configuration.project_file(project_dir))
    if arguments.undo:
        return _done(arguments, undo(project_dir), next_steps=())
    survey = Surveyor(
        folder=project_dir,
        project=str(project.get("name", "")),
        profile=profile_of(project_dir, profile_file(project_dir, arguments.profiles_dir)),
        artifacts=artifacts_folder(project_dir, project, os.environ),
        environ=os.environ,
        manifest=arguments.manifest,
    ).survey(arguments.production, tuple(arguments.owns), observe=arguments.observe)
    plan = set_up(
        project_dir,
        survey.chosen,
        survey.productions,
        neighbours=survey.neighbours,
        package=arguments.package,
        source_macro=arguments.source_macro,
        hooks=arguments.hooks,
        variables_file="vars.yml" if has_vars_file(project_dir) else "dbt_project.yml",
    )
    moves = list(survey.moves())
    if moves and not arguments.accept_moves:
        return Outcome(findings=_refused(moves), data={"changed": [], "moves": len(moves)})
    outcome = _done(arguments, plan, next_steps=("dbt deps", "dbt-isolation doctor"))
    skipped = tuple(
        Skipped(
            f"whether relations of {name} move",
            f"there is no manifest of it; `dbt parse --target {name}` writes one, or name it with --manifest",
        )
        for name in survey.unknown
    )
    return replace(outcome, skipped=skipped, data={**outcome.data, "moves": len(moves)})


def _refused(moves: Sequence[Move]) -> tuple[Finding, ...]:
    shown = "; ".join(f"{one.unique_id}: {one.old} to {one.new}" for one in moves[:_SHOWN])
    more = f"; and {len(moves) - _SHOWN} more" if len(moves) > _SHOWN else ""
    return (
        Finding(
            "init",
            Severity.ERROR,
            f"{len(moves)} relations of production would move, and nothing was changed: {shown}{more}",
            "keep the macro that named them, or give production's environment the templates that do; "
            "or accept it with --accept-moves",
        ),
    )


def _done(arguments: Namespace, plan: Plan, next_steps: Sequence[str]) -> Outcome:
    folder: Path = arguments.project_dir
    lines = list(diff(plan.changes, folder))
    if not arguments.dry_run:
        make(plan.changes)
    if not plan.changes:
        title, lines = "nothing to change", []
    elif arguments.dry_run:
        title = "would change:"
    else:
        title, lines = "changed:", [f"  {_verb(one.before, one.after)} {one.file}" for one in plan.changes]
    blocks = [Text(title, tuple(lines))]
    if plan.notes:
        blocks.append(Text("", tuple(line for note in plan.notes for line in note.split("\n"))))
    if next_steps and not arguments.dry_run:
        blocks.append(Text("next:", tuple(f"  {step}" for step in next_steps)))
    return Outcome(
        blocks=tuple(blocks),
        data={"changed": [str(one.file) for one in plan.changes], "notes": list(plan.notes)},
    )


def _verb(before: str | None, after: str | None) -> str:
    if before is None:
        return "wrote"
    return "removed" if after is None else "edited"
