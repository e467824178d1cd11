"""Shadow mode in one pass: which targets would be held by the limits, engaged or released."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from responder.domain.audit import Action, Decision, Reason
from responder.domain.clock import ZERO, Moment
from responder.domain.decision import Situation, imagined
from responder.domain.limits import HOUR, Candidate, admit
from responder.domain.memory import Actual, Memory
from responder.domain.ownership import adopted
from responder.domain.targets import Mode, OnDrift
from responder.domain.trail import ADOPTED
from responder.domain.would import as_if, began, ended

__all__ = ["foreseen", "held_back"]


def held_back(
    situations: Iterable[Situation],
    memories: Sequence[Memory],
    marks: Sequence[timedelta],
    raising: frozenset[str],
) -> dict[str, Decision]:
    """Return the holds by the limits, had all shadow policies acted all the time.

    What is really on, or in `raising`, comes first: the shadow takes no place from it.
    """
    waiting = [s for s in situations if _asks(s) and imagined(s).action is Action.ENGAGE]
    if not waiting:
        return {}
    now = waiting[0].now
    candidates = [Candidate(as_if(s.memory, now), s.policy) for s in waiting]
    imagined_too = [as_if(one, now) if one.would.on else one for one in memories]
    return admit(candidates, imagined_too, [*marks, *_counted(memories, now)], now, raising)


def _counted(memories: Iterable[Memory], now: Moment) -> list[timedelta]:
    """Return when sites would have been engaged in the last hour; zones of one site count once."""
    of_site: dict[str, list[timedelta]] = {}
    for memory in memories:
        recent = [mark for mark in memory.would.engagements if now.elapsed - mark < HOUR]
        of_site[memory.site] = max(recent, of_site.get(memory.site, []), key=len)
    return [mark for recent in of_site.values() for mark in recent]


def _asks(s: Situation) -> bool:
    memory = s.memory
    on = memory.would.on or memory.ours
    return s.policy.mode is Mode.SHADOW and memory.wanted and not on


def _unread(s: Situation) -> bool:
    """Tell whether the read that comes before every engagement is still to be made."""
    return s.actual is Actual.UNKNOWN and s.memory.unread_mark is None


def foreseen(s: Situation) -> Memory:
    """Return the memory with what shadow mode would have done now."""
    memory = s.memory
    if memory.would.on:
        return _still_on(s)
    if not _asks(s) or _unread(s):
        return memory
    would = imagined(s)
    if would.action is Action.ENGAGE and would.reason is Reason.DEMAND:
        return began(memory, would.detail, s.now)
    if adopted(memory, replace(s.policy, mode=Mode.ENFORCE), s.now).ours:
        return began(memory, f"{ADOPTED}, somebody else has switched it on", s.now)
    return memory


def _still_on(s: Situation) -> Memory:
    memory, episode = s.memory, s.memory.episode
    if memory.ours:
        return ended(memory, Reason.SHADOW, "it is really on now")
    if episode is not None and episode.drifted and s.policy.on_drift is OnDrift.RESPECT:
        return ended(memory, Reason.DRIFT, "switched off by somebody else")
    would = imagined(s)
    if would.action is Action.RELEASE:
        return ended(memory, would.reason, f"on for {_minutes(memory, s.now)}; {would.detail}")
    return memory


def _minutes(memory: Memory, now: Moment) -> str:
    mark = memory.would.on_mark
    passed = ZERO if mark is None else now.elapsed - mark
    return f"{passed / timedelta(minutes=1):.1f} minutes"
