"""The macros of a project and its packages, found and called as dbt does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jinja2.environment import Template

from dbt_isolation.artifacts.manifest import Macro, Manifest
from dbt_isolation.rendering.doubts import Doubts
from dbt_isolation.rendering.sandbox import Sandbox
from dbt_isolation.sql.unreadable import UnreadableError

#: The adapters whose macros others take where they have none of their own, and then have in the manifest.
_OF_OTHERS = ("postgres", "spark", "fabric", "sqlserver")
_BASES: Mapping[str, tuple[str, ...]] = {"redshift": ("postgres",), "databricks": ("spark",)}
#: Calls of each other deeper than this are those of a macro that does not end.
_DEEPEST = 60
Called = Callable[..., Any]


class ReturnedError(Exception):
    """``return`` in a macro: it ends there, with a value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Library:
    """All macros of a manifest by package and name; ``orders``: where dispatch looks, by namespace."""

    def __init__(
        self, manifest: Manifest, sandbox: Sandbox, dialect: str, orders: Mapping[str, Sequence[str]]
    ) -> None:
        self.root = manifest.metadata.project_name or ""
        self.sandbox = sandbox
        self.orders = orders
        self.packages: dict[str, dict[str, Macro]] = {}
        for macro in manifest.macros.values():
            self.packages.setdefault(macro.package_name, {})[macro.name] = macro
        likely = _BASES.get(dialect, _OF_OTHERS)
        bases = [one for one in likely if f"dbt_{one}" in self.packages and one != dialect]
        self.prefixes = (dialect, *bases, "default")
        self.internal = (*(f"dbt_{one}" for one in (dialect, *bases)), "dbt")
        self._templates: dict[tuple[str, str], Template] = {}

    def template(self, package: str, name: str) -> Template:
        """A macro's own, compiled once."""
        key = package, name
        if key not in self._templates:
            self._templates[key] = self.sandbox.template(self.packages[package][name].macro_sql)
        return self._templates[key]

    def where(self, name: str, package: str) -> str | None:
        """The package whose macro ``name`` is for a node of ``package``; None where there is none."""
        places = (package, self.root, *self.internal)
        found = (one for one in places if name in self.packages.get(one, ()))
        return next(found, None)

    def dispatched(self, name: str, namespace: str | None, package: str) -> tuple[str, str] | None:
        """The package and name of what ``adapter.dispatch`` gives."""
        places: Sequence[str | None] = [None]
        if namespace is not None:
            known = (self.root, namespace) if namespace in self.packages else places
            places = self.orders.get(namespace) or known
        for place in places:
            for prefix in self.prefixes:
                found = self._found(f"{prefix}__{name}", place, package)
                if found is not None:
                    return found, f"{prefix}__{name}"
        return None

    def _found(self, name: str, place: str | None, package: str) -> str | None:
        if place is None:
            return self.where(name, package)
        among = self.internal if place == "dbt" else (place,)
        return next((one for one in among if name in self.packages.get(one, ())), None)


class Calls:
    """The macros that a node's template may call, and those that it is in at the moment.

    ``names``: what their templates find by name, which is the same as in the node's own. ``replaced``: what
    stands for macros of dbt's own.
    """

    def __init__(self, library: Library, doubts: Doubts, package: str) -> None:
        self._library = library
        self._doubts = doubts
        self._package = package
        self._within: list[str] = []
        self.names: Mapping[str, Any] = {}
        self.replaced: Mapping[str, Called] = {}
        doubts.within = lambda: self._within[0] if self._within else ""

    def find(self, name: str) -> "Callee | Package | None":
        """What a template finds by that name alone."""
        package = self._library.where(name, self._package)
        if package is not None:
            return Callee(self, package, name)
        if name in self._library.packages and (name == "dbt" or name not in self._library.internal):
            return Package(self, name)
        return None

    def member(self, package: str, name: str) -> Any:
        """``package.name``."""
        among = self._library.internal if package == "dbt" else (package,)
        found = next((one for one in among if name in self._library.packages.get(one, ())), None)
        if found is None:
            return self._doubts.unknown(f"there is no macro {package}.{name}")
        return Callee(self, found, name)

    def dispatch(self, macro_name: str, macro_namespace: str | None = None) -> Any:
        """``adapter.dispatch``."""
        found = self._library.dispatched(macro_name, macro_namespace, self._package)
        if found is None:
            return self._doubts.unknown(f"dispatch finds no macro {macro_name}")
        return Callee(self, *found)

    def call(self, package: str, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Runs a macro; what dbt could not run either gives rise to a doubt."""
        if len(self._within) >= _DEEPEST:
            raise UnreadableError("its macros call each other without end")
        shown = name if package in (self._package, *self._library.internal) else f"{package}.{name}"
        self._within.append(shown)
        try:
            template = self._library.template(package, name)
            macro = self._library.sandbox.macro(template, name, self.names)
            return self._library.sandbox.budget.made(macro(*arguments, **named))
        except ReturnedError as returned:
            return returned.value
        except Exception as error:
            # It may well be the fault of what is not known; else dbt would stop at it too.
            if isinstance(error, RecursionError) or not self._doubts:
                raise
            return self._doubts.unknown(f"{shown}() comes to nothing")
        finally:
            self._within.pop()

    @property
    def deep(self) -> bool:
        """Whether a macro is being run."""
        return bool(self._within)

    def unprintable(self, name: str) -> str:
        """What stands where a macro is written, not called."""
        return str(self._doubts.unknown(f"{name} is written without a call"))


class Callee:
    """One macro, to be called."""

    unsafe_callable = False
    alters_data = False

    def __init__(self, calls: Calls, package: str, name: str) -> None:
        self._calls = calls
        self.package = package
        self.called = name

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        replaced = self._calls.replaced.get(self.called) if self.package == "dbt" else None
        if replaced is not None:
            return replaced(*arguments, **named)
        return self._calls.call(self.package, self.called, arguments, named)

    def __str__(self) -> str:
        return self._calls.unprintable(self.called)


class Package(Mapping[str, Any]):
    """A package by its name, in which macros are found."""

    def __init__(self, calls: Calls, name: str) -> None:
        self._calls = calls
        self._name = name

    def __getitem__(self, name: str) -> Any:
        return self._calls.member(self._name, name)

    def __iter__(self) -> Iterator[str]:
        raise UnreadableError(f"it goes through the macros of {self._name}")

    def __len__(self) -> int:
        return 1

    def __str__(self) -> str:
        return self._calls.unprintable(self._name)
