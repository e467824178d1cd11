"""What an audit trail tells of each target: when it was on, when it was held, what happened.

A trail has a beginning: what was so before it is known from the first entry that ends it, or from
how the target is now. A trail may have gaps: what began and was never ended has lasted until now
only if it is still so; else it counts until the last thing that is known of the target.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from responder.domain.audit import Action, AuditEntry, Kind, Reason
from responder.domain.clock import ZERO
from responder.domain.memory import State
from responder.domain.trail import ADOPTED, ORDER_ENDED, STANDING, STILL_ON, STUCK, asked

__all__ = ["Event", "Evidence", "Happened", "History", "Known", "Span", "histories"]

_ON = "on"
_BEGINS: Mapping[Kind, str] = {Kind.STATE: State.ENGAGED, Kind.WOULD: Action.ENGAGE}
_ENDS: Mapping[Kind, str] = {Kind.STATE: State.RELEASED, Kind.WOULD: Action.RELEASE}


@dataclass(frozen=True, slots=True)
class Known:
    """A target as it is now."""

    policy: str | None = None
    engaged: bool = False
    shadow: bool = False
    """Whether its policy only tells what it would do."""
    held: str | None = None
    """The reason for which it is held."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The trail of some targets, complete from `since` on, and how they are `now`."""

    entries: Iterable[AuditEntry]
    targets: Mapping[str, Known]
    since: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which something was so."""

    begin: datetime
    end: datetime
    policy: str | None
    reason: str
    """Why it was held; `on` for an engagement."""
    began: bool = True
    """Whether its beginning is known; else `begin` is that of the trail."""
    ended: bool = True
    """Whether it is over; else `end` is now."""
    after: timedelta | None = None
    """For an engagement: how long its alert had waited for it."""

    @property
    def length(self) -> timedelta:
        """How long it was so; a clock that was set back makes no negative time."""
        return max(self.end - self.begin, ZERO)


class Event(Enum):
    """What happens at one moment."""

    SWITCHED = auto()
    WOULD_SWITCH = auto()
    ORDERED = auto()
    DRIFTED = auto()
    STUCK = auto()


@dataclass(frozen=True, slots=True)
class Happened:
    """One event."""

    at: datetime
    event: Event
    policy: str | None


@dataclass(frozen=True, slots=True)
class History:
    """What is told of one target."""

    real: tuple[Span, ...]
    would: tuple[Span, ...]
    """What shadow mode would have done."""
    holds: tuple[Span, ...]
    events: tuple[Happened, ...]


def histories(evidence: Evidence) -> list[History]:
    """Return the history of every target, whatever the order of the entries."""
    by_target: dict[str, list[AuditEntry]] = {target: [] for target in evidence.targets}
    for entry in sorted(evidence.entries, key=lambda one: (one.id or 0, one.at)):
        if entry.target:
            by_target.setdefault(entry.target, []).append(entry)
    return [
        _history(entries, evidence.targets.get(target, Known()), evidence)
        for target, entries in by_target.items()
    ]


def _history(entries: Sequence[AuditEntry], known: Known, evidence: Evidence) -> History:
    last = max((entry.at for entry in entries), default=evidence.since)
    bounds = _Bounds(evidence.since, last, evidence.now, known.policy)
    real = _changes(entries, Kind.STATE)
    would = _changes(entries, Kind.WOULD)
    imagined = _ON if known.shadow and would else None
    return History(
        tuple(_spans(map(_change, real), _ON if known.engaged else None, bounds)),
        tuple(_spans(map(_change, would), imagined, bounds)),
        tuple(_spans(map(_hold, _of(entries, Kind.DECISION)), known.held, bounds)),
        tuple(_events(entries, known.policy)),
    )


def _of(entries: Iterable[AuditEntry], kind: Kind) -> list[AuditEntry]:
    return [entry for entry in entries if entry.kind is kind]


def _changes(entries: Iterable[AuditEntry], kind: Kind) -> list[AuditEntry]:
    words = {_BEGINS[kind], _ENDS[kind]}
    return [entry for entry in _of(entries, kind) if entry.action in words]


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Where a target's trail begins and ends, and whose it is unless an entry says otherwise."""

    since: datetime
    last: datetime
    now: datetime
    policy: str | None


@dataclass(frozen=True, slots=True)
class _Mark:
    """An entry as the end of one span and the beginning of another."""

    at: datetime
    begins: str | None
    """The reason of what begins; None when nothing does."""
    ended: str | None
    """The reason of what must have been so before."""
    policy: str | None = None
    after: timedelta | None = None


def _change(entry: AuditEntry) -> _Mark:
    if entry.action == _BEGINS[entry.kind]:
        known = asked(entry)
        return _Mark(entry.at, _ON, None, known.policy, known.after)
    was_on = entry.kind is Kind.WOULD or entry.before is not None
    return _Mark(entry.at, None, _ON if was_on else None)


def _hold(entry: AuditEntry) -> _Mark:
    action, _, reason = (entry.before or "").partition(" ")
    return _Mark(
        entry.at,
        entry.reason if entry.action == Action.HOLD else None,
        reason if action == Action.HOLD else None,
    )


def _spans(marks: Iterable[_Mark], standing: str | None, bounds: _Bounds) -> Iterator[Span]:
    """Return the spans between the marks; `standing` is the reason of what is so now.

    Where the clock was set back, time stands still until it has caught up.
    """
    ordered = list(marks)
    latest = bounds.since
    before = ordered[0].ended if ordered else standing
    current = None
    if before is not None:
        current = Span(bounds.since, bounds.now, bounds.policy, before, began=False)
    for mark in ordered:
        latest = max(latest, mark.at)
        if current is not None and current.reason == mark.begins:
            continue
        if current is not None:
            yield replace(current, end=latest)
        current = None
        if mark.begins is not None:
            policy = mark.policy or bounds.policy
            current = Span(latest, bounds.now, policy, mark.begins, after=mark.after)
    if current is not None:
        stands = current.reason == standing
        yield replace(current, end=bounds.now if stands else bounds.last, ended=not stands)


def _events(entries: Iterable[AuditEntry], policy: str | None) -> Iterator[Happened]:
    on: dict[Kind, str | None] = {}  # which policy has asked for what is on
    for entry in entries:
        if entry.action == _BEGINS.get(entry.kind):
            on[entry.kind] = asked(entry).policy or policy
        event = _event(entry, on=entry.kind in on)
        if event is not None:
            yield Happened(entry.at, event, on.get(entry.kind, policy))
        if entry.action == _ENDS.get(entry.kind):
            on.pop(entry.kind, None)


def _event(entry: AuditEntry, *, on: bool) -> Event | None:
    """Return what an entry counts as; `on` tells whether an earlier one has begun what it ends."""
    match entry.kind:
        case Kind.STATE if entry.reason == Reason.DRIFT and entry.action == State.RELEASED:
            return Event.DRIFTED
        case Kind.STATE:
            return Event.SWITCHED if _switched(entry, on=on) else None
        case Kind.WOULD:
            return Event.WOULD_SWITCH if _would_switch(entry) else None
        case Kind.OVERRIDE if entry.action not in {ORDER_ENDED, STANDING}:
            return Event.ORDERED
        case Kind.STUCK if entry.action == STUCK:
            return Event.STUCK
    return None


def _switched(entry: AuditEntry, *, on: bool) -> bool:
    """Tell whether a read confirmed a write of ours."""
    if entry.action == State.ENGAGED:
        return not entry.detail.startswith((ADOPTED, STILL_ON))
    return entry.action == State.RELEASED and (on or entry.before is not None)


def _would_switch(entry: AuditEntry) -> bool:
    if entry.action == Action.ENGAGE:
        return not entry.detail.startswith(ADOPTED)
    return entry.reason in {Reason.CALM, Reason.OVERRIDE}
