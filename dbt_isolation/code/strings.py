"""What methods, filters and comparisons make of strings of which a part may be unknown."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dbt_isolation.code.arguments import Arguments
from dbt_isolation.code.events import Events
from dbt_isolation.code.values import (
    Hole,
    Items,
    Known,
    Piece,
    Text,
    Unknown,
    Value,
    as_text,
    bounded,
    joined,
    names,
    python,
    text,
)

_CHANGES: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "capitalize": str.capitalize,
    "strip": str.strip,
    "trim": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
}
#: Methods whose answer is a decision where the string is the target's name.
_QUESTIONS = frozenset({"startswith", "endswith", "find", "index", "count", "rfind", "isin"})
_UNCHANGED = frozenset({"string", "safe", "as_text", "render", "quote", "e", "escape"})
_NUMBERS = frozenset({"int", "as_bool", "as_number", "as_native", "length"})
_FORMATTED = re.compile(r"%[sdi]|%\((\w+)\)[sdi]")
_BRACED = re.compile(r"\{(\w*)\}")


def method(of: Text, name: str, arguments: Arguments, at: int, events: Events) -> Value:
    """``of.name(…)``."""
    if name in _QUESTIONS:
        events.compared(at, of, arguments.positional)
        literal = of.literal
        other = arguments.text(0)
        if literal is not None and other is not None and name in ("startswith", "endswith"):
            return Known(getattr(literal, name)(other))
        return Unknown()
    if name == "format":
        return _fill(of, _BRACED, arguments)
    if name == "join" and arguments.positional and isinstance(arguments.positional[0], Items):
        return joined(arguments.positional[0].values, of)
    if name in ("include", "without_identifier", "quote"):
        return of
    return _changed(of, name, arguments, at, events)


def filtered(of: Value, name: str, arguments: Arguments, at: int, events: Events) -> Value:
    """``of | name(…)``."""
    if isinstance(of, Items):
        if name == "join":
            separator = arguments.get("d", 0)
            return joined(of.values, as_text(separator) if separator is not None else None)
        if name in ("first", "last") and of.values:
            return of.values[0 if name == "first" else -1]
        if name == "length":
            return Known(len(of.values))
        if name in ("list", "unique", "sort", "reverse"):
            return of
    if name in ("default", "d"):
        return of if isinstance(of, Text) and of.pieces else _either(of, arguments)
    if name == "format" and isinstance(of, Text):
        return percent(of, arguments.positional)
    if isinstance(of, Text):
        return _changed(of, name, arguments, at, events)
    return Unknown(names(of).union(*map(names, arguments.positional)))


def percent(of: Text, given: Sequence[Value]) -> Value:
    """``of % given``."""
    return _fill(of, _FORMATTED, Arguments(list(given), {}))


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda one, among: one in among,
    "notin": lambda one, among: one not in among,
}


def compared(how: str, left: Value, right: Value) -> Value:
    """Whether they are equal, or in each other, or not, where that is known."""
    pair = python(left), python(right)
    if not all(pair) or how not in _OPERATORS:
        return Unknown()
    try:
        return Known(_OPERATORS[how](*pair[0], *pair[1]))
    except TypeError:
        return Unknown()


def part(of: Text, start: Value | None, stop: Value | None) -> Value:
    """``of[start:stop]``."""
    ends = [one.value if isinstance(one, Known) else None for one in (start, stop)]
    whole = [None if one is None else int(one) for one in ends]
    unknown = any(one is not None and not isinstance(one, Known) for one in (start, stop))
    if of.literal is None or unknown:
        return Unknown(names(of))
    return text(of.literal[slice(*whole)])


def _changed(of: Text, name: str, arguments: Arguments, at: int, events: Events) -> Value:
    if name in _UNCHANGED or (name == "as_native" and of.literal is None):
        return of
    if name in ("replace", "replace_path", "incorporate"):
        if any(isinstance(one, Hole) for one in of.pieces):
            for one in arguments.all:
                events.named(one)
        literal, old, new = of.literal, arguments.text(0), arguments.text(1)
        if name == "replace" and literal is not None and old is not None and new is not None:
            bounded(0, len(literal) + literal.count(old) * len(new))
            return text(literal.replace(old, new), at)
        if name != "replace":
            return of
    change = _CHANGES.get(name)
    if change is not None:
        return Text(
            tuple(
                Piece(change(one.text), one.start, exact=one.exact and change(one.text) == one.text)
                if isinstance(one, Piece)
                else one
                for one in of.pieces
            )
        )
    if name in _NUMBERS and of.literal is not None:
        return _native(of.literal, name)
    if name == "split" and of.literal is not None and (separator := arguments.text(0)):
        return Items([text(one, at) for one in of.literal.split(separator)])
    return Unknown(names(of).union(*map(names, arguments.all)))


def _native(literal: str, name: str) -> Value:
    """What ``| int`` and the like make of a known string."""
    if name == "length":
        return Known(len(literal))
    if name in ("as_bool", "as_native") and literal.lower() in ("true", "false"):
        return Known(literal.lower() == "true")
    if re.fullmatch(r"[+-]?\d+", literal.strip()):
        return Known(int(literal))
    return Unknown() if name != "as_native" else text(literal)


def _either(of: Value, arguments: Arguments) -> Value:
    default = arguments.get("default_value", 0)
    if isinstance(of, Known) and of.value is not None:
        return of
    if default is not None and isinstance(default, Text) and default.literal is not None:
        return Text((Hole("name", sorted(names(of) | {"default"})[0], guess=default.literal),))
    return Unknown(names(of))


def _fill(of: Text, marks: re.Pattern[str], arguments: Arguments) -> Text:
    """``of`` with the arguments in place of its marks, in their order or by name."""
    found: list[Piece | Hole] = []
    number = 0
    for piece in of.pieces:
        if isinstance(piece, Hole):
            found.append(piece)
            continue
        end = 0
        for match in marks.finditer(piece.text):
            found.append(Piece(piece.text[end : match.start()], piece.start + end, piece.exact))
            key = match[1] if match.groups() else None
            if key and not key.isdigit():
                value = arguments.named.get(key)
            else:
                value = arguments.get("", int(key) if key else number)
                number += 1
            found.extend(as_text(value if value is not None else Unknown()).pieces)
            end = match.end()
        found.append(Piece(piece.text[end:], piece.start + end, piece.exact))
    return Text(tuple(one for one in found if isinstance(one, Hole) or one.text))
