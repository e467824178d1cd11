"""Whose it is: what a read at the provider says about our writes, other people's, and drift."""

from dataclasses import replace
from datetime import timedelta

from responder.domain.clock import ZERO, Moment
from responder.domain.engagement import engagement
from responder.domain.memory import (
    Actual,
    Backoff,
    Demand,
    Episode,
    Memory,
    Order,
    Owner,
    Reading,
    State,
)
from responder.domain.targets import Mode, Policy

__all__ = ["DRIFT_PROOF", "SETTLED_AFTER", "adopted", "after_reading", "kept", "resumed"]

SETTLED_AFTER = timedelta(seconds=60)
"""For this long a write with unknown outcome may still land."""

DRIFT_PROOF = timedelta(seconds=30)
"""Where the provider gives no time of change, two reads this far apart prove one."""

FLAP_WINDOW = timedelta(hours=6)


def after_reading(memory: Memory, reading: Reading, now: Moment) -> Memory:
    """Return the memory after a read that worked."""
    memory = replace(memory, reading=reading, unread_mark=None, read_backoff=Backoff())
    if reading.actual is Actual.ON:
        memory = _found_on(memory, reading, now)
    elif reading.actual is Actual.OFF:
        memory = kept(_found_off(memory, reading, now))
    return _settled(memory, now)


def kept(memory: Memory) -> Memory:
    """Stop wanting what no trigger has asked for and what is not on: sustain never starts."""
    on = memory.reading is not None and memory.reading.actual is Actual.ON
    on = on or memory.would.on
    if memory.episode is not None or on or memory.state is State.RELEASING:
        return memory
    return replace(memory, wanted=False)


def _settled(memory: Memory, now: Moment) -> Memory:
    """Forget the doubt about a write that has had its time."""
    write = memory.write
    if write is None or write.settled or now.elapsed - write.mark < SETTLED_AFTER:
        return memory
    return replace(memory, write=replace(write, settled=True))


def _found_on(memory: Memory, reading: Reading, now: Moment) -> Memory:
    if memory.episode is not None and reading.mark >= memory.episode.mark:
        memory = _episode(memory, was_on=True, off_seen=None, drifted=False)
    if memory.state is State.RELEASED:
        return replace(memory, owner=Owner.EXTERNAL)
    if memory.on_mark is None:
        return _found_engaged(memory, reading, now)
    write = memory.write
    if write is not None and write.raising and not write.settled:  # we wrote it anew ourselves
        write, stamp = replace(write, settled=True), reading.changed_at
        return replace(memory, state=State.ENGAGED, write=write, on_stamp=stamp, backoff=Backoff())
    if _switched_anew(memory, reading, now):
        return _let_go(memory, Owner.OPERATOR, now)
    if memory.state is State.ENGAGING:  # a release that was called back, and has not landed
        return replace(memory, state=State.ENGAGED, backoff=Backoff())
    return memory


def _found_engaged(memory: Memory, reading: Reading, now: Moment) -> Memory:
    """Confirm an engagement, unless no write of ours can have done it."""
    write = memory.write
    if write is None or not write.raising or write.settled:
        return _let_go(memory, Owner.EXTERNAL, now)
    recent = [mark for mark in memory.engagements if now.elapsed - mark < FLAP_WINDOW]
    memory = replace(
        memory,
        state=State.ENGAGED,
        write=replace(write, settled=True),
        backoff=Backoff(),
        since=now.wall,
        on_mark=now.elapsed,
        on_stamp=reading.changed_at,
        on_for=ZERO,
        engagements=(*recent, now.elapsed),
    )
    # Now, and not with the next pass: the order that it was for may be over by then.
    return replace(memory, last_engagement=engagement(memory, now))


def _switched_anew(memory: Memory, reading: Reading, now: Moment) -> bool:
    """Tell whether somebody else has switched on anew what we had switched on.

    The provider's stamp says so, unless an earlier try of ours may just have landed.
    """
    if memory.on_stamp is None or reading.changed_at is None:
        return False
    write = memory.write
    doubt = write is not None and write.raising and write.earlier is not None
    if doubt and write is not None and now.elapsed - write.mark <= SETTLED_AFTER:
        return False
    return reading.changed_at > memory.on_stamp


def _found_off(memory: Memory, reading: Reading, now: Moment) -> Memory:
    match memory.state:
        case State.RELEASED:
            return _off_not_ours(memory, reading, now)
        case State.ENGAGING:
            return _off_while_engaging(memory, reading, now)
        case State.ENGAGED:
            return _off_while_engaged(memory, reading, now)
        case State.RELEASING:
            return _released(memory, reading, now)


def _off_not_ours(memory: Memory, reading: Reading, now: Moment) -> Memory:
    """Remember the level to put back, and notice that somebody ended what somebody began."""
    owner = None if memory.owner is Owner.EXTERNAL else memory.owner
    if memory.override is None and memory.episode is None:
        owner = None
    memory = replace(memory, previous=reading.value, owner=owner)
    episode = memory.episode
    if episode is None or not episode.was_on or episode.drifted:
        return memory
    if reading.changed_at is None and not _proven_off(episode, now):
        return _episode(memory, off_seen=episode.off_seen or now.elapsed)
    return _episode(replace(memory, owner=Owner.OPERATOR), drifted=True, off_seen=None)


def _off_while_engaging(memory: Memory, reading: Reading, now: Moment) -> Memory:
    if memory.on_mark is not None:  # it was on: our own release, called back, has landed
        write = memory.write and replace(memory.write, settled=True)
        return replace(memory, on_mark=None, on_for=ZERO, write=write)
    memory = replace(memory, previous=reading.value)  # not on yet, so this is a human's value
    memory = _episode(memory, off_seen=None)
    write = memory.write
    doubtful = write is not None and not write.settled and now.elapsed - write.mark < SETTLED_AFTER
    if memory.wanted or doubtful or _ordered_on(memory):
        return memory
    return replace(_released(memory, reading, now), since=memory.since)


def _off_while_engaged(memory: Memory, reading: Reading, now: Moment) -> Memory:
    """Tell a human's hand from our own release that landed late, and from an old answer."""
    write = memory.write
    if write is not None and not write.raising and not write.settled:
        if memory.wanted:
            settled = replace(write, settled=True)
            return replace(memory, state=State.ENGAGING, write=settled, on_mark=None, on_for=ZERO)
        return _released(memory, reading, now)
    if not memory.wanted and not _ordered_on(memory):
        return replace(_let_go(memory, None, now), previous=reading.value)
    if memory.on_stamp is not None and reading.changed_at is not None:
        if reading.changed_at <= memory.on_stamp:
            return replace(memory, state=State.ENGAGING, on_mark=None, on_for=ZERO)
    elif reading.changed_at is None and not _proven_off(memory.episode, now):
        since = memory.episode.off_seen if memory.episode else None
        return _episode(memory, off_seen=since or now.elapsed)
    seen_on = memory.episode is not None and memory.episode.was_on
    memory = replace(_let_go(memory, Owner.OPERATOR, now), previous=reading.value)
    return _episode(memory, drifted=seen_on, off_seen=None)


def _proven_off(episode: Episode | None, now: Moment) -> bool:
    if episode is None:
        return True
    return episode.off_seen is not None and now.elapsed - episode.off_seen >= DRIFT_PROOF


def _ordered_on(memory: Memory) -> bool:
    return memory.override is not None and memory.override.order is Order.ENGAGED


def _released(memory: Memory, reading: Reading, now: Moment) -> Memory:
    """Confirm a release: what is read from here on is a human's again."""
    write = memory.write
    if write is not None:
        write = replace(write, settled=True)
    owner = Owner.OPERATOR if memory.override is not None else None
    memory = replace(_let_go(memory, owner, now), write=write, previous=reading.value)
    return _episode(replace(memory, backoff=Backoff()), was_on=False, drifted=False, off_seen=None)


def _let_go(memory: Memory, owner: Owner | None, now: Moment) -> Memory:
    return replace(
        memory,
        state=State.RELEASED,
        owner=owner,
        since=now.wall,
        on_mark=None,
        on_stamp=None,
        on_for=ZERO,
    )


def _episode(memory: Memory, **changes: object) -> Memory:
    if memory.episode is None:
        return memory
    return replace(memory, episode=replace(memory.episode, **changes))  # type: ignore[arg-type]


def resumed(memory: Memory) -> Memory:
    """Turn a release that is under way back when demand returns; owner and previous stay."""
    wanted = memory.wanted if memory.override is None else _ordered_on(memory)
    if memory.state is not State.RELEASING or not wanted:
        return memory
    return replace(memory, state=State.ENGAGING)


def adopted(memory: Memory, policy: Policy, now: Moment) -> Memory:
    """Take over what somebody else switched on, where the policy says so and a trigger asks."""
    reading = memory.reading
    fresh = reading is not None and reading.mark >= memory.wanted_mark
    on = fresh and reading is not None and reading.actual is Actual.ON
    asked = memory.demand is Demand.TRIGGER and memory.override is None
    if not (policy.adopt and policy.mode is Mode.ENFORCE and on and asked) or memory.ours:
        return memory
    return replace(
        memory,
        state=State.ENGAGED,
        owner=Owner.RESPONDER,
        write=None,
        on_mark=now.elapsed,
        on_stamp=reading.changed_at if reading is not None else None,
        on_for=ZERO,
    )
