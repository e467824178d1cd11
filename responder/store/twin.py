"""The store in memory: for tests and the demo, and the shortest account of what a store does."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from responder.domain.alerts import AlertStatus
from responder.domain.audit import AuditEntry
from responder.ports import Changes, EventQuery, HeardAlert, Intent, Outcome, Snapshot
from responder.store.batch import Writes, newer
from responder.store.failures import explained

if TYPE_CHECKING:
    from responder.domain.memory import Memory

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps everything for as long as the object lives; `close` keeps it too."""

    def __init__(self) -> None:
        self._memories: dict[str, Memory] = {}
        self._alerts: dict[str, HeardAlert] = {}
        self._intents: dict[str, Intent] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._entries: list[AuditEntry] = []
        self._facts: dict[str, str] = {}
        self._last_id = 0

    def load(self) -> Snapshot:
        """Read everything that a start needs."""
        open_intents = [one for one in self._intents.values() if one.id not in self._outcomes]
        return Snapshot(
            memories=list(self._memories.values()),
            alerts=list(self._alerts.values()),
            open_intents=sorted(open_intents, key=lambda intent: intent.at),
            facts={name: json.loads(value) for name, value in self._facts.items()},
        )

    def commit(self, batch: Sequence[Changes]) -> None:
        """Write all of these, in their order; nothing after the first line can fail."""
        with explained("write to", "the store in memory"):
            writes = Writes.of(batch)
        for target in writes.forgotten:
            self._memories.pop(target, None)
        self._memories |= writes.memories
        for fingerprint, heard in writes.alerts.items():
            self._alerts[fingerprint] = newer(self._alerts.get(fingerprint, heard), heard)
        self._intents = writes.intents | self._intents
        known = {id_: one for id_, one in writes.outcomes.items() if id_ in self._intents}
        self._outcomes |= known
        for entry in writes.entries:
            self._last_id += 1
            self._entries.append(replace(entry, id=self._last_id))
        self._facts |= writes.facts

    def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first."""
        found = [
            entry
            for entry in reversed(self._entries)
            if query.target in {None, entry.target}
            and (query.since is None or entry.at >= query.since)
        ]
        return found[: max(query.limit, 0)]

    def prune(self, before: datetime) -> int:
        """Delete entries, closed intents and resolved alerts older than this; return how many."""
        size = self._size()
        self._entries = [entry for entry in self._entries if entry.at >= before]
        closed = [one.intent for one in self._outcomes.values() if one.at < before]
        for intent in closed:
            del self._intents[intent], self._outcomes[intent]
        self._alerts = {
            fingerprint: heard
            for fingerprint, heard in self._alerts.items()
            if heard.alert.status is not AlertStatus.RESOLVED or heard.received_at >= before
        }
        return size - self._size()

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _size(self) -> int:
        return len(self._entries) + len(self._intents) + len(self._alerts)
