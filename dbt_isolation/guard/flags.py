"""dbt's own flags: what the user gave, and how they are set from inside a command."""

from typing import Any

import click
from click.core import ParameterSource

from dbt_isolation.guard.session import Session
from dbt_isolation.records.evidence import Mode


def set_flag(flags: Any, name: str, value: object) -> None:
    """Sets a flag in both spellings: dbt's tasks read the one in lower case, its macros the other."""
    for spelling in (name, name.upper()):
        object.__setattr__(flags, spelling, value)


def given(*names: str) -> bool:
    """Whether the user gave one of dbt's flags, on the command line or as a variable."""
    context = click.get_current_context(silent=True)
    while context is not None:
        for name in names:
            for spelling in (name, f"deprecated_{name}"):
                source = context.get_parameter_source(spelling)
                if source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
                    return True
        context = context.parent
    return False


def selects_by_state(session: Session) -> bool:
    """Whether the selection needs ``--state``."""
    words = [word for name in ("SELECT", "EXCLUDE") for word in getattr(session.flags, name, None) or ()]
    if any(method in word for word in words for method in ("state:", "result:")):
        return True
    try:
        # A named or a default selector: what the file says is only looked through.
        selectors = (session.project_dir / "selectors.yml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return not words and ("state" in selectors or "result" in selectors)


def mode(flags: Any) -> Mode:
    """How much of its input the command under way gives to what it builds."""
    if getattr(flags, "EMPTY", False):
        return Mode.EMPTY
    if getattr(flags, "SAMPLE", None):
        return Mode.SAMPLE
    if getattr(flags, "EVENT_TIME_START", None) or getattr(flags, "EVENT_TIME_END", None):
        return Mode.PARTIAL
    return Mode.FULL
