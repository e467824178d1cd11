"""One attack as a record: when, on what, how bad, what protected it, and who did each step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from responder.domain.audit import AuditEntry, Kind, Reason
from responder.domain.clock import ZERO
from responder.domain.episode_trail import alerts_told, peaks_told
from responder.domain.history import Known, Span
from responder.domain.notification_told import NotificationTold, notification_told
from responder.domain.peak import Peak, greatest
from responder.domain.trail import ORDER_ENDED, STANDING

__all__ = ["BITS", "PACKETS", "Attack", "Held", "Part", "Standing", "What", "covered"]

PACKETS = frozenset({"VolumetricPackets"})
BITS = frozenset({"VolumetricBits"})
"""Alerts of the shipped rules whose value is in packets, or in bits, a second."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A target as it is now."""

    site: str
    known: Known = field(default_factory=Known)
    attacked: bool = False
    """Whether alerts ask for it, or have done so until a moment ago."""
    external: bool = False
    """Whether somebody else has switched on what is on."""
    peaks: tuple[Peak, ...] = ()
    """The greatest values of an episode that is not over; a name may be missing."""


class What(StrEnum):
    """What was so for a while."""

    ALERTED = "alerted"
    ON = "on"
    WOULD = "would"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that was so for one target for a while."""

    target: str
    site: str
    what: What
    span: Span
    quiet: timedelta = ZERO
    """How much of its end had passed without a trigger."""

    @property
    def began(self) -> datetime:
        """When it began; for what an alert asked for, when that alert did."""
        return self.span.begin - (self.span.after or ZERO)


@dataclass(frozen=True, slots=True)
class Held:
    """For how long one reason held one target."""

    target: str
    reason: str
    count: int
    time: timedelta


@dataclass(frozen=True, slots=True)
class Attack:
    """What belongs together of one site."""

    site: str
    parts: tuple[Part, ...]
    """What makes it one attack, in the order of their beginnings; at least one."""
    holds: tuple[Part, ...]
    """What was held meanwhile, whether that was wanted or not."""
    steps: tuple[AuditEntry, ...]
    """Everything that was written down about it, oldest first."""
    now: datetime
    standing: tuple[Peak, ...] = ()
    """The greatest values of an episode that is not over."""
    told: tuple[NotificationTold, ...] = field(init=False)
    """What Cloudflare said of it."""

    def __post_init__(self) -> None:
        """Read the notifications once."""
        told = (notification_told(step) for step in self.steps)
        object.__setattr__(self, "told", tuple(one for one in told if one is not None))

    @property
    def id(self) -> int | None:
        """The number of its first entry; None where the trail holds none of it."""
        return next((step.id for step in self.steps if step.id is not None), None)

    @property
    def began(self) -> datetime:
        """When its first alert began, or else the first thing that is known of it."""
        return min(part.began for part in self.parts)

    @property
    def began_known(self) -> bool:
        """Whether it did not begin before the trail does."""
        return min(self.parts, key=lambda part: part.span.begin).span.began

    @property
    def ended(self) -> datetime | None:
        """When calm was proven and nothing of it was on any more; None while it lasts."""
        if any(not part.span.ended for part in self.parts):
            return None
        return self.until

    @property
    def until(self) -> datetime:
        """Its end, or now."""
        return max(part.span.end for part in self.parts)

    @property
    def quiet_since(self) -> datetime | None:
        """When its last trigger had gone; None while one may stand, or where nothing tells."""
        alerted = self._of(What.ALERTED)
        if not alerted or any(not part.span.ended or not part.quiet for part in alerted):
            return None
        return max(part.span.end - part.quiet for part in alerted)

    @property
    def duration(self) -> timedelta:
        """From its beginning to its end, or until now."""
        return max(self.until - self.began, ZERO)

    @property
    def targets(self) -> tuple[str, ...]:
        """What was attacked, protected, or would have been."""
        return tuple(dict.fromkeys(part.target for part in self.parts))

    @property
    def waited(self) -> timedelta | None:
        """From its first alert to the first confirmed engagement that an alert asked for."""
        on = self._of(What.ON)
        alerted = any(
            part.what is What.ALERTED or part.span.after is not None for part in self.parts
        )
        if not on or not alerted or not self.began_known:
            return None
        return max(min(part.span.begin for part in on) - self.began, ZERO)

    @property
    def protected(self) -> timedelta:
        """For how long at least one target was on by us."""
        return covered(part.span for part in self._of(What.ON))

    @property
    def would_protect(self) -> timedelta:
        """For how long at least one target would have been on in shadow mode."""
        return covered(part.span for part in self._of(What.WOULD))

    def on(self, target: str, what: What = What.ON) -> Sequence[Span]:
        """Return when one target was on, or would have been."""
        return [part.span for part in self._of(what) if part.target == target]

    @property
    def held(self) -> Sequence[Held]:
        """What held its targets meanwhile, the longest first."""
        found: dict[tuple[str, str], list[timedelta]] = {}
        for part in self.holds:
            span = part.span
            inside = min(span.end, self.until) - max(span.begin, self.began)
            found.setdefault((part.target, span.reason), []).append(max(inside, ZERO))
        held = [Held(*key, len(times), sum(times, ZERO)) for key, times in found.items()]
        return sorted(held, key=lambda one: (-one.time, one.target, one.reason))

    @property
    def causes(self) -> tuple[str, ...]:
        """The alerts, and the operators' orders, that asked for protection."""
        orders = [
            f"{step.actor}: {step.detail}"
            for step in self.steps
            if step.kind is Kind.OVERRIDE and step.action not in {ORDER_ENDED, STANDING}
        ]
        alerts = [name for step in self.steps for name in alerts_told(step)]
        return tuple(dict.fromkeys([*alerts, *orders]))

    @property
    def peaks(self) -> tuple[Peak, ...]:
        """The greatest value of each alert, in the unit of its rule."""
        told = [peak for step in self.steps for peak in peaks_told(step)]
        return greatest(told, self.standing)

    @property
    def packets(self) -> float | None:
        """The greatest packets a second that anybody told."""
        named = [peak.value for peak in self.peaks if peak.alert in PACKETS]
        return max([*named, *(one.packets for one in self.told if one.packets)], default=None)

    @property
    def bits(self) -> float | None:
        """The greatest bits a second that anybody told."""
        named = [peak.value for peak in self.peaks if peak.alert in BITS]
        return max([*named, *(one.bits for one in self.told if one.bits)], default=None)

    @property
    def requests(self) -> float | None:
        """The greatest requests a second that Cloudflare told."""
        return max((one.requests for one in self.told if one.requests), default=None)

    @property
    def vectors(self) -> tuple[str, ...]:
        """How it was attacked, as Cloudflare names it."""
        return tuple(dict.fromkeys(one.vector for one in self.told if one.vector))

    @property
    def drifted(self) -> bool:
        """Whether somebody else switched off what protected it."""
        return any(step.reason == Reason.DRIFT and step.kind is Kind.STATE for step in self.steps)

    def _of(self, what: What) -> Sequence[Part]:
        return [part for part in self.parts if part.what is what]


def covered(spans: Iterable[Span]) -> timedelta:
    """Return how long at least one of the spans lasted."""
    total, reached = ZERO, None
    for span in sorted(spans, key=lambda one: one.begin):
        begin = span.begin if reached is None else max(span.begin, reached)
        total += max(span.end - begin, ZERO)
        reached = span.end if reached is None else max(span.end, reached)
    return total
