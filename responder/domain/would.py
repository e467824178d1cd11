"""Shadow mode: what would be on now, had the policy acted and every call worked.

The table that decides and its guards are the same as for what is so; only the memory that they
look at is another one.
"""

from dataclasses import replace
from datetime import timedelta

from responder.domain.audit import Reason
from responder.domain.clock import ZERO, Moment
from responder.domain.memory import Actual, Backoff, Memory, Owner, Reading, State, Would
from responder.domain.ownership import FLAP_WINDOW
from responder.domain.targets import Mode, Policy

__all__ = ["as_if", "began", "ended", "left", "passed"]


def as_if(memory: Memory, now: Moment) -> Memory:
    """Return the memory as it would be, had shadow mode acted."""
    would, episode = memory.would, memory.episode
    if episode is not None:
        counted = bool(would.engagements) and would.engagements[-1] >= episode.mark
        episode = replace(episode, counted=counted)
    memory = replace(
        memory, episode=episode, engagements=would.engagements, write=None, backoff=Backoff()
    )
    if not would.on:
        return memory
    reading = memory.reading or Reading(Actual.ON)
    return replace(
        memory,
        state=State.ENGAGED,
        owner=Owner.RESPONDER,
        on_mark=would.on_mark,
        on_for=would.on_for,
        reading=replace(reading, actual=Actual.ON, mark=now.elapsed),
    )


def began(memory: Memory, detail: str, now: Moment) -> Memory:
    """Return the memory of a target that would be engaged at this moment."""
    recent = [mark for mark in memory.would.engagements if now.elapsed - mark < FLAP_WINDOW]
    marks = (*recent, now.elapsed)
    would = Would(on_mark=now.elapsed, engagements=marks, reason=Reason.DEMAND, detail=detail)
    return replace(memory, would=would)


def ended(memory: Memory, reason: Reason, detail: str) -> Memory:
    """Return the memory of a target that would be released, or is no longer thought of as on."""
    would = Would(engagements=memory.would.engagements, reason=reason, detail=detail)
    return replace(memory, would=would)


def left(memory: Memory, policy: Policy) -> Memory:
    """Return the memory without what would be on, once the policy is not in shadow mode."""
    if not memory.would.on or policy.mode is Mode.SHADOW:
        return memory
    return ended(memory, Reason.SHADOW, f"the policy is in mode {policy.mode} now")


def passed(memory: Memory, credit: timedelta, now: Moment) -> Memory:
    """Return the memory after some more observed time; as long as what would be on has been on."""
    would = memory.would
    if would.on_mark is None or credit <= ZERO:
        return memory
    on_for = would.on_for + min(credit, now.elapsed - would.on_mark)
    return replace(memory, would=replace(would, on_for=on_for))
