"""Whether a range holds two samples: of one sample there is no rate, and a lost scrape is none."""

from collections.abc import Iterator

from responder.rulefiles.durations import told
from responder.rulefiles.finding import Remark
from responder.rulefiles.subject import Subject

__all__ = ["look"]

_SAMPLES = 2


def look(subject: Subject) -> Iterator[Remark]:
    """Say which ranges are shorter than two intervals of what they read."""
    world = subject.world
    for one in subject.expression.readings():
        every = world.recorded.get(one.name, world.interval)
        if one.range and one.range < _SAMPLES * every:
            source = "is recorded" if one.name in world.recorded else "is scraped"
            yield Remark(
                f"[{told(one.range)}] is shorter than two intervals:"
                f" {one.name or 'what it reads'} {source} every {told(every)}",
                f"make it {told(_SAMPLES * every)} at least",
            )
    for window in subject.expression.windows():
        step = window.step or world.interval
        if window.range < _SAMPLES * step:
            yield Remark(
                f"the subquery over {told(window.range)} has a step of {told(step)}",
                "make the range two steps at least, or the step smaller",
            )
