"""Every statement that the store runs, by name; parameters are always bound."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from responder.domain.alerts import AlertStatus
from responder.ports import EventQuery
from responder.store.rows import stamp
from responder.store.tables import alerts, events, facts, intents, memories

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.sql.base import ReadOnlyColumnCollection

    Insert: TypeAlias = type[sqlite.Insert | postgresql.Insert]

__all__ = [
    "CLOSE_INTENT",
    "FORGET_MEMORY",
    "LOAD_ALERTS",
    "LOAD_FACTS",
    "LOAD_MEMORIES",
    "LOAD_OPEN_INTENTS",
    "WRITE_EVENT",
    "Upserts",
    "prunes",
    "read_events",
]

LOAD_MEMORIES = sa.select(memories.c.target, memories.c.body)
LOAD_ALERTS = sa.select(alerts)
LOAD_OPEN_INTENTS = sa.select(intents).where(intents.c.outcome.is_(None)).order_by(intents.c.at)
LOAD_FACTS = sa.select(facts)

FORGET_MEMORY = sa.delete(memories).where(memories.c.target == sa.bindparam("forgotten"))
WRITE_EVENT = sa.insert(events)
CLOSE_INTENT = sa.update(intents).where(intents.c.id == sa.bindparam("intent"))


def read_events(query: EventQuery) -> sa.Select[tuple[object, ...]]:
    """Select the asked part of the audit trail, newest first."""
    statement = sa.select(events).order_by(events.c.id.desc()).limit(max(query.limit, 0))
    if query.target is not None:
        statement = statement.where(events.c.target == query.target)
    if query.since is not None:
        statement = statement.where(events.c.at >= stamp(query.since))
    return statement


def prunes(before: datetime) -> tuple[sa.Delete, ...]:
    """Delete what is over and older than this."""
    bound = stamp(before)
    resolved = alerts.c.status == AlertStatus.RESOLVED.value
    return (
        sa.delete(events).where(events.c.at < bound),
        sa.delete(intents).where(intents.c.finished_at < bound),
        sa.delete(alerts).where(resolved, alerts.c.received_at < bound),
    )


@dataclass(frozen=True, slots=True)
class Upserts:
    """The statements that need the dialect's own insert."""

    memory: sa.Insert
    alert: sa.Insert
    intent: sa.Insert
    fact: sa.Insert

    @classmethod
    def of(cls, insert: "Insert") -> "Upserts":
        """Build them with the insert of one dialect."""
        alert = insert(alerts)
        newer = _age(alert.excluded) > _age(alerts.columns)
        return cls(
            memory=_replacing(insert(memories), memories),
            alert=_replacing(alert, alerts, newer),
            intent=insert(intents).on_conflict_do_nothing(),
            fact=_replacing(insert(facts), facts),
        )


def _age(columns: "ReadOnlyColumnCollection[str, sa.ColumnElement[object]]") -> sa.Tuple:
    """Compare as `batch.newer` does."""
    # A constant of the statement: as a parameter it would be bound anew for every row.
    resolved = columns["status"] == sa.literal_column(f"'{AlertStatus.RESOLVED}'")
    return sa.tuple_(columns["starts_at"], resolved, columns["seq"], columns["received_at"])


def _replacing(
    statement: "sqlite.Insert | postgresql.Insert",
    table: sa.Table,
    where: sa.ColumnElement[bool] | None = None,
) -> sa.Insert:
    replaced = [column.name for column in table.columns if not column.primary_key]
    return statement.on_conflict_do_update(
        index_elements=[column.name for column in table.primary_key],
        set_={name: statement.excluded[name] for name in replaced},
        where=where,
    )
