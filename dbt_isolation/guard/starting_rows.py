"""Incremental models and snapshots of an empty instance start from production's rows.

dbt would build them in full, and their incremental branch would first run in production. The copy is made
once dbt has selected and before it looks at what exists: zero-copy on engines that can, else of as many rows
as `copy_rows` allows. Nothing here may fail a run: what cannot be copied is built in full, as without a copy.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dbt.adapters.factory import get_adapter_by_type

from dbt_isolation.config.model import Environment
from dbt_isolation.guard.flags import mode
from dbt_isolation.guard.say import in_short, say
from dbt_isolation.guard.session import Session
from dbt_isolation.reads.announce import listed
from dbt_isolation.records.evidence import Mode
from dbt_isolation.state.release import Release

#: dbt commands that build on what is there; `clone` makes views of tables where the engine has no clones.
STARTING = frozenset({"run", "build", "snapshot", "clone"})
_CONNECTION = "dbt_isolation"


@dataclass(frozen=True, slots=True)
class Starting:
    """What of one run starts from the release's rows; ``manifest`` is dbt's, in memory."""

    session: Session
    environment: Environment
    release: Release
    manifest: Any

    def start(self, chosen: Collection[str]) -> frozenset[str]:
        """Makes the copies; ``chosen`` is what dbt selected. The nodes that got a part of the rows."""
        nodes = [self.manifest.nodes[one] for one in sorted(chosen) if self._starts(one)]
        if not nodes:
            return frozenset()
        found: dict[str, list[str]] = {"all": [], "some": [], "cloned": []}
        adapter = get_adapter_by_type(self.session.credentials.type)
        listed_schemas: dict[str, dict[str, Any]] = {}
        with adapter.connection_named(_CONNECTION):
            for node in nodes:
                try:
                    if self._makes_room(adapter, node, listed_schemas):
                        found[self._copy(adapter, node)].append(node.unique_id)
                except Exception as error:
                    adapter.connections.rollback_if_open()
                    why = f"production's rows could not be copied: {in_short(error)}"
                    say(f"{node.name} is built in full: {why}")
        self._say(found)
        return frozenset(found["some"])

    def adds_to(self, unique_id: str) -> bool:
        """Whether this run would add to the node's relation where it is there."""
        node = self.manifest.nodes.get(unique_id)
        if node is None:
            return False
        if str(node.resource_type) == "snapshot":
            return True
        if node.config.materialized != "incremental":
            return False
        # dbt's `should_full_refresh`: the node's own config wins over the flag.
        config = getattr(node.config, "full_refresh", None)
        return not (getattr(self.session.flags, "FULL_REFRESH", False) if config is None else config)

    def _starts(self, unique_id: str) -> bool:
        released = self.release.nodes.get(unique_id)
        whole = self.session.command == "clone" or mode(self.session.flags) is Mode.FULL
        return (
            released is not None
            and released.materialized not in ("view", "ephemeral", None)
            and self.environment.copy_rows > 0
            and whole
            and self.adds_to(unique_id)
        )

    def _makes_room(self, adapter: Any, node: Any, listed_schemas: dict[str, dict[str, Any]]) -> bool:
        """Whether there is no table yet; a view, as `dbt clone` makes them, is taken away.

        ``listed_schemas``: the relations of each schema that was listed, which takes long in some warehouses.
        """
        relation = adapter.Relation.create_from(adapter.config, node)
        schema = relation.without_identifier()
        if str(schema) not in listed_schemas:
            there = adapter.list_relations_without_caching(schema)
            listed_schemas[str(schema)] = {(one.identifier or "").casefold(): one for one in there}
        existing = listed_schemas[str(schema)].get((relation.identifier or "").casefold())
        if existing is None:
            adapter.create_schema(schema)
            return True
        if str(existing.type) != "view":
            return False
        adapter.drop_relation(existing)
        return True

    def _copy(self, adapter: Any, node: Any) -> str:
        released = self.release.nodes[node.unique_id]
        if not adapter.connections.get_thread_connection().transaction_open:
            adapter.connections.begin()
        event_time = getattr(node.config, "event_time", None)
        how = adapter.execute_macro(
            "start_from",
            macro_resolver=self.manifest,
            project="dbt_isolation",
            kwargs={
                "relation": _parts(node.database, node.schema, node.alias),
                "other": _parts(released.database, released.schema_, released.identifier),
                "most_rows": self.environment.copy_rows,
                "order_by": event_time if isinstance(event_time, str) else None,
            },
        )
        adapter.commit_if_has_connection()
        return str(how)

    def _say(self, found: Mapping[str, Collection[str]]) -> None:
        reads = self.environment.reads
        if whole := [*found["all"], *found["cloned"]]:
            say(f"{self._names(whole)}: not built here yet, so starting from the rows of {reads}")
        if some := found["some"]:
            say(
                f"{self._names(some)}: not built here yet, so starting from {self.environment.copy_rows} "
                f"rows of {reads}, not all (copy_rows); --full-refresh builds from all that is read"
            )

    def _names(self, unique_ids: Collection[str]) -> str:
        return listed([self.manifest.nodes[one].name for one in sorted(unique_ids)])


def _parts(database: str | None, schema: str | None, identifier: str) -> dict[str, str | None]:
    return {"database": database or None, "schema": schema or None, "identifier": identifier}
