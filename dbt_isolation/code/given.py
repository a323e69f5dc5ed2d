"""What is known where a template is about to be run: by it only the branches are read that run there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dbt_isolation.code.arguments import Arguments
from dbt_isolation.code.values import Global, Text, Value, hole, known


class _NotSet:
    def __repr__(self) -> str:
        return "not set"


#: Of a variable that nobody set.
NOT_SET: Final = _NotSet()
#: A macro that calls others deeper than this is not followed.
DEEPEST = 30
_HOOKS = frozenset({"after_commit", "before_begin", "in_transaction", "make_hook_config"})
_ENDS = frozenset(
    f"exceptions.{one}"
    for one in (
        "raise_compiler_error",
        "raise_database_error",
        "raise_fail_fast_error",
        "raise_contract_error",
    )
) | {"ref_not_found"}


@dataclass(frozen=True, slots=True)
class Given:
    """One run's facts; what is in none of them is not known.

    ``names``: what a template finds by its dotted name, such as ``target.name`` and ``this.schema``.
    ``variables`` and ``environ``: by name, ``NOT_SET`` for those that are not set. ``macros``: the texts of
    those that are followed, by ``package.name``. ``package``: the template's; ``root``: the root project.
    """

    names: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)
    environ: Mapping[str, object] = field(default_factory=dict)
    macros: Mapping[str, str] = field(default_factory=dict)
    package: str = ""
    root: str = ""

    def macro(self, name: str, package: str) -> str | None:
        """Which of the macros ``name`` is where a macro or a hook of ``package`` calls it."""
        names = [name] if "." in name else [f"{package}.{name}", f"{self.root}.{name}"]
        return next((one for one in names if one in self.macros), None)


class ReturnedError(Exception):
    """``return`` in a macro: it ends there, with a value."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class EndedError(Exception):
    """The template raises an error, and does nothing more."""


def call(given: Given, name: str, arguments: Arguments, package: str, dialect: str) -> Value | None:
    """What ``name(…)`` gives in the run; None where its facts say nothing of it."""
    if name in _ENDS:
        raise EndedError
    if name == "target.get":
        asked = f"target.{arguments.text(0)}"
        return known(given.names[asked]) if asked in given.names else None
    if name in ("var", "env_var"):
        facts = given.variables if name == "var" else given.environ
        asked = arguments.text(0, "name" if name == "var" else "var") or ""
        if asked not in facts:
            return hole("name", name)
        if facts[asked] is not NOT_SET:
            return known(facts[asked])
        default = arguments.get("default", 1)
        if default is None:
            raise EndedError
        return default
    if name in _HOOKS and arguments.positional:
        return arguments.positional[0]
    if name == "adapter.dispatch":
        return _dispatched(given, arguments, package, dialect)
    return None


def _dispatched(given: Given, arguments: Arguments, package: str, dialect: str) -> Value | None:
    name = arguments.text(0, "macro_name")
    asked = arguments.get("macro_namespace", 1)
    namespace = asked.literal if isinstance(asked, Text) and asked.literal else package
    for prefix in (dialect, "default"):
        for where in (given.root, namespace):
            if f"{where}.{prefix}__{name}" in given.macros:
                return Global(f"{where}.{prefix}__{name}")
    return None
