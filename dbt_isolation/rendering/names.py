"""What a template finds by name: dbt's functions and objects, and macros."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import yaml

from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.rendering.configuration import Configuration
from dbt_isolation.rendering.doubts import Doubts, Unknown
from dbt_isolation.rendering.facts import Facts
from dbt_isolation.rendering.macros import Calls, ReturnedError
from dbt_isolation.rendering.modules import modules
from dbt_isolation.rendering.partial import Asks, Partial
from dbt_isolation.rendering.relations import Relations
from dbt_isolation.rendering.sandbox import Sandbox
from dbt_isolation.sql.unreadable import UnreadableError

_OF_RUN = "is known to a run alone"
_MODEL = ("name", "alias", "database", "unique_id", "resource_type", "package_name", "original_file_path")
_ERRORS = (
    *("raise_compiler_error", "raise_not_implemented", "raise_contract_error", "raise_database_error"),
    *("raise_fail_fast_error", "raise_invalid_property_yml_version", "missing_config", "invalid_type_error"),
    *("relation_wrong_type", "missing_relation", "ref_not_found", "column_type_missing"),
)
_MISSING = object()
_TEXT = {"STRING": "TEXT"}
#: Adapters that write the size of a number as dbt does.
_SIZED = ("duckdb", "postgres", "redshift", "snowflake")
#: What adapters call dbt's own types, if not as dbt does.
_TYPES: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(_SIZED, _TEXT),
    "bigquery": {"TEXT": "STRING", "FLOAT": "FLOAT64", "INTEGER": "INT64"},
}
#: Variables that dbt gives to no model.
_SECRET = "DBT_ENV_SECRET"


class Names(Mapping[str, Any]):
    """All of them: every name is there, and one that nobody gives is not known."""

    def __init__(
        self, node: Node, facts: Facts, sandbox: Sandbox, doubts: Doubts, calls: Calls, relations: Relations
    ) -> None:
        self._node = node
        self._facts = facts
        self._sandbox = sandbox
        self._doubts = doubts
        self._calls = calls
        self._dbt = self._of_dbt(relations)
        calls.names = self
        calls.replaced = {
            "run_query": self._asks("run_query"),
            "statement": _statement,
            "load_relation": self._asks("load_relation"),
            "is_incremental": lambda: node.config.materialized == "incremental" and facts.incremental,
        }

    def __getitem__(self, name: str) -> Any:
        # A project's macro of the same name is found first, as in dbt.
        macro = self._calls.find(name)
        if macro is not None:
            return macro
        if name in self._dbt:
            return self._dbt[name]
        if name in self._sandbox.globals:
            return self._sandbox.globals[name]
        return self._doubts.unknown(f"{name} is nothing that is known")

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        raise UnreadableError("it goes through all names that there are")

    def __len__(self) -> int:
        return len(self._dbt)

    def _of_dbt(self, relations: Relations) -> dict[str, Any]:
        node, facts, calls = self._node, self._facts, self._calls
        adapter = {"dispatch": calls.dispatch, "quote": relations.quoted, "type": lambda: facts.dialect}
        config = self._partial("model.config", {"materialized": node.config.materialized}, "is not known")
        model = {**{name: getattr(node, name) for name in _MODEL}, "schema": node.schema_, "config": config}
        errors: dict[str, Any] = dict.fromkeys(_ERRORS, _ends)
        sized = {"numeric_type": _numeric} if facts.dialect in _SIZED else {}
        api = {
            "Relation": Asks(self._doubts, "api.Relation", {"create": relations.made}),
            "Column": self._partial("api.Column", {"translate_type": self._type, **sized}, "is not known"),
        }
        found: dict[str, Any] = {
            "this": relations.this,
            "ref": relations.ref,
            "source": relations.source,
            "config": Configuration(node, self._doubts),
            "var": _Variables(node.package_name, facts, self._doubts),
            "env_var": self._env_var,
            "target": self._partial("target", {"type": facts.dialect, **facts.target}, "is not known"),
            "model": self._partial("model", model, "is not known"),
            "flags": self._partial("flags", {"FULL_REFRESH": False}, _OF_RUN),
            "adapter": Asks(self._doubts, "adapter", adapter),
            "api": self._partial("api", api, "is not known"),
            "exceptions": self._partial("exceptions", {"warn": _nothing, **errors}, _OF_RUN),
            "modules": self._partial("modules", modules(self._sandbox), "is not known"),
            "context": _Context(self),
            "execute": True,
            "schema": node.schema_,
            "database": node.database,
            "return": self._return,
            "log": _nothing,
            "print": _nothing,
            "debug": _nothing,
            "tojson": self._tojson,
            "fromjson": _read(json.loads),
            "fromyaml": _read(yaml.safe_load),
            "set": self._set,
            "set_strict": self._set,
            "zip": self._zip,
            "zip_strict": self._zip,
            "local_md5": _md5,
        }
        functions = {one: found[one] for one in ("ref", "source", "config", "var", "env_var")}
        found["builtins"] = self._partial("builtins", functions, "is not known")
        for name in ("graph", "invocation_id", "run_started_at", "thread_id", "selected_resources"):
            found[name] = self._doubts.unknown(f"{name} {_OF_RUN}")
        for name in ("load_result", "store_result", "load_agate_table"):
            found[name] = self._asks(name)
        return found

    def _partial(self, name: str, known: Mapping[str, Any], why: str) -> Partial:
        return Partial(self._doubts, name, known, why)

    def _asks(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **named: self._doubts.unknown(f"{name}() asks the database")

    def _return(self, value: Any = None) -> NoReturn:
        if not self._calls.deep:
            raise UnreadableError("it returns a value outside of a macro")
        raise ReturnedError(value)

    def _env_var(self, var: str, default: Any = None) -> Any:
        if var in self._facts.environ and not str(var).startswith(_SECRET):
            return self._facts.environ[var]
        return default if default is not None else self._doubts.unknown(f"env_var('{var}') is not set")

    def _tojson(self, value: Any, default: Any = None, sort_keys: bool = False) -> Any:
        try:
            return json.dumps(value, sort_keys=sort_keys)
        except (TypeError, ValueError):
            return self._doubts.unknown("tojson() of what is not known")

    def _type(self, dtype: Any) -> Any:
        labels = _TYPES.get(self._facts.dialect)
        if labels is None:
            return self._doubts.unknown(f"what {self._facts.dialect} calls the type {dtype}")
        return labels.get(str(dtype).upper(), dtype)

    def _set(self, values: Any, default: Any = None) -> set[Any]:
        found = set(self._sandbox.budget.rounds(values))
        if len(found) > 1:
            self._sandbox.unordered()
        return found

    def _zip(self, *lists: Any, default: Any = None) -> Iterator[Any]:
        return zip(*map(self._sandbox.budget.rounds, lists), strict=False)


class _Context(Mapping[str, Any]):
    """``context``: all names again."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def __getitem__(self, name: str) -> Any:
        return self._names[name]

    def get(self, name: str, default: Any = None) -> Any:
        """One that is not known may be there all the same."""
        return self._names[name]

    def __contains__(self, name: object) -> bool:
        found = self._names[str(name)]
        return not isinstance(found, Unknown) or bool(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(list(self))


class _Variables:
    """``var``."""

    unsafe_callable = False
    alters_data = False

    def __init__(self, package: str, facts: Facts, doubts: Doubts) -> None:
        self._package = package
        self._facts = facts
        self._doubts = doubts

    def __call__(self, name: str, default: Any = _MISSING) -> Any:
        try:
            value = self._facts.variables(self._package, name)
        except KeyError:
            return default if default is not _MISSING else self._doubts.unknown(f"var('{name}') is not set")
        if isinstance(value, str) and ("{{" in value or "{%" in value):
            return self._doubts.unknown(f"var('{name}') is a template")
        return value

    def has_var(self, name: str) -> bool:
        """Whether it is set."""
        try:
            self._facts.variables(self._package, name)
        except KeyError:
            return False
        return True

    def __str__(self) -> str:
        return str(self._doubts.unknown("var is written without a call"))


def _numeric(dtype: Any, precision: Any, scale: Any) -> str:
    return str(dtype) if precision is None or scale is None else f"{dtype}({precision},{scale})"


def _statement(*arguments: Any, caller: Callable[[], Any] | None = None, **named: Any) -> str:
    # What it runs may name an ephemeral model, which then stands in front as for any other.
    if caller is not None:
        caller()
    return ""


def _nothing(*arguments: Any, **named: Any) -> str:
    return ""


def _ends(*arguments: Any, **named: Any) -> NoReturn:
    said = " ".join(str(arguments[0]).split()) if arguments else ""
    raise UnreadableError(f"it raises an error: {said[:200]}")


def _read(read: Callable[[str], Any]) -> Callable[..., Any]:
    def function(text: str, default: Any = None) -> Any:
        try:
            return read(text)
        except (ValueError, yaml.YAMLError):
            return default

    return function


def _md5(value: Any) -> str:
    return hashlib.md5(str(value).encode(), usedforsecurity=False).hexdigest()
