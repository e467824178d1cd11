"""Passes for ever: at once on news, else when something is due, and on through a failing store."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import structlog

from responder.errors import StoreError
from responder.reconciler.watch import Watch

__all__ = ["run_passes"]

FIRST_ANSWERS = timedelta(seconds=1.5)
"""How long a start waits for every Alertmanager to answer once."""

AFTER_FAILURE = timedelta(seconds=1)

_log = structlog.get_logger("responder.reconciler")


async def run_passes(
    watch: Watch,
    wake: asyncio.Event,
    step: Callable[[], Awaitable[None]],
    wait: Callable[[], timedelta],
) -> None:
    """Watch and pass until cancelled; `wait` says how long nothing is due."""
    async with asyncio.TaskGroup() as group:
        group.create_task(watch.run())
        group.create_task(_pass_for_ever(watch, wake, step, wait))


async def _pass_for_ever(
    watch: Watch,
    wake: asyncio.Event,
    step: Callable[[], Awaitable[None]],
    wait: Callable[[], timedelta],
) -> None:
    await _first_answers(watch, wake)
    failing = False
    while True:
        wake.clear()
        try:
            await step()
        except StoreError as error:
            if not failing:
                _log.error("the store takes nothing", error=str(error))
            failing = True
            await asyncio.sleep(AFTER_FAILURE.total_seconds())
        else:
            if failing:
                _log.info("the store takes everything again")
            failing = False
        with suppress(TimeoutError):
            async with asyncio.timeout(wait().total_seconds()):
                await wake.wait()


async def _first_answers(watch: Watch, wake: asyncio.Event) -> None:
    """Let every Alertmanager answer once, so that a start is not taken for blindness."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FIRST_ANSWERS.total_seconds()):
            while not watch.answered:
                wake.clear()
                await wake.wait()
