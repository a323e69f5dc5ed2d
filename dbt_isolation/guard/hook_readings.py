"""What the hooks of a run do in it: read by what is known of the run, and remembered by all of that."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dbt.adapters.factory import get_adapter_by_type, get_adapter_package_names

from dbt_isolation.checks.readings import Readings
from dbt_isolation.guard.hooks import ARGUMENTS, Hook
from dbt_isolation.guard.session import Session
from dbt_isolation.sql.given import NOT_SET, Given
from dbt_isolation.sql.reading import Reading

_CALL = re.compile(r"\b((?:\w+\.)?\w+)\s*\(")
_DISPATCH = re.compile(r"\bdispatch\s*\(\s*(?:macro_name\s*=\s*)?['\"](\w+)['\"]")
_VARIABLE = re.compile(r"\bvar\s*\(\s*(?:(?:name\s*=\s*)?(['\"])(.*?)\1)?")
_ENVIRONMENT = re.compile(r"\benv_var\s*\(\s*(?:var\s*=\s*)?(['\"])(\w+)\1")
_FLAG = re.compile(r"\bflags\s*\.\s*(\w+)")
#: A template that says so differs from node to node.
_OF_NODE = re.compile(r"\b(this|model)\s*[.\[]|\{\{-?\s*(schema|database)\b")
_MODEL = ("name", "alias", "schema", "database", "resource_type", "package_name", "unique_id")
_PLAIN = (str, int, float, bool, type(None))


def readings_of(session: Session, manifest: Any, hooks: Sequence[Hook]) -> Iterator[tuple[Hook, Reading]]:
    """Each hook with what it does in this run; ``manifest`` is dbt's."""
    facts = _Facts(session, manifest)
    dialect = session.credentials.type
    known = Readings(session.target_path, "given", dialect)
    keys: dict[bytes, bytes] = {}
    givens: dict[bytes, tuple[str, Given]] = {}
    of: list[tuple[Hook, bytes]] = []
    alike: dict[tuple[str, str, str], bytes] = {}
    for hook in hooks:
        # Most projects have one text for all nodes of a folder.
        like = (hook.text, hook.package, hook.node.unique_id if facts.of_node(hook) else "")
        if like not in alike:
            given = facts.given(hook)
            key = known.key(hook.text.encode(errors="surrogateescape"), _said(given))
            alike[like] = key
            keys[key], givens[key] = key, (hook.text, given)
        of.append((hook, alike[like]))

    def read(fresh: Sequence[bytes]) -> Iterable[tuple[bytes, Reading]]:
        return ((key, _read(*givens[key], dialect)) for key in fresh)

    readings = known.of(keys, read)
    for hook, key in of:
        yield hook, readings[key]


def _read(text: str, given: Given, dialect: str) -> Reading:
    from dbt_isolation.sql.files import read_given

    try:
        return read_given(text.replace("\r\n", "\n").replace("\r", "\n"), dialect, given)
    except Exception as error:
        # What the reader does not foresee must not end a run that is right.
        return Reading(problem=(repr(error), 0))


def _said(given: Given) -> bytes:
    facts = (given.names, given.variables, given.environ, given.macros)
    said = [sorted((name, _shown(one)) for name, one in fact.items()) for fact in facts]
    return repr((said, given.package, given.root)).encode(errors="surrogateescape")


def _shown(value: object) -> str:
    return "" if value is NOT_SET else repr(value)


class _Facts:
    """What is known of a run, as far as a text asks for it."""

    def __init__(self, session: Session, manifest: Any) -> None:
        self._session = session
        self._macros = manifest.macros
        self._config = get_adapter_by_type(session.credentials.type).config
        self._not_followed = {*get_adapter_package_names(session.credentials.type), "dbt_isolation"}
        self._target = self._config.to_target_dict()
        self._texts: dict[tuple[str, str], tuple[dict[str, str], str]] = {}

    def of_node(self, hook: Hook) -> bool:
        """Whether what it does is another thing for another node."""
        return hook.node is not None and _OF_NODE.search(self._all(hook)[1]) is not None

    def given(self, hook: Hook) -> Given:
        """All that the hook and the macros it calls ask for."""
        macros, text = self._all(hook)
        environ = self._session.run.environ if self._session.run is not None else {}
        return Given(
            names=dict(self._names(hook, text)),
            variables=self._variables(hook.package, text),
            environ={name: environ.get(name, NOT_SET) for _, name in _ENVIRONMENT.findall(text)},
            macros=macros,
            package=hook.package,
            root=self._session.project,
        )

    def _all(self, hook: Hook) -> tuple[dict[str, str], str]:
        """The macros that the hook calls, also through others, by name, and its text with theirs."""
        key = (hook.text, hook.package)
        if key not in self._texts:
            macros: dict[str, str] = {}
            ahead = list(self._called(*key))
            while ahead:
                macro = self._macros.get(ahead.pop())
                if macro is None or macro.package_name in self._not_followed:
                    continue
                name = f"{macro.package_name}.{macro.name}"
                if name not in macros:
                    macros[name] = macro.macro_sql.replace("\r\n", "\n")
                    ahead += macro.depends_on.macros
            self._texts[key] = macros, "\n".join((hook.text, *macros.values()))
        return self._texts[key]

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
        if self.of_node(hook):
            node = hook.node
            place = {"database": node.database or "", "schema": node.schema or "", "identifier": node.alias}
            yield from ((f"this.{part}", value) for part, value in place.items())
            yield "database", place["database"]
            yield "schema", place["schema"]
            yield from ((f"model.{name}", getattr(node, name, None)) for name in _MODEL)

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
