"""Which relations a node's template means: ``ref``, ``source`` and ``this``."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dbt_isolation.artifacts.manifest import Manifest, Node
from dbt_isolation.artifacts.source import Source
from dbt_isolation.rendering.doubts import Doubts
from dbt_isolation.rendering.relation import Parts, Quoting, RelationValue, relation

#: How adapters quote a name.
_SIGNS: Mapping[str, str] = {
    **dict.fromkeys(("duckdb", "postgres", "redshift", "snowflake"), '"'),
    **dict.fromkeys(("bigquery", "databricks", "spark"), "`"),
}
#: What dbt-duckdb knows of a source beside where it is.
_EXTERNAL = ("external_location", "formatter", "plugin")


class Relations:
    """Those of ``node``; ``ephemeral``: the ephemeral models that it asked for, in their order."""

    def __init__(self, manifest: Manifest, node: Node, doubts: Doubts, dialect: str) -> None:
        self._manifest = manifest
        self._node = node
        self._doubts = doubts
        self._dialect = dialect
        self._read = dict.fromkeys(node.depends_on.nodes)
        self.ephemeral: dict[str, None] = {}

    @property
    def this(self) -> Any:
        """``this``."""
        return None if self._node.ephemeral else self._of(self._node, self._node.relation_name)

    def ref(self, *names: Any, **named: Any) -> Any:
        """``ref``, of one name or a package and a name, and a version."""
        said = ", ".join(repr(one) for one in names)
        if not names or len(names) > 2 or not all(isinstance(one, str) for one in names):
            return self._doubts.unknown(f"ref({said})")
        version = named.get("version", named.get("v"))
        found = [one for one in self._parents() if _is(one, *names[::-1], version=version)]
        if len(found) > 1:
            # dbt takes the node's own package's, then the root project's.
            for package in (self._node.package_name, self._manifest.metadata.project_name):
                own = [one for one in found if one.package_name == package]
                found = own if len(own) == 1 else found
        if len(found) != 1:
            return self._doubts.unknown(f"ref({said}) is nothing that dbt found it to depend on")
        if found[0].ephemeral:
            return self._cte(found[0])
        if self._batches(found[0]):
            self._doubts.add(f"a run reads {found[0].name} batch by batch")
        return self._of(found[0], found[0].relation_name)

    def source(self, *names: Any) -> Any:
        """``source``."""
        sources = [self._manifest.sources[one] for one in self._read if one in self._manifest.sources]
        found = [one for one in sources if (one.source_name, one.name) == names]
        if len(found) != 1:
            said = ", ".join(repr(one) for one in names)
            return self._doubts.unknown(f"source({said}) is nothing that dbt found it to depend on")
        if self._batches(found[0]):
            self._doubts.add(f"a run reads {found[0].name} batch by batch")
        external = self._external(found[0]) if self._dialect == "duckdb" else None
        return external if external is not None else self._of(found[0], found[0].relation_name)

    def made(self, **given: Any) -> Any:
        """``api.Relation.create``."""
        parts = (given.get("database"), given.get("schema"), given.get("identifier"))
        own = self._of(self._node, self._node.relation_name)
        quoting = own.quoting if isinstance(own, RelationValue) else None
        plain = set(given) <= {"database", "schema", "identifier", "type"}
        if quoting is None or not plain or not all(isinstance(one, str) for one in parts):
            return self._doubts.unknown("what api.Relation.create() makes")
        return relation(self._doubts, (str(parts[0]), str(parts[1]), str(parts[2])), quoting)

    def quoted(self, name: Any) -> Any:
        """``adapter.quote``."""
        sign = _SIGNS.get(self._dialect)
        return f"{sign}{name}{sign}" if sign else self._doubts.unknown(f"how {self._dialect} quotes a name")

    def _parents(self) -> Iterator[Node]:
        for unique_id in self._read:
            node = self._manifest.get(unique_id)
            if node is not None:
                yield node

    def _batches(self, parent: Node | Source) -> bool:
        own = self._node.unrendered_config.get("incremental_strategy")
        return own == "microbatch" and bool(parent.unrendered_config.get("event_time"))

    def _cte(self, node: Node) -> RelationValue:
        self.ephemeral.setdefault(node.unique_id)
        name = f"__dbt__cte__{node.alias or node.name}"
        return RelationValue(self._doubts, name, None, "", name, None, cte=True)

    def _of(self, one: Node | Source, written: str | None) -> Any:
        database, schema, identifier = one.database, one.schema_ or "", one.relation.identifier
        parts: Parts = database, schema, identifier
        if not written:
            sign = _SIGNS.get(self._dialect)
            if sign is None:
                self._doubts.add(f"how {self._dialect} writes {one.relation}")
            # Unless a project says so, Snowflake's names are not quoted.
            sign = "" if sign is None or self._dialect == "snowflake" else sign
            return relation(self._doubts, parts, Quoting(sign, sign, sign))
        quoting = Quoting.of(written, parts)
        return RelationValue(self._doubts, written, database, schema, identifier, quoting)

    def _external(self, source: Source) -> Any:
        """Where dbt-duckdb reads a source that is a file; None for one that is a table."""
        known = {**(source.meta or {}), **(source.config.meta or {}), **source.unrendered_config}
        if not any(known.get(one) for one in _EXTERNAL):
            return None
        location = known.get("external_location")
        if not isinstance(location, str) or known.get("formatter") or known.get("plugin") or "{{" in location:
            return self._doubts.unknown(f"where {source.source_name}.{source.name} is, which is no table")
        facts: Mapping[str, Any] = {
            "name": source.name,
            "identifier": source.identifier,
            "schema": source.schema_,
            "database": source.database,
            **known,
        }
        if re.search(r"\{(?!\w+\})|(?<!\w)\}", location) or any(
            one not in facts for one in re.findall(r"\{(\w+)\}", location)
        ):
            return self._doubts.unknown(f"where {source.source_name}.{source.name} is, which is no table")
        written = location.format_map(facts)
        written = written if "(" in written or written.startswith("'") else f"'{written}'"
        return RelationValue(
            self._doubts, written, source.database, source.schema_ or "", source.identifier, None
        )


def _is(node: Node, name: str, package: str | None = None, *, version: Any) -> bool:
    if node.name != name or (package is not None and node.package_name != package):
        return False
    return version is None or str(node.version) == str(version)
