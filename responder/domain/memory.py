"""What is remembered of one target from pass to pass, and over restarts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from responder.domain.audit import Decision, Reason
from responder.domain.breaker import Failure
from responder.domain.clock import ZERO
from responder.domain.hook import Hooked
from responder.domain.peak import Peak
from responder.domain.targets import Target

__all__ = [
    "OLD_ORDER",
    "Actual",
    "Backoff",
    "Demand",
    "Engagement",
    "Episode",
    "Memory",
    "Order",
    "Override",
    "Owner",
    "Reading",
    "RememberedAlert",
    "State",
    "Would",
    "Write",
]


OLD_ORDER = timedelta(days=1)
"""An order that has stood for so long may have been forgotten: people are warned, once a day."""


class State(StrEnum):
    """What this service has done to the target; anything but `released` is ours."""

    RELEASED = "released"
    ENGAGING = "engaging"
    ENGAGED = "engaged"
    RELEASING = "releasing"


class Actual(StrEnum):
    """What the provider said when last asked."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class Demand(StrEnum):
    """What the alerts ask for."""

    TRIGGER = "trigger"
    SUSTAIN = "sustain"
    NONE = "none"
    PAUSED = "paused"
    UNKNOWN = "unknown"


class Owner(StrEnum):
    """Who turned on what is on, or changed what was ours."""

    RESPONDER = "responder"
    OPERATOR = "operator"
    EXTERNAL = "external"


class Order(StrEnum):
    """What an operator may order."""

    ENGAGED = "engaged"
    RELEASED = "released"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Override:
    """An operator's order; it ends by itself, when the calendar says so."""

    order: Order
    ends_at: datetime
    reason: str
    actor: str
    set_at: datetime
    mark: timedelta = ZERO
    """When it was given: an older read says nothing about what it needs."""
    days_told: int = 0
    """For how many days people have been told that it still stands."""

    def standing(self, now: datetime) -> int:
        """Return for how many whole days it has stood: from the first on, people are warned."""
        return max((now - self.set_at) // OLD_ORDER, 0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the provider said about a target."""

    actual: Actual
    value: str | None = None
    """The provider's own word, such as a security level."""
    changed_at: datetime | None = None
    """When the provider says that it last changed."""
    ineligible: str | None = None
    """Why it cannot or must not be switched; None when it can."""
    constrained_for: timedelta = ZERO
    """How long the provider still refuses the next change."""
    unprepared: str | None = None
    """Why it must not be raised now (a precondition of the mitigation); None when it may."""
    at: datetime | None = None
    mark: timedelta = ZERO
    age: timedelta = ZERO
    """How old the answer is that was given, where one call answers for many; `mark` counts it."""


@dataclass(frozen=True, slots=True)
class Write:
    """The last write of ours: what it wanted and what is known of it."""

    raising: bool
    at: datetime
    mark: timedelta
    settled: bool = False
    """A read has shown its effect, or it certainly had none. Until then nothing opposite."""
    accepted: bool = False
    """The provider answered as asked; only a read makes that a fact."""
    earlier: timedelta | None = None
    """Mark of an earlier try for the same that may still land."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """The target's own wait after failures that say nothing of the API as a whole."""

    failures: int = 0
    until: timedelta = ZERO
    failure: Failure | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Would:
    """What shadow mode would have done, kept beside what is so."""

    on_mark: timedelta | None = None
    """When it would have been engaged; None while it would be off."""
    on_for: timedelta = ZERO
    """For how long it would have been on, counted as `Memory.on_for` is."""
    engagements: tuple[timedelta, ...] = ()
    """When it would have been engaged in the last six hours."""
    reason: Reason | None = None
    """Why it would be as it is."""
    detail: str = ""

    @property
    def on(self) -> bool:
        """Whether it would be on now."""
        return self.on_mark is not None


@dataclass(frozen=True, slots=True)
class RememberedAlert:
    """The labels of an alert of this episode: silences are compared with them when it is gone."""

    fingerprint: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Episode:
    """From the first trigger to a calm period without one."""

    started_at: datetime
    alerts: tuple[RememberedAlert, ...] = ()
    severity: str = ""
    oldest: datetime | None = None
    """When the oldest of its triggers began."""
    quiet: timedelta = ZERO
    """Observed time without a trigger."""
    was_on: bool = False
    """It was on at some time in this episode, whoever turned it on."""
    drifted: bool = False
    """Somebody else has switched it off."""
    off_seen: timedelta | None = None
    """Mark of the first read that said off without the provider saying since when."""
    enforced: int = 0
    """How many times it was switched on again against drift."""
    counted: bool = False
    """Its engagement has been counted for the hourly limit."""
    mark: timedelta = ZERO
    """When it began: an older read says nothing about it."""
    peaks: tuple[Peak, ...] = ()
    """The greatest values that its triggers have given."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """One time that it was on by us; outlives its end, so that people can be told of it."""

    mark: timedelta
    began_at: datetime
    cause: str = ""
    """What asked for it: the alerts' names, or an operator's words."""
    peaks: tuple[Peak, ...] = ()
    """The greatest values of all episodes that it has seen."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything that is remembered of one target.

    Fields that end in `_mark` are marks in observed time (`Moment.elapsed`); fields that end in
    `_for` count the observed time of good passes, neither blind nor paused.
    """

    target: str
    site: str
    mitigation: str
    resource: str
    policy: str | None = None
    state: State = State.RELEASED
    owner: Owner | None = None
    since: datetime | None = None
    previous: str | None = None
    demand: Demand = Demand.NONE
    wanted: bool = False
    wanted_mark: timedelta = ZERO
    """Since when it is wanted: an older read says nothing about the need to raise."""
    watched: bool = False
    """Whether the last pass was a good one: time counts between two of them."""
    absent_for: timedelta | None = None
    """How long all alerts have been absent; None while one is there."""
    calm_for: timedelta | None = None
    """How long demand has been `none`; None while it is not."""
    on_for: timedelta = ZERO
    """How long it has been on since its confirmed engagement."""
    on_mark: timedelta | None = None
    on_stamp: datetime | None = None
    """The provider's own stamp of our confirmed engagement: a newer one is a human's."""
    blind_mark: timedelta | None = None
    paused_mark: timedelta | None = None
    sustain_for: timedelta | None = None
    """How long sustain alerts alone have kept it; None after a trigger or calm."""
    engagements: tuple[timedelta, ...] = ()
    """Marks of the confirmed engagements of the last six hours."""
    last_engagement: Engagement | None = None
    """The one that lasts, or else the last one; no decision looks at it."""
    episode: Episode | None = None
    override: Override | None = None
    lifted_by: str = ""
    """Who ended the last override by hand."""
    reading: Reading | None = None
    unread_mark: timedelta | None = None
    """Since when reads fail; None after one that worked."""
    write: Write | None = None
    backoff: Backoff = Backoff()
    """Its own wait after failed writes."""
    read_backoff: Backoff = Backoff()
    decision: Decision | None = None
    would: Would = Would()
    stuck: str = ""
    """Why people must look at it; empty when they need not."""
    hook: Hooked = field(default_factory=Hooked)
    """What the operator's own routers are being told of it."""
    kind: str = "zone"
    """What the resource is, as `Target.kind`: it must be known when nothing names it any more."""

    @classmethod
    def of(cls, target: Target) -> "Memory":
        """Return what is remembered of a target of which nothing is known."""
        return cls(target.id, target.site, target.mitigation, target.resource, kind=target.kind)

    @property
    def ours(self) -> bool:
        """Whether a write of this service turned it on, or is about to."""
        return self.state is not State.RELEASED

    @property
    def seen(self) -> Actual:
        """What the last read said, unless reads fail and nothing of ours vouches for it."""
        vouched = self.unread_mark is None or self.state is State.ENGAGED
        return self.reading.actual if self.reading and vouched else Actual.UNKNOWN

    @property
    def idle(self) -> bool:
        """Whether nothing about it moves with time."""
        moving = self.ours or self.wanted or self.episode or self.override or self.would.on
        return not moving and self.demand is Demand.NONE and not self.hook.waiting
