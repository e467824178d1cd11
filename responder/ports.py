"""What the shell is written against: small protocols, each with a twin that needs no outside."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from responder.domain.alerts import Alert, HeardAlert, Silence
from responder.domain.audit import AuditEntry
from responder.domain.clock import ZERO
from responder.domain.hook import HookAnswer, HookCall, HookRule
from responder.domain.memory import Memory, Override, Reading
from responder.domain.targets import Policy, Target

__all__ = [
    "MOST_ALERTS",
    "AlertSource",
    "Automation",
    "Changes",
    "Claim",
    "Clock",
    "Component",
    "ComponentStatus",
    "EventQuery",
    "Exchange",
    "Health",
    "HeardAlert",
    "Hook",
    "Intent",
    "Mitigation",
    "MitigationKind",
    "News",
    "NotedOrder",
    "Outcome",
    "Poll",
    "SharedStore",
    "Snapshot",
    "Store",
    "TargetView",
    "UnknownTargetError",
]


MOST_ALERTS = 20_000
"""What webhooks told that is kept in memory, and that a start takes up: the newest."""


class Clock(Protocol):
    """The only way to learn the time; app.py gives the real one."""

    def now(self) -> datetime:
        """Return the calendar's time, aware, in UTC."""
        ...

    def monotonic(self) -> timedelta:
        """Return a time that only runs forwards, for measuring what passed."""
        ...


class Mitigation(Protocol):
    """One thing that we can switch on and off; every failure is a ProviderError."""

    name: str

    async def read(self, target: Target, within: timedelta = ZERO) -> Reading:
        """Ask the provider what is so now (`at` and `mark` are the caller's to fill in).

        An answer from `within` the time before will do as well: its `age` is told.
        """
        ...

    def call_of(self, resource: str) -> str | None:
        """Name the one call that can answer for all resources with this name; None: for it alone.

        The name says too that such reads are paced by the number of calls, see `domain.pacing`.
        """
        ...

    async def engage(self, target: Target) -> str:
        """Ask the provider to switch it on; return the value written."""
        ...

    async def release(self, target: Target, previous: str | None) -> str:
        """Ask the provider to put back what was there before; return the value written."""
        ...


class Hook(Protocol):
    """The way to the operator's own routers, for the targets of one mitigation."""

    async def call(self, target: Target, call: HookCall) -> HookAnswer:
        """Tell them once, and return what came of it; no raise."""
        ...


def _no_hook(_options: Any) -> HookRule:
    return HookRule()


@dataclass(frozen=True, slots=True)
class MitigationKind:
    """One line of the registry: what the rest must know of a mitigation without importing it."""

    name: str
    resource: str
    """What it protects: `zone` or `prefix`; the key of a site's list, and an alert's label."""
    options: type[Any]
    """The pydantic model of a policy's `options`."""
    sustain_expires: bool = True
    """Whether sustain alerts alone stop keeping it on after `maximum_sustain`."""
    adopt: bool = False
    """The default of a policy's `adopt`."""
    guards: Mapping[str, str] = field(default_factory=dict)
    """Its own defaults of a policy's guards, as a configuration writes them."""
    hook: Callable[[Any], HookRule] = _no_hook
    """What a policy with these options wants the operator's own routers to be told."""


@dataclass(frozen=True, slots=True)
class Poll:
    """What one Alertmanager answered: raw facts, judged by the domain."""

    source: str
    """Its URL without credentials; the name under which it is shown."""
    alerts: tuple[Alert, ...] = ()
    heartbeats: tuple[Alert, ...] = ()
    silences: tuple[Silence, ...] = ()
    date: datetime | None = None
    """The answer's own `Date`; None when it did not answer."""
    problem: str = ""
    """Why it is not usable; empty when it answered as it should."""


class AlertSource(Protocol):
    """One Alertmanager to poll."""

    source: str

    async def poll(self) -> Poll:
        """Ask for the alerts of all policies, the heartbeat and all active silences; no raise."""
        ...


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to be made; committed before the call."""

    id: str
    target: str
    action: str
    value: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an intent."""

    intent: str
    outcome: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NotedOrder:
    """An operator's order that some replica took, until the acting one has followed it."""

    id: str
    target: str
    override: Override | None
    """None: lift the one that stands."""
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What one transaction writes, all or nothing."""

    memories: Sequence[Memory] = ()
    forgotten: Sequence[str] = ()
    """Ids of targets whose memory goes."""
    alerts: Sequence[HeardAlert] = ()
    intents: Sequence[Intent] = ()
    outcomes: Sequence[Outcome] = ()
    entries: Sequence[AuditEntry] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Small JSON values of the service itself, by name."""
    orders: Sequence[NotedOrder] = ()
    followed: Sequence[str] = ()
    """Ids of orders that need no more doing."""
    fence: int | None = None
    """The token of the lease under which this is written; None: any replica may write it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a start needs."""

    memories: Sequence[Memory] = ()
    alerts: Sequence[HeardAlert] = ()
    """The newest `MOST_ALERTS`."""
    open_intents: Sequence[Intent] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    orders: Sequence[NotedOrder] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of asking for the lease."""

    mine: bool
    token: int
    """Grows with every new holder; what is written under an older one is refused."""
    holder: str
    """Who holds it, as it calls itself."""


@dataclass(frozen=True, slots=True)
class News:
    """What other replicas have taken from the outside."""

    alerts: Sequence[HeardAlert] = ()
    orders: Sequence[NotedOrder] = ()


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which audit entries, newest first."""

    target: str | None = None
    since: datetime | None = None
    limit: int = 100
    before: int | None = None
    """Only those with a smaller id: the next page of an answer that ended with this one."""


@dataclass(frozen=True, slots=True)
class TargetView:
    """One target as people and programs are shown it."""

    target: Target
    policy: Policy
    memory: Memory
    alerts: tuple[Alert, ...] = ()
    """The alerts about it that the last pass saw, oldest first."""


class ComponentStatus(StrEnum):
    """How a part of the service is."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Component:
    """One line of `/health`."""

    name: str
    status: ComponentStatus
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is, by its parts; made from what is known, without any call."""

    ready: bool
    """The store answers and the first pass is done."""
    components: tuple[Component, ...] = ()


class UnknownTargetError(LookupError):
    """No target of this id is configured or remembered."""


class Automation(Protocol):
    """What the outside may ask of the running service."""

    async def hear(self, alerts: Sequence[Alert], truncated: int) -> None:
        """Keep what a webhook told and look at Alertmanager at once.

        Returns when it is committed; raises StoreError when it cannot be.
        """
        ...

    async def order(self, target: str, override: Override | None, actor: str) -> TargetView:
        """Set an operator's override (None: lift it); returns when it is committed.

        Raises UnknownTargetError or StoreError.
        """
        ...

    async def targets(self) -> list[TargetView]:
        """Return all targets, orphans included, in the order of their ids; raises StoreError."""
        ...

    async def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first; raises StoreError."""
        ...

    def health(self) -> Health:
        """Say how the service is."""
        ...

    async def reload(self) -> None:
        """Take the configuration anew; ConfigError says why it is refused and the old stays."""
        ...


class Store(Protocol):
    """Where memory lives; synchronous, every failure is a StoreError."""

    def load(self) -> Snapshot:
        """Read everything that a start needs."""
        ...

    def commit(self, batch: Sequence[Changes]) -> int:
        """Write all of these in one transaction, in their order; durable when it returns.

        Return the number under which its alerts are stored: it grows from commit to commit, over
        all replicas (0 when there are none). Raises FencedError, and writes nothing, when another
        replica has taken the lease.
        """
        ...

    def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first."""
        ...

    def prune(self, before: datetime) -> Iterator[int]:
        """Delete entries, closed intents and alerts older than this.

        Every step is a short transaction of its own, and yields how many it has deleted.
        """
        ...

    def close(self) -> None:
        """Let go of the file or connection."""
        ...


class Exchange(Protocol):
    """What replicas on one store agree on; synchronous, every failure is a StoreError."""

    shared: bool
    """Whether there can be several replicas on this store at all."""

    def claim(self, lasts: timedelta) -> Claim:
        """Take or renew the lease for so long, if nobody else holds it.

        Its time is that of the store, so that the replicas' clocks need not agree.
        """
        ...

    def give_up(self) -> None:
        """Let the next one have the lease at once, if this one holds it."""
        ...

    def news(self, after: int) -> News:
        """Return the alerts that others stored after this number, and all orders."""
        ...

    def take_up(self) -> None:
        """Let what a restore has laid beside the store become its content."""
        ...


class SharedStore(Store, Exchange, Protocol):
    """A store that also knows of other replicas."""
