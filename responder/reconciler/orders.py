"""Operators' orders: stored before they are followed, whichever replica took them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from responder.domain.clock import Moment
from responder.domain.memory import Memory
from responder.domain.step import lifted
from responder.domain.targets import Inventory
from responder.ports import NotedOrder, UnknownTargetError
from responder.reconciler.ledger import Ledger
from responder.reconciler.views import may_order

__all__ = ["Orders"]

_log = structlog.get_logger("responder.orders")


class Orders:
    """Follows orders, each in one transaction with striking it off."""

    def __init__(self, inventory: Inventory, ledger: Ledger, moment: Callable[[], Moment]) -> None:
        self._inventory = inventory
        self._ledger = ledger
        self._moment = moment

    async def follow(self, order: NotedOrder) -> None:
        """Follow one, committed when it returns; raises UnknownTargetError or StoreError."""
        memory = self._ledger.memories.get(order.target)
        if memory is None or not may_order(memory, self._inventory, order.override):
            raise UnknownTargetError(order.target)
        now = self._moment()
        await self._ledger.order(_ordered(memory, order, now), order)
        memory = self._ledger.memories.get(order.target, memory)  # its turn may have ended
        self._ledger.remember(_ordered(memory, order, now), now)

    async def follow_all(self, orders: Sequence[NotedOrder]) -> None:
        """Follow those that other replicas have taken; raises StoreError."""
        for order in orders:
            try:
                await self.follow(order)
            except UnknownTargetError:
                _log.warning("an order for an unknown target is dropped", target=order.target)
                await self._ledger.dismiss(order)


def _ordered(memory: Memory, order: NotedOrder, now: Moment) -> Memory:
    """Return the memory under this order, or without the one that stood."""
    if order.override is not None:
        return replace(memory, override=replace(order.override, mark=now.elapsed))
    if memory.override is None:
        return memory
    return lifted(replace(memory, lifted_by=order.actor))
