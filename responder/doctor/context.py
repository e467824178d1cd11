"""What a check may ask: each neighbour of the installation, and the settings."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from responder.alertmanager.running import Running
from responder.cloudflare.security_level import SecurityLevel
from responder.cloudflare.tokens import TokenStatus
from responder.cloudflare.zones import Zone
from responder.doctor.dates import DatingTransport
from responder.doctor.delivery import Delivery
from responder.doctor.once import Once
from responder.doctor.service import Health
from responder.domain.targets import Inventory
from responder.errors import ResponderError
from responder.ports import Clock, Poll
from responder.prometheus import RuleGroup, Sample
from responder.settings import Settings
from responder.store.probe import StoreProbe

__all__ = [
    "AskedAlertmanager",
    "AskedCloudflare",
    "AskedPrometheus",
    "AskedService",
    "Context",
    "UncheckedError",
    "after",
]

_Answer = TypeVar("_Answer")


class UncheckedError(ResponderError):
    """A question is not worth asking, because of what another check found."""


@dataclass(frozen=True, slots=True)
class AskedService:
    """Our own service."""

    url: str
    ready: Once[bool]
    health: Once[Health]
    knock: Callable[[str | None], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class AskedAlertmanager:
    """One Alertmanager; each question raises AlertmanagerError."""

    url: str
    running: Once[Running]
    delivery: Once[Delivery]
    poll: Once[Poll]
    dates: DatingTransport


@dataclass(frozen=True, slots=True)
class AskedPrometheus:
    """Prometheus; each question raises PrometheusError."""

    url: str
    version: Once[str]
    rules: Once[tuple[RuleGroup, ...]]
    flags: Once[Mapping[str, str]]
    retention: Once[str]
    alertmanagers: Once[tuple[str, ...]]
    query: Callable[[str], Awaitable[tuple[Sample, ...]]]
    dates: DatingTransport


@dataclass(frozen=True, slots=True)
class AskedCloudflare:
    """Cloudflare; each question raises ProviderError."""

    base_url: str
    token: Once[TokenStatus | None]
    """None for a global API key, which cannot be verified."""
    zone: Callable[[str], Awaitable[Zone]]
    level: Callable[[str], Awaitable[SecurityLevel]]
    dates: DatingTransport


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a check may look at."""

    settings: Settings
    inventory: Inventory
    clock: Clock
    service: AskedService
    alertmanagers: tuple[AskedAlertmanager, ...]
    cloudflare: AskedCloudflare
    store: Once[StoreProbe | None]
    """None when its file does not exist yet; raises StoreError."""
    known_prometheus: AskedPrometheus | None = None

    @property
    def prometheus(self) -> AskedPrometheus:
        """Return the Prometheus that is configured; UncheckedError when none is."""
        if self.known_prometheus is None:
            raise UncheckedError("prometheus.url is not set")
        return self.known_prometheus


async def after(
    first: Callable[[], Awaitable[object]], ask: Callable[[], Awaitable[_Answer]], otherwise: str
) -> _Answer:
    """Ask when the first question had an answer; else UncheckedError says `otherwise`."""
    try:
        await first()
    except ResponderError:
        raise UncheckedError(otherwise) from None
    return await ask()
