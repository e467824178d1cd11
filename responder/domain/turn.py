"""One target's turn at the provider, sans IO: what to read and write, and what it leaves behind.

A turn is a generator. It yields what must be done (`Read`, `Tell`, `Write`), each with the memory
to keep before doing it, and is sent an `Answer`: what came of it, and the situation of that moment.
While a call is under way, passes go on and memory moves; so every retry and every write is for the
decision of that moment, never for a stale one.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import timedelta

from responder.domain.audit import Action, Decision, Reason
from responder.domain.breaker import Failure
from responder.domain.clock import ZERO
from responder.domain.decision import Situation, decide
from responder.domain.hook import HookAnswer, HookCall
from responder.domain.hook_calls import announced, before_call, told_before
from responder.domain.memory import Actual, Memory, Reading, State
from responder.domain.ownership import after_reading, resumed
from responder.domain.step import read_due, tolerance
from responder.domain.writes import (
    after_acceptance,
    after_failed_read,
    after_failed_write,
    after_intent,
    after_no_effect,
)

__all__ = ["Answer", "Effect", "Failed", "Read", "Tell", "Write", "turn"]


@dataclass(frozen=True, slots=True)
class Read:
    """Ask the provider what is so; an answer from `within` the time before will do."""

    memory: Memory
    within: timedelta = ZERO


@dataclass(frozen=True, slots=True)
class Tell:
    """Store the memory, then tell the operator's own routers what is about to be done."""

    memory: Memory
    call: HookCall


@dataclass(frozen=True, slots=True)
class Write:
    """Keep the memory as an intent, then ask the provider for the change."""

    memory: Memory
    decision: Decision
    raising: bool


Effect = Read | Tell | Write


@dataclass(frozen=True, slots=True)
class Failed:
    """How a call failed; `retry_after` is the provider's wish."""

    failure: Failure
    detail: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call, and the situation now.

    A reading, a failure, what the routers answered, or nothing: a write that was accepted, or
    routers that could not be told for want of a store.
    """

    situation: Situation
    result: Reading | Failed | HookAnswer | None


def turn(s: Situation, interval: timedelta) -> Generator[Effect, Answer, Memory]:
    """Do what the situation asks for; return the memory that remains.

    `interval` is the time between two routine reads of this target.
    """
    started = s.now.elapsed
    s, decision = yield from _looked(s, interval)
    call = before_call(s.memory, s.policy.hook, decision, s.now)
    if call is not None:
        meant, answer = decision.action, (yield Tell(announced(s.memory, call), call))
        s = answer.situation
        if not isinstance(answer.result, HookAnswer):
            return s.memory
        memory = told_before(s.memory, s.policy.hook, call, answer.result, s.now)
        s, decision = yield from _looked(replace(s, memory=memory), interval)
        if decision.action is not meant and decision.action in {Action.ENGAGE, Action.RELEASE}:
            return s.memory  # the opposite now, of which nobody was told: that takes another turn
    reading = s.memory.reading
    if decision.action is Action.RELEASE and (reading is None or reading.mark < started):
        decision = Decision(Action.HOLD, Reason.UNOBSERVED, None, "no read can be made now")
    memory = replace(s.memory, decision=decision)
    if decision.action not in {Action.ENGAGE, Action.RELEASE}:
        return memory
    return (yield from _write(replace(s, memory=memory), decision))


def _looked(
    s: Situation, interval: timedelta
) -> Generator[Effect, Answer, tuple[Situation, Decision]]:
    """Read where that is due, and decide."""
    decision = decide(s)
    if read_due(s, decision, interval):
        answer = yield Read(replace(s.memory, decision=decision), tolerance(s, interval))
        s = _after_read(answer)
        decision = decide(s)
    return s, decision


def _write(s: Situation, decision: Decision) -> Generator[Effect, Answer, Memory]:
    """Announce the write, make it, and read it back: only the read makes it a fact."""
    raising = decision.action is Action.ENGAGE
    intent = after_intent(s.memory, s.now, raising=raising)
    answer = yield Write(intent, decision, raising)
    s = answer.situation
    if isinstance(answer.result, Failed):
        failed = answer.result
        memory = after_failed_write(
            s.memory, failed.failure, failed.detail, s.now, failed.retry_after
        )
        return _decided(replace(s, memory=memory))
    s = replace(s, memory=after_acceptance(s.memory))
    if not s.may_read:
        return _decided(s)
    answer = yield Read(s.memory)
    s = _after_read(answer)
    if isinstance(answer.result, Reading) and not _shows(answer.result, raising=raising):
        s = replace(s, memory=after_no_effect(s.memory, s.now))
    return _decided(s)


def _after_read(answer: Answer) -> Situation:
    s, result = answer.situation, answer.result
    if isinstance(result, Reading):
        memory = resumed(after_reading(s.memory, result, s.now))
    elif isinstance(result, Failed):
        memory = after_failed_read(
            s.memory, result.failure, result.detail, s.now, result.retry_after
        )
    else:
        memory = s.memory
    return replace(s, memory=memory)


def _shows(reading: Reading, *, raising: bool) -> bool:
    return reading.actual is (Actual.ON if raising else Actual.OFF)


def _decided(s: Situation) -> Memory:
    """Return the memory with the decision that follows from it, as it will be shown."""
    decision = decide(s)
    if decision.action is Action.RELEASE or (
        decision.action is Action.ENGAGE and s.memory.state is not State.ENGAGING
    ):
        return s.memory  # the next pass decides anew, and reads first
    return replace(s.memory, decision=decision)
