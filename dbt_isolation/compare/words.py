"""A comparison in words: what each change is, whom it reaches, and all of it in one line."""

from collections import Counter
from collections.abc import Iterable, Iterator

from dbt_isolation.compare.change import Change, ChangeKind
from dbt_isolation.compare.comparison import Comparison, NodeChange
from dbt_isolation.compare.impact import CONSUMERS, Reached
from dbt_isolation.compare.nodes import Became

_NAMED = 12


def headline(comparison: Comparison) -> str:
    """All of it in one line."""
    if comparison.released is None:
        return f"{_count(len(comparison.nodes), 'node')}, all new: there is no release yet"
    graph = comparison.graph
    if not (comparison.nodes or graph.added or graph.removed or graph.elsewhere):
        tests = f", but for {_count(len(comparison.tests), 'test')}" if comparison.tests else ""
        return f"as in {comparison.released.name}{tests}"
    parts = [", ".join(_counted(comparison.nodes))] if comparison.nodes else []
    elsewhere = tuple(dict.fromkeys(one for one, _ in graph.elsewhere))
    for became, vertices in (("new", graph.added), ("removed", graph.removed), ("moved", elsewhere)):
        for kind, count in Counter(one.kind for one in vertices).items():
            parts.append(f"{_count(count, kind.replace('_', ' '))} {became}")
    affected = [one for one in comparison.reached if one.affected]
    if comparison.reached:
        parts.append(f"{len(affected)} of {len(comparison.reached)} below affected")
    broken = sum(bool(one.broken) for one in comparison.reached)
    if broken:
        parts.append(f"{broken} may break")
    if comparison.tests:
        parts.append(f"{_count(len(comparison.tests), 'test')} removed or weakened")
    return "; ".join(parts)


def what(node: NodeChange) -> str:
    """Which kind of difference it is, in a word or two."""
    became = node.pair.became
    if Became.ADDED in became:
        return "new"
    if Became.REMOVED in became:
        return "removed"
    words = [str(one) for one in (Became.RENAMED, Became.MOVED) if one in became]
    if Became.CHANGED in became and node.change is not None:
        words.append(str(node.change.kind))
    if Became.DESCRIBED in became:
        words.append("description")
    return ", ".join(words)


def sentences(node: NodeChange) -> Iterator[str]:
    """What is to be known of a node that differs."""
    pair = node.pair
    if Became.RENAMED in pair.became and pair.before is not None:
        yield f"was {pair.before.name}"
    yield from pair.moves
    if Became.ADDED in pair.became or Became.REMOVED in pair.became:
        yield pair.node.original_file_path or pair.unique_id
    if Became.DESCRIBED in pair.became:
        yield "documentation, tags, access or the like: nothing to build"
    if node.change is not None and Became.CHANGED in pair.became:
        yield from _of_result(node, node.change)
    for one in node.configs:
        yield f"{one.key}: {_shown(one.before)} → {_shown(one.now)}"
    if pair.node.access == "public" and Became.ADDED not in pair.became:
        yield "public: other projects may read it"


def short(node: NodeChange) -> str:
    """The first that is to be known of a node that differs."""
    return next(sentences(node), "nothing more is known")


def felt(reached: Reached) -> str:
    """What of a node below a change may be otherwise."""
    if reached.broken:
        return "; ".join(reached.broken)
    if reached.uncertain:
        return f"perhaps all of it: {reached.uncertain}"
    if reached.rows:
        return "all of it"
    parts = [listed(sorted(reached.columns))] if reached.columns else []
    if reached.lost:
        parts.append(f"loses {listed(sorted(reached.lost))}")
    if reached.new:
        parts.append(f"gets {listed(sorted(reached.new))}")
    return "; ".join(parts) or "nothing"


def listed(names: Iterable[str], most: int = _NAMED) -> str:
    """The first few, and how many more."""
    found = list(names)
    shown = ", ".join(found[:most])
    return f"{shown} and {len(found) - most} more" if len(found) > most else shown


def is_consumer(kind: str) -> bool:
    """Whether it reads nodes and is none."""
    return kind in CONSUMERS


def _counted(nodes: Iterable[NodeChange]) -> Iterator[str]:
    kinds: Counter[str] = Counter()
    for node in nodes:
        became = node.pair.became
        if Became.CHANGED in became and node.change is not None:
            none = node.change.kind is ChangeKind.NONE
            kinds["changed without effect" if none else f"{node.change.kind}"] += 1
        else:
            first = next(
                one
                for one in (Became.ADDED, Became.REMOVED, Became.RENAMED, Became.MOVED, Became.DESCRIBED)
                if one in became
            )
            kinds["new" if first is Became.ADDED else str(first)] += 1
    changed = [f"{count} {kind}" for kind, count in kinds.items()]
    yield from changed


def _of_result(node: NodeChange, change: Change) -> Iterator[str]:
    columns = node.columns
    renamed = listed(f"{old} → {new}" for old, new in columns.renamed)
    told = {*columns.added, *columns.removed, *(name for pair in columns.renamed for name in pair)}
    if change.kind in (ChangeKind.ADDITIVE, ChangeKind.COLUMN) and told.issuperset(change.removed):
        # The classifier's sentence says the same, without knowing what was there before.
        differ = [name for name in change.columns if name not in told]
        if differ:
            yield f"other values: {listed(differ)}"
    else:
        yield change.reason
    for what_of, names in (
        ("new", listed(columns.added)),
        ("removed", listed(columns.removed)),
        ("renamed", renamed),
        ("other types", listed(f"{name} {old} → {new}" for name, old, new in columns.retyped)),
    ):
        if names:
            yield f"{what_of}: {names}"
    if columns.reordered:
        yield "columns in another order"


def _count(number: int, one: str) -> str:
    return f"{number} {one if number == 1 else f'{one}s'}"


def _shown(value: object) -> str:
    return "none" if value in (None, "", [], {}) else str(value)
