"""What a relation is called in a template, where that is certain."""

from collections.abc import Iterator, Mapping

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.environments import Relation
from dbt_isolation.places import Places


def called(manifest: Manifest, places: Places) -> Mapping[str, str]:
    """``ref('orders')`` or ``source('shop', 'orders')`` by a relation's name in lower case.

    With its database, and without it where only one relation is called so. What each environment builds, and
    what dbt parsed last; what two nodes or sources give is left out.
    """
    found: dict[str, set[str]] = {}
    for relation, call in _calls(manifest, places):
        whole = str(relation).lower()
        found.setdefault(whole, set()).add(call)
        if relation.database and relation.schema:
            found.setdefault(f"{relation.schema}.{relation.identifier}".lower(), set()).add(call)
    return {name: calls.pop() for name, calls in found.items() if len(calls) == 1 and "." in name}


def _calls(manifest: Manifest, places: Places) -> Iterator[tuple[Relation, str]]:
    for _, relation, node in places.relations():
        yield relation, _ref(node, places.project)
    for node in manifest.buildable():
        if node.resource_type in ("model", "seed", "snapshot") and not node.ephemeral:
            yield node.relation, _ref(node, places.project)
    for source in manifest.sources.values():
        yield source.relation, f"source('{source.source_name}', '{source.name}')"


def _ref(node: Node, project: str) -> str:
    package = "" if node.package_name == project else f"'{node.package_name}', "
    version = "" if node.version is None else f", v={node.version}"
    return f"ref({package}'{node.name}'{version})"
