"""A dbt project's own files, as far as artifacts do not say what stands in them."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dbt_isolation.artifacts.manifest import Node
from dbt_isolation.artifacts.source import Source
from dbt_isolation.config.settings import read_yaml
from dbt_isolation.errors import IsolationError

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\(.*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL)
_RENDERED_BY_TARGET = re.compile(r"\{\{[^}]*\b(?:target|env_var|var)\b")

#: Properties that dbt takes for config.
_CONFIG = ("access", "contract", "docs", "group", "meta")
#: What dbt reads where, if dbt_project.yml does not say otherwise.
_PATHS = {
    "model-paths": "models",
    "macro-paths": "macros",
    "snapshot-paths": "snapshots",
    "test-paths": "tests",
    "analysis-paths": "analyses",
    "seed-paths": "seeds",
    "function-paths": "functions",
}
_YAML = (".yml", ".yaml")
_SOURCES = (".sql", ".py", *_YAML)
_PROJECT_FILE = "dbt_project.yml"


@dataclass(frozen=True, slots=True)
class Definition:
    """A macro of the project: its ``file``, the ``line`` where it begins, and its whole ``text``."""

    file: Path
    line: int
    text: str


def macros_of(folder: Path) -> Mapping[str, Definition]:
    """The macros in the files of the project in ``folder``, by name; packages' not among them."""
    found = {}
    for place in macro_folders(folder):
        for file in sorted(place.rglob("*.sql")):
            # A pipe would be waited for.
            if not file.is_file():
                continue
            try:
                text = file.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise IsolationError(f"{file}: {error.strerror or error}") from error
            text = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
            for match in _MACRO.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                found[match[1]] = Definition(file, line, match[0])
    return found


def was_edited(folder: Path, node: Node, parsed: float) -> bool:
    """Whether the node's file in the project's ``folder`` is newer than the time ``parsed``, in seconds."""
    with suppress(OSError):
        return (file := folder / node.original_file_path).is_file() and file.stat().st_mtime > parsed
    return False


def artifacts_folder(folder: Path, project: Mapping[str, Any], environ: Mapping[str, str]) -> Path:
    """Where dbt writes artifacts of the project in ``folder``, whose dbt_project.yml is ``project``."""
    return folder / (environ.get("DBT_TARGET_PATH") or str(project.get("target-path", "target")))


def own_variables(project: Mapping[str, Any]) -> Mapping[str, object]:
    """The variables that the nodes of the project whose dbt_project.yml is ``project`` see."""
    found = _variables(project)
    scoped = found.get(str(project.get("name", "")))
    plain = {key: value for key, value in found.items() if not isinstance(value, Mapping)}
    return {**plain, **(scoped if isinstance(scoped, Mapping) else {})}


def macro_folders(folder: Path) -> list[Path]:
    """Where the project in ``folder`` keeps its macros."""
    written = read_yaml(folder / "dbt_project.yml").get("macro-paths")
    return [folder / str(one) for one in (written if isinstance(written, list) else ["macros"])]


class SourceFiles:
    """The SQL, Python and YAML of the project in ``folder``, whose dbt_project.yml is ``project``.

    Paths are from the folder, with ``/``: those below what dbt_project.yml names, and that file itself.
    """

    def __init__(self, folder: Path, project: Mapping[str, Any]) -> None:
        self._folder = folder
        self._project = project
        self._places: dict[str, tuple[str, ...]] = {}
        for key in _PATHS:
            for name in self._of(key):
                self._places.setdefault(name, ())
                self._places[name] += _YAML if key == "seed-paths" else _SOURCES

    @property
    def model_folders(self) -> list[str]:
        """Where models are."""
        return self._of("model-paths")

    def _of(self, key: str) -> list[str]:
        written = self._project.get(key)
        found = written if isinstance(written, list) else [_PATHS[key]]
        return [os.path.normpath(str(one)).replace(os.sep, "/").strip("/") for one in found]

    def __contains__(self, path: str) -> bool:
        return path == _PROJECT_FILE or any(
            (place == "." or path.startswith(f"{place}/")) and path.endswith(ends)
            for place, ends in self._places.items()
        )

    def below(self, path: str = "") -> Iterator[str]:
        """All of them below ``path``, each once; a link that leads back to where it is in is not followed."""
        if not path:
            yield _PROJECT_FILE
        seen = set()
        for place, ends in self._places.items():
            if path and not (place == path or place.startswith(f"{path}/") or path.startswith(f"{place}/")):
                continue
            start = path if path.startswith(f"{place}/") else place
            for one in _walk(self._folder, start):
                if one.endswith(ends) and one not in seen:
                    seen.add(one)
                    yield one


def _walk(folder: Path, place: str) -> Iterator[str]:
    above: dict[str, tuple[str, ...]] = {str(folder / place): (os.path.realpath(folder / place),)}
    for path, folders, names in os.walk(folder / place, followlinks=True):
        chain = above.pop(path, ())
        folders.sort()
        for name in list(folders):
            inner = f"{path}{os.sep}{name}"
            if not Path(inner).is_symlink():
                above[inner] = chain
            elif (real := os.path.realpath(inner)) in chain or any(
                one.startswith(f"{real}{os.sep}") for one in chain
            ):
                folders.remove(name)
            else:
                above[inner] = (*chain, real)
        for name in sorted(names):
            yield os.path.relpath(f"{path}{os.sep}{name}", folder).replace(os.sep, "/")


class ProjectFiles:
    """The files of the project in ``folder``, with the variables of one run.

    ``environ``: environment variables; ``given``: what ``--vars`` said.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], given: Mapping[str, Any]) -> None:
        self.folder = folder
        self.environ = environ
        self._given = given
        self._project = read_yaml(folder / "dbt_project.yml")
        self._name = str(self._project.get("name", ""))
        self._root_variables = _variables(self._project)
        if (folder / "vars.yml").is_file():
            self._root_variables = {**self._root_variables, **_variables(read_yaml(folder / "vars.yml"))}
        self._package = cache(self._read_package)
        self._properties = cache(self._read_properties)

    def variable(self, package: str, name: str) -> object:
        """The value of ``var(name)`` in a node of ``package``, or None: dbt's order of precedence."""
        try:
            return self.set_variable(package, name)
        except KeyError:
            return None

    def set_variable(self, package: str, name: str) -> object:
        """The same; a ``KeyError`` where nobody sets it."""
        own = _variables(self._package(package)) if package != self._name else {}
        for scope in (self._given, self._root_variables, own):
            scoped = scope.get(package)
            if isinstance(scoped, Mapping) and name in scoped:
                return scoped[name]
            if name in scope:
                return scope[name]
        raise KeyError(name)

    @property
    def search_orders(self) -> Mapping[str, Sequence[str]]:
        """Where ``dispatch:`` has macros looked for, by namespace."""
        written = self._project.get("dispatch")
        entries = [one for one in written if isinstance(one, Mapping)] if isinstance(written, list) else []
        return {
            str(one.get("macro_namespace")): [str(place) for place in one["search_order"]]
            for one in entries
            if isinstance(one.get("search_order"), list)
        }

    def digest(self, node: Node) -> str:
        """SHA-256 of a seed's bytes with line ends normalised; dbt's own checksum where the file is away."""
        for folder in (node.root_path, self.folder, self._package_folder(node.package_name)):
            file = Path(folder or "") / node.original_file_path
            if folder and file.is_file():
                try:
                    content = file.read_bytes()
                except OSError as error:
                    raise IsolationError(f"{file}: {error.strerror or error}") from error
                return hashlib.sha256(content.replace(b"\r\n", b"\n").rstrip()).hexdigest()
        return f"{node.checksum.name}:{node.checksum.checksum}"

    def unrendered(self, node: Node) -> Mapping[str, Any]:
        """What the node's properties say under ``config:`` before rendering, where rendering may matter.

        dbt keeps the rendered values alone, which differ by target.
        """
        return self._written(node)[1]

    def by_target(self, node: Node | Source) -> Mapping[str, Any]:
        """What the properties say of it that may be rendered otherwise on another target, as written.

        ``config``, ``columns`` by their names, and the rest as dbt has it in the manifest.
        """
        entry, config = self._written(node) if isinstance(node, Node) else self._written_source(node)
        if not entry:
            return {"config": {}, "columns": {}}
        columns = {str(one.get("name")): _by_target(one) for one in _mappings(entry.get("columns"))}
        rest = {key: value for key, value in entry.items() if key not in ("columns", "config", *_CONFIG)}
        return {
            **_by_target(rest),
            "config": _by_target(config),
            "columns": {name: found for name, found in columns.items() if found},
        }

    def _written(self, node: Node) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """A node's properties and what they configure, where rendering may matter."""
        package, separator, path = (node.patch_path or "").partition("://")
        if not separator:
            return {}, {}
        entry = self._properties(package, path).get(f"{node.resource_type}s", {}).get(node.name, {})
        config = _configured(entry)
        for version in _mappings(entry.get("versions")):
            if node.version is not None and str(version.get("v")) == str(node.version):
                columns = [*_mappings(entry.get("columns")), *_mappings(version.get("columns"))]
                entry, config = {**entry, **version, "columns": columns}, {**config, **_configured(version)}
        return entry, config

    def _written_source(self, source: Source) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        file = self._properties(source.package_name, source.original_file_path)
        entry = file.get("sources", {}).get(source.source_name, {})
        for table in _mappings(entry.get("tables")):
            if table.get("name") == source.name:
                said = {"source_description": entry.get("description"), **table}
                return said, {**_configured(entry), **_configured(table)}
        return {}, {}

    def _read_properties(self, package: str, path: str) -> dict[str, dict[str, Mapping[str, Any]]]:
        file = (self.folder if package == self._name else self._package_folder(package)) / path
        try:
            if not _RENDERED_BY_TARGET.search(file.read_text(encoding="utf-8")):
                return {}
            content = read_yaml(file)
        except (OSError, UnicodeDecodeError, IsolationError):
            return {}
        return {
            kind: {str(entry.get("name")): entry for entry in _mappings(entries)}
            for kind, entries in content.items()
        }

    def _package_folder(self, package: str) -> Path:
        return self.folder / str(self._project.get("packages-install-path", "dbt_packages")) / package

    def _read_package(self, package: str) -> Mapping[str, Any]:
        file = self._package_folder(package) / "dbt_project.yml"
        return read_yaml(file) if file.is_file() else {}


def _variables(project: Mapping[str, Any]) -> Mapping[str, Any]:
    found = project.get("vars")
    return found if isinstance(found, Mapping) else {}


def _mappings(entries: object) -> list[Mapping[str, Any]]:
    return [one for one in entries if isinstance(one, Mapping)] if isinstance(entries, list) else []


def _configured(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an entry of a properties file configures, under ``config:`` or beside it."""
    config = entry.get("config")
    beside = {key: entry[key] for key in _CONFIG if key in entry}
    return {**beside, **(config if isinstance(config, Mapping) else {})}


def _by_target(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in entry.items() if _RENDERED_BY_TARGET.search(str(value))}
