"""One thing that was looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """``remedy`` is empty where it is fine; ``advice`` where it works and could be better."""

    what: str
    found: str
    remedy: str = ""
    advice: bool = False
