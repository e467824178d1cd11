"""What people are told through Alertmanager: which of our own alerts are active, which have ended.

All of it is worked out anew from what is remembered, so that a restart tells the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from responder.domain.notice import Identity, Notice, Overview
from responder.domain.service_notices import notices_of_the_service
from responder.domain.target_notices import notices_of

__all__ = ["Told", "notices"]


def notices(overview: Overview) -> Iterator[Notice]:
    """Yield our alerts that are active now, each identity once."""
    yield from notices_of_the_service(overview)
    for subject in overview.subjects:
        yield from notices_of(subject, overview)


@dataclass(frozen=True, slots=True)
class Told:
    """What people have been told, and must be told again until everyone has heard it."""

    standing: Mapping[Identity, Notice] = field(default_factory=dict)
    ended: Mapping[Identity, Notice] = field(default_factory=dict)
    """Those that were withdrawn a moment ago, with their end."""

    def revised(self, active: Iterable[Notice], now: datetime, lasting: timedelta) -> "Told":
        """Return it after a look; an alert that stood keeps its start.

        An end is repeated for as long as somebody may believe the last telling, `lasting`.
        """
        standing = {one.identity: self._started(one, now) for one in active}
        ended = {
            identity: replace(one, ends_at=max(min(one.ends_at or now, now), one.starts_at))
            for identity, one in self.standing.items()
        }
        known = (*self.ended.items(), *ended.items())
        kept = {
            identity: one
            for identity, one in known
            if identity not in standing and one.ends_at and now - one.ends_at < lasting
        }
        return Told(standing, kept)

    def _started(self, notice: Notice, now: datetime) -> Notice:
        known = self.standing.get(notice.identity, notice)
        return replace(notice, starts_at=min(known.starts_at, now))

    def said(self, now: datetime, lasting: timedelta) -> list[Notice]:
        """Return what to say now; an alert that nobody repeats is over after `lasting`."""
        standing = [
            replace(one, ends_at=one.ends_at or now + lasting) for one in self.standing.values()
        ]
        return [*standing, *self.ended.values()]
