"""What the audit trail adds up to over a period, by policy."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from responder.domain.clock import ZERO
from responder.domain.history import Event, Evidence, History, Span, histories

__all__ = ["Engaged", "Held", "Sums", "sums"]


@dataclass(frozen=True, slots=True)
class Engaged:
    """Engagements of one policy; those that began in the period count, with their whole length."""

    count: int = 0
    time: timedelta = ZERO
    """How long targets were on within the period, whenever that began."""
    lengths: tuple[timedelta, ...] = ()
    """Of those that have ended, in order of size."""
    standing: tuple[timedelta, ...] = ()
    """Of those that still stand, so far."""
    toggles: int = 0
    """Changes of ours that a read confirmed."""
    waits: tuple[timedelta, ...] = ()
    """From the start of an alert to the confirmed engagement, in order of size."""

    @property
    def shortest(self) -> timedelta | None:
        """The shortest that has ended."""
        return min(self.lengths, default=None)

    @property
    def longest(self) -> timedelta | None:
        """The longest, one that still stands included."""
        return max((*self.lengths, *self.standing), default=None)

    @property
    def wait_median(self) -> timedelta | None:
        """The time to mitigate that half of the engagements did not exceed."""
        return _rank(self.waits, 0.5)

    @property
    def wait_p95(self) -> timedelta | None:
        """The time to mitigate that 95 of 100 engagements did not exceed."""
        return _rank(self.waits, 0.95)

    @property
    def wait_longest(self) -> timedelta | None:
        """The longest time to mitigate."""
        return max(self.waits, default=None)


def _rank(ordered: Sequence[timedelta], share: float) -> timedelta | None:
    """Return the least value that so large a share does not exceed: one that was measured."""
    return ordered[ceil(len(ordered) * share) - 1] if ordered else None


@dataclass(frozen=True, slots=True)
class Held:
    """How often one reason held, and for how long within the period."""

    count: int = 0
    time: timedelta = ZERO


@dataclass(frozen=True, slots=True)
class Sums:
    """What happened under one policy in the period."""

    policy: str | None
    """None: the trail does not say, and the targets are no longer configured."""
    real: Engaged = Engaged()
    would: Engaged = Engaged()
    """What shadow mode would have done."""
    holds: Mapping[str, Held] = field(default_factory=dict)
    """By reason, the one that held longest first."""
    orders: int = 0
    """Of operators."""
    drifts: int = 0
    """How often somebody else switched off what was ours."""
    stuck: int = 0


def sums(evidence: Evidence, begin: datetime, end: datetime) -> list[Sums]:
    """Add up the period by policy, in the order of their names, the unknown one last."""
    told = histories(evidence)
    policies = {known.policy for known in evidence.targets.values()}
    for history in told:
        policies |= {span.policy for span in (*history.real, *history.would, *history.holds)}
        policies |= {event.policy for event in history.events}
    ordered = sorted(policies, key=lambda name: (name is None, name or ""))
    return [_of_policy(policy, told, begin, end) for policy in ordered]


def _of_policy(policy: str | None, told: Sequence[History], begin: datetime, end: datetime) -> Sums:
    def mine(part: Callable[[History], Iterable[Span]]) -> list[Span]:
        return [span for history in told for span in part(history) if span.policy == policy]

    events = [
        event.event
        for history in told
        for event in history.events
        if event.policy == policy and begin <= event.at < end
    ]
    return Sums(
        policy,
        _engaged(mine(lambda one: one.real), events.count(Event.SWITCHED), begin, end),
        _engaged(mine(lambda one: one.would), events.count(Event.WOULD_SWITCH), begin, end),
        _held(mine(lambda one: one.holds), begin, end),
        events.count(Event.ORDERED),
        events.count(Event.DRIFTED),
        events.count(Event.STUCK),
    )


def _engaged(spans: Sequence[Span], toggles: int, begin: datetime, end: datetime) -> Engaged:
    began = [span for span in spans if span.began and begin <= span.begin < end]
    return Engaged(
        len(began),
        _time(spans, begin, end),
        tuple(sorted(span.length for span in began if span.ended)),
        tuple(sorted(span.length for span in began if not span.ended)),
        toggles,
        tuple(sorted(span.after for span in began if span.after is not None)),
    )


def _held(spans: Iterable[Span], begin: datetime, end: datetime) -> Mapping[str, Held]:
    by_reason: dict[str, list[Span]] = {}
    for span in spans:
        by_reason.setdefault(span.reason, []).append(span)
    held = {
        reason: Held(
            sum(1 for span in found if span.began and begin <= span.begin < end),
            _time(found, begin, end),
        )
        for reason, found in by_reason.items()
    }
    shown = {reason: one for reason, one in held.items() if one != Held()}
    return dict(sorted(shown.items(), key=lambda item: (-item[1].time, item[0])))


def _time(spans: Iterable[Span], begin: datetime, end: datetime) -> timedelta:
    return sum(_within(spans, begin, end), ZERO)


def _within(spans: Iterable[Span], begin: datetime, end: datetime) -> Iterator[timedelta]:
    """Return the part of each span that lies in the period."""
    for span in spans:
        yield max(min(span.end, end) - max(span.begin, begin), ZERO)
