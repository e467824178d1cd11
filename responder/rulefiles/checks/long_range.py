"""Whether a rule reads hours of raw samples at every evaluation."""

from collections.abc import Iterator
from datetime import timedelta

from responder.rulefiles.durations import told
from responder.rulefiles.finding import Remark
from responder.rulefiles.subject import Subject

__all__ = ["look"]

_MOST = timedelta(hours=1)


def look(subject: Subject) -> Iterator[Remark]:
    """Say which scraped series are read over more than an hour."""
    for one in subject.expression.readings():
        if one.reach > _MOST and not subject.world.is_recorded(one.name):
            yield Remark(
                f"{one.name or 'a raw series'} is read over {told(one.reach)} at each evaluation",
                "record its average over 5 minutes, and read that",
            )
