"""Whom a change reaches: along columns where they are known, else along tables."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dbt_isolation.compare.change import ChangeKind
from dbt_isolation.compare.columns import ColumnChanges
from dbt_isolation.compare.keys import ALL
from dbt_isolation.lineage.columns import ColumnOf, Columns, Unknown
from dbt_isolation.lineage.graph import Lineage

#: What reads nodes and is built of none.
CONSUMERS = frozenset({"exposure", "metric", "semantic_model", "saved_query"})

#: Why a name in SQL leads nowhere: who wrote it looks for a column in vain.
_NO_COLUMN = "column of this name"
#: Why SQL fails.
_BREAKS = ("it is a column of", "its sides differ in number")


@dataclass(frozen=True, slots=True)
class Source:
    """A node that was itself changed: how far, in which columns, and which of its columns are gone."""

    unique_id: str
    kind: ChangeKind
    columns: frozenset[str]
    gone: frozenset[str] = frozenset()
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """What a change reaches, though it was not changed itself or not only.

    ``distance``: steps from the nearest change. ``columns``: whose values may differ; ``rows``: whether all
    of it may. ``new`` and ``lost``: columns that it gets and no longer gets by a star. ``broken``: why it
    fails, in sentences; ``uncertain``: why it could not be followed column by column.
    """

    unique_id: str
    distance: int
    columns: frozenset[str] = frozenset()
    rows: bool = False
    new: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    broken: tuple[str, ...] = ()
    uncertain: str = ""

    @property
    def affected(self) -> bool:
        """Whether anything of it may be otherwise than before, but for new columns."""
        return bool(self.columns or self.lost or self.broken) or self.rows


@dataclass(slots=True)
class _State:
    """What of a node may be otherwise: by column as compared."""

    rows: bool = False
    columns: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    uncertain: str = ""

    @property
    def empty(self) -> bool:
        return not (self.rows or self.columns or self.new or self.gone or self.broken)


def impact(
    sources: Iterable[Source],
    lineage: Lineage,
    before: Columns,
    now: Columns,
    changes: Mapping[str, ColumnChanges],
    was: Mapping[str, str] = {},
    keys: Mapping[str, Collection[str]] = {},
) -> list[Reached]:
    """Everything below ``sources`` in ``lineage``, the nearest first; also what the change does not reach.

    ``before`` and ``now``: the columns of the release and of the tree. ``changes``: what became of the
    columns of what is below. ``was``: what nodes that were renamed were called. ``keys``: columns
    whose values decide which rows a snapshot or an incremental model keeps.
    """
    return _Impact(sources, lineage, before, now, changes, was, keys).all()


class _Impact:
    def __init__(
        self,
        sources: Iterable[Source],
        lineage: Lineage,
        before: Columns,
        now: Columns,
        changes: Mapping[str, ColumnChanges],
        was: Mapping[str, str],
        keys: Mapping[str, Collection[str]],
    ) -> None:
        self._sources = {one.unique_id: one for one in sources if one.unique_id in lineage.vertices}
        self._lineage = lineage
        self._before = before
        self._now = now
        self._was = was
        self._keys = keys
        self._changes = changes
        self._states: dict[str, _State] = {}
        self._felt: dict[str, _State] = {}
        self._unknown = _by_node(now.unknown)
        self._unknown_before = _by_node(before.unknown)

    def all(self) -> list[Reached]:
        distances = _distances(self._sources, self._lineage.children)
        below = self._lineage.ordered(distances)
        for name in below:
            self._states[name] = self._state(name)
        for name in self._sources:
            # Of one that is below another, from there on.
            above = [distances[one] for one in self._lineage.parents[name] if self._feels(one)]
            distances[name] = 1 + min(above) if above else 0
        reached = (self._reached(name, distances[name]) for name in below if distances[name])
        return sorted(reached, key=lambda one: (one.distance, one.unique_id))

    def _feels(self, name: str) -> bool:
        return name in self._states and not self._states[name].empty

    def _reached(self, name: str, distance: int) -> Reached:
        # What it changes itself is said of it elsewhere.
        state = self._felt[name]
        return Reached(
            name,
            distance,
            frozenset(state.columns),
            state.rows,
            frozenset(state.new),
            frozenset(state.gone),
            tuple(dict.fromkeys(state.broken)),
            self._uncertain(name) or state.uncertain if state.rows else "",
        )

    def _uncertain(self, name: str) -> str:
        return next((one.why for one in self._unknown.get(name, ()) if one.whole), "")

    def _state(self, name: str) -> _State:
        state = _State()
        for parent in self._read(name):
            if self._feels(parent):
                self._follow(name, parent, self._states[parent], state)
        keys = self._keys.get(name, ())
        moved = state.columns | state.new
        if moved and (ALL in keys or not moved.isdisjoint(keys)):
            state.rows = True
        self._felt[name] = replace(
            state, columns=set(state.columns), new=set(state.new), gone=set(state.gone)
        )
        if source := self._sources.get(name):
            state.rows |= source.kind >= ChangeKind.MODEL_WIDE or source.removed
            if source.kind is ChangeKind.COLUMN:
                state.columns |= {one.lower() for one in source.columns - source.gone}
            if source.kind is ChangeKind.ADDITIVE:
                state.new |= {one.lower() for one in source.columns}
            state.gone |= {one.lower() for one in source.gone}
        return state

    def _read(self, name: str) -> Iterable[str]:
        """What it reads; of an ephemeral model, which is a part of its SQL, also what that reads."""
        found: dict[str, None] = {}
        ahead = list(self._lineage.parents[name])
        while ahead:
            one = ahead.pop()
            if one not in found:
                found[one] = None
                vertex = self._lineage.vertices[one]
                if vertex.kind == "model" and not vertex.relation:
                    ahead += self._lineage.parents[one]
        return found

    def _follow(self, name: str, parent: str, above: _State, state: _State) -> None:
        label = self._lineage.vertices[parent].name
        if above.broken:
            state.broken.append(f"reads {label}, which may break")
        vertex = self._lineage.vertices[name]
        if vertex.kind in CONSUMERS:
            # Of an exposure it is written nowhere which columns it takes.
            takes = vertex.takes
            columns, gone = (one if takes is None else one & takes for one in (above.columns, above.gone))
            state.rows |= above.rows or bool(columns)
            if gone:
                perhaps = ", if it takes that" if takes is None else ""
                state.broken.append(f"{label} no longer has {_listed(gone)}{perhaps}")
            return
        missing = self._missing(name, above.gone)
        if missing:
            state.broken.append(f"reads {_listed(missing)} of {label}, which is gone")
        if any(one.whole for one in self._unknown.get(name, ())):
            # It may read whatever there is.
            state.rows |= above.rows or bool(above.columns) or bool(above.gone)
            return
        state.rows |= above.rows
        moved = above.columns | above.new
        influence = self._now.influence.get(name, ())
        if any(one.unique_id == parent and one.column.lower() in moved for one in influence):
            state.rows = True
        # What a star no longer brings shapes no rows any more: under distinct there are fewer for it.
        old = self._before.influence.get(self._was.get(name, name), ())
        left = above.gone - set(missing)
        if any(one.unique_id == self._was.get(parent, parent) and one.column.lower() in left for one in old):
            state.rows = True
        self._follow_unknown(name, moved, state)
        self._follow_columns(name, parent, above, state)

    def _follow_unknown(self, name: str, moved: Collection[str], state: _State) -> None:
        """What does not resolve in it: because of the change, or as before, and it may mean what changed."""
        known = {(one.what, one.why) for one in self._unknown_before.get(self._was.get(name, name), ())}
        for one in self._unknown.get(name, ()):
            if one.whole or _NO_COLUMN in one.why:
                continue
            if (one.what, one.why) not in known and any(why in one.why for why in _BREAKS):
                state.broken.append(f"{one.what}: {one.why}")
            elif one.what.rpartition(".")[2].lower() in moved or (one.what, one.why) not in known:
                state.rows = True
                state.uncertain = f"{one.what}: {one.why}"

    def _follow_columns(self, name: str, parent: str, above: _State, state: _State) -> None:
        changes = self._changes.get(name, ColumnChanges())
        come = {one.lower() for one in changes.come}
        for column in self._now.types.get(name, {}):
            inputs = {
                one.column.lower()
                for one in self._now.value.get(ColumnOf(name, column), {})
                if one.unique_id == parent
            }
            if inputs & above.columns:
                state.columns.add(column.lower())
            elif inputs & above.new:
                (state.new if column.lower() in come else state.columns).add(column.lower())
        state.gone |= {one.lower() for one in changes.gone}
        # One that is made of other columns than before, though its own SQL is the same: columns that go
        # together by position, or a whole row in one value.
        own = self._sources[name].columns if name in self._sources else frozenset()
        sought = self._sought(name)
        for read, made in (*changes.edges_added, *changes.edges_removed):
            column = made.column.lower()
            if (
                column not in come | state.gone
                and made.column not in own
                and read.column.lower() not in sought
            ):
                state.columns.add(column)

    def _missing(self, name: str, gone: set[str]) -> list[str]:
        """Columns that are gone, and which its SQL still names."""
        return sorted(self._sought(name) & gone)

    def _sought(self, name: str) -> set[str]:
        """What its SQL looks for in vain."""
        return {
            one.what.rpartition(".")[2].lower()
            for one in self._unknown.get(name, ())
            if _NO_COLUMN in one.why
        }


def _distances(sources: Iterable[str], children: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Steps from the nearest of ``sources``, which are 0 themselves."""
    found = dict.fromkeys(sources, 0)
    ahead = deque(found)
    while ahead:
        name = ahead.popleft()
        for one in children.get(name, ()):
            if one not in found:
                found[one] = found[name] + 1
                ahead.append(one)
    return found


def _by_node(unknown: Iterable[Unknown]) -> dict[str, list[Unknown]]:
    found: dict[str, list[Unknown]] = {}
    for one in unknown:
        found.setdefault(one.unique_id, []).append(one)
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
