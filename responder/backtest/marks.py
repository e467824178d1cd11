"""Attacks as a human has marked them, and how a course of decisions did against them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from responder.settings import parse_duration

__all__ = ["TAIL", "UNSCORED", "Mark", "Score", "Span", "parse_mark", "score"]

TAIL = timedelta(minutes=5)
"""How long after an attack, beside the calm period, being on is not called needless: rates over
minutes must fall, and absence must be confirmed."""

Span = tuple[datetime, datetime]

_MARK = re.compile(r"(?:(?P<site>[^@]+)@)?(?P<begin>[^/@]+)/(?P<length>[^/@]+)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A real attack."""

    begin: datetime
    end: datetime
    site: str = ""
    """Empty: every site."""

    def concerns(self, site: str) -> bool:
        """Tell whether it was an attack on a site."""
        return self.site in {"", site}


def parse_mark(text: str) -> Mark:
    """Parse `2026-11-01T10:00/2h`, in UTC unless it says otherwise, or `shop@...` for one site.

    ValueError says what is wrong.
    """
    found = _MARK.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"{text!r} is no attack; write its beginning and its length: 2026-11-01T10:00/2h,"
            " or shop@2026-11-01T10:00/2h for one site"
        )
    begin = moment(found["begin"])
    return Mark(begin, begin + parse_duration(found["length"]), found["site"] or "")


def moment(text: str) -> datetime:
    """Parse a moment such as `2026-11-01T10:00`, in UTC unless it says otherwise."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no moment; write one such as 2026-11-01T10:00") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Score:
    """How being on went together with the attacks, over all sites."""

    attacks: int = 0
    detected: int = 0
    waits: tuple[float, ...] = ()
    """Seconds from the beginning of each detected attack until it was on, in order of size."""
    covered: float = 0.0
    """The share of the attacks' time in which it was on."""
    attacked: timedelta = timedelta(0)
    """The attacks' time."""
    needless: timedelta = timedelta(0)
    """Time on outside of attacks, and of the tail that the guards give each of them."""
    stretches: int = 0
    """How many stretches touch no attack."""
    on: timedelta = timedelta(0)
    switches: int = 0
    weeks: float = 1.0

    @property
    def needless_minutes(self) -> float:
        """Needless minutes a week."""
        return self.needless / timedelta(minutes=1) / self.weeks

    @property
    def missed_minutes(self) -> float:
        """Minutes a week of attacks in which it was off."""
        return (1 - self.covered) * (self.attacked / timedelta(minutes=1)) / self.weeks

    @property
    def wait(self) -> float | None:
        """The median of the seconds to detect an attack."""
        return self.waits[len(self.waits) // 2] if self.waits else None


UNSCORED = Score()
"""What nobody has looked at yet."""


def score(
    engaged: Iterable[tuple[str, Sequence[Span]]],
    marks: Sequence[Mark],
    window: Span,
    tail: timedelta,
) -> Score:
    """Compare when the sites were on with the attacks; `tail` is allowed after each of them."""
    parts = [_of_site(spans, _clipped(marks, site, window), tail) for site, spans in engaged]
    length = sum((one.length for one in parts), timedelta(0))
    covered = sum((one.covered for one in parts), timedelta(0))
    waits = sorted(wait for one in parts for wait in one.waits)
    return Score(
        sum(one.attacks for one in parts),
        len(waits),
        tuple(waits),
        covered / length if length else 0.0,
        length,
        sum((one.needless for one in parts), timedelta(0)),
        sum(one.stretches for one in parts),
        sum((one.on for one in parts), timedelta(0)),
        sum(one.switches for one in parts),
        (window[1] - window[0]) / timedelta(weeks=1),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    attacks: int
    waits: tuple[float, ...]
    covered: timedelta
    length: timedelta
    needless: timedelta
    stretches: int
    on: timedelta
    switches: int


def _clipped(marks: Iterable[Mark], site: str, window: Span) -> list[Span]:
    """Return when a site was attacked within the window, one after the other."""
    found: list[Span] = []
    for one in sorted(marks, key=lambda one: one.begin):
        begin, end = max(one.begin, window[0]), min(one.end, window[1])
        if not one.concerns(site) or begin >= end:
            continue
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _of_site(spans: Sequence[Span], attacks: Sequence[Span], tail: timedelta) -> _Part:
    waits = [
        (max(first[0], begin) - begin).total_seconds()
        for begin, end in attacks
        if (first := next((one for one in spans if one[1] > begin and one[0] < end), None))
    ]
    allowed: list[Span] = []
    for begin, end in attacks:
        meets = bool(allowed) and begin <= allowed[-1][1]
        allowed.append((allowed.pop()[0] if meets else begin, end + tail))
    on = sum((end - begin for begin, end in spans), timedelta(0))
    return _Part(
        len(attacks),
        tuple(waits),
        _overlap(spans, attacks),
        sum((end - begin for begin, end in attacks), timedelta(0)),
        on - _overlap(spans, allowed),
        sum(1 for one in spans if not _overlap([one], attacks)),
        on,
        2 * len(spans),
    )


def _overlap(spans: Iterable[Span], others: Sequence[Span]) -> timedelta:
    """Return how long both were so; the others do not overlap one another."""
    return sum(
        (
            max(min(end, last) - max(begin, first), timedelta(0))
            for begin, end in spans
            for first, last in others
        ),
        timedelta(0),
    )
