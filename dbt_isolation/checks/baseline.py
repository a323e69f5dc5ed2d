"""The findings that a project had before it began, kept in a file: they are counted, not shown."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dbt_isolation.errors import IsolationError
from dbt_isolation.outcome import Finding

_VERSION = 1
#: What one finding is known by; never by its line, which moves with what stands above it.
_FIELDS = ("code", "path", "node", "message")


@dataclass(frozen=True, slots=True)
class Baseline:
    """How often each finding was there."""

    known: Counter[tuple[str, ...]]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Self:
        """What there is now."""
        return cls(Counter(map(_key, findings)))

    @classmethod
    def read(cls, file: Path) -> Self:
        """What ``file`` holds. Raises ``IsolationError`` for what is no baseline."""
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content["version"] != _VERSION:
                raise IsolationError(
                    f"{file} is of version {content['version']}, written by a later dbt-isolation",
                    "update dbt-isolation",
                )
            known = [tuple(str(one[field]) for field in _FIELDS) for one in content["findings"]]
        except OSError as error:
            raise IsolationError(f"{file}: {error.strerror or error}") from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise IsolationError(
                f"{file} is no baseline: {error!r}", "remove it, and it is written anew"
            ) from error
        return cls(Counter(known))

    def write(self, file: Path) -> None:
        """Puts it into ``file``, sorted, so that git shows what was fixed. Raises ``IsolationError``."""
        findings = [dict(zip(_FIELDS, key, strict=True)) for key in sorted(self.known.elements())]
        text = json.dumps({"version": _VERSION, "findings": findings}, indent=1, ensure_ascii=False)
        try:
            file.write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise IsolationError(f"{file}: {error.strerror or error}") from error

    def split(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
        """The findings that are new, and those that were there."""
        left = self.known.copy()
        new: list[Finding] = []
        there: list[Finding] = []
        for finding in findings:
            key = _key(finding)
            known = left[key] > 0
            left[key] -= known
            (there if known else new).append(finding)
        return new, there

    def shrunk(self, findings: Sequence[Finding], codes: Iterable[str]) -> Self:
        """Without what is fixed: what is not among ``findings`` any more, of the checks that were asked."""
        now, asked = Baseline.of(findings).known, set(codes)
        kept = {key: min(count, now[key]) if key[0] in asked else count for key, count in self.known.items()}
        return type(self)(+Counter(kept))


def _key(finding: Finding) -> tuple[str, ...]:
    return tuple(str(getattr(finding, field)) for field in _FIELDS)
