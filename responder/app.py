"""The life of the service, from start to stop; the only reader of the clock."""

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from responder import __version__
from responder.assembly import Service, build
from responder.current import Current
from responder.errors import ConfigError, StoreError
from responder.logs import configure_logs
from responder.reconciler import Replica
from responder.settings import Settings
from responder.settings.addresses import Address
from responder.store import StoreWriter, open_store

__all__ = ["SystemClock", "serve"]

PRUNE_EVERY = timedelta(hours=1)
COLLECT_EVERY = 10_000
"""Objects made since the last look for garbage; Python's 700 are less than one webhook makes."""

_log = structlog.get_logger("responder.app")


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        """Return the calendar's time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> timedelta:
        """Return a time that only runs forwards."""
        return timedelta(seconds=time.monotonic())


def serve(settings: Settings, reread: Callable[[], Settings]) -> int:
    """Run the service until SIGTERM or SIGINT; return its exit code.

    `reread` loads the configuration again for a reload; it raises ConfigError.
    """
    configure_logs(settings.log, settings.secrets)
    try:
        store = open_store(settings.store.url)
    except StoreError as error:
        _log.critical("the store cannot be opened", error=str(error))
        return 1
    writer = StoreWriter(store)
    current = Current(settings, reread)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(current, writer))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop  # noqa: PLC0415 - only the service needs it

    return uvloop.new_event_loop


async def _serve(current: Current, writer: StoreWriter) -> int:
    service = build(current.settings, writer, SystemClock(), current.reread)
    stop = asyncio.Event()
    _hear_signals(service.replica, stop)
    listen = current.settings.server.listen
    try:
        listener = _listener(listen)
    except OSError as error:
        _log.critical("cannot listen; is it running already?", listen=str(listen), error=str(error))
        await _close(service)
        return 1
    try:
        claim = await service.replica.begin()
        if not claim.mine and not writer.shared:
            _log.critical("another process uses this store", holder=claim.holder)
            return 1
        return await _run(service, current, listener, stop)
    except StoreError as error:
        _log.critical("the store cannot be read", error=str(error))
        return 1
    finally:
        await _close(service)


def _hear_signals(replica: Replica, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = asyncio.create_task(_reload(replica))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)


async def _reload(replica: Replica) -> None:
    """Reload; what is wrong is logged already, or is tried again with the next round."""
    with suppress(ConfigError, StoreError):
        await replica.reload()


def _listener(address: Address) -> socket.socket:
    """Take the address before anything runs; raises OSError when it cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    return socket.create_server((address.host, address.port), family=family, backlog=2048)


async def _run(
    service: Service, current: Current, listener: socket.socket, stop: asyncio.Event
) -> int:
    """Run loop, web and pruning side by side until told to stop, or until one of them ends."""
    tasks = [
        asyncio.create_task(service.replica.run(), name="replica"),
        asyncio.create_task(service.server.serve([listener]), name="web"),
        asyncio.create_task(_prune_for_ever(service, current), name="prune"),
    ]
    stopping = asyncio.create_task(stop.wait(), name="stop")
    _settle_memory()
    _log.info(
        "started",
        version=__version__,
        listen=str(current.settings.server.listen),
        targets=len(current.settings.inventory().targets),
        pid=os.getpid(),
    )
    await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    ended = [task for task in tasks if task.done()]
    service.server.should_exit = True
    stopping.cancel()
    for task in tasks:
        if task.get_name() != "web":
            task.cancel()
    await asyncio.gather(*tasks, stopping, return_exceptions=True)
    for task in ended:
        _log.critical("ended by itself", part=task.get_name(), error=repr(task.exception()))
    _log.info("stopped; mitigations are left as they are")
    return 1 if ended else 0


def _settle_memory() -> None:
    """Keep the collector from what a start has made: it stays, and to look at it takes 100 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)


async def _prune_for_ever(service: Service, current: Current) -> None:
    """Delete what is older than the retention, once an hour."""
    while True:
        await asyncio.sleep(PRUNE_EVERY.total_seconds())
        before = SystemClock().now() - current.settings.store.retention
        try:
            pruned = await service.writer.prune(before)
        except StoreError as error:
            _log.error("cannot prune the store", error=str(error))
        else:
            _log.info("pruned the store", rows=pruned, before=before.isoformat())


async def _close(service: Service) -> None:
    with suppress(StoreError):
        await service.writer.close()
