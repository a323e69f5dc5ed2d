"""What the hooks of a run do in it: read by what is known of the run, and remembered by all of that."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbt.adapters.factory import get_adapter_by_type, get_adapter_package_names

from dbt_isolation.checks.readings import Readings
from dbt_isolation.code.given import NOT_SET, Given
from dbt_isolation.code.reading import Reading
from dbt_isolation.guard.hooks import ARGUMENTS, Hook
from dbt_isolation.guard.session import Session

_CALL = re.compile(r"\b((?:\w+\.)?\w+)\s*\(")
_DISPATCH = re.compile(r"\bdispatch\s*\(\s*(?:macro_name\s*=\s*)?['\"](\w+)['\"]")
_VARIABLE = re.compile(r"\bvar\s*\(\s*(?:(?:name\s*=\s*)?(['\"])(.*?)\1)?")
_ENVIRONMENT = re.compile(r"\benv_var\s*\(\s*(?:var\s*=\s*)?(['\"])(\w+)\1")
_FLAG = re.compile(r"\bflags\s*\.\s*(\w+)")
#: A template that says so differs from node to node.
_OF_NODE = re.compile(r"\b(this|model)\s*[.\[]|\{\{-?\s*(schema|database)\b")
_MODEL = ("name", "alias", "schema", "database", "resource_type", "package_name", "unique_id")
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a text asks for: facts of the run, in ``said`` as bytes; ``of_node``: of its node too."""

    given: Given
    said: bytes
    of_node: bool


def readings_of(session: Session, manifest: Any, hooks: Sequence[Hook]) -> Iterator[tuple[Hook, Reading]]:
    """Each hook with what it does in this run; ``manifest`` is dbt's."""
    facts = _Facts(session, manifest)
    dialect = session.credentials.type
    known = Readings(session.target_path, "given", dialect)
    # Most projects have one text for all nodes of a folder.
    texts: dict[tuple[str, str], _Asked] = {}
    alike: dict[tuple[str, str, str], tuple[Hook, _Asked, Mapping[str, object]]] = {}
    of: list[tuple[str, str, str]] = []
    for hook in hooks:
        text = (hook.text, hook.package)
        if text not in texts:
            texts[text] = facts.asked(hook)
        asked = texts[text]
        by_node = asked.of_node and hook.node is not None
        like = (*text, hook.node.unique_id if by_node else "")
        of.append(like)
        if like not in alike:
            alike[like] = hook, asked, _names_of_node(hook.node) if by_node else {}
    keys = {
        like: known.key(hook.text.encode(errors="surrogateescape"), asked.said, _said(names))
        for like, (hook, asked, names) in alike.items()
    }

    def read(fresh: Sequence[tuple[str, str, str]]) -> Iterator[tuple[tuple[str, str, str], Reading]]:
        for like in fresh:
            hook, asked, names = alike[like]
            given = replace(asked.given, names={**asked.given.names, **names})
            yield like, _read(hook.text, given, dialect)

    readings = known.of(keys, read)
    for hook, like in zip(hooks, of, strict=True):
        yield hook, readings[like]


def _read(text: str, given: Given, dialect: str) -> Reading:
    from dbt_isolation.code.files import read_given

    try:
        return read_given(text.replace("\r\n", "\n").replace("\r", "\n"), dialect, given)
    except Exception as error:
        # What the reader does not foresee must not end a run that is right.
        return Reading(problem=(repr(error), 0))


def _said(*facts: object) -> bytes:
    return repr([sorted(one.items()) if isinstance(one, dict) else one for one in facts]).encode(
        errors="surrogateescape"
    )


def _names_of_node(node: Any) -> dict[str, object]:
    """What a template finds of the node whose hook it is."""
    place = {"database": node.database or "", "schema": node.schema or "", "identifier": node.alias}
    return {
        **{f"this.{part}": value for part, value in place.items()},
        **{f"model.{name}": str(getattr(node, name, "")) for name in _MODEL},
        "database": place["database"],
        "schema": place["schema"],
    }


class _Facts:
    """What is known of a run, as far as a text asks for it."""

    def __init__(self, session: Session, manifest: Any) -> None:
        self._session = session
        self._macros = manifest.macros
        self._config = get_adapter_by_type(session.credentials.type).config
        self._not_followed = {*get_adapter_package_names(session.credentials.type), "dbt_isolation"}
        self._target = self._config.to_target_dict()

    def asked(self, hook: Hook) -> _Asked:
        """All that the hook and the macros it calls ask for."""
        macros = self._followed(hook)
        text = "\n".join((hook.text, *macros.values()))
        environ = self._session.run.environ if self._session.run is not None else {}
        given = Given(
            names=dict(self._names(hook, text)),
            variables=self._variables(hook.package, text),
            environ={name: environ.get(name, NOT_SET) for _, name in _ENVIRONMENT.findall(text)},
            macros=macros,
            package=hook.package,
            root=self._session.project,
        )
        said = _said(given.names, given.variables, given.environ, given.macros, given.package, given.root)
        return _Asked(given, said, _OF_NODE.search(text) is not None)

    def _followed(self, hook: Hook) -> dict[str, str]:
        """The macros that the hook calls, also through others, by name."""
        macros: dict[str, str] = {}
        ahead = list(self._called(hook.text, hook.package))
        while ahead:
            macro = self._macros.get(ahead.pop())
            if macro is None or macro.package_name in self._not_followed:
                continue
            name = f"{macro.package_name}.{macro.name}"
            if name not in macros:
                macros[name] = macro.macro_sql.replace("\r\n", "\n")
                ahead += macro.depends_on.macros
        return macros

    def _called(self, text: str, package: str) -> Iterator[str]:
        """Unique ids of what a hook may call; dbt lists those of macros."""
        adapter = self._session.credentials.type
        names = {*_CALL.findall(text)}
        for name in _DISPATCH.findall(text):
            names |= {f"{adapter}__{name}", f"default__{name}"}
        for name in names:
            if "." in name:
                yield f"macro.{name}"
            else:
                yield f"macro.{package}.{name}"
                yield f"macro.{self._session.project}.{name}"

    def _names(self, hook: Hook, text: str) -> Iterator[tuple[str, object]]:
        yield "execute", True
        for name, value in self._target.items():
            if name in text and isinstance(value, _PLAIN):
                yield f"target.{name}", value
        for name in _FLAG.findall(text):
            value = getattr(self._session.flags, name.upper(), None)
            if isinstance(value, _PLAIN):
                yield f"flags.{name}", value
        if ARGUMENTS in hook.text:
            yield ARGUMENTS, dict(self._session.flags.ARGS or {})

    def _variables(self, package: str, text: str) -> Mapping[str, object]:
        asked = [name for _, name in _VARIABLE.findall(text)]
        if not asked:
            return {}
        values: dict[str, object] = {}
        dependency = (self._config.dependencies or {}).get(package)
        for project in filter(None, (dependency, self._config)):
            variables = project.vars.to_dict()
            values |= {**variables, **(variables.get(package) or {})}
        values |= self._config.cli_vars
        # The name of one may be worked out.
        every = values if "" in asked else {}
        return {**every, **{name: values.get(name, NOT_SET) for name in asked if name}}
