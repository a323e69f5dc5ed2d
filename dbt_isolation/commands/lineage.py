"""``lineage NODE[.COLUMN]``: what a node or a column is made of, and what is made of it."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from dbt_isolation.artifacts import catalog, compiled
from dbt_isolation.artifacts.manifest import Manifest
from dbt_isolation.artifacts.project import ProjectFiles, artifacts_folder, was_edited
from dbt_isolation.config.settings import read_yaml, suggestion
from dbt_isolation.errors import IsolationError
from dbt_isolation.lineage.answers import column_cache
from dbt_isolation.lineage.columns import ColumnOf, Columns, columns_of
from dbt_isolation.lineage.graph import Lineage
from dbt_isolation.lineage.graph import Vertex as Entry
from dbt_isolation.lineage.reach import reached
from dbt_isolation.lineage.refs import disagreements
from dbt_isolation.outcome import Finding, Graph, Outcome, Severity, Skipped, Vertex
from dbt_isolation.rendering.project import facts_of, project_sql


def add_arguments(parser: ArgumentParser) -> None:
    """Takes the node or column, the direction and how far to go."""
    parser.add_argument(
        "node", metavar="NODE[.COLUMN]", help="a name, name.vVERSION, SOURCE.TABLE or unique id, and a column"
    )
    parser.add_argument("--up", action="store_true", help="only what it is made of")
    parser.add_argument("--down", action="store_true", help="only what is made of it")
    parser.add_argument("--depth", type=int, metavar="N", help="no further than N steps")
    parser.add_argument("--tests", action="store_true", help="with data tests and unit tests")


def run(arguments: Namespace) -> Outcome:
    """A graph around it, of what dbt parsed and compiled last. Raises ``IsolationError``."""
    if arguments.depth is not None and arguments.depth < 1:
        raise IsolationError(f"--depth {arguments.depth}: at least 1", "leave it out for all of it")
    folder: Path = arguments.project_dir
    files = ProjectFiles(folder, os.environ, {})
    target_path = artifacts_folder(folder, read_yaml(folder / "dbt_project.yml"), os.environ)
    manifest, sql = compiled.read_all(target_path / "manifest.json")
    lineage = Lineage.of(manifest, tests=arguments.tests)
    both = arguments.up == arguments.down
    up, down = both or arguments.up, both or arguments.down
    node, column = _asked(lineage, arguments.node)
    if not column:
        above = lineage.above(node.unique_id, arguments.depth) if up else {}
        below = lineage.below(node.unique_id, arguments.depth) if down else {}
        found_wrong = _found(manifest, sql, (*above, node.unique_id, *below), target_path, folder)
        return replace(_of_nodes(lineage, node, above, below), findings=found_wrong)
    wanted = [node.unique_id, *(lineage.below(node.unique_id) if down else ())]
    dialect = manifest.metadata.adapter_type or ""
    facts = facts_of(files, dialect, target=arguments.target, profiles_dir=arguments.profiles_dir)
    likely = project_sql(manifest, sql, facts, wanted)
    found = columns_of(
        manifest,
        likely.sql,
        catalog.read(target_path / "catalog.json"),
        dialect,
        cache=column_cache(target_path),
        wanted=wanted,
        uncertain=likely.uncertain,
    )
    start = _column(found, node, column)
    above_it = reached(start, found.value, arguments.depth) if up else {}
    below_it = reached(start, found.below(), arguments.depth) if down else {}
    shown = dict.fromkeys(one.unique_id for one in (*above_it, start, *below_it))
    return replace(
        _of_columns(lineage, found, start, above_it, below_it),
        findings=_found(manifest, sql, shown, target_path, folder),
    )


def _found(
    manifest: Manifest, sql: Mapping[str, str], shown: Iterable[str], target_path: Path, folder: Path
) -> tuple[Finding, ...]:
    """What was edited since the parse, and what reads something else than dbt says."""
    names = list(shown)
    parsed = (target_path / "manifest.json").stat().st_mtime
    edited = [
        Finding(
            "lineage",
            Severity.WARN,
            f"{node.original_file_path} was edited after the project was parsed; this is as it was then",
            "run `dbt parse` first",
            node=name,
            path=node.original_file_path,
        )
        for name in names
        if (node := manifest.get(name)) is not None and was_edited(folder, node, parsed)
    ]
    dialect = manifest.metadata.adapter_type or ""
    return (
        *edited,
        *(
            Finding("lineage", Severity.WARN, one.message, one.remedy, node=one.node)
            for one in disagreements(manifest, sql, dialect, names)
        ),
    )


def _asked(lineage: Lineage, name: str) -> tuple[Entry, str]:
    """The node that is meant, and its column if one is."""
    before, dot, column = name.rpartition(".")
    # Of a name that is not there as a whole, what is like it is not looked for.
    if not dot or len(lineage.named(name)) == 1:
        return lineage.find(name), ""
    return lineage.find(before), column


def _column(found: Columns, node: Entry, name: str) -> ColumnOf:
    known: Iterable[str] = found.types.get(node.unique_id) or _read(found, node)
    same = [one for one in known if one.lower() == name.lower()]
    if not same:
        raise IsolationError(f"{node.name} has no column '{name}'", suggestion(name, list(known)))
    return ColumnOf(node.unique_id, name if name in same else same[0])


def _read(found: Columns, node: Entry) -> Iterable[str]:
    """The columns that others read of what nobody has listed, such as a source without a catalog."""
    inputs = (one for inputs in found.value.values() for one in inputs)
    return dict.fromkeys(one.column for one in inputs if one.unique_id == node.unique_id)


def _of_nodes(lineage: Lineage, node: Entry, above: Mapping[str, int], below: Mapping[str, int]) -> Outcome:
    shown = {**above, node.unique_id: 0, **below}
    entries = [lineage.vertices[one] for one in shown]
    edges = tuple(lineage.edges(shown))
    title = f"{node.unique_id}: {len(above)} above, {len(below)} below"
    vertices = tuple(Vertex(one.unique_id, one.name, one.kind, one.owner) for one in entries)
    return Outcome(
        blocks=(Graph(title, node.unique_id, vertices, edges),),
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
                for one in entries
            ],
            "edges": [list(one) for one in edges],
        },
    )


def _of_columns(
    lineage: Lineage,
    found: Columns,
    start: ColumnOf,
    above: Mapping[ColumnOf, int],
    below: Mapping[ColumnOf, int],
) -> Outcome:
    shown = {**above, start: 0, **below}
    edges = [
        (one, column, kind)
        for column in shown
        for one, kind in found.value.get(column, {}).items()
        if one in shown
    ]
    # How a column is made is said beside it: charts have no words on their edges.
    made = {column: ", ".join(sorted({kind for _, to, kind in edges if to == column})) for column in shown}
    vertices = tuple(
        Vertex(
            _id(one), f"{lineage.vertices[one.unique_id].name}.{one.column}", _kind(lineage, one), made[one]
        )
        for one in shown
    )
    shaping = sorted(map(_id, found.influence.get(start.unique_id, ())))
    title = f"{_id(start)}: {len(above)} above, {len(below)} below"
    return Outcome(
        skipped=tuple(_unknown(found, {one.unique_id for one in shown})),
        blocks=(Graph(title, _id(start), vertices, tuple((_id(one), _id(to)) for one, to, _ in edges)),),
        data={
            "node": start.unique_id,
            "column": start.column,
            "up": {_id(one): distance for one, distance in above.items()},
            "down": {_id(one): distance for one, distance in below.items()},
            "edges": [[_id(one), _id(to), kind] for one, to, kind in edges],
            "influence": shaping,
        },
    )


def _unknown(found: Columns, nodes: Iterable[str]) -> Iterable[Skipped]:
    wanted = set(nodes)
    return (
        Skipped(f"{one.unique_id}: {one.what}", one.why) for one in found.unknown if one.unique_id in wanted
    )


def _id(column: ColumnOf) -> str:
    return f"{column.unique_id}.{column.column}"


def _kind(lineage: Lineage, column: ColumnOf) -> str:
    return lineage.vertices[column.unique_id].kind
