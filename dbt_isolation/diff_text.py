"""A text and what became of it, as lines of a unified diff."""

from collections.abc import Iterator
from difflib import unified_diff
from itertools import islice

from dbt_isolation.outcome import TextDiff


def lines(block: TextDiff) -> Iterator[str]:
    """The changed lines with three around them; nothing where the two are equal."""
    found = unified_diff(block.old.splitlines(), block.new.splitlines(), lineterm="", n=3)
    # Without the two lines that name files: there is one, and the title says it.
    return islice(found, 2, None)
