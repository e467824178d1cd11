"""The store in memory: for tests and the demo, and the shortest account of what a store does."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from responder.domain.alerts import HeardAlert
from responder.domain.audit import AuditEntry
from responder.domain.memory import Memory
from responder.errors import FencedError
from responder.ports import (
    Changes,
    Claim,
    EventQuery,
    Intent,
    News,
    NotedOrder,
    Outcome,
    Snapshot,
)
from responder.store.batch import Writes, newest_tellings
from responder.store.failures import explained

__all__ = ["MemoryStore"]


@dataclass(slots=True)
class _Kept:
    """What replicas share."""

    memories: dict[str, Memory] = field(default_factory=dict)
    webhooks: list[tuple[str, list[HeardAlert]]] = field(default_factory=list)
    """Of each: which replica took it, and what it told."""
    intents: dict[str, Intent] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    entries: list[AuditEntry] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    orders: dict[str, NotedOrder] = field(default_factory=dict)
    last_id: int = 0
    number: int = 0
    lease: Claim = field(default_factory=lambda: Claim(mine=False, token=0, holder=""))
    lease_ends: timedelta = timedelta(0)


class MemoryStore:
    """Keeps everything for as long as the object lives; `close` keeps it too."""

    def __init__(
        self,
        holder: str = "this process",
        *,
        beside: "MemoryStore | None" = None,
        clock: Callable[[], timedelta] = timedelta,
    ) -> None:
        """Begin empty, or share all with another, as replicas share a database."""
        self.shared = beside is not None
        self._holder = holder
        self._clock = clock
        self.kept: _Kept = _Kept() if beside is None else beside.kept
        if beside is not None:
            beside.shared = True

    def load(self) -> Snapshot:
        """Read everything that a start needs."""
        kept = self.kept
        open_intents = [one for one in kept.intents.values() if one.id not in kept.outcomes]
        return Snapshot(
            memories=list(kept.memories.values()),
            alerts=newest_tellings(told for _, told in kept.webhooks),
            open_intents=sorted(open_intents, key=lambda intent: intent.at),
            facts={name: json.loads(value) for name, value in kept.facts.items()},
            orders=self._orders(),
        )

    def commit(self, batch: Sequence[Changes]) -> int:
        """Write all of these, in their order; nothing after the fence can fail."""
        with explained("write to", "the store in memory"):
            writes = Writes.of(batch)
        kept = self.kept
        if self.shared and writes.fences - {kept.lease.token}:
            raise FencedError("nothing is written: another replica has taken over, and acts now")
        for target in writes.forgotten:
            kept.memories.pop(target, None)
        kept.memories |= writes.memories
        kept.intents = writes.intents | kept.intents
        known = {id_: one for id_, one in writes.outcomes.items() if id_ in kept.intents}
        kept.outcomes |= known
        for entry in writes.entries:
            kept.last_id += 1
            kept.entries.append(replace(entry, id=kept.last_id))
        kept.facts |= writes.facts
        kept.orders |= writes.orders
        for order in writes.followed:
            kept.orders.pop(order, None)
        return self._hear(writes.webhooks)

    def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first."""
        found = [
            entry
            for entry in reversed(self.kept.entries)
            if query.target in {None, entry.target}
            and (query.since is None or entry.at >= query.since)
            and (query.before is None or (entry.id or 0) < query.before)
        ]
        return found[: max(query.limit, 0)]

    def prune(self, before: datetime) -> Iterator[int]:
        """Delete entries, closed intents and webhooks older than this, in one step."""
        kept, size = self.kept, self._size()
        kept.entries = [entry for entry in kept.entries if entry.at >= before]
        closed = [one.intent for one in kept.outcomes.values() if one.at < before]
        for intent in closed:
            del kept.intents[intent], kept.outcomes[intent]
        kept.webhooks = [
            (origin, told)
            for origin, told in kept.webhooks
            if max(one.received_at for one in told) >= before
        ]
        yield size - self._size()

    def claim(self, lasts: timedelta) -> Claim:
        """Take or renew the lease for so long, if nobody else holds it."""
        kept, now = self.kept, self._clock()
        mine = kept.lease.holder == self._holder
        if mine or now >= kept.lease_ends:
            token = kept.lease.token if mine else kept.lease.token + 1
            kept.lease = Claim(mine=True, token=token, holder=self._holder)
            kept.lease_ends = now + lasts
            return kept.lease
        return replace(kept.lease, mine=False)

    def give_up(self) -> None:
        """Let the next one have the lease at once, if this one holds it."""
        if self.kept.lease.holder == self._holder:
            self.kept.lease_ends = self._clock()

    def news(self, after: int) -> News:
        """Return the alerts that others stored after this number, and all orders."""
        kept = self.kept
        news = (
            told for origin, told in kept.webhooks if told[0].seq > after and origin != self._holder
        )
        return News(newest_tellings(news), self._orders())

    def take_up(self) -> None:
        """Do nothing: there is no beside."""

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _hear(self, webhooks: list[Sequence[HeardAlert]]) -> int:
        kept = self.kept
        if not webhooks:
            return 0
        kept.number += 1
        for told in webhooks:
            kept.webhooks.append((self._holder, [replace(one, seq=kept.number) for one in told]))
        return kept.number

    def _orders(self) -> list[NotedOrder]:
        return sorted(self.kept.orders.values(), key=lambda order: (order.at, order.id))

    def _size(self) -> int:
        kept = self.kept
        return len(kept.entries) + len(kept.intents) + len(kept.webhooks)
