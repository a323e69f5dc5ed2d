"""The values that Jinja's expressions have when a template is read without running it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dbt_isolation.sql.unreadable import UnreadableError

TARGET_NAME = "target.name"
#: Of one string or list.
_MOST_PARTS = 20_000
_MOST_CHARACTERS = 4_000_000


@dataclass(frozen=True, slots=True)
class Hole:
    """What a template makes of something that only a run knows.

    ``kind``: ``relation`` (a ref, a source, ``this``), ``name`` (made of ``target``, a variable, a part of a
    relation), ``text`` (an unknown macro's, a macro's argument), ``made`` (by ``api.Relation.create``).
    ``what``: which one. ``part``: the part of a relation that it is. ``guess``: what it is most likely.
    ``alias``: what a relation is called where nothing else calls it. ``parts``: of what was made. ``start``:
    where it stands, which is no part of what it is.
    """

    kind: str
    what: str = ""
    part: str = ""
    guess: str | None = None
    alias: str = ""
    parts: tuple["Text", ...] = ()
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """Literal characters; ``exact`` where they stand so in the file at ``start``, else ``start`` is about."""

    text: str
    start: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """A string, as far as it is known."""

    pieces: tuple[Piece | Hole, ...] = ()

    @property
    def literal(self) -> str | None:
        """The whole string if it is known; what is only guessed is not."""
        if all(isinstance(one, Piece) for one in self.pieces):
            return "".join(one.text for one in self.pieces if isinstance(one, Piece))
        return None

    @property
    def holes(self) -> Iterator[Hole]:
        """What is not known."""
        return (one for one in self.pieces if isinstance(one, Hole))

    @property
    def likely(self) -> str:
        """The string with what is guessed in it, and ``*`` for what is not known."""
        return "".join(
            one.text if isinstance(one, Piece) else "*" if one.guess is None else one.guess
            for one in self.pieces
        )


@dataclass(frozen=True, slots=True)
class Known:
    """A number, a boolean or None."""

    value: bool | int | float | None


@dataclass(frozen=True, slots=True)
class Items:
    """A list whose length is known; ``append`` and the like change it."""

    values: list["Value"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entries:
    """A dictionary or namespace whose keys are known."""

    values: dict[object, "Value"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Global:
    """Something of dbt's by its dotted name, such as ``adapter.get_relation``."""

    name: str


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value, before it is called."""

    of: "Value"
    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything; ``names``: the names that it was made of, such as ``target.name``."""

    names: frozenset[str] = frozenset()


Value: TypeAlias = Text | Known | Items | Entries | Global | Method | Unknown


def text(literal: str, start: int = 0, *, exact: bool = False) -> Text:
    """A known string."""
    return Text((Piece(literal, start, exact),)) if literal else Text()


def hole(kind: str, what: str = "", *, part: str = "", guess: str | None = None, alias: str = "") -> Text:
    """A string that is one hole."""
    return Text((Hole(kind, what, part, guess, alias),))


def of_python(value: object, start: int, what: str) -> Value:
    """A value of dbt_project.yml: its strings may be another's at run time, so they are only guessed."""
    if isinstance(value, str):
        return hole("name", what, guess=value)
    if isinstance(value, bool | int | float) or value is None:
        return hole("name", what, guess="" if value is None else str(value))
    if isinstance(value, list):
        return Items([of_python(one, start, what) for one in value])
    if isinstance(value, dict):
        return Entries({key: of_python(one, start, what) for key, one in value.items()})
    return Unknown(frozenset({what}))


def known(value: object) -> Value:
    """A value that a run has."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool | int | float) or value is None:
        return Known(value)
    if isinstance(value, list | tuple):
        return Items([known(one) for one in value])
    if isinstance(value, dict):
        return Entries({key: known(one) for key, one in value.items()})
    return Unknown()


def python(value: Value) -> tuple[object, ...]:
    """The value alone in a tuple where all of it is known; else empty."""
    if isinstance(value, Text):
        return () if value.literal is None else (value.literal,)
    if isinstance(value, Known):
        return (value.value,)
    if isinstance(value, Items):
        found = [python(one) for one in value.values]
        return ([one for (one,) in found],) if all(found) else ()
    if isinstance(value, Entries):
        return (list(value.values),) if all(isinstance(one, str) for one in value.values) else ()
    return ()


def names(value: Value) -> frozenset[str]:
    """What a value was made of: ``target.name``, ``target.schema``, ``var`` and the like."""
    if isinstance(value, Text):
        return frozenset(one.what for one in value.holes if one.kind == "name")
    if isinstance(value, Unknown):
        return value.names
    if isinstance(value, Items):
        return frozenset().union(*map(names, value.values))
    return frozenset()


def literals(value: Value) -> Iterator[tuple[str, int]]:
    """The known strings in a value, with where each stands."""
    if isinstance(value, Text):
        found = value.literal
        first = next((one for one in value.pieces if isinstance(one, Piece)), None)
        if found and first is not None:
            yield found, first.start
    elif isinstance(value, Items):
        for one in value.values:
            yield from literals(one)
    elif isinstance(value, Entries):
        for one in value.values.values():
            yield from literals(one)


def as_text(value: Value) -> Text:
    """What ``{{ }}`` writes of a value."""
    if isinstance(value, Text):
        return value
    if isinstance(value, Known):
        return Text() if value.value is None else text(str(value.value))
    if isinstance(value, Unknown) and value.names:
        return Text((Hole("name", sorted(value.names)[0]),))
    if isinstance(value, Global) and value.name.startswith("target."):
        return hole("name", value.name)
    return hole("text")


def joined(parts: Iterable[Value], separator: Text | None = None) -> Text:
    """The strings of ``parts`` one after the other."""
    found: list[Piece | Hole] = []
    for number, one in enumerate(parts):
        if number and separator is not None:
            found.extend(separator.pieces)
        found.extend(as_text(one).pieces)
        bounded(len(found))
    bounded(0, sum(len(one.text) for one in found if isinstance(one, Piece)))
    return Text(tuple(found))


def bounded(parts: int, characters: int = 0) -> None:
    """Raises ``UnreadableError`` for a value that nobody's template needs: loops double them out of sight."""
    if parts > _MOST_PARTS or characters > _MOST_CHARACTERS:
        raise UnreadableError("its strings and lists grow too long")


def same_relation(parts: Sequence[Text | None]) -> bool:
    """Whether ``parts`` are the parts of one and the same relation, put together again."""
    owners = set()
    for one in parts:
        if one is None or not one.pieces:
            continue
        only = one.pieces[0]
        if len(one.pieces) > 1 or not isinstance(only, Hole) or only.kind != "name" or not only.part:
            return False
        owners.add(only.what)
    return len(owners) == 1
