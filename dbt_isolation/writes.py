"""What a dbt command would write, and what of it may not be written: one answer for plugin and commands."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dbt_isolation import naming
from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.environments import (
    Named,
    Refusal,
    Relation,
    Run,
    not_deployer,
    refusal,
    relation,
)
from dbt_isolation.errors import IsolationError

#: Commands that write nothing but dbt's own artifacts, by dbt's names for them.
READING = frozenset(
    {
        "parse",
        "list",
        "ls",
        "deps",
        "clean",
        "debug",
        "init",
        "compile",
        "show",
        "generate",
        "serve",
        "freshness",
    }
)
#: What each writing command builds; other commands, a later dbt's too, are taken to write everything.
BUILDS = {
    "run": frozenset({"model"}),
    "seed": frozenset({"seed"}),
    "snapshot": frozenset({"snapshot"}),
    "test": frozenset({"test"}),
    "clone": frozenset({"model", "seed", "snapshot"}),
    "run-operation": frozenset(),
}
_WRITTEN = frozenset({"model", "seed", "snapshot", "test", "function"})
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class RefusedWrite:
    """A node that may not be written, the relation it would have been, and why."""

    unique_id: str
    relation: Relation
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class RefusedText:
    """A hook or an operation, ``what``, whose SQL may not write ``relation``, and why."""

    what: str
    relation: str
    refusal: Refusal


def written(node: Node, command: str, *, store_failures: bool = False) -> bool:
    """Whether ``command`` writes a relation for ``node`` when it selects it.

    ``store_failures``: whether the command line asks for it, for tests that do not say themselves.
    """
    if node.resource_type not in BUILDS.get(command, _WRITTEN) or node.external:
        return False
    if node.resource_type == "test":
        stores = node.config.store_failures
        return store_failures if stores is None else stores
    return node.config.materialized != "ephemeral"


def refused_writes(
    run: Run, nodes: Iterable[Node], command: str, project: str, *, store_failures: bool = False
) -> list[RefusedWrite]:
    """The nodes that ``command`` would write and ``run`` may not; ``project`` is the root project's name."""
    refused = []
    for node in nodes:
        if not written(node, command, store_failures=store_failures):
            continue
        place = Relation(node.database or "", node.schema_ or "", node.alias)
        found: Refusal | None
        if place.schema.endswith(naming.REFUSED):
            place, found = _refused_by_naming(run, node, place, project)
        else:
            found = refusal(run, place)
        if found is not None:
            refused.append(RefusedWrite(node.unique_id, place, found))
    return refused


def _refused_by_naming(run: Run, node: Node, place: Relation, project: str) -> tuple[Relation, Refusal]:
    """The place that naming refused ``node`` when the project was parsed, and why."""
    default = replace(place, schema=place.schema.removesuffix(naming.REFUSED))
    named = Named(
        default=default,
        custom_database=node.config.database or "",
        custom_schema=node.config.schema_ or "",
        path=node.original_file_path.replace("\\", "/") if node.package_name == project else "",
    )
    try:
        meant = relation(run, named)
    except IsolationError as error:
        return default, Refusal("no name", error.message, error.hint)
    stale = Refusal(
        "refused name",
        "naming refused its place when the project was parsed, for a reason that is gone",
        "parse again with --no-partial-parse",
    )
    return meant, refusal(run, meant) or stale


def refused_command(run: Run, command: str) -> Refusal | None:
    """Why ``run`` may not use ``command`` at all, whatever it selects; None if the relations decide."""
    if command in READING or command == "test":
        return None
    if run.environment is not None and run.environment.protected:
        return None if run.deploys else not_deployer(run, run.environment)
    if run.environment is None or command == "run-operation":
        return refusal(run, Relation(run.target.database, run.target.schema, ""))
    return None


def message(
    run: Run, command: str, refusals: Iterable[RefusedWrite | RefusedText | Refusal], *, by: str
) -> str:
    """The whole refusal as a user reads it; ``by`` is the guard that speaks."""
    verb = "would refuse" if run.config.observing else "refused"
    lines = [f"dbt-isolation ({by}) {verb} `dbt {command}`: this run is {run}."]
    groups: defaultdict[Refusal, list[str]] = defaultdict(list)
    for one in refusals:
        if isinstance(one, Refusal):
            groups.setdefault(one, [])
        elif isinstance(one, RefusedText):
            groups[one.refusal].append(f"{one.what} would write {one.relation}")
        else:
            groups[one.refusal].append(f"{one.unique_id} would be written to {one.relation}")
    for why, places in groups.items():
        lines += ["", f"{why.rule}: {why.reason}"]
        lines += [f"  {place}" for place in places[:_SHOWN]]
        if len(places) > _SHOWN:
            lines.append(f"  … and {len(places) - _SHOWN} more")
        if why.remedy:
            lines.append(f"  what to do: {why.remedy}")
    if not run.config.observing:
        lines += ["", "Nothing was written."]
    return "\n".join(lines)
