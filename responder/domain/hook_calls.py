"""When the operator's routers are told what: before a change once, and after a read confirms it.

What is still to be told is part of the target's memory, and stored with the change that made it
so: a crash between the two can repeat a call, under the same id, and lose none.
"""

from dataclasses import replace

from responder.domain.audit import Action, Decision
from responder.domain.clock import Moment
from responder.domain.hook import (
    MOST_TRIES,
    HookAnswer,
    HookCall,
    Hooked,
    HookEvent,
    HookRule,
)
from responder.domain.memory import Actual, Memory, Order, State
from responder.domain.trail import changed

__all__ = ["announced", "before_call", "hooked", "told_after", "told_before"]

_BEGUN = {State.ENGAGING, State.RELEASING}


def before_call(memory: Memory, rule: HookRule, decision: Decision, now: Moment) -> HookCall | None:
    """Return what must be told before this decision is carried out; None when it may be."""
    if decision.action not in {Action.ENGAGE, Action.RELEASE}:
        return None
    event = HookEvent.before(raising=decision.action is Action.ENGAGE)
    if event not in rule.events:
        return None
    call = memory.hook.before
    if call is None or call.event is not event:
        actor = memory.override.actor if memory.override is not None else "responder"
        return HookCall.of(event, memory.target, now, str(decision.reason), actor)
    return None if call.done or call.due > now.elapsed else call


def announced(memory: Memory, call: HookCall) -> Memory:
    """Return the memory with which the call is made; what was not told before is told no more."""
    return replace(memory, hook=Hooked(call, _finished(memory.hook.after)))


def told_before(
    memory: Memory, rule: HookRule, call: HookCall, answer: HookAnswer, now: Moment
) -> Memory:
    """Return the memory after the routers were told of what is about to be done.

    Nothing but a call that holds is tried again: what delays raising lengthens an outage.
    """
    known = memory.hook.before
    if known is None or known.id != call.id:
        return memory  # settled meanwhile, and nothing is about to be done any more
    most = None if rule.holds(call.event) and memory.override is None else 1
    told = known.answered(answer, now, most=most)
    return replace(memory, hook=replace(memory.hook, before=told))


def told_after(memory: Memory, answer: HookAnswer, now: Moment) -> Memory:
    """Return the memory after the routers were told of what has been done."""
    call = memory.hook.after
    told = call and call.answered(answer, now, most=MOST_TRIES)
    return replace(memory, hook=replace(memory.hook, after=told))


def hooked(before: Memory, after: Memory, rule: HookRule, now: Moment) -> Memory:
    """Return the memory with what the routers must now be told of this change."""
    hook = after.hook
    if not rule.events and hook == Hooked():
        return after
    event = _settled(before, after)
    if event is not None:
        true = event is HookEvent.AFTER_ADVERTISE or _reads_off(after)
        told = _call(before, after, event, now) if true and event in rule.events else None
        return replace(after, hook=Hooked(None, told or _finished(hook.after)))
    if before.state is not after.state and after.state in _BEGUN and hook.waiting:
        return replace(after, hook=replace(hook, after=None))  # it would come too late, and mislead
    return after


def _settled(before: Memory, after: Memory) -> HookEvent | None:
    """Return what this change has come to; also one that was told of, and then given up."""
    if before.state is not after.state:
        if after.state is State.ENGAGED:
            return HookEvent.AFTER_ADVERTISE
        if after.state is State.RELEASED:
            return HookEvent.AFTER_WITHDRAW
    call, wanted = after.hook.before, _wanted(after)
    if call is None or wanted is None or after.reading is None:
        return None
    if call.event is HookEvent.BEFORE_ADVERTISE and after.state is State.RELEASED and not wanted:
        return HookEvent.AFTER_WITHDRAW
    if call.event is HookEvent.BEFORE_WITHDRAW and after.state is State.ENGAGED and wanted:
        return HookEvent.AFTER_ADVERTISE
    return None


def _wanted(memory: Memory) -> bool | None:
    """Tell whether it shall be on; None while an operator has paused it."""
    if memory.override is None:
        return memory.wanted
    if memory.override.order is Order.PAUSED:
        return None
    return memory.override.order is Order.ENGAGED


def _reads_off(memory: Memory) -> bool:
    """Tell whether it is off; what is somebody else's now may well be on."""
    return memory.reading is not None and memory.reading.actual is Actual.OFF


def _finished(call: HookCall | None) -> HookCall | None:
    """Keep a call that was answered; one that was not speaks of what is over."""
    return call if call is not None and call.done else None


def _call(before: Memory, after: Memory, event: HookEvent, now: Moment) -> HookCall:
    entry = changed(before, after, now)
    reason, actor = (entry.reason, entry.actor) if entry else ("given_up", "responder")
    if after.override is not None and actor == "responder":
        actor = after.override.actor
    return HookCall.of(event, after.target, now, reason, actor)
