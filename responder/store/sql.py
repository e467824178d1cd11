"""The store on a database: the same statements for SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine

from responder.domain.audit import AuditEntry
from responder.ports import Changes, EventQuery, Snapshot
from responder.store import queries, rows
from responder.store.batch import Writes
from responder.store.failures import explained
from responder.store.queries import Upserts

__all__ = ["SqlStore"]

T = TypeVar("T")


class SqlStore:
    """A store on an engine whose schema is ready; for one thread at a time.

    `where` names the database in messages, without its password.
    """

    def __init__(self, engine: Engine, upserts: Upserts, where: str) -> None:
        self._engine = engine
        self._reader = engine.execution_options(reading=True)
        self._upserts = upserts
        self._where = where

    def load(self) -> Snapshot:
        """Read everything that a start needs."""
        with explained("read", self._where), self._reader.connect() as connection:
            memories = connection.execute(queries.LOAD_MEMORIES).mappings()
            alerts = connection.execute(queries.LOAD_ALERTS).mappings()
            intents = connection.execute(queries.LOAD_OPEN_INTENTS).mappings()
            facts = connection.execute(queries.LOAD_FACTS).mappings()
            return Snapshot(
                memories=[rows.memory_from(row) for row in memories],
                alerts=[rows.heard_from(row) for row in alerts],
                open_intents=[rows.intent_from(row) for row in intents],
                facts=dict(rows.fact_from(row) for row in facts),
            )

    def commit(self, batch: Sequence[Changes]) -> None:
        """Write all of these in one transaction, in their order; durable when it returns."""
        with explained("write to", self._where):
            writes = Writes.of(batch)
            with self._engine.begin() as connection:
                self._write(connection, writes)

    def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first."""
        with explained("read", self._where), self._reader.connect() as connection:
            found = connection.execute(queries.read_events(query)).mappings()
            return [rows.entry_from(row) for row in found]

    def prune(self, before: datetime) -> int:
        """Delete entries, closed intents and resolved alerts older than this; return how many."""
        with explained("write to", self._where), self._engine.begin() as connection:
            deletes = queries.prunes(before)
            return sum(connection.execute(delete).rowcount for delete in deletes)

    def close(self) -> None:
        """Let go of the file or connection."""
        with explained("close", self._where):
            self._engine.dispose()

    def _write(self, connection: Connection, writes: Writes) -> None:
        for statement, parameters in (
            (queries.FORGET_MEMORY, [{"forgotten": target} for target in sorted(writes.forgotten)]),
            (self._upserts.memory, [rows.memory_row(one) for one in _by_key(writes.memories)]),
            (self._upserts.alert, [rows.heard_row(one) for one in _by_key(writes.alerts)]),
            (self._upserts.intent, [rows.intent_row(one) for one in _by_key(writes.intents)]),
            (queries.CLOSE_INTENT, [rows.outcome_row(one) for one in _by_key(writes.outcomes)]),
            (queries.WRITE_EVENT, [rows.entry_row(one) for one in writes.entries]),
            (self._upserts.fact, [rows.fact_row(*fact) for fact in sorted(writes.facts.items())]),
        ):
            if parameters:
                connection.execute(statement, parameters)


def _by_key(values: Mapping[str, T]) -> list[T]:
    """Order what is written: two replicas that lock rows in different orders would deadlock."""
    return [values[key] for key in sorted(values)]
