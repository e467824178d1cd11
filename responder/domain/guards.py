"""The guards: each may hold a change, says why and until when, and states which way it holds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from responder.domain.audit import Action, Decision, Reason
from responder.domain.breaker import Circuit
from responder.domain.budget import Spending
from responder.domain.clock import ZERO, Moment
from responder.domain.credential import Credential
from responder.domain.hook import HookEvent
from responder.domain.memory import Memory, State
from responder.domain.ownership import FLAP_WINDOW, SETTLED_AFTER
from responder.domain.targets import Policy
from responder.domain.writes import next_look

__all__ = [
    "LOWERING",
    "ORDERED",
    "ORDERED_ON",
    "RAISING",
    "Guard",
    "Proposal",
    "calm_left",
    "calm_needed",
    "constrained_for",
    "strictest",
]

READS_BEFORE_UNSEEN = 3
FLAPS_FROM = 3
LONGEST_FLAP_HOLD = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that is wanted, and all that a guard may look at."""

    memory: Memory
    policy: Policy
    now: Moment
    credential: Credential
    probing: bool
    admission: Decision | None
    unread: bool
    """Whether no read says what is so now."""
    raising: bool


Guard = Callable[[Proposal], Decision | None]
"""Returns a hold, or None to let the change pass."""


def _hold(p: Proposal, reason: Reason, wait: timedelta | None, detail: str = "") -> Decision:
    until = None if wait is None else p.now.wall + wait
    return Decision(Action.HOLD, reason, until, detail)


def _circuit_open(p: Proposal) -> Decision | None:
    """Hold both ways while writes fail, or while another target makes the one probe."""
    circuit = p.credential.writes
    if circuit.circuit is Circuit.OPEN:
        wait = circuit.open_until - p.now.elapsed
        told = p.memory.backoff.detail or p.memory.read_backoff.detail
        detail = f"writes to the provider fail: {told}" if told else "writes to the provider fail"
        return _hold(p, Reason.CIRCUIT_OPEN, wait, detail)
    if circuit.circuit is Circuit.HALF_OPEN and not p.probing:
        return _hold(p, Reason.CIRCUIT_OPEN, None, "another target tries the provider first")
    return None


def _api_budget(p: Proposal) -> Decision | None:
    """Hold both ways on an empty budget; releases may use the reserve."""
    wait = p.credential.budget.wait_for(Spending.RAISE if p.raising else Spending.LOWER)
    return _hold(p, Reason.API_BUDGET, wait, "the API budget is used up") if wait else None


def _backoff(p: Proposal) -> Decision | None:
    """Hold both ways after a failure of this target's own."""
    backoff = p.memory.backoff
    left = backoff.until - p.now.elapsed
    mine = p.memory.state is (State.ENGAGING if p.raising else State.RELEASING)
    return _hold(p, Reason.BACKOFF, left, backoff.detail) if mine and left > ZERO else None


def _undecided_write(p: Proposal) -> Decision | None:
    """Hold both ways: the last write may still land, or was accepted and waits to be read."""
    write = p.memory.write
    if write is None or write.settled:
        return None
    left = write.mark + SETTLED_AFTER - p.now.elapsed
    waiting = write.accepted and p.unread
    if (write.raising is p.raising and not waiting) or left <= ZERO:
        return None
    look = next_look(p.memory)
    wait = left if look is None else max(look - p.now.elapsed, ZERO)
    return _hold(p, Reason.BACKOFF, wait or None, "the last write is not read back yet")


def _unread(p: Proposal) -> Decision | None:
    """Hold raising: a failed read is tried again before anything is written unseen.

    Once the circuit for reads has opened, or this target's own reads keep being refused, the
    write goes first: what cannot be read may still be protected.
    """
    if not p.unread or p.credential.reads.circuit is not Circuit.CLOSED:
        return None
    left = p.memory.read_backoff.until - p.now.elapsed
    tried = p.memory.read_backoff.failures
    failing = p.memory.unread_mark is not None and left > ZERO and tried < READS_BEFORE_UNSEEN
    return _hold(p, Reason.BACKOFF, left, p.memory.read_backoff.detail) if failing else None


def _limits(p: Proposal) -> Decision | None:
    """Hold raising by the limits over all sites."""
    return p.admission


def constrained_for(memory: Memory, now: Moment) -> timedelta:
    """Return how long the provider still refuses the next change; nought or less: it does not."""
    reading = memory.reading
    return ZERO if reading is None else reading.mark + reading.constrained_for - now.elapsed


def _cooldown(p: Proposal) -> Decision | None:
    """Hold both ways for the provider's own constraint between two changes."""
    left = constrained_for(p.memory, p.now)
    return _hold(p, Reason.COOLDOWN, left, "the provider's own wait") if left > ZERO else None


def _precondition(p: Proposal) -> Decision | None:
    """Hold raising until the mitigation has what it needs first."""
    reading = p.memory.reading
    if reading is None or reading.unprepared is None:
        return None
    return _hold(p, Reason.PRECONDITION, None, reading.unprepared)


def _routers(p: Proposal) -> Decision | None:
    """Hold what the operator's own routers have not taken, where the policy waits for them."""
    call = p.memory.hook.before
    if call is None or call.done or call.event is not HookEvent.before(raising=p.raising):
        return None
    left = call.due - p.now.elapsed
    if left <= ZERO or not p.policy.hook.holds(call.event):
        return None
    return _hold(p, Reason.PRECONDITION, left, f"the hook {call.event}: {call.detail}")


def _minimum_duration(p: Proposal) -> Decision | None:
    """Hold lowering; it counts from the confirmed engagement."""
    left = p.policy.guards.minimum_duration - p.memory.on_for
    return _hold(p, Reason.MINIMUM_DURATION, left) if left > ZERO else None


def calm_needed(memory: Memory, policy: Policy, now: Moment) -> tuple[Reason, timedelta]:
    """Return how long calm must last: longer, from the third engagement in six hours on."""
    calm = policy.guards.calm_period
    recent = sum(1 for mark in memory.engagements if now.elapsed - mark < FLAP_WINDOW)
    if recent < FLAPS_FROM:
        return Reason.CALM_PERIOD, calm
    grown = min(calm * 2 ** min(recent - FLAPS_FROM + 1, 20), LONGEST_FLAP_HOLD)
    return Reason.FLAP_HOLD, max(calm, grown)


def calm_left(memory: Memory, policy: Policy, now: Moment) -> tuple[Reason, timedelta]:
    """Return how much calm a release still has to see; it counts from demand becoming `none`."""
    reason, needed = calm_needed(memory, policy, now)
    return reason, needed - (memory.calm_for or ZERO)


def _calm(p: Proposal) -> Decision | None:
    """Hold lowering until there was calm for long enough."""
    reason, left = calm_left(p.memory, p.policy, p.now)
    return _hold(p, reason, left) if left > ZERO else None


ORDERED: tuple[Guard, ...] = (_circuit_open, _api_budget, _backoff, _undecided_write, _cooldown)
"""What holds even an operator's order."""

ORDERED_ON: tuple[Guard, ...] = (*ORDERED, _unread)
"""The same for an order to engage: what is there must be known, to be put back."""

RAISING: tuple[Guard, ...] = (*ORDERED_ON, _limits, _precondition, _routers)
"""What may delay an engagement; what delays raising lengthens an outage: nothing else may."""

LOWERING: tuple[Guard, ...] = (*ORDERED, _minimum_duration, _calm, _routers)
"""What may delay a release."""


def strictest(p: Proposal, guards: tuple[Guard, ...]) -> Decision | None:
    """Return the hold that ends last, None when every guard lets go; order changes nothing."""
    holds = [held for guard in guards if (held := guard(p)) is not None]
    if not holds:
        return None
    unending = [held for held in holds if held.until is None]
    if unending:
        return min(unending, key=lambda held: held.reason)
    return max(holds, key=lambda held: (held.until, held.reason))
