"""One pass over one target, without the effects: what is remembered, and what to look at next."""

from dataclasses import replace
from datetime import timedelta

from responder.domain import would
from responder.domain.audit import Action, Decision
from responder.domain.budget import Spending
from responder.domain.clock import ZERO, Moment
from responder.domain.decision import Situation
from responder.domain.demand import Sight
from responder.domain.episode import after_sight
from responder.domain.memory import Actual, Memory, Owner, State
from responder.domain.ownership import DRIFT_PROOF, adopted, resumed
from responder.domain.writes import next_look

__all__ = [
    "due_mark",
    "first_reads",
    "lifted",
    "observed",
    "read_due",
    "routine",
    "stuck",
    "tolerance",
]

AGAIN = timedelta(seconds=1)
"""Between two reads of one target, whatever makes them due."""

UNPREPARED_LOOK = timedelta(seconds=15)
"""How often it is looked whether what raising needs first is there now."""

TOLERATED = 0.1
"""Of its interval: so old may be what another target's call has answered, for a routine read."""

STALE = timedelta(seconds=10)
"""A read older than this is made again before anything is raised: a human may have been there."""


def observed(
    memory: Memory, sight: Sight, now: Moment, step: timedelta, confirm: timedelta
) -> Memory:
    """Return the memory with which this pass decides."""
    before = would.left(_override_told(_override_ended(memory, now), now), sight.policy)
    memory = after_sight(before, sight, now, step, confirm)
    memory = adopted(resumed(memory), sight.policy, now)
    memory = would.passed(memory, step if before.watched and memory.watched else ZERO, now)
    return replace(memory, stuck=stuck(memory, sight, now))


def _override_ended(memory: Memory, now: Moment) -> Memory:
    if memory.override is None or now.wall < memory.override.ends_at:
        return memory
    return lifted(memory)


def _override_told(memory: Memory, now: Moment) -> Memory:
    """Note, once a day, that people are told of an order that still stands."""
    override = memory.override
    if override is None or override.standing(now.wall) <= override.days_told:
        return memory
    return replace(memory, override=replace(override, days_told=override.standing(now.wall)))


def lifted(memory: Memory) -> Memory:
    """Return the memory without its override; what was never ours goes back to who owns it."""
    memory = replace(memory, override=None)
    if memory.state is State.RELEASING and memory.on_mark is None:
        return replace(memory, state=State.RELEASED, owner=Owner.EXTERNAL)
    return memory


def stuck(memory: Memory, sight: Sight, now: Moment) -> str:
    """Return why people must look at what is on, empty when they need not; it changes nothing."""
    if memory.on_mark is None:
        return ""
    guards = sight.policy.guards
    if now.elapsed - memory.on_mark > guards.maximum_duration:
        return "on for longer than maximum_duration"
    if _longer(memory.blind_mark, guards.maximum_sustain, now):
        return "blind for longer than maximum_sustain"
    if memory.sustain_for is not None and memory.sustain_for >= guards.maximum_sustain:
        return "kept by sustain alerts alone for longer than maximum_sustain"
    return ""


def _longer(mark: timedelta | None, limit: timedelta, now: Moment) -> bool:
    return mark is not None and now.elapsed - mark > limit


def due_mark(memory: Memory, interval: timedelta) -> timedelta:
    """Return the mark at which this target must be read next, leaving aside any failure.

    `interval` is the time between two routine reads.
    """
    reading = memory.reading
    if reading is None:
        return memory.read_backoff.until
    due = [reading.mark + interval]
    look = next_look(memory)
    if look is not None:
        due.append(look)
    episode = memory.episode
    if episode is not None and episode.off_seen is not None:
        due.append(max(episode.off_seen + DRIFT_PROOF, reading.mark + AGAIN))
    if reading.mark < _needed(memory):
        due.append(_needed(memory))
    if memory.wanted and reading.unprepared is not None:
        due.append(reading.mark + UNPREPARED_LOOK)
    if memory.unread_mark is not None and memory.unread_mark > reading.mark:
        due.append(memory.read_backoff.until)
    return max(min(due), memory.read_backoff.until)


def _needed(memory: Memory) -> timedelta:
    """Return the mark from which on a read speaks of what is wanted now."""
    needed = ZERO
    if memory.wanted:
        needed = memory.wanted_mark
        if memory.episode is not None:
            needed = max(needed, memory.episode.mark)
    if memory.override is not None:
        needed = max(needed, memory.override.mark)
    return needed


def routine(memory: Memory) -> bool:
    """Tell whether a read of this target only finds out whether somebody else was there."""
    return memory.idle and next_look(memory) is None


def tolerance(s: Situation, interval: timedelta) -> timedelta:
    """Return how old an answer may be for this target; zero where it must be asked for now."""
    if s.probing_reads or not routine(s.memory):
        return ZERO
    return interval * TOLERATED


def read_due(s: Situation, decision: Decision, interval: timedelta, under_way: int = 0) -> bool:
    """Tell whether this target must be read now: before any write, and when it is time.

    So many turns are `under_way` that have still to spend what they need.
    """
    if not s.may_read:
        return False
    memory, reading, now = s.memory, s.memory.reading, s.now.elapsed
    if decision.action in {Action.ENGAGE, Action.RELEASE}:
        unsure = s.actual is Actual.UNKNOWN or reading is None
        age = ZERO if reading is None else now - reading.mark
        doubt = memory.write is not None and not memory.write.settled  # it may have landed since
        stale = age > (ZERO if doubt or decision.action is Action.RELEASE else STALE)
        return (unsure or stale) and memory.read_backoff.until <= now
    if due_mark(memory, interval) > now:
        return False
    moving = memory.ours or memory.wanted or memory.override is not None
    tokens = s.credential.budget.tokens
    return tokens >= Spending.RAISE if moving else first_reads(tokens, under_way) > 0


def first_reads(tokens: float, under_way: int) -> int:
    """Return how many routine reads may begin with so many tokens left and turns under way."""
    free = tokens - Spending.ROUTINE_READ - under_way * Spending.TURN
    return max(int(free // Spending.TURN) + 1, 0)
