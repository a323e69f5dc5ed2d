"""A node's fingerprint: equal for what gives equal data, on every machine, target and environment.

It is made of what is written, never of compiled text, which differs by target. Beside it stands what
describes the node, and changes no data. The idea of hashing a node and its parents apart, and data apart
from metadata, is SQLMesh's (``snapshot/definition.py``).
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
from dbt_isolation.lineage.config_call import ConfigCall
from dbt_isolation.lineage.described import NO_DATA, Described, as_parsed, of_node, of_source

#: Of the way in which a fingerprint is made; another version's is never equal.
VERSION = 1
#: Of the way in which the half of the metadata is made.
DESCRIBED_VERSION = 1

_ADAPTERS = (
    *("athena", "bigquery", "clickhouse", "databricks", "duckdb", "fabric", "postgres", "redshift"),
    *("snowflake", "spark", "sqlserver", "synapse", "trino"),
)
#: Packages whose macros are dbt's, an adapter's or ours.
NOT_THE_USERS = frozenset({"dbt", "dbt_isolation", *(f"dbt_{adapter}" for adapter in _ADAPTERS)})
_ADDED_UP = frozenset({"pre-hook", "post-hook", "pre_hook", "post_hook", "packages"})
_VARIABLE = re.compile(r"\bvar\s*\(\s*(['\"])(.+?)\1")
_ENVIRONMENT_VARIABLE = re.compile(r"\benv_var\s*\(\s*(['\"])(.+?)\1")
_READS_OWN_CONFIG = re.compile(r"\bconfig\s*\.\s*(?:get|require|meta)|\bmodel\s*[.\[]")
_ENCODER = json.JSONEncoder(sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Four hashes, 20 hexadecimal digits each: of own data, parents' data, own and parents' metadata.

    As text it is the half of the data, which is all that evidence and reads compare.
    """

    data: str
    parents: str
    metadata: str = ""
    parents_metadata: str = ""

    def __str__(self) -> str:
        return f"{VERSION}:{self.data}:{self.parents}"

    @property
    def described(self) -> str:
        """The half of the metadata as text: another one asks for no rebuild."""
        return f"{DESCRIBED_VERSION}:{self.metadata}:{self.parents_metadata}"


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
            if macro.name.startswith("materialization_") and macro.package_name not in NOT_THE_USERS:
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
                f"the manifest's nodes depend on each other in a circle: {circle}",
                "dbt writes no such manifest: run `dbt parse` again",
            ) from error
        for unique_id in order:
            node = nodes.get(unique_id)
            if node is None:
                continue
            parents = sorted(set(node.depends_on.nodes))
            inlined = [own[one] for one in parents if one in nodes and nodes[one].ephemeral]
            code = normalised(node.raw_code)
            call = ConfigCall.of(code)
            own[unique_id] = _hash([self._own(node, code, call), *inlined])
            found[unique_id] = Fingerprint(
                own[unique_id],
                _hash([[one, str(found[one]) if one in found else self._source(one)] for one in parents]),
                _hash(self._metadata(node.package_name, of_node(node, call, self._files))),
                _hash([[one, self._described(one, found)] for one in parents]),
            )
        return found

    def _own(self, node: Node, code: str, call: ConfigCall) -> list[object]:
        macros = self._macros_of(node)
        config = self._config(node, code, call, macros)
        texts = [code, *(self._manifest.macros[one].macro_sql for one in macros), _text(config)]
        enforced = node.contract.enforced
        return [
            node.unique_id,
            code,
            [self._macro(one) for one in macros],
            config,
            self._values(node.package_name, texts),
            self._files.digest(node) if node.resource_type == "seed" else None,
            [
                [name, column.data_type, as_parsed(column.constraints)]
                for name, column in sorted(node.columns.items())
            ]
            if enforced
            else None,
            as_parsed(node.constraints) if enforced else None,
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
                if one in seen or macro is None or macro.package_name in NOT_THE_USERS:
                    continue
                seen.add(one)
                ahead += macro.depends_on.macros
            self._closures[unique_id] = frozenset(seen)
        return self._closures[unique_id]

    def _macro(self, unique_id: str) -> str:
        if unique_id not in self._macros:
            self._macros[unique_id] = _hash(normalised(self._manifest.macros[unique_id].macro_sql))
        return self._macros[unique_id]

    def _config(self, node: Node, code: str, call: ConfigCall, macros: Iterable[str]) -> Mapping[str, object]:
        """What is configured outside of the code; the code's own ``config()`` is hashed as written."""
        config = {**node.unrendered_config, **self._files.unrendered(node)}
        kept = {
            key: value
            for key, value in config.items()
            if key not in call.keys or key.lstrip("+") in _ADDED_UP
        }
        if _reads_own_config(code) or any(
            _reads_own_config(self._manifest.macros[one].macro_sql) for one in macros
        ):
            return kept
        return {key: value for key, value in kept.items() if key.lstrip("+") not in NO_DATA}

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

    def _metadata(self, package: str, described: Described) -> list[object]:
        texts = _text(described.texts)
        # Values of environment variables are a machine's own; and where a node is put is a target's.
        values = [one for one in self._values(package, [texts]) if one[0] == "var"]
        return [texts, described.places, values]

    def _described(self, unique_id: str, found: Mapping[str, Fingerprint]) -> object:
        if unique_id in found:
            return found[unique_id].described
        source = self._manifest.sources.get(unique_id)
        if source is None:
            return None
        return self._metadata(source.package_name, of_source(source, self._files))

    def _source(self, unique_id: str) -> list[object]:
        source = self._manifest.sources.get(unique_id)
        if source is None:
            return []
        return [source.identifier, source.unrendered_database, source.unrendered_schema]


def normalised(text: str) -> str:
    """Code without what an editor leaves at the ends of lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join([line.rstrip() for line in lines]).strip("\n")


def _reads_own_config(code: str) -> bool:
    # To look for the words is much faster than to look for what they may stand in.
    return ("config" in code or "model" in code) and _READS_OWN_CONFIG.search(code) is not None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _ENCODER.encode(value)


def _hash(value: object) -> str:
    return hashlib.blake2b(_text(value).encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
