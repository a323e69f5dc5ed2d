"""The line that a finding is about, as it may be shown: short, in one piece, with the place known."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dbt_isolation.outcome import Finding

_TAB = "    "
_CUT = "…"
#: What would move the cursor, colour the screen or turn the direction of reading; each is shown as one mark.
_UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line in three parts; ``meant`` is empty where the column is not known, or is after the line's end."""

    before: str
    meant: str
    after: str

    @property
    def line(self) -> str:
        """The parts together."""
        return self.before + self.meant + self.after


def excerpt_of(finding: Finding, widest: int, measure: Callable[[str], int] = len) -> Excerpt | None:
    """What ``finding`` shows of its line, in at most ``widest`` of what ``measure`` counts; None if nothing.

    Blanks at both ends are left out, tabs are four blanks, and a long line is cut around the place.
    """
    if not finding.excerpt.strip():
        return None
    if finding.column:
        start = finding.column - 1
        end = start + max(1, finding.length)
    else:
        start = end = len(finding.excerpt) - len(finding.excerpt.lstrip())
    # More than can be shown is not looked at: a line may be as long as a file.
    before = finding.excerpt[:start].lstrip()[-4 * widest :]
    meant = finding.excerpt[start:end][: 4 * widest]
    after = finding.excerpt[end : end + 4 * widest].rstrip()
    before, meant, after = map(plain, (before, meant, after))
    if measure(before + meant + after) <= widest:
        return Excerpt(before, meant, after)
    shown = _head(meant, widest - 2, measure)
    room = widest - 2 - measure(shown)
    rest = _head(after, max(room // 2, room - measure(before)), measure) if shown == meant else ""
    lead = _tail(before, room - measure(rest), measure)
    return Excerpt(
        _CUT + lead if lead != before else before,
        shown,
        rest + _CUT if shown + rest != meant + after else rest,
    )


def plain(text: str) -> str:
    """``text`` without what acts instead of being read: one line, in which a tab is four blanks."""
    return _UNSEEN.sub("\ufffd", text.replace("\t", _TAB))


def _head(text: str, room: int, measure: Callable[[str], int]) -> str:
    found = text[: max(0, room)]
    while measure(found) > room and found:
        found = found[:-1]
    return found


def _tail(text: str, room: int, measure: Callable[[str], int]) -> str:
    found = text[max(0, len(text) - room) :] if room > 0 else ""
    while measure(found) > room and found:
        found = found[1:]
    return found
