"""What a write of ours leaves in memory: the intent, what came of it, and the next try."""

from dataclasses import replace
from datetime import timedelta

from responder.domain.breaker import Failure
from responder.domain.clock import ZERO, Moment
from responder.domain.memory import Actual, Backoff, Memory, Owner, State, Write
from responder.domain.ownership import SETTLED_AFTER

__all__ = [
    "after_acceptance",
    "after_failed_read",
    "after_failed_write",
    "after_intent",
    "after_no_effect",
    "next_look",
]

LOOKS = (timedelta(seconds=5), timedelta(seconds=15), SETTLED_AFTER)
"""When a write with unknown outcome is read again."""

FIRST_BACKOFF = timedelta(seconds=5)
LONGEST_BACKOFF = timedelta(minutes=5)
QUICK_RETRIES = (timedelta(seconds=1), timedelta(seconds=2))
"""Retries while the circuit is closed; from the third failure on it is the circuit that waits."""


def after_intent(memory: Memory, now: Moment, *, raising: bool) -> Memory:
    """Return the memory with which a write is announced, before the call is made."""
    last = memory.write
    doubt = last is not None and last.raising is raising and not last.settled
    earlier = last.mark if last is not None and doubt else None
    write = Write(raising, now.wall, now.elapsed, earlier=earlier)
    if not raising:
        backoff = memory.backoff if memory.state is State.RELEASING else Backoff()
        return replace(memory, state=State.RELEASING, write=write, backoff=backoff)
    found = memory.reading
    if found is not None and found.actual is Actual.OFF:
        memory = replace(memory, previous=found.value)  # what is there last is put back
    episode = memory.episode
    if episode is not None and episode.drifted:
        episode = replace(episode, drifted=False, was_on=False, enforced=episode.enforced + 1)
    if episode is not None:
        episode = replace(episode, off_seen=None)
    if memory.state is State.ENGAGING:
        return replace(memory, write=write, episode=episode)
    return replace(
        memory,
        state=State.ENGAGING,
        owner=Owner.OPERATOR if memory.override is not None else Owner.RESPONDER,
        write=write,
        episode=episode,
        backoff=Backoff(),
    )


def after_acceptance(memory: Memory) -> Memory:
    """Return the memory after the provider answered as asked; only a read makes it a fact."""
    if memory.write is None:
        return memory
    return replace(memory, write=replace(memory.write, accepted=True))


def after_no_effect(memory: Memory, now: Moment) -> Memory:
    """Return the memory after a write was accepted and the read that followed shows no effect."""
    detail = "accepted by the provider, but reading back shows no effect"
    return replace(memory, backoff=_waiting(memory.backoff, Failure.REFUSED, detail, now))


def after_failed_write(
    memory: Memory,
    failure: Failure,
    detail: str,
    now: Moment,
    retry_after: timedelta | None = None,
) -> Memory:
    """Return the memory after a write failed: the target's own wait, and whether it may land."""
    backoff = _waiting(memory.backoff, failure, detail, now, retry_after)
    write = memory.write
    if write is not None and not failure.may_have_applied:
        earlier = write.earlier
        write = replace(
            write, settled=earlier is None, mark=write.mark if earlier is None else earlier
        )
    return replace(memory, write=write, backoff=backoff)


def after_failed_read(
    memory: Memory,
    failure: Failure,
    detail: str,
    now: Moment,
    retry_after: timedelta | None = None,
) -> Memory:
    """Return the memory after a read failed; what was read before is still remembered."""
    return replace(
        memory,
        unread_mark=now.elapsed,
        read_backoff=_waiting(memory.read_backoff, failure, detail, now, retry_after),
    )


def _waiting(
    backoff: Backoff,
    failure: Failure,
    detail: str,
    now: Moment,
    retry_after: timedelta | None = None,
) -> Backoff:
    """Return the next wait: short where the circuit watches the API, doubling where it does not."""
    failures = backoff.failures + 1
    if failure.counts:
        wait = QUICK_RETRIES[min(failures, len(QUICK_RETRIES)) - 1]
    else:
        wait = min(FIRST_BACKOFF * 2 ** min(failures - 1, 10), LONGEST_BACKOFF)
        wait = max(wait, min(retry_after or ZERO, LONGEST_BACKOFF * 12))
    return Backoff(failures, now.elapsed + wait, failure, detail)


def next_look(memory: Memory) -> timedelta | None:
    """Return the mark at which a write with unknown outcome must be read; None without doubt."""
    write = memory.write
    if write is None or write.settled:
        return None
    read = memory.reading.mark if memory.reading is not None else -SETTLED_AFTER
    for look in LOOKS:
        if read < write.mark + look:
            return write.mark + look
    return None
