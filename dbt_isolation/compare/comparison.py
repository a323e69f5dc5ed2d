"""A project as a release has it and as it is here: what changed, and whom that reaches."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dbt_isolation.cache import Cache
from dbt_isolation.compare.change import Change, ChangeKind
from dbt_isolation.compare.changes import Classifier
from dbt_isolation.compare.columns import ColumnChanges, column_changes
from dbt_isolation.compare.configs import ConfigChange, Configured, config_changes, configured
from dbt_isolation.compare.data_tests import TestChange, test_changes
from dbt_isolation.compare.drift import Drift
from dbt_isolation.compare.graph import GraphChanges, graph_changes
from dbt_isolation.compare.impact import Reached, Source, impact
from dbt_isolation.compare.keys import ALL, deciding
from dbt_isolation.compare.nodes import Became, Pair, pairs
from dbt_isolation.compare.project import Released, Tree
from dbt_isolation.compare.reading import Reading
from dbt_isolation.compare.sql import Sql, Sqls
from dbt_isolation.lineage.columns import Columns
from dbt_isolation.lineage.fingerprint import fingerprints


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A node that differs. ``change``: what that does to its result, None where it came or went.

    ``before`` and ``now`` are the code as the project has it, or as compiled where that alone differs.
    ``uncertain``: why the columns may not be right.
    """

    pair: Pair
    change: Change | None = None
    configs: tuple[ConfigChange, ...] = ()
    columns: ColumnChanges = field(default_factory=ColumnChanges)
    before: str = ""
    now: str = ""
    uncertain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between a release and the tree; ``released`` is None where there is no release yet.

    ``reached``: what is below the changes, the nearest first. ``unknown``: what could not be looked at, and
    why.
    """

    tree: Tree
    released: Released | None
    nodes: tuple[NodeChange, ...] = ()
    graph: GraphChanges = field(default_factory=GraphChanges)
    tests: tuple[TestChange, ...] = ()
    reached: tuple[Reached, ...] = ()
    drift: Drift | None = None
    unknown: tuple[tuple[str, str], ...] = ()


def compare(
    released: Released | None,
    tree: Tree,
    *,
    drift: Drift | None = None,
    only: Collection[str] = (),
    cache: Cache | None = None,
    processes: int | None = None,
    most: int | None = None,
) -> Comparison:
    """What differs. ``only``: unique ids that were asked for; all, where there are none.

    ``cache``, ``processes`` and ``most`` are of ``columns_of``. Raises ``IsolationError`` for a manifest of
    something else.
    """
    if released is None:
        return Comparison(tree, None, nodes=_all_new(tree, only))
    return _Comparer(released, tree, drift, only, cache, processes, most).compare()


def _all_new(tree: Tree, only: Collection[str]) -> tuple[NodeChange, ...]:
    return tuple(
        NodeChange(Pair(None, one, frozenset({Became.ADDED})), now=one.raw_code)
        for one in tree.manifest.buildable()
        if not one.external and (not only or one.unique_id in only)
    )


class _Comparer:
    def __init__(
        self,
        released: Released,
        tree: Tree,
        drift: Drift | None,
        only: Collection[str],
        cache: Cache | None,
        processes: int | None,
        most: int | None,
    ) -> None:
        self._released = released
        self._tree = tree
        self._drift = drift
        self._only = only
        self._cache = cache
        self._processes = processes
        self._most = most
        self._theirs = drift.theirs if drift is not None else frozenset()
        found = pairs(
            released.manifest,
            tree.manifest,
            released.release.nodes,
            tree.fingerprints,
            apart=self._theirs,
            again=lambda: fingerprints(released.manifest, tree.files),
        )
        self._pairs = [pair for pair in found if not only or pair.unique_id in only]
        renamed = [pair for pair in self._pairs if pair.before is not None and pair.now is not None]
        #: What is called otherwise now, by what it was; and the other way round.
        self._called = {one.before.unique_id: one.now.unique_id for one in renamed if one.before and one.now}
        self._was = {now: before for before, now in self._called.items()}
        self._sqls = Sqls(released, tree)

    def compare(self) -> Comparison:
        """All of it."""
        columns = Reading(
            self._released, self._tree, self._sqls, self._cache, self._processes, self._most
        ).columns(self._pairs, self._below, self._was, self._theirs)
        classifier = Classifier(
            self._released, self._tree, (columns[0].types, columns[1].types), self._called
        )
        configs = self._configs
        keys = self._keys(columns[1])
        nodes = tuple(self._node(pair, columns, classifier, configs, keys) for pair in self._pairs)
        graph = self._graph
        changes = {
            name: column_changes(columns[0], self._was.get(name, name), columns[1], name, self._called)
            for name in self._below
        }
        reached = impact(
            [*filter(None, map(_source, nodes)), *self._sources(graph)],
            self._tree.lineage,
            *columns,
            changes,
            was=self._was,
            keys=keys,
        )
        return Comparison(
            self._tree,
            self._released,
            nodes,
            graph,
            tuple(self._tests()),
            tuple(reached),
            self._drift,
            tuple(self._unknown(columns[1], reached)),
        )

    @cached_property
    def _graph(self) -> GraphChanges:
        return graph_changes(self._released, self._tree, self._called, self._leaves_out)

    def _sources(self, graph: GraphChanges) -> Iterator[Source]:
        """Sources that are another table now: all that reads them may be otherwise."""
        for one, _ in graph.elsewhere:
            yield Source(one.unique_id, ChangeKind.MODEL_WIDE, frozenset())

    def _keys(self, columns: Columns) -> Mapping[str, Collection[str]]:
        """Of what differs or is below, and keeps rows: the columns that decide which."""
        return {
            name: deciding(kind, self._configs[1].get(name, Configured()).config)
            # What a later run compares with what is there.
            | {one.column.lower() for one in columns.influence.get(name, ()) if one.unique_id == name}
            for name, kind in self._keeping.items()
        }

    @cached_property
    def _keeping(self) -> Mapping[str, str]:
        """What is below and keeps rows, and which type of resource it is."""
        return {
            node.unique_id: node.resource_type
            for one in self._below
            if (node := self._tree.manifest.get(one)) is not None
            and (node.resource_type == "snapshot" or node.config.materialized == "incremental")
        }

    @cached_property
    def _below(self) -> frozenset[str]:
        """What reads anything that was changed, and that itself."""
        lineage = self._tree.lineage
        found: set[str] = set()
        ahead = [pair.now.unique_id for pair in self._pairs if pair.now is not None]
        ahead += [one.unique_id for one, _ in self._graph.elsewhere]
        while ahead:
            one = ahead.pop()
            if one not in found and one in lineage.vertices:
                found.add(one)
                ahead += lineage.children[one]
        return frozenset(found)

    @cached_property
    def _configs(self) -> tuple[Mapping[str, Configured], Mapping[str, Configured]]:
        both = [pair for pair in self._pairs if pair.before is not None and pair.now is not None]
        here = {one.now.unique_id for one in both if one.now}
        return (
            configured(self._released, [one.before.unique_id for one in both if one.before]),
            configured(self._tree, here | self._keeping.keys()),
        )

    def _node(
        self,
        pair: Pair,
        columns: tuple[Columns, Columns],
        classifier: Classifier,
        configs: tuple[Mapping[str, Configured], Mapping[str, Configured]],
        keys: Mapping[str, Collection[str]],
    ) -> NodeChange:
        """What there is to say of one that differs."""
        before, now = pair.before, pair.now
        if before is None or now is None:
            code = pair.node.raw_code
            return NodeChange(pair, before=code if now is None else "", now=code if before is None else "")
        changed = config_changes(
            configs[0].get(before.unique_id, Configured()),
            configs[1].get(now.unique_id, Configured()),
            by_target=[key for key, value in self._tree.files.unrendered(now).items() if "{{" in str(value)],
        )
        found = tuple(changed)
        sql: Sql | str = ""
        change = Change(ChangeKind.NONE, reason="Its result is the same.")
        if pair.became & {Became.CHANGED, Became.RENAMED}:
            sql = self._sqls.of(pair)
            change = classifier.change(before, now, sql, found)
            change = _of_kept(change, keys.get(now.unique_id, ()))
        texts = (before.raw_code, now.raw_code)
        if before.raw_code == now.raw_code and isinstance(sql, Sql):
            texts = self._sqls.as_here(pair, sql)
        return NodeChange(
            pair,
            change,
            found,
            column_changes(columns[0], before.unique_id, columns[1], now.unique_id, self._called),
            *texts,
            uncertain=sql.uncertain if isinstance(sql, Sql) else (),
        )

    def _leaves_out(self, unique_id: str) -> bool:
        return unique_id in self._theirs or (bool(self._only) and unique_id not in self._only)

    def _tests(self) -> Iterator[TestChange]:
        for one in test_changes(self._released.manifest, self._tree.manifest, self._called):
            if not self._leaves_out(one.about):
                yield one

    def _unknown(self, columns: Columns, reached: Sequence[Reached]) -> Iterator[tuple[str, str]]:
        """What could not be followed column by column, of what differs and of what is reached."""
        shown = {pair.unique_id for pair in self._pairs} | {one.unique_id for one in reached if one.affected}
        # What it looks for in vain is what breaks it.
        broken = {one.unique_id for one in reached if one.broken}
        for one in columns.unknown:
            if one.unique_id in shown and not (one.unique_id in broken and "of this name" in one.why):
                yield f"{one.unique_id}: {one.what}", one.why


def _of_kept(change: Change, keys: Collection[str]) -> Change:
    """With what is kept from earlier runs: which rows that are is told by some columns' values."""
    decide = [name for name in change.columns if ALL in keys or name.lower() in keys]
    if not decide or change.kind >= ChangeKind.MODEL_WIDE:
        return change
    reason = f"Rows may change: which are kept and which are replaced is told by {', '.join(decide)}."
    return Change(ChangeKind.MODEL_WIDE, change.columns, change.removed, reason)


def _source(node: NodeChange) -> Source | None:
    """What goes out from a node that differs; None where its readers feel nothing."""
    pair, change = node.pair, node.change
    if pair.now is None or change is None or change.kind is ChangeKind.NONE:
        return None
    gone = frozenset({*change.removed, *node.columns.gone})
    return Source(pair.now.unique_id, change.kind, frozenset(change.columns), gone)
