"""What the code of a node configures by itself, in its calls of ``config()``."""

import re
from dataclasses import dataclass

_CALL = re.compile(r"\bconfig\s*\(\s*\{?")
_KEY = re.compile(r"(?:^|[,(\s])(?:(\w+)\s*=(?!=)|(['\"])([\w-]+)\2\s*:)")
_NAME = re.compile(r"[A-Za-z_]\w*(?!\w|\s*=(?!=))")
_LITERALS = frozenset({"true", "false", "none", "True", "False", "None"})


@dataclass(frozen=True, slots=True)
class ConfigCall:
    """``keys``: what it sets. ``literal``: to values that are written out, so the same on every target."""

    keys: frozenset[str]
    literal: bool

    @classmethod
    def of(cls, code: str) -> "ConfigCall":
        """All calls in ``code`` as one."""
        if "config" not in code:
            return _NO_CALL
        keys: set[str] = set()
        literal = True
        for call in _CALL.finditer(code):
            depth, outermost, unquoted, quote = 0, [], [], ""
            for character in code[call.end() :]:
                if quote:
                    quote = "" if character == quote else quote
                elif character in "'\"":
                    quote = character
                    unquoted.append(" ")
                elif character in "([{":
                    depth += 1
                elif character in ")]}":
                    depth -= 1
                    if depth < 0:
                        break
                if depth == 0:
                    outermost.append(character)
                if not quote:
                    unquoted.append(character)
            for match in _KEY.finditer("".join(outermost)):
                keys.add(match[1] or match[3])
            literal = literal and _LITERALS.issuperset(_NAME.findall("".join(unquoted)))
        return cls(frozenset(keys), literal)


_NO_CALL = ConfigCall(frozenset(), literal=True)
