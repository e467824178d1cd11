"""Every statement that the store runs, by name; parameters are always bound."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from responder.ports import MOST_ALERTS, EventQuery
from responder.store.rows import stamp
from responder.store.tables import (
    counters,
    events,
    facts,
    intents,
    leases,
    memories,
    orders,
    webhooks,
)

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.sql import dml

    Insert: TypeAlias = type[sqlite.Insert | postgresql.Insert]

__all__ = [
    "ACTING",
    "CLOSE_INTENT",
    "CURRENT_TOKEN",
    "FORGET_MEMORY",
    "FORGET_ORDER",
    "GIVE_UP_LEASE",
    "LOAD_FACTS",
    "LOAD_MEMORIES",
    "LOAD_OPEN_INTENTS",
    "LOAD_ORDERS",
    "LOAD_WEBHOOKS",
    "READ_LEASE",
    "WRITE_EVENT",
    "WRITE_WEBHOOK",
    "Upserts",
    "claim_lease",
    "next_number",
    "prunes",
    "read_events",
    "read_news",
]

ACTING = "acting"
"""The name of the one lease there is: who holds it acts."""

LOAD_MEMORIES = sa.select(memories.c.target, memories.c.body)
LOAD_OPEN_INTENTS = sa.select(intents).where(intents.c.outcome.is_(None)).order_by(intents.c.at)
LOAD_FACTS = sa.select(facts)
LOAD_ORDERS = sa.select(orders).order_by(orders.c.at, orders.c.id)
READ_LEASE = sa.select(leases.c.holder, leases.c.token).where(leases.c.name == ACTING)
CURRENT_TOKEN = sa.select(leases.c.token).where(leases.c.name == ACTING).with_for_update(read=True)
"""It locks the lease until the end of the transaction: nobody can take it meanwhile."""

FORGET_MEMORY = sa.delete(memories).where(memories.c.target == sa.bindparam("forgotten"))
WRITE_EVENT = sa.insert(events)
WRITE_WEBHOOK = sa.insert(webhooks)
FORGET_ORDER = sa.delete(orders).where(orders.c.id == sa.bindparam("followed"))
CLOSE_INTENT = sa.update(intents).where(intents.c.id == sa.bindparam("intent"))
GIVE_UP_LEASE = (
    sa.update(leases)
    .where(leases.c.name == ACTING, leases.c.holder == sa.bindparam("by"))
    .values(expires_at=0)
)

_SERVER_TIME = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger)
"""Microseconds since 1970 as PostgreSQL's own clock has them."""


def claim_lease(insert: "Insert", holder: str, microseconds: int) -> "dml.ReturningInsert[Any]":
    """Take the lease that is free or over, or renew one's own; no row when another holds it."""
    until = _SERVER_TIME + microseconds
    mine = leases.c.holder == holder
    return (
        insert(leases)
        .values(name=ACTING, holder=holder, token=1, expires_at=until)
        .on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={
                "token": sa.case((mine, leases.c.token), else_=leases.c.token + 1),
                "holder": holder,
                "expires_at": until,
            },
            where=mine | (leases.c.expires_at < _SERVER_TIME),
        )
        .returning(leases.c.token)
    )


def next_number(insert: "Insert", name: str) -> "dml.ReturningInsert[Any]":
    """Count one further; who counts in a transaction makes others wait for its end."""
    return (
        insert(counters)
        .values(name=name, value=1)
        .on_conflict_do_update(
            index_elements=[counters.c.name], set_={"value": counters.c.value + 1}
        )
        .returning(counters.c.value)
    )


def _newest(*conditions: sa.ColumnElement[bool]) -> sa.Select[tuple[object, ...]]:
    """Select the newest webhooks, in their order: as many as `MOST_ALERTS` alerts are in.

    Their number is kept in a column, so that what is not wanted is not even read.
    """
    columns = (webhooks.c.id, webhooks.c.size)
    newest = webhooks.c.id.desc()
    some = sa.select(*columns).where(*conditions).order_by(newest).limit(MOST_ALERTS).subquery()
    later = sa.func.sum(some.c.size).over(order_by=some.c.id.desc()) - some.c.size
    told = sa.select(some.c.id, later.label("later")).subquery()
    return (
        sa.select(webhooks)
        .join(told, told.c.id == webhooks.c.id)
        .where(told.c.later < MOST_ALERTS)
        .order_by(webhooks.c.id)
    )


LOAD_WEBHOOKS = _newest()


def read_news(origin: str, after: int) -> sa.Select[tuple[object, ...]]:
    """Select the newest of the webhooks that other replicas stored after this number."""
    return _newest(webhooks.c.seq > after, webhooks.c.origin != origin)


def read_events(query: EventQuery) -> sa.Select[tuple[object, ...]]:
    """Select the asked part of the audit trail, newest first."""
    statement = sa.select(events).order_by(events.c.id.desc()).limit(max(query.limit, 0))
    if query.target is not None:
        statement = statement.where(events.c.target == query.target)
    if query.since is not None:
        statement = statement.where(events.c.at >= stamp(query.since))
    if query.before is not None:
        statement = statement.where(events.c.id < query.before)
    return statement


@dataclass(frozen=True, slots=True)
class Prune:
    """Deletes what is over from one table, in stretches of its key: no index finds what is old."""

    key: sa.Column[Any]
    over: sa.ColumnElement[bool]

    def end(self, after: object, most: int) -> sa.Select[tuple[Any]]:
        """Select the key at which a stretch of so many rows ends; none when they are fewer."""
        rows = sa.select(self.key).where(*self._later(after)).order_by(self.key)
        return rows.offset(most - 1).limit(1)

    def delete(self, after: object, end: object) -> sa.Delete:
        """Delete what is over between two keys; None: from the first, to the last."""
        bounds = [*self._later(after), *([] if end is None else [self.key <= end])]
        return sa.delete(self.key.table).where(self.over, *bounds)

    def _later(self, after: object) -> list[sa.ColumnElement[bool]]:
        return [] if after is None else [self.key > after]


def prunes(before: datetime) -> tuple[Prune, ...]:
    """Return how to delete what is over and older than this.

    What a webhook told and nobody has repeated for so long is over, whatever it said.
    """
    bound = stamp(before)
    return (
        Prune(events.c.id, events.c.at < bound),
        Prune(intents.c.id, intents.c.finished_at < bound),
        Prune(webhooks.c.id, webhooks.c.received_at < bound),
    )


@dataclass(frozen=True, slots=True)
class Upserts:
    """The statements that need the dialect's own insert."""

    memory: sa.Insert
    intent: sa.Insert
    fact: sa.Insert
    order: sa.Insert
    number: "dml.ReturningInsert[Any]"

    @classmethod
    def of(cls, insert: "Insert") -> "Upserts":
        """Build them with the insert of one dialect."""
        return cls(
            memory=_replacing(insert(memories), memories),
            intent=insert(intents).on_conflict_do_nothing(),
            fact=_replacing(insert(facts), facts),
            order=_replacing(insert(orders), orders),
            number=next_number(insert, "webhooks"),
        )


def _replacing(statement: "sqlite.Insert | postgresql.Insert", table: sa.Table) -> sa.Insert:
    replaced = [column.name for column in table.columns if not column.primary_key]
    return statement.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key],
        set_={name: statement.excluded[name] for name in replaced},
    )
