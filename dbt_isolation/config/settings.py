"""Typed values out of a user's YAML; every error names the file and the key."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dbt_isolation.errors import IsolationError

#: More names than this are not read by anybody; the first ones show what they look like.
_MANY, _SHOWN = 40, 10


def read_yaml(file: Path) -> Mapping[str, Any]:
    """The mapping in ``file``; an empty file is an empty mapping.

    Raises ``IsolationError`` for what is no YAML, no text or no mapping.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise IsolationError(f"{file}: not valid YAML: {error}") from error
    except OSError as error:
        raise IsolationError(f"{file}: {error.strerror or error}") from error
    return parse_yaml(text, str(file))


def parse_yaml(text: str, name: str) -> Mapping[str, Any]:
    """The mapping that ``text`` is, called ``name`` in errors; raises as ``read_yaml`` does."""
    import yaml

    from dbt_isolation.config import yaml_reader

    try:
        content = yaml_reader.load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        conflict = re.search(r"^(?:<{7}|={7}|>{7})(?: |$)", text, re.MULTILINE)
        if conflict is not None:
            line = text.count("\n", 0, conflict.start()) + 1
            raise IsolationError(
                f"{name}:{line}: a merge conflict", "resolve it, and run this again"
            ) from error
        raise IsolationError(f"{place}: not valid YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise IsolationError(f"{name}: not valid YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise IsolationError(f"{name}: a mapping is needed at the top, not {_kind(content)}")
    return content


class Reader:
    """Checks values one by one; ``root`` and the keys given to it name the place of an error in ``file``."""

    def __init__(self, file: str, root: str) -> None:
        self._file = file
        self._root = root

    def mapping(self, value: object, key: str, known: tuple[str, ...] | None = None) -> Mapping[str, Any]:
        """A mapping whose keys are text and, where ``known`` is given, are among it."""
        if not isinstance(value, Mapping):
            raise self.error(key, f"a mapping is needed, not {_kind(value)}")
        for name in value:
            place = f"{key}.{name}" if key else str(name)
            if not isinstance(name, str):
                raise self.error(place, f"{name!r} is not text", "put it in quotes")
            if known is None or name in known:
                continue
            raise self.error(place, f"unknown key '{name}'", suggestion(name, known))
        return value

    def list(self, value: object, key: str) -> Sequence[object]:
        """A list."""
        if not isinstance(value, list | tuple):
            raise self.error(key, f"a list is needed, not {_kind(value)}", f"put it in brackets: [{value}]")
        return value

    def names(self, value: object, key: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(self.text(one, f"{key}[{number}]") for number, one in enumerate(self.list(value, key)))

    def text(self, value: object, key: str) -> str:
        """Text that Jinja has no part in."""
        if not isinstance(value, str):
            raise self.error(key, f"text is needed, not {_kind(value)}", "put it in quotes")
        if "{{" in value:
            raise self.error(
                key,
                f"'{{{{' in {value!r}: dbt does not render Jinja in vars",
                "write {env:NAME} for an environment variable",
            )
        return value

    def flag(self, value: object, key: str) -> bool:
        """True or false."""
        if not isinstance(value, bool):
            raise self.error(key, f"true or false is needed, not {_kind(value)}")
        return value

    def count(self, value: object, key: str) -> int:
        """A whole number, 0 or more."""
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.error(key, f"{value!r} is no whole number", "write one such as 1000000")
        return value

    def choice(self, value: object, key: str, known: tuple[str, ...]) -> str:
        """One of ``known``."""
        if value not in known:
            raise self.error(key, f"{value!r} is none of {', '.join(known)}", suggestion(str(value), known))
        return str(value)

    def age(self, value: object, key: str) -> timedelta | None:
        """A length of time such as 12h, 14d or 3w; None stays None."""
        if value is None:
            return None
        found = age(value) if isinstance(value, str) else None
        if found is None:
            raise self.error(key, f"{value!r} is no length of time", "write 12h, 14d or 3w")
        return found

    def size(self, value: object, key: str) -> int:
        """A size such as 500MB or 20GB, in bytes."""
        units = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
        match = re.fullmatch(r"(\d{1,6}) ?([MGT]B)", value) if isinstance(value, str) else None
        if not match:
            raise self.error(key, f"{value!r} is no size", "write 500MB or 20GB")
        return int(match[1]) * units[match[2]]

    def error(self, key: str, message: str, hint: str = "") -> IsolationError:
        """The error for ``key``."""
        place = ".".join(filter(None, (self._root, key)))
        return IsolationError(f"{self._file}: {place}: {message}", hint)


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    names = {
        str: "text",
        list: "a list",
        dict: "a mapping",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), type(value).__name__)


def age(text: str) -> timedelta | None:
    """The length of time that ``text`` says, such as 12h, 14d or 3w; None if it says none."""
    units = {"h": "hours", "d": "days", "w": "weeks"}
    match = re.fullmatch(r"([0-9]{1,5})([hdw])", text)
    return timedelta(**{units[match[2]]: int(match[1])}) if match else None


def suggestion(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    """A hint: the nearest of ``known``, or all of them, unless they are many."""
    names = list(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _MANY else ""
    return f"known: {', '.join(names[:_SHOWN] if more else names)}{more}"
