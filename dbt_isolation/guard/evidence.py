"""Evidence from inside a run: what it builds and tests is written down, and what is there is read.

Nothing here may fail a run: what cannot be written or read is said, once.
"""

import threading
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from dbt.adapters.factory import get_adapter_by_type

from dbt_isolation import environments
from dbt_isolation.artifacts.manifest import BUILDABLE
from dbt_isolation.environments import Relation
from dbt_isolation.guard.flags import mode
from dbt_isolation.guard.present import Present
from dbt_isolation.guard.say import in_short, say
from dbt_isolation.guard.session import Session
from dbt_isolation.reads.decide import Evidence, tested_by
from dbt_isolation.records import evidence
from dbt_isolation.records.evidence import Lines, Mode, Record

#: dbt commands that build or test.
RECORDED = frozenset({"run", "build", "seed", "snapshot", "test", "clone"})
_CONNECTION = "dbt_isolation"


class Ledger:
    """The evidence of one run's instance; ``manifest`` is dbt's, in memory."""

    def __init__(self, session: Session, present: Present, manifest: Any) -> None:
        run = session.run
        assert run is not None
        self._session, self._present, self._manifest = session, present, manifest
        self._table = evidence.instance(run)
        self._lines = Lines(session.target_path, self._table)
        self._user = environments.actor(run)
        self._mode = mode(session.flags)
        self._vars = evidence.variables(session.flags.VARS or {})
        self._lock = threading.Lock()
        self._pending: list[Record] = []
        #: What the table held when this run began; read once.
        self._in_table: list[Record] | None = None
        self._problem = ""
        self.at_home: Collection[str] = present.fingerprints.keys()
        """Unique ids of what this run reads at home; a test of anything else says nothing about home."""
        self.partial: Collection[str] = ()
        """Unique ids of what this run builds on a part of production's rows."""

    def recorded(self) -> Evidence:
        """What the JSON lines say; nobody has looked at the database."""
        try:
            return Evidence.of(self._lines.read())
        except OSError as error:
            self._problem = f"{error.filename}: {error.strerror}"
            return Evidence.of(())

    def began_in_part(self) -> frozenset[str]:
        """Unique ids of what was last built here on a part of production's rows."""
        known = self.looked_up(()).records
        return frozenset(
            one for (one, about), record in known.items() if not about and record.mode == Mode.PARTIAL
        )

    def looked_up(self, relations: Iterable[Relation]) -> Evidence:
        """What the lines and the table say, and which of ``relations``, once built, exist: one connection."""
        records = list(self.recorded().records.values())
        try:
            adapter = self._adapter()
            with adapter.connection_named(_CONNECTION):
                if self._in_table is None:
                    rows = self._macro("read_evidence") if self._exists(adapter) else []
                    self._in_table = [evidence.of_row(row) for row in rows]
                records += self._in_table
                # To list a schema takes long in some warehouses, and most hold nothing that was built here.
                built = {one.relation for one in records}
                schemas = {(one.database, one.schema) for one in relations if str(one) in built}
                existing = [
                    Relation(one.database or "", one.schema or "", one.identifier or "")
                    for database, schema in sorted(schemas)
                    for one in adapter.list_relations(database or None, schema)
                ]
        except Exception as error:
            say(f"what is built here could not be looked up, and is not read: {in_short(error)}")
            return Evidence.of(records, ())
        return Evidence.of(records, existing)

    def node_finished(self, event: Any) -> None:
        """Takes down one node's result; runs on dbt's worker threads, where nothing may be raised."""
        try:
            for record in self._records(event.data.node_info.unique_id, event.data.run_result.status):
                with self._lock:
                    self._pending.append(record)
                    self._lines.append(record)
        except Exception as error:
            self._problem = in_short(error)

    def write(self) -> None:
        """Writes what was taken down into the table."""
        with self._lock:
            records, self._pending = self._pending, []
        if records and environments.refusal(self._session.run, self._table) is None:  # type: ignore[arg-type]
            try:
                self._insert(records)
            except Exception:
                # Another process may have made the table at the same moment.
                try:
                    self._insert(records)
                except Exception as error:
                    self._problem = in_short(error)
        if self._problem:
            say(f"evidence of this run is not all written down: {self._problem}")
            self._problem = ""

    def _insert(self, records: Iterable[Record]) -> None:
        adapter = self._adapter()
        with adapter.connection_named(_CONNECTION):
            if not self._exists(adapter):
                adapter.create_schema(self._schema(adapter))
                self._change("create_evidence")
            self._change("write_evidence", rows=[evidence.row(one) for one in records])

    def _records(self, unique_id: str, status: str) -> list[Record]:
        if status == "skipped":
            return []
        node = self._present.manifest.get(unique_id)
        if node is not None and node.resource_type in BUILDABLE:
            cloned = self._session.command == "clone" and status == "success"
            return [self._record(unique_id, "", "cloned" if cloned else status)]
        unit_test = self._present.manifest.unit_tests.get(unique_id)
        if unit_test is not None:
            return [self._record(unique_id, one, status) for one in unit_test.depends_on.nodes[:1]]
        if node is None or node.resource_type != "test":
            return []
        return [self._record(unique_id, one, status) for one in tested_by(node) if one in self.at_home]

    def _record(self, unique_id: str, about: str, status: str) -> Record:
        subject = self._present.manifest.get(about or unique_id)
        assert subject is not None
        return Record(
            unique_id=unique_id,
            about=about,
            status=status,
            fingerprint=str(self._present.fingerprints.get(subject.unique_id, "")),
            mode=Mode.PARTIAL if subject.unique_id in self.partial else self._mode,
            relation=str(subject.relation),
            recorded_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            recorded_by=self._user,
            invocation_id=self._present.manifest.metadata.invocation_id or "",
            vars=self._vars,
        )

    def _exists(self, adapter: Any) -> bool:
        """Whether the table is there; dbt's own cache may be of before it was made."""
        name = self._table.identifier.casefold()
        found = adapter.list_relations_without_caching(self._schema(adapter))
        return any((one.identifier or "").casefold() == name for one in found)

    def _schema(self, adapter: Any) -> Any:
        table = self._table
        relation = adapter.Relation.create(
            database=table.database or None,
            schema=table.schema,
            identifier="",
            quote_policy=adapter.config.quoting,
        )
        return relation.without_identifier()

    def _change(self, name: str, **more: Any) -> None:
        """Calls a macro that writes, in the transaction that a look at the database began or in a new one."""
        adapter = self._adapter()
        if not adapter.connections.get_thread_connection().transaction_open:
            adapter.connections.begin()
        self._macro(name, **more)
        adapter.commit_if_has_connection()

    def _macro(self, name: str, **more: Any) -> Any:
        return self._adapter().execute_macro(
            name,
            macro_resolver=self._manifest,
            project="dbt_isolation",
            kwargs={
                "database": self._table.database or None,
                "schema": self._table.schema,
                "identifier": self._table.identifier,
                "columns": evidence.COLUMNS,
                **more,
            },
        )

    def _adapter(self) -> Any:
        return get_adapter_by_type(self._session.credentials.type)
