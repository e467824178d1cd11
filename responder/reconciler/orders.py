"""Operators' orders: stored before they are followed, whichever replica took them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from responder.domain.audit import AuditEntry, Kind, Reason
from responder.domain.clock import Moment
from responder.domain.memory import Memory
from responder.domain.step import lifted
from responder.domain.targets import Inventory
from responder.domain.trail import trail
from responder.ports import NotedOrder, UnknownTargetError
from responder.reconciler.ledger import Ledger
from responder.reconciler.views import may_order

__all__ = ["Orders", "allowed", "outdated", "superseded"]

MOST_NOTED = 1
"""Orders for one target that wait while nobody acts: a newer one makes the older ones void."""

_log = structlog.get_logger("responder.orders")


class Orders:
    """Follows orders, each in one transaction with striking it off."""

    def __init__(self, inventory: Inventory, ledger: Ledger, moment: Callable[[], Moment]) -> None:
        self._inventory = inventory
        self._ledger = ledger
        self._moment = moment

    async def follow(self, order: NotedOrder) -> None:
        """Follow one, committed when it returns; raises UnknownTargetError or StoreError."""
        now, memory = self._moment(), self._known(order)
        told = trail(memory, _ordered(memory, order, now), now)
        stands = await self._ledger.order(_ordered(memory, order, now), order, told)
        while not stands:  # its turn has gone on meanwhile, and was stored without the order
            stands = await self._ledger.order(_ordered(self._known(order), order, now), order, ())
        self._ledger.follow(_ordered(self._known(order), order, now), told)

    def _known(self, order: NotedOrder) -> Memory:
        memory = self._ledger.memories.get(order.target)
        if memory is None or not may_order(memory, self._inventory, order.override):
            raise UnknownTargetError(order.target)
        return memory

    async def follow_all(self, orders: Sequence[NotedOrder]) -> None:
        """Follow those that other replicas have taken; raises StoreError."""
        for order in orders:
            try:
                await self.follow(order)
            except UnknownTargetError:
                _log.warning("an order for an unknown target is dropped", target=order.target)
                why = "no such target is configured where it was to be followed"
                now = self._moment().wall
                entry = _unfollowed(order, "", now, "dropped", why)
                await self._ledger.dismiss(order, entry)


def outdated(noted: Sequence[NotedOrder], order: NotedOrder) -> Sequence[NotedOrder]:
    """Return those, of `noted` with the oldest first, in whose place this order comes."""
    same = [one for one in noted if one.target == order.target]
    return same[: len(same) + 1 - MOST_NOTED]


def superseded(void: NotedOrder, site: str, order: NotedOrder) -> AuditEntry:
    """Return the entry that tells of an order in whose place another one came."""
    why = f"{order.actor} has ordered otherwise since"
    return _unfollowed(void, site, order.at, "superseded", why)


def _unfollowed(void: NotedOrder, site: str, at: datetime, action: str, why: str) -> AuditEntry:
    override = void.override
    said = f"{override.order}: {override.reason}" if override is not None else "resume"
    detail, actor = f"{said}; {why}", void.actor
    return AuditEntry(at, void.target, site, Kind.OVERRIDE, action, Reason.OVERRIDE, detail, actor)


def allowed(memory: Memory, inventory: Inventory) -> Memory:
    """Return the memory without an order that its target may no longer be under."""
    if may_order(memory, inventory, memory.override):
        return memory
    return lifted(replace(memory, lifted_by="responder"))


def _ordered(memory: Memory, order: NotedOrder, now: Moment) -> Memory:
    """Return the memory under this order, or without the one that stood."""
    if order.override is not None:
        return replace(memory, override=replace(order.override, mark=now.elapsed))
    if memory.override is None:
        return memory
    return lifted(replace(memory, lifted_by=order.actor))
