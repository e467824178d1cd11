"""From the settings to a context: every connection that the checks need, and its end."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

import httpx

from responder.alertmanager.access import Access
from responder.alertmanager.poll import AlertmanagerClient
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Key
from responder.cloudflare.security_level import SecurityLevels
from responder.cloudflare.tokens import TokenStatus, verify_token
from responder.cloudflare.zones import Zone, Zones
from responder.connections import access, credential
from responder.doctor.context import (
    AskedAlertmanager,
    AskedCloudflare,
    AskedPrometheus,
    AskedService,
    Context,
    after,
)
from responder.doctor.dates import DatingTransport
from responder.doctor.delivery import Delivery, delivery
from responder.doctor.once import Once
from responder.doctor.routing_config import parse_routing
from responder.doctor.service import Service
from responder.domain.breaker import Failure
from responder.errors import ProviderError
from responder.ports import Clock
from responder.prometheus import PrometheusClient
from responder.settings import Settings
from responder.settings.sections import HttpAuth
from responder.store.probe import probe_store

__all__ = ["Connect", "Entrance", "open_context"]

PATIENCE = timedelta(seconds=10)
"""The longest that one answer of Cloudflare may take, however long the service would wait."""

_PUBLIC: ssl.SSLContext | bool = True
"""The authorities that everybody trusts."""
_SERVICE_PATIENCE = httpx.Timeout(5.0, connect=2.0)

_Answer = TypeVar("_Answer")
_Trust = ssl.SSLContext | bool
Connect = Callable[[_Trust], httpx.AsyncBaseTransport]
"""Opens the way to a neighbour, given whom to believe over TLS."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where our own service is, and whom to believe there over TLS."""

    url: str
    trust: _Trust = field(default=True, repr=False)


def _over_the_network(trust: _Trust) -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(verify=trust, trust_env=False)


@asynccontextmanager
async def open_context(
    settings: Settings, clock: Clock, entrance: Entrance, connect: Connect = _over_the_network
) -> AsyncIterator[Context]:
    """Open every connection, and close it in the end; nothing is asked yet."""
    async with AsyncExitStack() as stack:
        opener = _Opener(settings, clock, connect, stack)
        yield Context(
            settings=settings,
            inventory=settings.inventory(),
            clock=clock,
            service=opener.service(entrance),
            alertmanagers=tuple(map(opener.alertmanager, settings.alertmanager.urls)),
            cloudflare=opener.cloudflare(),
            store=Once(lambda: asyncio.to_thread(probe_store, settings.store.url)),
            known_prometheus=opener.prometheus(),
        )


@dataclass(frozen=True, slots=True)
class _Opener:
    settings: Settings
    clock: Clock
    connect: Connect
    stack: AsyncExitStack

    def service(self, entrance: Entrance) -> AskedService:
        client = httpx.AsyncClient(
            base_url=entrance.url,
            timeout=_SERVICE_PATIENCE,
            transport=self.connect(entrance.trust),
            trust_env=False,
        )
        self.stack.push_async_callback(client.aclose)
        service = Service(entrance.url, client)
        ready = Once(service.is_ready)
        silent = "the service does not answer"
        return AskedService(
            entrance.url,
            ready,
            _gated(ready, service.health, silent),
            lambda token: after(ready, lambda: service.knock(token), silent),
        )

    def alertmanager(self, url: str) -> AskedAlertmanager:
        reached, dates = self._access(self.settings.alertmanager.http)
        client = AlertmanagerClient(url, (), reached)
        self.stack.push_async_callback(client.aclose)
        running = Once(client.running)

        async def travel() -> Delivery:
            routing = parse_routing((await running()).config)
            return delivery(routing, self.settings.server.listen)

        return AskedAlertmanager(
            url,
            running,
            delivery=_gated(running, travel, "Alertmanager does not answer"),
            poll=_gated(running, client.poll, "Alertmanager does not answer"),
            dates=dates,
        )

    def prometheus(self) -> AskedPrometheus | None:
        section = self.settings.prometheus
        if section.url is None:
            return None
        reached, dates = self._access(section.http)
        client = PrometheusClient(reached.client(section.url), reached.headers, reached.timeout)
        self.stack.push_async_callback(client.aclose)
        version = Once(client.version)
        silent = "Prometheus does not answer"
        return AskedPrometheus(
            section.url,
            version,
            rules=_gated(version, client.rule_groups, silent),
            flags=_gated(version, client.flags, silent),
            retention=_gated(version, client.retention, silent),
            alertmanagers=_gated(version, client.alertmanagers, silent),
            query=lambda expression: after(version, lambda: client.query(expression), silent),
            dates=dates,
        )

    def cloudflare(self) -> AskedCloudflare:
        section = self.settings.cloudflare
        dates = DatingTransport(self.connect(_PUBLIC), self.clock.now)
        client = CloudflareClient(
            Endpoint(section.base_url, min(section.timeout, PATIENCE), dates),
            credential(section),
            self.clock.monotonic,
        )
        self.stack.push_async_callback(client.aclose)

        async def verified() -> TokenStatus | None:
            if isinstance(client.credential, Key):
                return None
            return await verify_token(client, section.account_id)

        async def admitted() -> None:
            """Let pass what only cannot be verified: it may work all the same."""
            try:
                await token()
            except ProviderError as error:
                if error.failure is not Failure.REFUSED:
                    raise

        token, admission = Once(verified), Once(admitted)
        zones, levels = Zones(client, self.clock.monotonic), SecurityLevels(client)
        shut = "Cloudflare does not answer, or does not take the credential"
        known: dict[str, Once[Zone]] = {}

        def zone(name: str) -> Awaitable[Zone]:
            asked = Once(lambda: after(admission, lambda: zones.find(name), shut))
            return known.setdefault(name, asked)()

        return AskedCloudflare(
            section.base_url,
            token,
            zone=zone,
            level=lambda zone_id: after(admission, lambda: levels.read(zone_id), shut),
            dates=dates,
        )

    def _access(self, http: HttpAuth) -> tuple[Access, DatingTransport]:
        configured = access(http)
        dates = DatingTransport(self.connect(configured.verify), self.clock.now)
        return replace(configured, transport=dates), dates


def _gated(
    first: Callable[[], Awaitable[object]], ask: Callable[[], Awaitable[_Answer]], otherwise: str
) -> Once[_Answer]:
    return Once(lambda: after(first, ask, otherwise))
