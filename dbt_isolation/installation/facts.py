"""Everything that `doctor` looks at, one line a fact, in the order in which one would mend it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.config.model import Config
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.environments import Target, run_of
from dbt_isolation.errors import IsolationError
from dbt_isolation.installation.engines import engine_facts
from dbt_isolation.installation.fact import Fact
from dbt_isolation.installation.one_liners import one_liner_facts, own_naming
from dbt_isolation.installation.places import package_facts, place_facts
from dbt_isolation.installation.versions import version_facts
from dbt_isolation.places import Places
from dbt_isolation.profile import Profile
from dbt_isolation.state.commit import is_ancestor
from dbt_isolation.state.releases import Releases
from dbt_isolation.state.store import open_store


def facts(
    project_dir: Path,
    config: Config,
    profile: Profile,
    looked_at: list[Target],
    manifest: Manifest | None,
    environ: Mapping[str, str],
) -> Iterator[Fact]:
    """All there is to say; ``looked_at`` are the targets of ``profile`` to speak of.

    ``manifest``: the project's as it was last parsed, for whichever target; None where it never was.
    """
    project = read_yaml(project_dir / "dbt_project.yml")
    name = str(project.get("name", ""))
    yield from version_facts(project_dir, project)
    yield from one_liner_facts(project_dir, config)
    for environment in config.environments.values():
        if environment.protected:
            owned = ", ".join(".".join(place) for place in environment.owns)
            yield Fact(
                f"environment {environment.name}", f"owns {owned}; written where {environment.deployer}"
            )
    for target in looked_at:
        run = run_of(config, target, environ)
        if run.environment is None:
            problem = run.problem or IsolationError("")
            yield Fact(f"target {target.name}", problem.message, problem.hint)
        else:
            yield Fact(f"target {target.name}", f"environment {run.environment.name}")
    places = Places(config, profile.targets, manifest, name, frozenset(own_naming(project_dir)), environ)
    yield from place_facts(places)
    if manifest is not None:
        yield from package_facts(manifest, name)
    yield from engine_facts(project_dir, config, profile, environ)
    for read in dict.fromkeys(one.reads for one in config.environments.values() if one.reads):
        yield _state(project_dir, config, name, read, environ)


def _state(
    project_dir: Path, config: Config, project: str, environment: str, environ: Mapping[str, str]
) -> Fact:
    what = f"releases of {environment}"
    try:
        releases = Releases(open_store(config.state, project_dir, environ), project, environment)
        release = releases.current()
    except IsolationError as error:
        return Fact(what, error.message, error.hint or "see that `state:` names a place that can be reached")
    if release is None:
        return Fact(
            what,
            f"none yet in {releases.place}",
            f"its deployer runs `dbt build` and `dbt-isolation state push` with a target of {environment}",
        )
    found = f"release {release.number}, made {release.created_at}, in {releases.place}"
    if is_ancestor(project_dir, release.commit) is False:
        return Fact(
            what,
            f"{found}; its commit {release.commit[:7]} is not in this branch's history",
            "bring the branch up to date, so that another's change does not look like yours",
            advice=True,
        )
    return Fact(what, found)
