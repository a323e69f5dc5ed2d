"""One text being read: what was found, and what is still to be read."""

from collections.abc import Mapping
from typing import NamedTuple

from dbt_isolation.sql.names import (
    TEXT_PLACEHOLDER,
    Name,
    Use,
    fold,
    is_catalogue,
    is_path,
    is_temporary,
    name_at,
    name_in,
    path_of,
)
from dbt_isolation.sql.scopes import Level, Scope, Task
from dbt_isolation.sql.tokens import Text, is_word, words


class Inner(NamedTuple):
    """A string that holds SQL: its token, and whether it is a block in which ``into`` names a variable."""

    token: int
    block: bool


class Scan:
    """What is known of a text so far."""

    def __init__(self, text: Text, aliases: Mapping[str, str], block: bool) -> None:
        self.text = text
        self.keys = text.keys
        self.close = text.close
        self.dialect = text.dialect
        self.aliases = aliases
        self.block = block
        self.arrays = text.dialect in ("bigquery", "redshift")
        self.found: list[Use] = []
        self.tasks: list[Task] = []
        self.inner: list[Inner] = []
        #: Session-temporary tables, and from which offset on they are there.
        self.temporary: dict[str, int] = {}
        #: Names of functions and calls that are none, by the token they begin at.
        self.named: set[int] = set()
        #: Targets that may be the alias of a table in the same statement.
        self.targets: list[tuple[Level, Use]] = []
        #: Strings in which SQL was looked for already.
        self.opened: set[int] = set()

    def push(
        self, index: int, scope: Scope, level: Level | None, place: str = "query", call: str = ""
    ) -> int:
        """Leaves a pair of brackets for later; the place behind it."""
        end = self.close[index]
        if end > index + 1:
            self.tasks.append(Task(index + 1, end, scope, level, place, call))
        return end + 1

    def open_string(self, index: int, block: bool = False) -> None:
        """Leaves a string for later that holds SQL."""
        if index not in self.opened:
            self.opened.add(index)
            self.inner.append(Inner(index, block))

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The offsets of tokens from ``first`` to before ``last``."""
        tokens = self.text.tokens
        return tokens[first].start, tokens[last - 1].end + 1

    def add(self, name: Name, kind: str, action: str, whole: bool = False) -> Use | None:
        """A name in the text; a table may turn out to be a file or the engine's own, or not to count."""
        parts, quoted = name.parts, name.quoted
        self.named.add(name.first)
        if kind == "table":
            if is_temporary(parts):
                return None
            path = path_of(parts, quoted, self.dialect)
            if path is not None:
                parts, quoted, kind = (path,), (True,), "file"
            elif is_catalogue(parts, self.dialect):
                kind = "catalogue"
        start, end = self.span(name.first, name.last)
        use = Use(parts, quoted, kind, action, start, end, whole and kind == "table" and action == "read")
        self.found.append(use)
        return use

    def inside(self, index: int) -> tuple[int, int, bool]:
        """Where the value of a string stands, and whether it is written without escapes."""
        token = self.text.tokens[index]
        start, end = token.start, token.end + 1
        at = self.text.sql.rfind(token.text, start, end) if token.text else -1
        if at < 0:
            return start, end, False
        return at, at + len(token.text), True

    def add_string(self, index: int, kind: str, action: str) -> None:
        """A file, a stage or a place named by a string."""
        value = self.text.tokens[index].text
        if not value:
            return
        start, end, _ = self.inside(index)
        if value.startswith("@") and self.dialect in ("snowflake", ""):
            kind = "stage"
        self.found.append(Use((value,), (True,), kind, action, start, end, False))

    def add_name_in(self, index: int, action: str, kind: str = "table") -> None:
        """A relation named by a string."""
        value = self.text.tokens[index].text
        name = name_in(value, self.dialect)
        if name is None:
            self.add_string(index, "file" if kind == "table" else kind, action)
            return
        start, end, _ = self.inside(index)
        if kind == "table" and is_catalogue(name.parts, self.dialect):
            kind = "catalogue"
        if not (kind == "table" and is_temporary(name.parts)):
            self.found.append(Use(name.parts, name.quoted, kind, action, start, end, False))

    def add_places(self, index: int) -> None:
        """The places of a search path in a string."""
        value = self.text.tokens[index].text
        start, end, exact = self.inside(index)
        at = 0
        for piece in value.split(","):
            name = piece.strip().strip('"')
            if name:
                first = start + at + piece.index(name) if exact else start
                last = first + len(name) if exact else end
                self.found.append(Use((name,), ('"' in piece,), "place", "write", first, last, False))
            at += len(piece) + 1

    def string_table(self, index: int) -> None:
        """A string in a table's place: a file, or in DuckDB a table after all."""
        value = self.text.tokens[index].text
        if self.dialect == "duckdb" and not is_path(value) and "." not in value:
            self.add_name_in(index, "read")
        else:
            self.add_string(index, "file", "read")

    def stage(self, index: int, hi: int, action: str) -> int:
        """A stage that begins at its ``@``; the place behind it."""
        end = index + 1
        while end < hi and self.text.touches(end) and self.keys[end] not in ("(", ")", ",", ";", "'", "["):
            end += 1
        start, stop = self.span(index, end)
        value = self.text.sql[start:stop].replace('"', "")
        if len(value) > 1:
            self.found.append(Use((value,), (False,), "stage", action, start, stop, False))
        return end

    def target(self, index: int, hi: int, kind: str = "table", action: str = "write") -> int:
        """What a statement names at a place, of any kind; the place behind it, the same if there is none."""
        key = self.text.key(index, hi)
        if key == "@" and self.dialect in ("snowflake", ""):
            return self.stage(index, hi, action)
        if key in ("identifier", "table") and self.text.key(index + 1, hi) == "(":
            if self.text.key(index + 2, hi) == "'":
                self.add_name_in(index + 2, action, kind)
                self.opened.add(index + 2)
            return self.close[index + 1] + 1
        if key == "'":
            if kind in ("place", "function"):
                self.add_name_in(index, action, kind)
            else:
                self.add_string(index, "file", action)
            return index + 1
        name = name_at(self.text, index, hi)
        if name is None:
            return index
        self.add(name, kind, action)
        return name.last

    def alias(self, index: int, hi: int) -> tuple[str | None, int]:
        """The alias that stands at a place, and the place behind it and its columns."""
        key = self.text.key(index, hi)
        if key == "as":
            index += 1
            key = self.text.key(index, hi)
            if key in NOT_AN_ALIAS and key not in ("'", "left", "right"):
                return None, index
        elif key in NOT_AN_ALIAS:
            return None, index
        if key != '"' and not is_word(key):
            return None, index
        if self.text.key(index + 1, hi) == "(" and key in ("at", "before", "changes", "pivot", "unpivot"):
            return None, index
        alias = fold(self.text.tokens[index].text, key == '"', self.dialect)
        known = TEXT_PLACEHOLDER.fullmatch(alias) is None
        return (alias if known else None), index + 1


#: Words that end a table in a FROM rather than name it.
NOT_AN_ALIAS = words("""
    ( ) , ; where join on using left right full inner outer cross natural lateral union intersect
    except minus group order having limit offset fetch qualify window select from set values when with
    for tablesample sample pivot unpivot match_recognize final prewhere settings format array asof any
    all semi anti global positional connect start sort cluster distribute returning into option at
    before version timestamp then do loop begin end go insert update delete merge create drop alter
    truncate exec execute if while grant straight_join apply partition by and or is in between like as
    changes log overwrite use declare return
    """) | {""}
