"""Domain values as rows of their tables, and back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import AuditEntry, Kind
from responder.domain.memory import Memory, Override
from responder.errors import StoreError
from responder.ports import HeardAlert, Intent, NotedOrder, Outcome
from responder.store.codec import from_text, labels_to_text, to_text

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

__all__ = [
    "entry_from",
    "entry_row",
    "fact_from",
    "fact_row",
    "heard_from",
    "heard_row",
    "intent_from",
    "intent_row",
    "memory_from",
    "memory_row",
    "order_from",
    "order_row",
    "outcome_row",
    "stamp",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def stamp(moment: datetime) -> int:
    """Return the microseconds since 1970; exact, which a float would not be."""
    return (moment - _EPOCH) // _MICROSECOND


def _moment(stamp: int) -> datetime:
    return _EPOCH + stamp * _MICROSECOND


@contextmanager
def _reading(table: str, key: object, loss: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        raise StoreError(
            f"cannot read the row {key!r} of table {table}: {error}; was it written by a newer "
            f"version or changed by hand? Correct it, or delete it ({loss})"
        ) from error


def memory_row(memory: Memory) -> dict[str, object]:
    """Write a memory; the columns beside its body are for people who look."""
    return {
        "target": memory.target,
        "site": memory.site,
        "mitigation": memory.mitigation,
        "state": memory.state.value,
        "body": to_text(memory),
    }


def memory_from(row: "RowMapping") -> Memory:
    """Read a memory."""
    with _reading("memories", row["target"], "what is on there is then no longer ours to release"):
        return from_text(Memory, row["body"])


def heard_row(heard: HeardAlert, seq: int, origin: str) -> tuple[object, ...]:
    """Write an alert as a webhook told it to the replica `origin`, in the order of its columns."""
    alert = heard.alert
    return (
        alert.fingerprint,
        labels_to_text(alert.labels),
        labels_to_text(alert.annotations),
        alert.status.value,
        stamp(alert.starts_at),
        None if alert.updated_at is None else stamp(alert.updated_at),
        stamp(heard.received_at),
        seq,
        origin,
    )


def heard_from(row: "RowMapping") -> HeardAlert:
    """Read an alert as a webhook told it."""
    with _reading("alerts", row["fingerprint"], "the next webhook or poll brings it back"):
        alert = Alert(
            fingerprint=row["fingerprint"],
            labels=from_text(dict[str, str], row["labels"]),
            status=AlertStatus(row["status"]),
            starts_at=_moment(row["starts_at"]),
            updated_at=None if row["updated_at"] is None else _moment(row["updated_at"]),
            annotations=from_text(dict[str, str], row["annotations"]),
        )
        return HeardAlert(alert, _moment(row["received_at"]), row["seq"])


def intent_row(intent: Intent) -> dict[str, object]:
    """Write an intent."""
    return asdict(intent) | {"at": stamp(intent.at)}


def intent_from(row: "RowMapping") -> Intent:
    """Read an intent."""
    with _reading("intents", row["id"], "the target is then not read anew for its sake"):
        return Intent(row["id"], row["target"], row["action"], row["value"], _moment(row["at"]))


def outcome_row(outcome: Outcome) -> dict[str, object]:
    """Write what came of an intent."""
    return {
        "intent": outcome.intent,
        "outcome": outcome.outcome,
        "detail": outcome.detail,
        "finished_at": stamp(outcome.at),
    }


def order_row(order: NotedOrder) -> dict[str, object]:
    """Write an operator's order."""
    override = None if order.override is None else to_text(order.override)
    return {
        "id": order.id,
        "target": order.target,
        "override": override,
        "actor": order.actor,
        "at": stamp(order.at),
    }


def order_from(row: "RowMapping") -> NotedOrder:
    """Read an operator's order."""
    with _reading("orders", row["id"], "the order is then not followed; give it again"):
        text = row["override"]
        override = None if text is None else from_text(Override, text)
        return NotedOrder(row["id"], row["target"], override, row["actor"], _moment(row["at"]))


def entry_row(entry: AuditEntry) -> dict[str, object]:
    """Write an audit entry; the database gives the id."""
    row = asdict(entry) | {"at": stamp(entry.at), "kind": entry.kind.value}
    del row["id"]
    return row


def entry_from(row: "RowMapping") -> AuditEntry:
    """Read an audit entry."""
    with _reading("events", row["id"], "the audit trail loses that entry"):
        return AuditEntry(**{**row, "at": _moment(row["at"]), "kind": Kind(row["kind"])})


def fact_row(name: str, value: str) -> dict[str, object]:
    """Write a fact whose value is JSON text already."""
    return {"name": name, "value": value}


def fact_from(row: "RowMapping") -> tuple[str, object]:
    """Read a fact: its name and its value."""
    with _reading("facts", row["name"], "the service then starts without it"):
        return row["name"], json.loads(row["value"])
