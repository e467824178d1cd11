"""Domain values as rows of their tables, and back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import AuditEntry, Kind
from responder.domain.memory import Memory, Override
from responder.errors import StoreError
from responder.ports import HeardAlert, Intent, NotedOrder, Outcome
from responder.store.codec import from_text, packed, plain_to_text, to_text, unpacked

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

__all__ = [
    "entry_from",
    "entry_row",
    "fact_from",
    "fact_row",
    "intent_from",
    "intent_row",
    "memory_from",
    "memory_row",
    "order_from",
    "order_row",
    "outcome_row",
    "stamp",
    "told_from",
    "webhook_row",
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


def webhook_row(told: Sequence[HeardAlert], seq: int, origin: str) -> dict[str, object]:
    """Write what one webhook told the replica `origin`."""
    return {
        "seq": seq,
        "origin": origin,
        "received_at": stamp(max(one.received_at for one in told)),
        "size": len(told),
        "alerts": packed(plain_to_text([_told(one) for one in told])),
    }


def told_from(row: "RowMapping") -> list[HeardAlert]:
    """Read what one webhook told."""
    with _reading("webhooks", row["id"], "the next webhook or poll tells it again"):
        told = from_text(tuple[_Told, ...], unpacked(row["alerts"]))
    return [HeardAlert(one.alert(), one.received_at, row["seq"]) for one in told]


def _told(heard: HeardAlert) -> dict[str, object]:
    """Write an alert with nothing nested but its labels and annotations, which is fast."""
    alert = heard.alert
    return {
        "fingerprint": alert.fingerprint,
        "status": alert.status.value,
        "starts_at": alert.starts_at,
        "updated_at": alert.updated_at,
        "received_at": heard.received_at,
        "labels": _plain(alert.labels),
        "annotations": _plain(alert.annotations),
    }


def _plain(texts: Mapping[str, str]) -> dict[str, str]:
    return texts if isinstance(texts, dict) else dict(texts)


@dataclass(frozen=True, slots=True)
class _Told:
    """An alert as `_told` writes it."""

    fingerprint: str
    status: AlertStatus
    starts_at: datetime
    received_at: datetime
    labels: Mapping[str, str]
    updated_at: datetime | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    def alert(self) -> Alert:
        """Return the alert itself."""
        return Alert(
            self.fingerprint,
            self.labels,
            self.status,
            self.starts_at,
            self.updated_at,
            self.annotations,
        )


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
