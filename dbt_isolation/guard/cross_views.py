"""Views over production's relations, on engines where a rebuild drops the views that stand on a relation."""

from collections.abc import Collection
from typing import Any

from dbt_isolation.errors import IsolationError
from dbt_isolation.guard.deferral import Deferral
from dbt_isolation.guard.say import say
from dbt_isolation.lineage.reach import read_by
from dbt_isolation.reads.announce import listed
from dbt_isolation.reads.decide import Place, name_of

_CASCADING = frozenset({"postgres", "redshift"})
_BUILDING = frozenset({"run", "build"})


def settle(deferral: Deferral, chosen: Collection[str], manifest: Any) -> None:
    """Does as ``cross_views`` says with the views that this run would build over production's relations.

    ``chosen``: what dbt selected. ``manifest``: dbt's, in memory; a view becomes a table there, for this run.
    Raises ``IsolationError`` where they are to be refused.
    """
    policy = deferral.environment.cross_views
    if (
        policy == "view"
        or deferral.session.command not in _BUILDING
        or deferral.session.credentials.type not in _CASCADING
    ):
        return
    views = _views(deferral, chosen)
    if not views:
        return
    names = listed([name_of(deferral.present.manifest.nodes[one]) for one in views])
    engine = deferral.session.credentials.type
    why = f"production's next rebuild would drop a view over its relations (on {engine})"
    if policy == "error":
        raise IsolationError(
            f"{names} would be such a view: {why}",
            "select what it reads as well, or set cross_views to table, in dbt_project.yml",
        )
    for one in views:
        manifest.nodes[one].config.materialized = "table"
    say(f"built as {'a table' if len(views) == 1 else 'tables'}, not as views: {names}; {why}")


def _views(deferral: Deferral, chosen: Collection[str]) -> list[str]:
    """The selected views that read production, by unique id."""
    manifest = deferral.present.manifest
    here = {*chosen, *deferral.homes}
    found = []
    for one in sorted(chosen):
        node = manifest.nodes.get(one)
        if node is None or node.config.materialized != "view":
            continue
        parents = [deferral.reads[parent] for parent in read_by(manifest, node) if parent in deferral.reads]
        if any(read.place is Place.RELEASE and read.node.unique_id not in here for read in parents):
            found.append(one)
    return found
