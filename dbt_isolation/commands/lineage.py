"""``lineage NODE``: what a node reads and what reads it."""

import os
from argparse import ArgumentParser, Namespace

from dbt_isolation.artifacts import manifest as artifact
from dbt_isolation.artifacts.project import artifacts_folder
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.graph import Lineage
from dbt_isolation.outcome import Graph, Outcome, Vertex


def add_arguments(parser: ArgumentParser) -> None:
    """Takes the node, the direction and how far to go."""
    parser.add_argument("node", metavar="NODE", help="a name, name.vVERSION, SOURCE.TABLE or unique id")
    parser.add_argument("--up", action="store_true", help="only what it reads")
    parser.add_argument("--down", action="store_true", help="only what reads it")
    parser.add_argument("--depth", type=int, metavar="N", help="no further than N steps")
    parser.add_argument("--tests", action="store_true", help="with data tests and unit tests")


def run(arguments: Namespace) -> Outcome:
    """A graph around the node, of what dbt parsed last. Raises ``IsolationError``."""
    if arguments.depth is not None and arguments.depth < 1:
        raise IsolationError(f"--depth {arguments.depth}: at least 1", "leave it out for all of it")
    folder = arguments.project_dir
    target_path = artifacts_folder(folder, read_yaml(folder / "dbt_project.yml"), os.environ)
    lineage = Lineage.of(artifact.read(target_path / "manifest.json"), tests=arguments.tests)
    node = lineage.find(arguments.node)
    both = arguments.up == arguments.down
    above = lineage.above(node.unique_id, arguments.depth) if both or arguments.up else {}
    below = lineage.below(node.unique_id, arguments.depth) if both or arguments.down else {}
    shown = {**above, node.unique_id: 0, **below}
    vertices = [lineage.vertices[one] for one in shown]
    edges = tuple(lineage.edges(shown))
    title = f"{node.unique_id}: {len(above)} above, {len(below)} below"
    graph = Graph(
        title,
        node.unique_id,
        tuple(Vertex(one.unique_id, one.name, one.kind, one.owner) for one in vertices),
        edges,
    )
    return Outcome(
        blocks=(graph,),
        data={
            "node": node.unique_id,
            "up": above,
            "down": below,
            "nodes": [
                {
                    "id": one.unique_id,
                    "kind": one.kind,
                    "name": one.name,
                    "relation": one.relation,
                    "owner": one.owner,
                }
                for one in vertices
            ],
            "edges": [list(one) for one in edges],
        },
    )
