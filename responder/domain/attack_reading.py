"""Which part of the audit trail attacks are read from, sans IO: page by page, and never too much.

A generator yields questions and is sent pages. Its callers ask a store, or a service over HTTP.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.domain.audit import AuditEntry

__all__ = ["LOOK_BACK", "MOST_ENTRIES", "PAGE", "Question", "Reach", "Reading", "around", "back_to"]

PAGE = 1000
"""Entries asked for at once: the most that the service gives."""

MOST_ENTRIES = 10_000
"""Entries that a service reads for one answer; of a longer trail the newest."""

_AFTER = 9
"""Tenths of what is read around an entry that may follow it: mostly it is an attack's first."""

LOOK_BACK = timedelta(days=1)
"""How much of the trail before the period is read, for what began before it."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which entries are asked for, newest first."""

    since: datetime | None = None
    before: int | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class Reach:
    """What was read, and how far that reaches."""

    entries: Sequence[AuditEntry]
    since: datetime
    """From here on it is complete."""
    oldest: datetime | None
    """The first entry that was read, of whatever site."""
    cut: bool = False
    """Whether older entries of the period were left out, for there are too many."""
    to_now: bool = True
    """Whether it reaches the present."""

    @property
    def begin(self) -> datetime:
        """The first moment of which it tells: older entries are asked away, cut, or deleted."""
        return max(self.since, self.oldest or self.since)


Reading = Generator[Question, Sequence[AuditEntry], Reach]


def back_to(
    since: datetime, site: str | None, before: int | None = None, most: int = MOST_ENTRIES
) -> Reading:
    """Read the trail from its end, or from a number on, back to a moment; whole pages of it."""
    kept: list[AuditEntry] = []
    oldest: datetime | None = None
    asked = before
    for read in range(0, most, PAGE):
        page = yield Question(since, asked)
        kept += [entry for entry in page if site is None or site in entry.site.split(", ")]
        if page:
            oldest, asked = page[-1].at, page[-1].id
        last = len(page) < PAGE or asked is None
        if last or read + PAGE >= most:
            return Reach(kept, since if last else page[-1].at, oldest, cut=not last)
    raise AssertionError("the last page returns")


def around(
    number: int, most: int = MOST_ENTRIES
) -> Generator[Question, Sequence[AuditEntry], Reach | None]:
    """Read the trail around an entry, and a day before it; None when there is no such entry.

    Where more entries follow than can be read, the newest are left out.
    """
    newest = yield Question(limit=1)
    found = yield Question(before=number + 1, limit=1)
    entry = next((one for one in found if one.id == number), None)
    if entry is None:
        return None
    before = number + most * _AFTER // 10
    to_now = all((one.id or 0) < before for one in newest)
    since = entry.at - LOOK_BACK
    reach = yield from back_to(since, None, None if to_now else before, most)
    return Reach(reach.entries, reach.since, reach.oldest, reach.cut, to_now)
