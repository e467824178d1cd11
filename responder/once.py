"""One pass and no more: for cron or a cloud function, on the store and guards of the service."""

import asyncio
from dataclasses import dataclass

from responder.assembly import Plans
from responder.errors import ConfigError, ResponderError
from responder.ports import Clock, TargetView
from responder.reconciler import Acting, Lease, Plan
from responder.settings import Settings
from responder.store import StoreWriter, open_store

__all__ = ["Pass", "check"]

MOST_ROUNDS = 3
"""A first look finds what is so, a second acts on it, a third sees what came of it."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass came to."""

    blind: bool
    """No Alertmanager was usable: nothing was decided for want of knowledge."""
    targets: tuple[TargetView, ...]


def check(settings: Settings, clock: Clock) -> Pass:
    """Make one pass over all targets, and see what it begins through to its end.

    Raises ConfigError when there is no Alertmanager to ask, StoreError, or ResponderError when
    another process acts on this store.
    """
    if not settings.alertmanager.urls:
        raise ConfigError(
            ["alertmanager.urls: empty; a single pass hears no webhooks, so it needs one to ask"]
        )
    writer = StoreWriter(open_store(settings.store.url))
    return asyncio.run(_check(settings, writer, clock))


async def _check(settings: Settings, writer: StoreWriter, clock: Clock) -> Pass:
    plan = Plans(writer, clock).of(settings)
    lease = Lease(clock.monotonic, plan.call, shared=writer.shared)
    try:
        await _claim(lease, writer, clock)
        try:
            return await _acted(plan, lease, writer, clock)
        finally:
            await writer.give_up()
    finally:
        await writer.close()


async def _claim(lease: Lease, writer: StoreWriter, clock: Clock) -> None:
    asked_at = clock.monotonic()
    claim = await writer.claim(lease.lasts)
    if not claim.mine:
        raise ResponderError(
            f"another process acts on this store ({claim.holder}): nothing was done; "
            "`responder check` is for where no service runs"
        )
    lease.renewed(claim, asked_at)


async def _acted(plan: Plan, lease: Lease, writer: StoreWriter, clock: Clock) -> Pass:
    acting: Acting = plan.build(lease)
    try:
        reconciler = acting.reconciler
        await reconciler.start()
        await reconciler.look()
        for _ in range(MOST_ROUNDS):
            await _claim(lease, writer, clock)
            await reconciler.step()
            if not reconciler.busy:
                break
            await reconciler.ended()
        await reconciler.rest()
        await reconciler.step()
        await reconciler.store_all()
        return Pass(reconciler.blind, tuple(reconciler.targets()))
    finally:
        await acting.aclose()
