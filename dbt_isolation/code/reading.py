"""What one file says of relations, environments and places: the records that checks judge."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """A relation, file, stage, function or place that is named.

    ``relation``: its parts joined with dots, ``*`` for what is not known. ``parts``: those that are known.
    ``kind``: table, file, stage, function, catalogue, place. ``writes``: whether it is written. ``about``:
    ``this``, or the ref or source that is written; empty for a name. ``whole``: whether the text from
    ``start`` to ``end`` is the name and nothing else, so that another may take its place.
    """

    relation: str
    parts: tuple[str, ...]
    kind: str
    writes: bool
    start: int
    end: int
    about: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A comparison with ``of`` (``target.name``, ``target.schema``, ``target.database``)."""

    of: str
    literals: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """A configuration whose value is the same in each environment."""

    key: str
    value: str
    start: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal that stands for a place: of ``replace_path``, of a question about a schema."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One file's; offsets count the characters of its text, line ends as ``\\n``.

    ``problem`` says why something could not be read, and where; what is listed was read all the same.
    ``broken``: dbt cannot read it either.
    """

    named: tuple[Named, ...] = ()
    decisions: tuple[Decision, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    places: tuple[Literal, ...] = ()
    problem: tuple[str, int] | None = None
    broken: bool = False
