"""The composition root: builds everything that runs from the settings."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from responder.alertmanager.access import Access, basic, bearer
from responder.alertmanager.poll import AlertmanagerClient
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Credential, Key, Token
from responder.cloudflare.zones import Zones
from responder.domain.targets import Target
from responder.metrics import LiveCollector, Metrics
from responder.mitigations.provider import Provider
from responder.mitigations.registry import KINDS, build_mitigations
from responder.ports import Clock
from responder.reconciler import Lease, Pace, Parts, Plan, Reconciler, Replica
from responder.settings import Settings
from responder.store import StoreWriter
from responder.web.app import create_app
from responder.web.doors import Doors
from responder.web.instruments import Instruments

__all__ = ["ActingParts", "Plans", "Service", "build"]

SHUTDOWN_SECONDS = 2
"""What open requests get to end; the whole stop stays below five seconds."""

MOST_CONNECTIONS = 1024
"""Beyond it uvicorn answers 503 by itself, which Alertmanager tries again."""

READ_OFF = 10
"""A target that is off is read this many times less often than one that is on."""

OPERATIONS = ("find_zone", "read_zone", "read_security_level", "write_security_level")
"""Those of Cloudflare's operations that have a metric from the first scrape on."""


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that runs, and what must be closed in the end."""

    replica: Replica
    server: uvicorn.Server
    writer: StoreWriter


@dataclass(frozen=True, slots=True)
class ActingParts:
    """What runs only while this replica acts, with connections of its own."""

    reconciler: Reconciler
    sources: Sequence[AlertmanagerClient]
    cloudflare: CloudflareClient

    async def run(self) -> None:
        """Run until cancelled; then leave every mitigation as it is."""
        await self.reconciler.run()

    async def aclose(self) -> None:
        """Let go of connections."""
        for source in self.sources:
            await source.aclose()
        await self.cloudflare.aclose()


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
    replica = Replica(plans.of(settings), writer, clock, lambda: plans.of(reread()))
    registry.register(LiveCollector(replica.live))
    instruments = Instruments(registry, metrics.webhook_answered, metrics.webhook_heard)
    app = create_app(replica, _doors(settings), instruments, now=clock.now)
    return Service(replica, _server(settings, app), writer)


class Plans:
    """Turns settings into what a replica can act on."""

    def __init__(self, writer: StoreWriter, clock: Clock, metrics: Metrics) -> None:
        self._writer = writer
        self._clock = clock
        self._metrics = metrics

    def of(self, settings: Settings) -> Plan:
        """Return the plan of these settings; nothing is built before it is needed."""
        timeout = settings.cloudflare.timeout
        return Plan(settings.inventory(), timeout, lambda lease: self.acting(settings, lease))

    def acting(self, settings: Settings, lease: Lease) -> ActingParts:
        """Build what acts under a lease; nothing runs and nothing is asked yet."""
        sources = _sources(settings)
        clock, metrics = self._clock, self._metrics

        def observe(operation: str, outcome: str, seconds: float) -> None:
            """Count a request to Cloudflare, and spend it."""
            metrics.called(operation, outcome, seconds)
            reconciler.spend()

        cloudflare = CloudflareClient(
            Endpoint(settings.cloudflare.base_url, settings.cloudflare.timeout),
            _credential(settings),
            clock.monotonic,
            observe,
        )

        def options(target: Target) -> BaseModel | None:
            """Return the options of the policy that the target is under now."""
            return settings.options_for(target.mitigation, reconciler.policy_of(target.id))

        provider = Provider(cloudflare, Zones(cloudflare, clock.monotonic), options)
        mitigations = build_mitigations(provider)
        parts = Parts(sources, mitigations, self._writer, clock, metrics, lease)
        reconciler = Reconciler(settings.inventory(), parts, _pace(settings))
        return ActingParts(reconciler, sources, cloudflare)


def _sources(settings: Settings) -> list[AlertmanagerClient]:
    """Build a client for each Alertmanager; each asks for what the policies match."""
    section = settings.alertmanager
    authorization = None
    if section.http.bearer_token_file is not None:
        authorization = bearer(section.http.bearer_token_file.value)
    elif section.http.username is not None and section.http.password_file is not None:
        authorization = basic(section.http.username, section.http.password_file.value)
    verify: ssl.SSLContext | bool = True
    if section.http.ca_file is not None:
        verify = ssl.create_default_context(cafile=str(section.http.ca_file))
    access = Access(authorization, verify)
    queries = [[str(one) for one in policy.match] for policy in settings.inventory().policies]
    return [AlertmanagerClient(url, queries, access) for url in section.urls]


def _credential(settings: Settings) -> Credential:
    section = settings.cloudflare
    if section.token is not None:
        return Token(section.token.value)
    if section.email is None or section.key is None:
        raise AssertionError("the settings check lets no configuration pass without a credential")
    return Key(section.email, section.key.value)


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
        loopback=section.listen.is_loopback,
    )


def _server(settings: Settings, app: FastAPI) -> uvicorn.Server:
    section = settings.server
    tls = section.tls
    return _Server(
        uvicorn.Config(
            app,
            host=section.listen.host,
            port=section.listen.port,
            loop="none",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the audit names who really called
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            ssl_certfile=tls.cert_file if tls else None,
            ssl_keyfile=tls.key_file if tls else None,
            ssl_ca_certs=str(tls.client_ca_file) if tls and tls.client_ca_file else None,
            ssl_cert_reqs=ssl.CERT_REQUIRED if tls and tls.client_ca_file else ssl.CERT_NONE,
        )
    )
