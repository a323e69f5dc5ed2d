"""``releases``: what a protected environment has run, and what it runs now."""

from argparse import ArgumentParser, Namespace
from collections import Counter

from dbt_isolation.errors import IsolationError
from dbt_isolation.invocation import Invocation
from dbt_isolation.outcome import Finding, Outcome, Severity, Table, Text
from dbt_isolation.state.release import Release
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import UnreachableError


def add_arguments(parser: ArgumentParser) -> None:
    """Takes a release to show; all are listed without one."""
    parser.add_argument("action", choices=("list", "show"), nargs="?", default="list", help="what to do")
    parser.add_argument(
        "number",
        type=int,
        nargs="?",
        metavar="NUMBER",
        help="show: the release; the current one if not given",
    )


def run(arguments: Namespace) -> Outcome:
    """Lists, or shows one."""
    about = Invocation.of(arguments)
    releases = about.releases(about.released)
    return _show(releases, arguments.number) if arguments.action == "show" else _list(releases)


def _list(releases: Releases) -> Outcome:
    head = releases.head()
    found, findings = _read_all(releases)
    if head is None:
        return Outcome(
            blocks=(Text(f"no release of {releases.environment} in {releases.place}", ()),),
            data={"environment": releases.environment, "current": None, "releases": []},
        )
    refreshes = {release.number: releases.refreshes(release.number) for release in found}
    rows = tuple(
        (
            "→" if release.number == head.release else "",
            str(release.number),
            release.created_at,
            release.actor,
            _commit(release),
            str(len(release.built)),
            str(refreshes[release.number]),
        )
        for release in found
    )
    columns = ("", "release", "made", "by", "commit", "built", "refreshes")
    return Outcome(
        findings=findings,
        blocks=(Table(f"{releases.environment}, in {releases.place}", columns, rows),),
        data={
            "environment": releases.environment,
            "current": head.release,
            "releases": [
                {
                    "number": release.number,
                    "created_at": release.created_at,
                    "actor": release.actor,
                    "commit": release.commit,
                    "dirty": release.dirty,
                    "built": list(release.built),
                    "refreshes": refreshes[release.number],
                }
                for release in found
            ],
        },
    )


def _read_all(releases: Releases) -> tuple[list[Release], tuple[Finding, ...]]:
    """The releases in their order, and a finding for each that is not as it was written."""
    found, findings = [], []
    for number, digest in {switch.release: switch.digest for switch in releases.switches()}.items():
        try:
            found.append(releases.read(number, digest))
        except UnreachableError:
            raise
        except IsolationError as error:
            findings.append(Finding("releases", Severity.ERROR, error.message, error.hint))
    return found, tuple(findings)


def _show(releases: Releases, number: int | None) -> Outcome:
    digests = {switch.release: switch.digest for switch in releases.switches()}
    if number is None:
        head = releases.head()
        if head is None:
            raise IsolationError(f"no release of {releases.environment} in {releases.place}")
        number = head.release
    if number not in digests:
        known = ", ".join(map(str, sorted(digests))) or "none"
        raise IsolationError(f"no release {number} of {releases.environment}", f"there are: {known}")
    release = releases.read(number, digests[number])
    kinds = Counter(node.resource_type for node in release.nodes.values())
    about = (
        f"made {release.created_at} by {release.actor}, commit {_commit(release)}, "
        f"after release {release.previous or 'none'}, dbt {release.dbt_version} on {release.adapter_type}",
        ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(kinds.items())),
    )
    rows = tuple(
        (
            unique_id,
            str(node.relation),
            node.built_at,
            str(node.release),
            node.fingerprint,
        )
        for unique_id, node in sorted(release.nodes.items())
    )
    return Outcome(
        blocks=(
            Text(f"release {number} of {releases.environment}", about),
            Table("", ("node", "relation", "built", "in release", "fingerprint"), rows),
        ),
        data={
            "number": number,
            "created_at": release.created_at,
            "actor": release.actor,
            "commit": release.commit,
            "dirty": release.dirty,
            "previous": release.previous,
            "built": list(release.built),
            "nodes": {
                unique_id: {
                    "relation": str(node.relation),
                    "built_at": node.built_at,
                    "release": node.release,
                    "fingerprint": node.fingerprint,
                    "metadata": node.metadata,
                }
                for unique_id, node in sorted(release.nodes.items())
            },
        },
    )


def _commit(release: Release) -> str:
    return f"{release.commit[:12] or 'unknown'}{' with changes' if release.dirty else ''}"
