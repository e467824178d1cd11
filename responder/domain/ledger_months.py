"""Minutes on, by target and calendar month in UTC: what a bill for protection is compared with.

Ours is known from confirmed changes, somebody else's from the changes of owner that reads found.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from responder.domain.attack import covered
from responder.domain.attacks import Trail, by_target
from responder.domain.audit import AuditEntry, Kind, Reason
from responder.domain.clock import ZERO
from responder.domain.history import Evidence, Span, histories
from responder.domain.memory import Owner, State

__all__ = ["Month", "months"]

_DECEMBER = 12
_EXTERNAL = "external"
_WAS_EXTERNAL = f", was {Owner.EXTERNAL}"
"""How the entry of a change of owner ends that was somebody else's before."""


@dataclass(frozen=True, slots=True)
class Month:
    """How long one target was on in one month."""

    begin: datetime
    """Its first moment in UTC; the trail and the present may cut off a part of it."""
    target: str
    site: str
    ours: timedelta
    external: timedelta
    """Switched on by somebody else, between the reads that found it so and otherwise."""
    engagements: int
    """Of ours that began in it."""

    @property
    def total(self) -> timedelta:
        """How long it was on, whoever did it."""
        return self.ours + self.external


def months(trail: Trail, begin: datetime) -> list[Month]:
    """Return the months from `begin` on in which something was on, oldest first."""
    found = [
        month
        for target, entries in by_target(trail).items()
        for month in _of_target(target, entries, trail, begin)
    ]
    return sorted(found, key=lambda one: (one.begin, one.site, one.target))


def _of_target(
    target: str, entries: Sequence[AuditEntry], trail: Trail, begin: datetime
) -> Iterator[Month]:
    standing = trail.targets.get(target)
    known = {target: standing.known} if standing else {}
    (history,) = histories(Evidence(entries, known, trail.since, trail.now))
    external = list(_external(entries, trail, now_on=standing is not None and standing.external))
    site = standing.site if standing else entries[-1].site
    for first, last in _calendar(begin, trail.now):
        month = Month(
            _month(first),
            target,
            site,
            _within(history.real, first, last),
            _within(external, first, last),
            sum(1 for span in history.real if span.began and first <= span.begin < last),
        )
        if month.total or month.engagements:
            yield month


def _external(entries: Iterable[AuditEntry], trail: Trail, *, now_on: bool) -> Iterator[Span]:
    """Yield when something was on that was not ours, from one change of owner to the next."""
    changes = [entry for entry in entries if entry.kind is Kind.STATE]
    before = changes[0].detail.endswith(_WAS_EXTERNAL) if changes else now_on
    began, last = (trail.since if before else None), trail.since
    for entry in changes:
        last = max(last, entry.at)
        if _is_external(entry):
            began = began or entry.at
        elif began is not None:
            yield Span(began, last, None, _EXTERNAL)
            began = None
    if began is not None:
        yield Span(began, trail.now if now_on else last, None, _EXTERNAL, ended=not now_on)


def _is_external(entry: AuditEntry) -> bool:
    """Tell whether it is on by somebody else from this entry on."""
    if entry.action == Owner.EXTERNAL:
        return True
    left = entry.action == State.RELEASED and entry.actor == "somebody else"
    return left and entry.reason != Reason.DRIFT


def _calendar(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the months of a time, the first and the last one cut to it."""
    first = begin
    while first < end:
        month = _month(first)
        following = month.replace(
            year=month.year + month.month // _DECEMBER, month=month.month % _DECEMBER + 1
        )
        yield first, min(following, end)
        first = following


def _month(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _within(spans: Iterable[Span], first: datetime, last: datetime) -> timedelta:
    cut = [
        Span(max(span.begin, first), min(span.end, last), None, span.reason)
        for span in spans
        if span.begin < last and span.end > first
    ]
    return covered(cut) if cut else ZERO
