"""When the loop must look again, and how far routine reads are spread out."""

from collections.abc import Callable, Collection
from datetime import timedelta

from responder.domain.clock import Moment
from responder.domain.memory import Memory
from responder.domain.step import due_mark
from responder.reconciler.watch import Pace

__all__ = ["stretch", "until_next"]

READS_PER_SECOND = 0.5
"""Routine reads stay below this, each being up to two requests: a quarter of the API budget."""

SHORTEST_WAIT = timedelta(milliseconds=50)


def until_next(
    memories: Collection[Memory], busy: Callable[[str], bool], now: Moment, pace: Pace
) -> timedelta:
    """Return how long nothing is due: the pace, or the nearest wait that ends before."""
    longest = pace.poll_interval
    for memory in memories:
        if memory.idle or busy(memory.target):
            continue
        marks = [memory.backoff.until, memory.read_backoff.until]
        if memory.decision is not None:
            marks.append(due_mark(memory, pace.read_on))
            until = memory.decision.until
            if until is not None and until > now.wall:
                longest = min(longest, until - now.wall)
        ahead = [mark - now.elapsed for mark in marks if mark > now.elapsed]
        longest = min([longest, *ahead])
    return max(longest, SHORTEST_WAIT)


def stretch(memories: Collection[Memory], pace: Pace) -> float:
    """Return by how much routine reads are spread out, so that they fit the budget."""
    on = sum(1 for memory in memories if memory.ours or memory.wanted)
    rate = on / pace.read_on.total_seconds()
    rate += (len(memories) - on) / pace.read_off.total_seconds()
    return max(1.0, rate / READS_PER_SECOND)
