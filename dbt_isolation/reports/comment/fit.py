"""As much of a comment as a service takes, what matters most first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from dbt_isolation.reports.comment.cells import as_text

#: GitHub takes 65,536 characters; some are left for what a workflow puts around the comment.
LIMIT = 64_000
#: What names the parts that are left out may not grow large itself.
_NAMED = 5
_LONGEST_NAME = 80
#: So many rows are worth more than a chart.
_FEW = 10


class Rank(IntEnum):
    """What a part is; the first ones go first."""

    DIFF = 0
    FOLDED = 1
    TABLE = 2
    TEXT = 3
    GRAPH = 4
    SKIPPED = 5
    FINDINGS = 6


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the comment: lines that it may end after, between what opens and closes it."""

    rank: Rank
    title: str
    opened: str
    lines: Sequence[str]
    closed: str = ""

    def text(self, most: int) -> str:
        """The part with no more than ``most`` lines."""
        more = len(self.lines) - most
        cut = f"\n\n… and {more} more" if more > 0 else ""
        # A fence is closed before that is said, and what is folded after it.
        fenced, details, rest = self.closed.partition("\n\n</details>")
        return self.opened + "\n".join(self.lines[:most]) + fenced + cut + details + rest


def fitted(heading: str, parts: Sequence[Part], command: str) -> str:
    """``heading`` and ``parts``, which are cut and left out until they fit; then a last line says so."""
    return _Comment(heading, parts, command).text()


class _Comment:
    def __init__(self, heading: str, parts: Sequence[Part], command: str) -> None:
        self._heading = heading
        self._parts = parts
        self._command = command
        self._lines = [len(part.lines) for part in parts]
        self._texts = [part.text(len(part.lines)) for part in parts]
        self._out: set[int] = set()

    def text(self) -> str:
        for rank in (Rank.DIFF, Rank.FOLDED):
            self._leave_out(rank)
        self._shorten(_FEW, Rank.TABLE, Rank.TEXT)
        self._leave_out(Rank.GRAPH)
        # What the charts took is there for the rows again.
        for ranks in ((Rank.TABLE, Rank.TEXT), (Rank.SKIPPED,), (Rank.FINDINGS,)):
            self._shorten(1, *ranks)
        # What is left may still be too long, by its titles or by a single line.
        for rank in Rank:
            self._leave_out(rank)
        return self._joined()

    def _over(self) -> int:
        return len(self._joined()) - LIMIT

    def _joined(self) -> str:
        shown = (text for index, text in enumerate(self._texts) if index not in self._out)
        return "\n\n".join([self._heading, *shown, *self._note()])

    def _leave_out(self, rank: Rank) -> None:
        """Parts of that rank, the longest first, until the rest fits."""
        over = self._over()
        if over <= 0:
            return
        ones = [
            index for index, part in enumerate(self._parts) if part.rank is rank and index not in self._out
        ]
        for index in sorted(ones, key=lambda one: -len(self._texts[one])):
            self._out.add(index)
            over -= len(self._texts[index])
            # The note grows as it names more, so that it is counted only where it may be the end.
            if over <= 0 and self._over() <= 0:
                return

    def _shorten(self, least: int, *ranks: Rank) -> None:
        """Gives parts of these ranks as many lines as fit, to each the same, but not less than ``least``."""
        ones = [index for index, part in enumerate(self._parts) if part.rank in ranks]
        most = max((len(self._parts[index].lines) for index in ones), default=0)
        self._give(ones, most)
        if most <= least or self._over() <= 0:
            return
        # Between what is taken to fit and what is known not to.
        fits, above = least, most
        while above - fits > 1:
            middle = (fits + above) // 2
            self._give(ones, middle)
            fits, above = (middle, above) if self._over() <= 0 else (fits, middle)
        self._give(ones, fits)

    def _give(self, ones: Iterable[int], most: int) -> None:
        for index in ones:
            lines = min(most, len(self._parts[index].lines))
            if lines != self._lines[index]:
                self._lines[index] = lines
                self._texts[index] = self._parts[index].text(lines)

    def _note(self) -> Iterable[str]:
        cut = any(lines < len(part.lines) for lines, part in zip(self._lines, self._parts, strict=True))
        if not self._out and not cut:
            return
        names = [self._parts[index].title for index in sorted(self._out)]
        named = [as_text(" ".join(name.split())[:_LONGEST_NAME]) for name in names[:_NAMED]]
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        left = f" Left out: {', '.join(filter(None, [*named, *more]))}." if names else ""
        yield f"Too long for a comment.{left} `{self._command} --format html --output FILE` has everything."
