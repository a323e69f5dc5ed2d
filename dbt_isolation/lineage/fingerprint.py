"""A node's fingerprint: equal for what gives equal data, on every machine, target and environment.

It is made of what is written, never of compiled text, which differs by target. The idea of hashing a node and
its parents apart is SQLMesh's (``snapshot/definition.py``).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.artifacts.project import ProjectFiles
from dbt_isolation.errors import IsolationError

#: Of the way in which a fingerprint is made; another version's is never equal.
VERSION = 1

_ADAPTERS = (
    *("athena", "bigquery", "clickhouse", "databricks", "duckdb", "fabric", "postgres", "redshift"),
    *("snowflake", "spark", "sqlserver", "synapse", "trino"),
)
#: Packages whose macros are dbt's, an adapter's or ours.
_NOT_THE_USERS = frozenset({"dbt", "dbt_isolation", *(f"dbt_{adapter}" for adapter in _ADAPTERS)})
#: Config that changes no data: what describes, who may see it, where it is put and how it is run.
_NO_DATA = frozenset(
    {
        *("access", "alias", "concurrent_batches", "database", "deprecation_date", "description", "docs"),
        *(
            "enabled",
            "freshness",
            "full_refresh",
            "grants",
            "group",
            "job_labels",
            "labels",
            "latest_version",
        ),
        *("latest_version_pointer", "meta", "persist_docs", "query_tag", "schema", "snowflake_warehouse"),
        *("static_analysis", "tags", "target_database", "target_schema", "threads"),
    }
)
_ADDED_UP = frozenset({"pre-hook", "post-hook", "pre_hook", "post_hook", "packages"})
_VARIABLE = re.compile(r"\bvar\s*\(\s*(['\"])(.+?)\1")
_ENVIRONMENT_VARIABLE = re.compile(r"\benv_var\s*\(\s*(['\"])(.+?)\1")
_CONFIG_CALL = re.compile(r"\bconfig\s*\(\s*\{?")
_CONFIG_KEY = re.compile(r"(?:^|[,(\s])(?:(\w+)\s*=(?!=)|(['\"])([\w-]+)\2\s*:)")
_READS_OWN_CONFIG = re.compile(r"\bconfig\s*\.\s*(?:get|require|meta)|\bmodel\s*[.\[]")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Two hashes of a node, 20 hexadecimal digits each: of its own data and of its parents'."""

    data: str
    parents: str

    def __str__(self) -> str:
        return f"{VERSION}:{self.data}:{self.parents}"


def fingerprints(manifest: Manifest, files: ProjectFiles) -> dict[str, Fingerprint]:
    """The fingerprint of every model (ephemeral too), seed, snapshot and function, by unique id.

    ``files`` gives what the manifest does not: values of variables, large seeds, config before rendering.
    Raises ``IsolationError`` for nodes that depend on each other in a circle.
    """
    return _Hasher(manifest, files).all()


class _Hasher:
    def __init__(self, manifest: Manifest, files: ProjectFiles) -> None:
        self._manifest = manifest
        self._files = files
        self._closures: dict[str, frozenset[str]] = {}
        self._macros: dict[str, str] = {}
        self._materializations: dict[str, list[str]] = {}
        for unique_id, macro in manifest.macros.items():
            if macro.name.startswith("materialization_") and macro.package_name not in _NOT_THE_USERS:
                name = macro.name.removeprefix("materialization_").rpartition("_")[0]
                self._materializations.setdefault(name, []).append(unique_id)

    def all(self) -> dict[str, Fingerprint]:
        nodes = {node.unique_id: node for node in self._manifest.buildable()}
        graph = {unique_id: node.depends_on.nodes for unique_id, node in nodes.items()}
        own: dict[str, str] = {}
        found: dict[str, Fingerprint] = {}
        try:
            order = tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = " → ".join(error.args[1])
            raise IsolationError(
                f"the manifest's nodes depend on each other in a circle: {circle}"
            ) from error
        for unique_id in order:
            node = nodes.get(unique_id)
            if node is None:
                continue
            parents = sorted(set(node.depends_on.nodes))
            inlined = [own[one] for one in parents if one in nodes and nodes[one].ephemeral]
            own[unique_id] = _hash([self._own(node), *inlined])
            found[unique_id] = Fingerprint(
                own[unique_id],
                _hash([[one, str(found[one]) if one in found else self._source(one)] for one in parents]),
            )
        return found

    def _own(self, node: Node) -> list[object]:
        code = _normalised(node.raw_code)
        macros = self._macros_of(node)
        config = self._config(node, code, macros)
        texts = [code, *(self._manifest.macros[one].macro_sql for one in macros), _text(config)]
        enforced = node.contract.enforced
        return [
            node.unique_id,
            code,
            [self._macro(one) for one in macros],
            config,
            self._values(node.package_name, texts),
            self._files.digest(node) if node.resource_type == "seed" else None,
            [[name, column.data_type, column.constraints] for name, column in sorted(node.columns.items())]
            if enforced
            else None,
            node.constraints if enforced else None,
        ]

    def _macros_of(self, node: Node) -> list[str]:
        custom = self._materializations.get(node.config.materialized or "", [])
        closure: set[str] = set()
        for unique_id in (*node.depends_on.macros, *custom):
            closure |= self._closure(unique_id)
        return sorted(closure)

    def _closure(self, unique_id: str) -> frozenset[str]:
        if unique_id not in self._closures:
            seen: set[str] = set()
            ahead = [unique_id]
            while ahead:
                one = ahead.pop()
                macro = self._manifest.macros.get(one)
                if one in seen or macro is None or macro.package_name in _NOT_THE_USERS:
                    continue
                seen.add(one)
                ahead += macro.depends_on.macros
            self._closures[unique_id] = frozenset(seen)
        return self._closures[unique_id]

    def _macro(self, unique_id: str) -> str:
        if unique_id not in self._macros:
            self._macros[unique_id] = _hash(_normalised(self._manifest.macros[unique_id].macro_sql))
        return self._macros[unique_id]

    def _config(self, node: Node, code: str, macros: Iterable[str]) -> Mapping[str, object]:
        """What is configured outside of the code; the code's own ``config()`` is hashed as written."""
        in_code = _configured(code)
        config = {**node.unrendered_config, **self._files.unrendered(node)}
        kept = {
            key: value for key, value in config.items() if key not in in_code or key.lstrip("+") in _ADDED_UP
        }
        if _READS_OWN_CONFIG.search(code) or any(
            _READS_OWN_CONFIG.search(self._manifest.macros[one].macro_sql) for one in macros
        ):
            return kept
        return {key: value for key, value in kept.items() if key.lstrip("+") not in _NO_DATA}

    def _values(self, package: str, texts: Iterable[str]) -> list[list[object]]:
        named: set[tuple[str, str]] = set()
        for text in texts:
            if "var" not in text:
                continue
            named.update(("var", match[2]) for match in _VARIABLE.finditer(text))
            named.update(("env_var", match[2]) for match in _ENVIRONMENT_VARIABLE.finditer(text))
        named.discard(("var", "dbt_isolation"))
        return [
            [
                kind,
                name,
                self._files.variable(package, name) if kind == "var" else self._files.environ.get(name),
            ]
            for kind, name in sorted(named)
        ]

    def _source(self, unique_id: str) -> list[object]:
        source = self._manifest.sources.get(unique_id)
        if source is None:
            return []
        return [source.identifier, source.unrendered_database, source.unrendered_schema]


def _configured(code: str) -> set[str]:
    """The keys that the code's own ``config()`` calls set."""
    found: set[str] = set()
    for call in _CONFIG_CALL.finditer(code):
        depth, outermost, quote = 0, [], ""
        for character in code[call.end() :]:
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character in "([{":
                depth += 1
            elif character in ")]}":
                depth -= 1
                if depth < 0:
                    break
            if depth == 0:
                outermost.append(character)
        for match in _CONFIG_KEY.finditer("".join(outermost)):
            found.add(match[1] or match[3])
    return found


def _normalised(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _hash(value: object) -> str:
    return hashlib.blake2b(_text(value).encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
