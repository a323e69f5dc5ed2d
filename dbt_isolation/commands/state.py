"""``state push`` and ``state pull``: what production runs, into the release store and out of it."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from dbt_isolation import environments
from dbt_isolation.artifacts import run_results
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.invocation import Invocation
from dbt_isolation.outcome import Finding, Json, Outcome, Severity, Table, Text
from dbt_isolation.state.commit import is_ancestor
from dbt_isolation.state.local import Local, Verdict
from dbt_isolation.state.push import Kind, Pushed, push
from dbt_isolation.state.ran import Ran
from dbt_isolation.state.releases import Releases

_SHOWN = 20


def add_arguments(parser: ArgumentParser) -> None:
    """Takes what to do."""
    parser.add_argument(
        "action",
        choices=("push", "pull"),
        help="push: record what the last dbt run built in production; pull: copy the current release here",
    )


def run(arguments: Namespace) -> Outcome:
    """Pushes or pulls."""
    return _push(arguments) if arguments.action == "push" else _pull(Invocation.of(arguments))


def _push(arguments: Namespace) -> Outcome:
    folder = Invocation.of(arguments).target_path
    results = run_results.read(folder / "run_results.json")
    target = results.args.get("target")
    about = Invocation.of(arguments, target=str(target) if target else None)
    refused = _refusal(about)
    if refused is not None:
        return Outcome(findings=(refused,))
    ran = Ran.of(
        about.target_path,
        ProjectFiles(about.project_dir, about.environ, results.args.get("vars") or {}),
        actor=environments.actor(about.run),
    )
    ran.check_project(about.project)
    ran.check_places(about.config, about.environment)
    releases = about.releases(about.released)
    return _pushed(releases, push(releases, ran))


def _refusal(about: Invocation) -> Finding | None:
    environment = about.environment
    if not environment.protected:
        return Finding(
            "state",
            Severity.ERROR,
            f"refused: only a protected environment has releases, and '{environment.name}' is not",
            "push after a run of production, with its target: dbt-isolation state push --target prod",
        )
    if not about.run.deploys:
        refusal = environments.not_deployer(about.run, environment)
        return Finding("state", Severity.ERROR, f"refused: {refusal.reason}", refusal.remedy)
    return None


def _pushed(releases: Releases, pushed: Pushed) -> Outcome:
    said = {
        Kind.RELEASE: f"release {pushed.number} of {releases.environment} in {releases.place}",
        Kind.REFRESH: f"a refresh of release {pushed.number}: nothing that was built differs from it",
        Kind.KNOWN: f"known already: this run is in release {pushed.number}",
        Kind.NOTHING: "the run built nothing; "
        + (f"release {pushed.number} stays current" if pushed.number else "there is no release yet"),
    }
    tables = (
        _listed("new or changed", pushed.changed),
        _listed("same data, described otherwise", pushed.described),
    )
    return Outcome(
        blocks=(Text(said[pushed.kind], ()), *(table for table in tables if table.rows)),
        data={
            "kind": str(pushed.kind),
            "release": pushed.number,
            "changed": list(pushed.changed),
            "described": list(pushed.described),
        },
    )


def _listed(title: str, unique_ids: Sequence[str]) -> Table:
    rows = tuple((one,) for one in unique_ids[:_SHOWN])
    more = len(unique_ids) - len(rows)
    return Table("", (title,), (*rows, *(((f"… and {more} more",),) if more else ())))


def _pull(about: Invocation) -> Outcome:
    releases = about.releases(about.released)
    local = Local.of(releases, about.target_path)
    before = local.verdict(about.project_dir)
    copy = local.pull()
    if copy.release is None:
        missing = Finding(
            "state",
            Severity.WARN,
            f"{Verdict.MISSING}: no release of {releases.environment} in {releases.place}",
            f"its deployer makes one: dbt build, then dbt-isolation state push, both with a target of "
            f"{releases.environment}",
        )
        return Outcome(findings=(missing,), data={"verdict": str(Verdict.MISSING)})
    folder = local.artifacts(copy)
    wrong = is_ancestor(about.project_dir, copy.release.commit) is False
    verdict = Verdict.WRONG_COMMIT if wrong else Verdict.FRESH
    variables = {"DBT_STATE": str(folder.absolute()), "DBT_DEFER": "true", "DBT_FAVOR_STATE": "true"}
    behind = Finding(
        "state",
        Severity.WARN,
        f"{Verdict.WRONG_COMMIT}: commit {copy.release.commit[:12]} of release {copy.release.number} is not "
        "HEAD and not before it: what differs may be another's change",
        "merge or rebase onto what production runs",
    )
    was = "" if before in (Verdict.FRESH, Verdict.WRONG_COMMIT) else f" (the copy here was {before})"
    data: dict[str, Json] = {
        "verdict": str(verdict),
        "before": str(before),
        "release": copy.release.number,
        "folder": str(folder.absolute()),
        "variables": variables,
    }
    return Outcome(
        findings=(behind,) if wrong else (),
        blocks=(
            Text(f"{verdict}: release {copy.release.number} of {releases.environment}{was}", ()),
            Text(
                "dbt Core 1.x with this package needs no more; for dbt v2 and a hosted dbt, set:",
                tuple(f"export {name}={value}" for name, value in variables.items()),
            ),
        ),
        data=data,
    )
