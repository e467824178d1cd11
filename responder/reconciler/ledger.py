"""The memories in use, and what of them the store has not got yet."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import structlog

from responder.domain.audit import AuditEntry, Kind
from responder.domain.clock import ZERO, Moment
from responder.domain.hook import HookRule
from responder.domain.hook_calls import hooked
from responder.domain.limits import count_engagement
from responder.domain.memory import Memory
from responder.domain.targets import Target
from responder.domain.trail import severity, trail
from responder.errors import StoreError
from responder.metrics import Metrics
from responder.ports import Changes, Claim, EventQuery, Intent, News, NotedOrder, Outcome, Snapshot
from responder.reconciler.lease import Lease

__all__ = ["Keeper", "Ledger"]

MOST_WAITING = 10_000
"""Audit entries that wait for a store that is gone; the oldest go first."""

SAVE_WAITS_EVERY = timedelta(seconds=15)
"""How often running waits are stored: a crash makes them longer by this, never shorter."""

_log = structlog.get_logger("responder.decision")


class Keeper(Protocol):
    """The asynchronous face of the store; every failure is a StoreError."""

    @property
    def shared(self) -> bool:
        """Whether there can be several replicas on this store at all."""
        ...

    @property
    def problem(self) -> str:
        """Why the last call failed; empty when it worked."""
        ...

    async def load(self) -> Snapshot:
        """Read everything that a start needs."""
        ...

    async def commit(self, changes: Changes) -> int:
        """Write all of it, durable when it returns; the number is that of its alerts."""
        ...

    async def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first."""
        ...

    async def claim(self, lasts: timedelta) -> Claim:
        """Take or renew the lease for so long, if nobody else holds it."""
        ...

    async def give_up(self) -> None:
        """Let the next one have the lease at once."""
        ...

    async def news(self, after: int) -> News:
        """Return the alerts that others stored after this number, and all orders."""
        ...

    async def take_up(self) -> None:
        """Let what a restore has laid beside the store become its content."""
        ...


class Ledger:
    """Remembers at once, stores soon; an intent is stored before anything else happens."""

    def __init__(self, keeper: Keeper, metrics: Metrics, lease: Lease) -> None:
        self._keeper = keeper
        self._lease = lease
        self._metrics = metrics
        self.memories: dict[str, Memory] = {}
        self.rule: Callable[[Memory], HookRule] = _no_rule
        """What the policy of a memory's target wants the operator's own routers to be told."""
        self.marks: tuple[timedelta, ...] = ()
        """Counted engagements of the last hour."""
        self._dirty: set[str] = set()
        self._forgotten: set[str] = set()
        self._stored: set[str] = set()
        """Targets that were written since an order for them was last stored."""
        self._entries: list[AuditEntry] = []
        self._outcomes: list[Outcome] = []
        self._saved_mark = ZERO
        self._flushing = asyncio.Lock()

    def adopt(self, memories: Iterable[Memory], targets: Iterable[Target]) -> None:
        """Take what was stored, and a fresh memory for every target that has none."""
        self.memories = {memory.target: memory for memory in memories}
        for target in targets:
            known = self.memories.get(target.id) or Memory.of(target)
            self.memories[target.id] = replace(known, site=target.site, kind=target.kind)

    def remember(self, memory: Memory, now: Moment) -> None:
        """Keep a new memory of a target, tell what changed, and note it for the store."""
        before = self.memories[memory.target]
        if memory == before:
            return
        memory = self._counted(before, memory, now)
        memory = hooked(before, memory, self.rule(memory), now)
        self._tell(before, memory, now)
        self.memories[memory.target] = memory
        if _matters(before, memory):
            self._dirty.add(memory.target)

    def forget(self, target: str) -> None:
        """Drop an orphan that is confirmed off."""
        self.memories.pop(target, None)
        self._dirty.discard(target)
        self._forgotten.add(target)

    def note(self, entry: AuditEntry) -> None:
        """Add an entry to the audit trail."""
        self._entries.append(entry)
        del self._entries[:-MOST_WAITING]

    def _counted(self, before: Memory, after: Memory, now: Moment) -> Memory:
        """Count the first confirmed engagement of an episode for the hourly limit."""
        memory, self.marks = count_engagement(
            before, after, self.memories.values(), self.marks, now
        )
        episode = memory.episode
        if memory is not after and episode is not None and episode.oldest is not None:
            taken = (now.wall - episode.oldest).total_seconds()
            self._metrics.time_to_mitigate.labels(after.mitigation).observe(max(taken, 0.0))
        return memory

    def _tell(self, before: Memory, after: Memory, now: Moment) -> None:
        for entry in trail(before, after, now):
            self.note(entry)
            _say(entry)
            if entry.kind is Kind.DECISION and after.decision is not None:
                self._metrics.decided(after.mitigation, after.decision)

    async def order(self, memory: Memory, order: NotedOrder, told: Sequence[AuditEntry]) -> bool:
        """Store an operator's order, and what tells of it, before it is followed.

        Return whether it stands: not if the target was stored as it is, without it, meanwhile.
        """
        self._stored.discard(memory.target)
        await self._keeper.commit(
            Changes(
                memories=[memory],
                entries=told,
                followed=[order.id] if order.id else [],
                fence=self._lease.fence,
            )
        )
        return memory.target not in self._stored

    def follow(self, memory: Memory, told: Sequence[AuditEntry]) -> None:
        """Keep the memory of a target under an order that is stored and told already."""
        self.memories[memory.target] = memory
        self._dirty.add(memory.target)
        for entry in told:
            _say(entry)

    async def dismiss(self, order: NotedOrder, told: AuditEntry) -> None:
        """Drop an order that nobody can follow, and tell of it."""
        changes = Changes(followed=[order.id], entries=[told], fence=self._lease.fence)
        await self._keeper.commit(changes)

    async def keep(self, target: str) -> None:
        """Store a memory at once; raises StoreError."""
        self._stored.add(target)
        await self._keeper.commit(
            Changes(memories=[self.memories[target]], fence=self._lease.fence)
        )

    async def intend(self, memory: Memory, intent: Intent) -> None:
        """Store the intent and what led to it; raises StoreError, and then nothing is written."""
        entries, outcomes = self._taken_entries(), self._taken_outcomes()
        self._stored.add(memory.target)
        try:
            await self._keeper.commit(
                Changes(
                    memories=[memory],
                    intents=[intent],
                    entries=entries,
                    outcomes=outcomes,
                    fence=self._lease.fence,
                )
            )
        except StoreError:
            self._entries[:0] = entries
            self._outcomes[:0] = outcomes
            raise

    def inherit(self, intent: Intent, now: Moment, until: timedelta) -> None:
        """Close what another process left open; its call may still land before this mark."""
        detail = "the service ended before an answer came"
        self.settle(Outcome(intent.id, "unknown", detail, now.wall))
        memory = self.memories.get(intent.target)
        site = memory.site if memory is not None else ""
        told = (intent.action, "unknown", detail)
        self.note(AuditEntry(now.wall, intent.target, site, Kind.OUTCOME, *told))
        if memory is not None:
            detail = "a call of the process before this one may still land"
            backoff = replace(memory.backoff, until=until, detail=detail)
            self.remember(replace(memory, backoff=backoff), now)

    def settle(self, outcome: Outcome) -> None:
        """Note what came of an intent."""
        self._outcomes.append(outcome)
        del self._outcomes[:-MOST_WAITING]

    async def flush(self, now: Moment, facts: Mapping[str, Any], *, force: bool = False) -> None:
        """Store what is new; what cannot be stored now is tried again with the next pass.

        When it returns, everything remembered before the call is stored.
        """
        async with self._flushing:
            await self._flush(now, facts, force=force)

    async def _flush(self, now: Moment, facts: Mapping[str, Any], *, force: bool) -> None:
        due = now.elapsed - self._saved_mark >= SAVE_WAITS_EVERY
        moving = [memory for memory in self.memories.values() if not memory.idle] if due else []
        ids = self._dirty | {memory.target for memory in moving}
        if not (ids or self._forgotten or self._entries or self._outcomes or due or force):
            return
        self._stored |= ids
        dirty, forgotten = self._dirty, self._forgotten
        self._dirty, self._forgotten = set(), set()
        entries, outcomes = self._taken_entries(), self._taken_outcomes()
        try:
            await self._keeper.commit(
                Changes(
                    memories=[self.memories[one] for one in ids if one in self.memories],
                    forgotten=sorted(forgotten),
                    entries=entries,
                    outcomes=outcomes,
                    facts=facts,
                    fence=self._lease.fence,
                )
            )
        except StoreError:
            self._dirty |= dirty
            self._forgotten |= forgotten
            self._entries[:0] = entries
            self._outcomes[:0] = outcomes
            raise
        self._saved_mark = now.elapsed

    def _taken_entries(self) -> list[AuditEntry]:
        taken, self._entries = self._entries, []
        return taken

    def _taken_outcomes(self) -> list[Outcome]:
        taken, self._outcomes = self._outcomes, []
        return taken


def _no_rule(_memory: Memory) -> HookRule:
    return HookRule()


def _say(entry: AuditEntry) -> None:
    getattr(_log, severity(entry))(
        entry.kind,
        target=entry.target,
        site=entry.site,
        action=entry.action,
        reason=entry.reason,
        detail=entry.detail,
        actor=entry.actor,
    )


_WAITS: dict[str, Any] = {
    "absent_for": None,
    "calm_for": None,
    "on_for": ZERO,
    "reading": None,
    "decision": None,
}


def _matters(before: Memory, after: Memory) -> bool:
    """Tell whether more changed than running waits, a repeated read or a projected `until`."""
    old, new = before.decision, after.decision
    if new is not None and not new.same_as(old):
        return True
    was, read = before.reading, after.reading
    if (was and (was.actual, was.value)) != (read and (read.actual, read.value)):
        return True
    return replace(_still(before), **_WAITS) != replace(_still(after), **_WAITS)


def _still(memory: Memory) -> Memory:
    """Return the memory with the waits inside its parts stopped."""
    memory = replace(memory, would=replace(memory.would, on_for=ZERO))
    if memory.episode is None:
        return memory
    return replace(memory, episode=replace(memory.episode, quiet=ZERO))
