"""``compare [NODE…]``: what this project changes of what production runs, and whom that reaches."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator

from dbt_isolation.artifacts import run_results
from dbt_isolation.artifacts.manifest import no_collection
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.compare import words
from dbt_isolation.compare.blocks import blocks, data
from dbt_isolation.compare.comparison import compare
from dbt_isolation.compare.drift import drift
from dbt_isolation.compare.findings import remarks
from dbt_isolation.compare.project import Released, Tree
from dbt_isolation.config.settings import suggestion
from dbt_isolation.errors import IsolationError
from dbt_isolation.invocation import Invocation
from dbt_isolation.lineage.answers import column_cache
from dbt_isolation.outcome import Finding, Outcome, Severity, Skipped
from dbt_isolation.state.local import Copy, Local


def add_arguments(parser: ArgumentParser) -> None:
    """Takes the nodes and what to compare with."""
    parser.add_argument(
        "nodes", nargs="*", metavar="NODE", help="a name, name.vVERSION or unique id; all that differ if none"
    )
    parser.add_argument(
        "--against",
        metavar="ENVIRONMENT",
        help="the environment whose release it is compared with; the one that is read here if not given",
    )


def run(arguments: Namespace) -> Outcome:
    """Compares what dbt parsed here last. Raises ``IsolationError``."""
    about = Invocation.of(arguments)
    releases = about.releases(_against(about, arguments.against))
    with no_collection(kept=True):
        tree = Tree.of(
            about.target_path,
            ProjectFiles(about.project_dir, about.environ, _variables(about)),
            target=arguments.target,
            profiles_dir=arguments.profiles_dir,
        )
        _check_project(about, tree)
        local = Local.of(releases, about.target_path)
        copy = local.refresh()
        released = Released.of(local, copy) if copy.release is not None else None
    gone_on, skipped = None, []
    if copy.release is not None and not copy.problem:
        try:
            gone_on = drift(releases, copy.release, about.project_dir, tree.fingerprints)
        except IsolationError as error:
            skipped.append(Skipped("whether production has gone on since this branch began", error.message))
    found = compare(
        released,
        tree,
        drift=gone_on,
        only=_asked(tree, released, arguments.nodes),
        cache=column_cache(about.target_path),
    )
    findings = [*_of_store(local, copy, released), *remarks(found)]
    return Outcome(
        findings=tuple(findings),
        skipped=(*skipped, *(Skipped(what, why) for what, why in found.unknown)),
        blocks=tuple(blocks(found)),
        data=data(found),
        summary=words.headline(found),
    )


def _against(about: Invocation, name: str | None) -> str:
    if name is None:
        return about.released
    known = about.config.environments
    if name not in known:
        raise IsolationError(f"no environment '{name}'", suggestion(name, known))
    if not known[name].protected:
        raise IsolationError(
            f"environment '{name}' has no releases: it is not protected",
            f"there are: {', '.join(one for one, is_ in known.items() if is_.protected)}",
        )
    return name


def _variables(about: Invocation) -> dict[str, object]:
    """What ``--vars`` said where the manifest was made, as far as that is known."""
    try:
        results = run_results.read(about.target_path / "run_results.json")
    except IsolationError:
        return {}
    return dict(results.args.get("vars") or {})


def _check_project(about: Invocation, tree: Tree) -> None:
    found = tree.manifest.metadata.project_name
    if found not in (None, about.project):
        raise IsolationError(
            f"manifest.json is of project '{found}', and this is '{about.project}'",
            "look at --project-dir and at DBT_TARGET_PATH",
        )


def _asked(tree: Tree, released: Released | None, names: Iterable[str]) -> frozenset[str]:
    found = set()
    for name in names:
        try:
            found.add(tree.lineage.find(name).unique_id)
        except IsolationError:
            if released is None:
                raise
            try:
                # One that is gone is in the release alone.
                found.add(released.lineage.find(name).unique_id)
            except IsolationError:
                tree.lineage.find(name)
    return frozenset(found)


def _of_store(local: Local, copy: Copy, released: Released | None) -> Iterator[Finding]:
    releases = local.releases
    problem, hint = copy.problem, copy.hint or "compare again when the store answers"
    if released is None and problem:
        raise IsolationError(problem, hint)
    if released is None:
        yield Finding(
            "compare",
            Severity.WARN,
            f"no release of {releases.environment} yet in {releases.place}: everything is new",
            "there was one, and a copy of it is here: see whether the store is where `state:` says"
            if local.head() is not None
            else f"its deployer makes one: dbt build, then dbt-isolation state push, both with a target of "
            f"{releases.environment}",
        )
    elif problem:
        yield Finding(
            "compare",
            Severity.WARN,
            f"{problem}; the copy of release {released.release.number} that is here is compared with",
            hint,
        )
