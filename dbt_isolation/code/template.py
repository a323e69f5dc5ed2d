"""Reads a template: its SQL in all its branches, and what its expressions do beside."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import nodes

from dbt_isolation.code import jinja_tree
from dbt_isolation.code.events import Events
from dbt_isolation.code.given import Given
from dbt_isolation.code.reading import Decision, Fixed, Literal, Named, Reading
from dbt_isolation.code.render import render
from dbt_isolation.code.values import TARGET_NAME, Hole, Piece, Text, same_relation
from dbt_isolation.sql.comparisons import compared
from dbt_isolation.sql.names import Use
from dbt_isolation.sql.unreadable import UnreadableError
from dbt_isolation.sql.uses import named

_WORD = re.compile(r"dij[rnt]\d+z")
_LETTERS = {"relation": "r", "made": "r", "name": "n", "text": "t"}


@dataclass(frozen=True, slots=True)
class _Flat:
    """A text in one string, with words for its holes; ``starts``: where each of its pieces begins in it."""

    string: str
    starts: list[int]
    pieces: tuple[Piece | Hole, ...]

    def origin(self, offset: int) -> tuple[int, bool]:
        """Where in the file ``offset`` is, and whether exactly there."""
        if not self.pieces:
            return 0, False
        number = max(bisect_right(self.starts, offset) - 1, 0)
        piece = self.pieces[number]
        if isinstance(piece, Piece) and piece.exact:
            return piece.start + offset - self.starts[number], True
        return piece.start, False

    def literal(self, start: int, end: int) -> bool:
        """Whether that part of the string is one piece of the file."""
        number = bisect_right(self.starts, start) - 1
        within = number + 1 == len(self.starts) or end <= self.starts[number + 1]
        return within and self.origin(start)[1]


#: A file whose branches make more SQL than this, in characters, is not gone through to its end.
_MOST = 20_000_000


@dataclass(slots=True)
class Reader:
    """Collects what one file says; ``source`` is its text, in which all offsets are.

    ``dialect``: a dbt adapter type. ``variables``: those of dbt_project.yml. ``given``: what is known of the
    run, where only what it reaches counts.
    """

    source: str
    dialect: str
    variables: Mapping[str, object]
    given: Given | None = None
    _holes: dict[Hole, str] = field(default_factory=dict)
    _by_word: dict[str, Hole] = field(default_factory=dict)
    _named: dict[Named, None] = field(default_factory=dict)
    _decisions: dict[int, Decision] = field(default_factory=dict)
    _fixed: dict[tuple[int, str], Fixed] = field(default_factory=dict)
    _places: dict[int, Literal] = field(default_factory=dict)
    _problem: tuple[str, int] | None = None
    _broken: bool = False
    _seen: set[Text] = field(default_factory=set)
    _temporary: set[str] = field(default_factory=set)
    _length: int = 0
    #: Whether what is read now stands in an expression or a block, where nothing may take a name's place.
    _inner: bool = False

    @property
    def reading(self) -> Reading:
        """All that was collected."""
        # Of one session, whichever text of the file makes them.
        kept = [
            one for one in self._named if one.kind != "table" or one.relation.lower() not in self._temporary
        ]
        order = sorted(kept, key=lambda one: (one.start, one.writes, one.relation))
        return Reading(
            tuple(order),
            tuple(self._decisions.values()),
            tuple(self._fixed.values()),
            tuple(self._places.values()),
            self._problem,
            self._broken,
        )

    def template(self, text: Text) -> None:
        """Reads a Jinja template: a whole file, or a hook."""
        if text not in self._seen:
            self._seen.add(text)
            for sql in self._rounds(text):
                self.sql(sql)

    def rendered(self, text: Text) -> Text:
        """What a template that is no SQL gives, as far as that is known."""
        return next(iter(self._rounds(text)), Text())

    def _rounds(self, text: Text) -> list[Text]:
        flat = self._flat(text)
        try:
            tree = jinja_tree.parse(flat.string)
        except UnreadableError as error:
            self._cannot(error.message, flat.origin(error.offset)[0])
            self._broken = True
            return []
        for node in [tree, *tree.find_all(nodes.Node)]:
            # Parts of a comparison have no place of their own.
            if node.lineno is not None:
                node.lineno = flat.origin(node.lineno)[0]
        events = Events()
        found: list[Text] = []
        try:
            found.extend(render(tree, self.source, events, self.variables, self.dialect, self.given))
        except UnreadableError as error:
            self._cannot(error.message, error.offset)
        self.events(events)
        return found

    def events(self, events: Events) -> None:
        """Takes what expressions did; reads the SQL that they run."""
        for at, (of, literals) in events.decisions.items():
            self._decisions[at] = Decision(of, literals, at)
        for at, literal in events.places.items():
            self._places[at] = Literal(literal, at)
        for (at, key), setting in events.settings.items():
            if setting.value is not None and setting.value.literal:
                self._fixed[(at, key)] = Fixed(key, setting.value.literal, at)
        for at, writes, parts in events.made:
            self._made(parts, at, writes=writes)
        before, self._inner = self._inner, True
        for sql in events.sql:
            self.sql(sql)
        for hook in events.templates:
            self.template(hook)
        self._inner = before

    def sql(self, text: Text, known: frozenset[str] = frozenset()) -> None:
        """Reads SQL that is run as it is; ``known``: names in lower case that are no tables there."""
        flat = self._flat(text)
        self._length += len(flat.string)
        if self._length > _MOST:
            self._cannot(f"its branches make more than {_MOST:,} characters of SQL", 0)
            return
        aliases = {word: one.alias for word, one in self._by_word.items() if one.alias}
        try:
            found = named(flat.string, self.dialect, aliases)
        except UnreadableError as error:
            self._cannot(error.message, flat.origin(error.offset)[0])
            return
        self._temporary |= {one.lower() for one in found.temporary}
        for use in found.uses:
            one = self._judged(use, flat)
            if one is not None and (one.writes or one.relation.lower() not in known):
                self._named.setdefault(one)
        if any(one.what == TARGET_NAME for one in text.holes):
            self._compared(flat)

    def name(self, text: Text, kind: str, *, writes: bool, known: frozenset[str] = frozenset()) -> None:
        """Reads the name of a table or a file that is given as text."""
        flat = self._flat(text)
        parts = (flat.string,) if kind == "file" else tuple(re.split(r"\.", re.sub(r'["`]', "", flat.string)))
        use = Use(
            parts, (False,) * len(parts), kind, "write" if writes else "read", 0, len(flat.string), False
        )
        one = self._judged(use, flat)
        if one is not None and one.relation.lower() not in known:
            self._named.setdefault(one)

    def _cannot(self, message: str, at: int) -> None:
        self._problem = self._problem or (message, at)

    def _flat(self, text: Text) -> _Flat:
        starts, found, length = [], [], 0
        for piece in text.pieces:
            written = piece.text if isinstance(piece, Piece) else self._word(piece)
            starts.append(length)
            found.append(written)
            length += len(written)
        return _Flat("".join(found), starts, text.pieces)

    def _word(self, hole: Hole) -> str:
        word = self._holes.get(hole)
        if word is None:
            word = f"dij{_LETTERS[hole.kind]}{len(self._holes)}z"
            self._holes[hole] = word
            self._by_word[word] = hole
        return word

    def _judged(self, use: Use, flat: _Flat) -> Named | None:
        holes = [[self._by_word[word] for word in _WORD.findall(part.lower())] for part in use.parts]
        writes = use.action == "write"
        only = holes[0][0] if len(use.parts) == 1 and holes[0] and _WORD.fullmatch(use.parts[0]) else None
        about = ""
        if only is not None and only.kind == "made":
            return self._named_made(only.parts, flat.origin(use.start)[0]) if writes else None
        if only is not None and only.kind == "relation":
            about = only.what
        elif all(holes) and same_relation([Text((one[0],)) for one in holes]):
            about = holes[0][0].what
        elif any(holes) and _elsewhere(use.parts, holes):
            return None
        if about and (not writes or about == "this" or use.kind == "place"):
            return None
        start, exact = flat.origin(use.start)
        last, _ = flat.origin(max(use.end - 1, use.start))
        whole = (
            use.whole and exact and not self._inner and not any(holes) and flat.literal(use.start, use.end)
        )
        parts = [self._likely(part) for part in use.parts]
        return Named(
            relation="*" if about else ".".join(parts),
            parts=() if about else tuple(one for one in parts if "*" not in one),
            kind=use.kind,
            writes=writes,
            start=start,
            end=max(last + 1, start + 1),
            about=about,
            whole=whole,
        )

    def _likely(self, part: str) -> str:
        guesses = [self._by_word[word].guess for word in _WORD.findall(part.lower())]
        if None in guesses:
            return "*"
        left = iter(guesses)
        return _WORD.sub(lambda match: next(left) or "", part)

    def _made(self, parts: tuple[Text, ...], at: int, *, writes: bool) -> None:
        one = self._named_made(parts, at, writes=writes)
        if one is not None and (writes or (len(parts) > 2 and parts[2].pieces)):
            self._named.setdefault(one)

    def _named_made(self, parts: tuple[Text, ...], at: int, *, writes: bool = True) -> Named | None:
        given = [one for one in parts if one.pieces]
        if not given or _elsewhere([one.literal or "" for one in given], [list(one.holes) for one in given]):
            return None
        likely = [one.likely if "*" not in one.likely else "*" for one in given]
        about = likely[0] if len(likely) == 1 and likely[0].startswith(("ref(", "source(")) else ""
        return Named(
            relation="*" if about else ".".join(likely),
            parts=() if about else tuple(one for one in likely if one != "*"),
            kind="place" if len(parts) > 2 and not parts[2].pieces else "table",
            writes=writes,
            start=at,
            end=at + 1,
            about=about,
        )

    def _compared(self, flat: _Flat) -> None:
        words = tuple(word for hole, word in self._holes.items() if hole.what == TARGET_NAME)
        for start, literals in compared(flat.string, self.dialect, words):
            at = flat.origin(start)[0]
            self._decisions.setdefault(at, Decision(TARGET_NAME, literals, at))


def _elsewhere(parts: Sequence[str], holes: Sequence[Sequence[Hole]]) -> bool:
    """Whether a caller or an unknown macro says which relation it is.

    It does where it gives something of each part, or the last two behind a database that is the run's own.
    """
    given = [any(hole.kind == "text" for hole in one) for one in holes]
    return all(given) or (len(parts) == 3 and given[1] and given[2] and bool(holes[0]))
