"""The composition root: builds everything that runs from the settings."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from responder.alertmanager.access import Access
from responder.alertmanager.poll import AlertmanagerClient
from responder.alertmanager.post import AlertmanagerPost
from responder.cloudflare.analytics import AccountAnalytics
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import mark
from responder.cloudflare.zones import Zones
from responder.connections import access, credential
from responder.domain.targets import Target
from responder.metrics import LiveCollector, Metrics
from responder.mitigations.provider import Provider
from responder.mitigations.registry import KINDS, build_hooks, build_mitigations
from responder.notifications import Announcing, Intake
from responder.notifications.building import build_announcing, rules_of
from responder.ports import Clock
from responder.reconciler import Lease, Pace, Parts, Plan, Reconciler, Replica, Telling
from responder.sensor import Board, EdgeCollector, Scope, Sensor
from responder.sensor.document import edge_document
from responder.sensor.requests import ZoneRequests
from responder.settings import Settings
from responder.settings.sections import Tls
from responder.store import StoreWriter
from responder.tools.account import Opening
from responder.tools.desk import Desk
from responder.web.app import create_app
from responder.web.certificates import Certificates
from responder.web.cloudflare import serve_notifications
from responder.web.doors import Doors
from responder.web.instruments import Instruments
from responder.web.limits import Limits
from responder.web.protocol import bounded
from responder.web.tool_routes import include_tools

__all__ = ["ActingParts", "Plans", "Service", "build"]

SHUTDOWN_SECONDS = 2
"""What open requests get to end; the whole stop stays below five seconds."""

READ_OFF = 10
"""A target that is off is read this many times less often than one that is on."""

OPERATIONS = (
    "find_zone",
    "read_zone",
    "read_security_level",
    "write_security_level",
    "verify_token",
)
"""Those of Cloudflare's operations that have a metric from the first scrape on."""


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that runs, and what must be closed in the end."""

    replica: Replica
    server: uvicorn.Server
    writer: StoreWriter


class Connected(Protocol):
    """Who holds connections open."""

    async def aclose(self) -> None:
        """Let go of them."""
        ...


@dataclass(frozen=True, slots=True)
class ActingParts:
    """What runs only while this replica acts, with connections of its own."""

    reconciler: Reconciler
    telling: Telling
    sensor: Sensor
    announcing: Announcing
    connected: Sequence[Connected]

    async def run(self) -> None:
        """Run until cancelled; then leave every mitigation as it is."""
        async with self.telling.beside(), self.sensor.beside(), self.announcing.beside():
            await self.reconciler.run()

    async def aclose(self) -> None:
        """Let go of connections."""
        for one in self.connected:
            await one.aclose()


def build(
    settings: Settings, writer: StoreWriter, clock: Clock, reread: Callable[[], Settings]
) -> Service:
    """Build the service; nothing runs and nothing is asked yet.

    `reread` loads the configuration again; it raises ConfigError.
    """
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.present([kind.name for kind in KINDS], OPERATIONS)
    plans = Plans(writer, clock, metrics)
    opening = Opening(settings, clock.now, clock.monotonic, metrics.called)

    def replan() -> Plan:
        """Read the configuration again, for operators' tools as well."""
        return plans.of(opening.follow(reread()))

    replica = Replica(plans.of(settings), writer, clock, replan)
    registry.register(LiveCollector(replica.live))
    registry.register(EdgeCollector(plans.board))
    instruments = Instruments(
        registry,
        metrics.webhook_answered,
        metrics.webhook_heard,
        partial(edge_document, plans.board),
        plans.board.components,
    )
    app = create_app(replica, _doors(settings), instruments, now=clock.now)
    serve_notifications(app, plans.intake)
    include_tools(app, replica, Desk(opening, writer.commit, clock.now), clock.now)
    return Service(replica, _server(settings, app), writer)


class Plans:
    """Turns settings into what a replica can act on."""

    def __init__(self, writer: StoreWriter, clock: Clock, metrics: Metrics | None = None) -> None:
        self._writer = writer
        self._clock = clock
        self._metrics = metrics or Metrics(CollectorRegistry())
        self.board = Board(clock.monotonic)
        self.intake = Intake(writer, clock.now, self._metrics)

    def of(self, settings: Settings) -> Plan:
        """Return the plan of these settings; nothing is built before it is needed."""
        timeout = settings.cloudflare.timeout
        self.intake.rules = rules_of(settings)
        return Plan(settings.inventory(), timeout, lambda lease: self.acting(settings, lease))

    def acting(self, settings: Settings, lease: Lease) -> ActingParts:
        """Build what acts under a lease; nothing runs and nothing is asked yet."""
        reached = access(settings.alertmanager.http)
        sources = _sources(settings, reached)
        posts = [AlertmanagerPost(url, reached) for url in settings.alertmanager.urls]
        clock, metrics = self._clock, self._metrics
        known_as = credential(settings.cloudflare)

        def observe(operation: str, outcome: str, seconds: float) -> None:
            """Count a request to Cloudflare, and spend it."""
            metrics.called(operation, outcome, seconds)
            reconciler.spend()

        endpoint = Endpoint(settings.cloudflare.base_url, settings.cloudflare.timeout)
        cloudflare = CloudflareClient(endpoint, known_as, clock.monotonic, observe)

        def options(target: Target) -> BaseModel | None:
            """Return the options of the policy that the target is under now."""
            return settings.options_for(target.mitigation, reconciler.policy_of(target.id))

        provider = Provider(
            cloudflare,
            Zones(cloudflare, clock.monotonic),
            options,
            settings.cloudflare.account_id or "",
            clock.now,
        )
        mitigations = build_mitigations(provider)
        secret = partial(mark, known_as)
        hooks = build_hooks(provider, clock, metrics.hook_called)
        parts = Parts(sources, mitigations, self._writer, clock, metrics, lease, secret, hooks)
        reconciler = Reconciler(settings.inventory(), parts, _pace(settings))
        resend_delay = settings.alertmanager.resend_delay
        telling = Telling(posts, reconciler.live, metrics, clock.now, resend_delay)
        reconciler.passed = telling.wake
        sensor, edge = self._sensor(settings)
        heard = build_announcing(settings, self.intake, posts, cloudflare, clock)
        connected: tuple[Connected, ...] = (*sources, *posts, cloudflare, edge, *hooks.values())
        return ActingParts(reconciler, telling, sensor, heard, connected)

    def _sensor(self, settings: Settings) -> tuple[Sensor, CloudflareClient]:
        """Build the edge sensor, with connections and a budget of its own."""
        edge = CloudflareClient(
            Endpoint(settings.cloudflare.base_url, settings.cloudflare.timeout),
            credential(settings.cloudflare),
            self._clock.monotonic,
            self._metrics.called,
        )
        scope, account = _scope(settings), settings.cloudflare.account_id or ""
        zones = ZoneRequests(edge, Zones(edge, self._clock.monotonic), tuple(scope.zones))
        sensor = Sensor(scope, AccountAnalytics(edge, account), zones, self.board, self._clock)
        sensor.observe = self._metrics.sampled
        return sensor, edge


def _sources(settings: Settings, access: Access) -> list[AlertmanagerClient]:
    """Build a client for each Alertmanager; each asks for what the policies match."""
    queries = [[str(one) for one in policy.match] for policy in settings.inventory().policies]
    return [AlertmanagerClient(url, queries, access) for url in settings.alertmanager.urls]


def _scope(settings: Settings) -> Scope:
    """Return what the edge sensor watches: nothing when it is switched off."""
    section, sites = settings.sensor, settings.sites.items()
    prefixes = {prefix: name for name, site in sites for prefix in site.prefixes}
    zones = {zone: name for name, site in sites for zone in site.zones}
    return Scope(
        prefixes if section.enabled else {},
        zones if section.enabled and section.zones else {},
        section.interval,
        section.delay,
        section.vectors,
        section.geoip_files,
    )


def _pace(settings: Settings) -> Pace:
    alerts, provider = settings.alertmanager, settings.cloudflare
    return Pace(
        poll_interval=alerts.poll_interval,
        resend_delay=alerts.resend_delay,
        heartbeat_labels=alerts.heartbeat_labels,
        webhook_ttl=alerts.webhook_ttl,
        read_on=provider.read_interval,
        read_off=provider.read_interval * READ_OFF,
        provider_timeout=provider.timeout,
    )


class _Server(uvicorn.Server):
    """A uvicorn that leaves the signals to the service."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def _doors(settings: Settings) -> Doors:
    section = settings.server
    return Doors(
        section.webhook_token.value if section.webhook_token else None,
        section.api_token.value if section.api_token else None,
        secret.value if (secret := settings.notifications.secret_file) else None,
        loopback=section.listen.is_loopback,
    )


def _server(settings: Settings, app: FastAPI) -> uvicorn.Server:
    section = settings.server
    limits = Limits()
    return _Server(
        uvicorn.Config(
            app,
            host=section.listen.host,
            port=section.listen.port,
            loop="none",
            http=bounded(limits),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the audit names who really called
            limit_concurrency=limits.connections,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            ssl_context_factory=_tls(section.tls) if section.tls else None,
        )
    )


def _tls(section: Tls) -> Callable[..., ssl.SSLContext]:
    """Return what makes the listener's TLS, whose files are read again when they change."""
    certificates = Certificates(section.cert_file, section.key_file, section.client_ca_file)
    return lambda *_: certificates.context()
