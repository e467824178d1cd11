"""The store on a database: the same statements for SQLite and PostgreSQL."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine

from responder.domain.audit import AuditEntry
from responder.errors import FencedError
from responder.ports import Changes, Claim, EventQuery, News, Snapshot
from responder.store import queries, rows
from responder.store.batch import Writes, newest_tellings
from responder.store.copying import take_up
from responder.store.failures import explained
from responder.store.leases import Leases
from responder.store.queries import Upserts
from responder.store.tables import HEAD

__all__ = ["SqlStore"]

PRUNED_AT_ONCE = 500
"""Rows that one step of pruning looks at, so that no webhook waits long for it."""

T = TypeVar("T")


class SqlStore:
    """A store on an engine whose schema is ready; for one thread at a time.

    `where` names the database in messages, without its password.
    """

    def __init__(self, engine: Engine, upserts: Upserts, leases: Leases, where: str) -> None:
        self._engine = engine
        self._reader = engine.execution_options(reading=True)
        self._upserts = upserts
        self._leases = leases
        self._where = where
        self.shared = leases.shared

    def load(self) -> Snapshot:
        """Read everything that a start needs."""
        with explained("read", self._where), self._reader.connect() as connection:
            memories = connection.execute(queries.LOAD_MEMORIES).mappings()
            webhooks = connection.execute(queries.LOAD_WEBHOOKS).mappings()
            intents = connection.execute(queries.LOAD_OPEN_INTENTS).mappings()
            facts = connection.execute(queries.LOAD_FACTS).mappings()
            orders = connection.execute(queries.LOAD_ORDERS).mappings()
            return Snapshot(
                memories=[rows.memory_from(row) for row in memories],
                alerts=newest_tellings(map(rows.told_from, webhooks)),
                open_intents=[rows.intent_from(row) for row in intents],
                facts=dict(rows.fact_from(row) for row in facts),
                orders=[rows.order_from(row) for row in orders],
            )

    def commit(self, batch: Sequence[Changes]) -> int:
        """Write all of these in one transaction, in their order; durable when it returns."""
        with explained("write to", self._where):
            writes = Writes.of(batch)
            with self._engine.begin() as connection:
                self._check_fences(connection, writes.fences)
                return self._write(connection, writes)

    def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first."""
        with explained("read", self._where), self._reader.connect() as connection:
            found = connection.execute(queries.read_events(query)).mappings()
            return [rows.entry_from(row) for row in found]

    def prune(self, before: datetime) -> Iterator[int]:
        """Delete entries, closed intents and webhooks older than this, step by step."""
        for prune in queries.prunes(before):
            after, more = None, True
            while more:
                with explained("write to", self._where), self._engine.begin() as connection:
                    end = connection.scalar(prune.end(after, PRUNED_AT_ONCE))
                    deleted = connection.execute(prune.delete(after, end)).rowcount
                yield deleted
                after, more = end, end is not None

    def claim(self, lasts: timedelta) -> Claim:
        """Take or renew the lease for so long, if nobody else holds it."""
        with explained("write to", self._where), self._engine.begin() as connection:
            return self._leases.claim(connection, lasts)

    def give_up(self) -> None:
        """Let the next one have the lease at once, if this one holds it."""
        with explained("write to", self._where), self._engine.begin() as connection:
            self._leases.give_up(connection)

    def news(self, after: int) -> News:
        """Return the alerts that others stored after this number, and all orders."""
        with explained("read", self._where), self._reader.connect() as connection:
            found = queries.read_news(self._leases.holder, after)
            webhooks = connection.execute(found).mappings()
            orders = connection.execute(queries.LOAD_ORDERS).mappings()
            return News(
                newest_tellings(map(rows.told_from, webhooks)),
                [rows.order_from(row) for row in orders],
            )

    def take_up(self) -> None:
        """Let what a restore has laid beside the file become its content."""
        with explained("restore", self._where):
            if not self.shared:
                take_up(Path(self._engine.url.database or ""), HEAD)

    def close(self) -> None:
        """Let go of the file or connection."""
        with explained("close", self._where):
            self._leases.close()
            self._engine.dispose()

    def _check_fences(self, connection: Connection, fences: set[int]) -> None:
        """Refuse what is written under a lease that somebody else has taken meanwhile."""
        if not fences or not self.shared:
            return
        if fences != {connection.scalar(queries.CURRENT_TOKEN)}:
            raise FencedError(
                f"nothing is written to {self._where}: another replica has taken over, and acts now"
            )

    def _write(self, connection: Connection, writes: Writes) -> int:
        number: int = connection.scalar(self._upserts.number) if writes.webhooks else 0
        origin = self._leases.holder
        for statement, parameters in (
            (
                queries.WRITE_WEBHOOK,
                [rows.webhook_row(told, number, origin) for told in writes.webhooks],
            ),
            (queries.FORGET_MEMORY, [{"forgotten": target} for target in sorted(writes.forgotten)]),
            (self._upserts.memory, [rows.memory_row(one) for one in _by_key(writes.memories)]),
            (self._upserts.intent, [rows.intent_row(one) for one in _by_key(writes.intents)]),
            (queries.CLOSE_INTENT, [rows.outcome_row(one) for one in _by_key(writes.outcomes)]),
            (queries.WRITE_EVENT, [rows.entry_row(one) for one in writes.entries]),
            (self._upserts.fact, [rows.fact_row(*fact) for fact in sorted(writes.facts.items())]),
            (self._upserts.order, [rows.order_row(one) for one in _by_key(writes.orders)]),
            (queries.FORGET_ORDER, [{"followed": one} for one in sorted(writes.followed)]),
        ):
            if parameters:
                connection.execute(statement, parameters)
        return number


def _by_key(values: Mapping[str, T]) -> list[T]:
    """Order what is written: two replicas that lock rows in different orders would deadlock."""
    return [values[key] for key in sorted(values)]
