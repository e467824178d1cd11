"""The decision about one target: a table of rows, the first that applies."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from responder.domain.audit import Action, Decision, Reason
from responder.domain.breaker import Circuit
from responder.domain.clock import Moment
from responder.domain.credential import Credential
from responder.domain.guards import LOWERING, ORDERED, ORDERED_ON, RAISING, Proposal, strictest
from responder.domain.memory import Actual, Demand, Memory, Order, State
from responder.domain.targets import Mode, OnDrift, Policy
from responder.domain.would import as_if

__all__ = ["ROWS", "Row", "Situation", "actual", "decide", "imagined"]

MOST_ENFORCED = 3
"""How many times an episode a level is switched on again against somebody else's hand."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a decision about one target may look at."""

    memory: Memory
    policy: Policy
    now: Moment
    credential: Credential = field(default_factory=Credential)
    probing: bool = False
    """Whether this target may make the one write that a half-open circuit lets through."""
    probing_reads: bool = False
    """The same for reads."""
    admission: Decision | None = None
    """A hold by the limits over all sites; None when they let it in."""
    pause_ends: datetime | None = None
    demand_detail: str = ""

    @property
    def actual(self) -> Actual:
        """What is so now, as far as the last read can say it."""
        return actual(self.memory)

    @property
    def may_read(self) -> bool:
        """Whether the circuit for reads lets this target through."""
        circuit = self.credential.at(self.now).reads.circuit
        return circuit is Circuit.CLOSED or (circuit is Circuit.HALF_OPEN and self.probing_reads)

    def proposal(self, *, raising: bool) -> Proposal:
        """Return what the guards look at."""
        return Proposal(
            self.memory,
            self.policy,
            self.now,
            self.credential.at(self.now),
            self.probing,
            self.admission,
            self.actual is Actual.UNKNOWN,
            raising,
        )


def actual(memory: Memory) -> Actual:
    """Return what the last read says; a read older than the need to write says nothing."""
    reading = memory.reading
    if reading is None:
        return Actual.UNKNOWN
    override = memory.override
    if override is not None and override.order is not Order.PAUSED:
        ordered_on = override.order is Order.ENGAGED
        confirmed = ordered_on and memory.state is State.ENGAGED
        unread = not ordered_on and memory.unread_mark is not None
        if unread or (reading.mark < override.mark and not confirmed):
            return Actual.UNKNOWN
    if not memory.wanted:
        failing = memory.ours and memory.unread_mark is not None
        return Actual.UNKNOWN if failing else reading.actual
    if memory.state is State.ENGAGED:
        return reading.actual
    needed = memory.wanted_mark
    if memory.write is not None and not memory.write.settled:
        needed = max(needed, memory.write.mark)
    return reading.actual if reading.mark >= needed else Actual.UNKNOWN


def _hold(reason: Reason, until: datetime | None = None, detail: str = "") -> Decision:
    return Decision(Action.HOLD, reason, until, detail)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    number: int
    applies: Callable[[Situation], bool]
    decide: Callable[[Situation], Decision]


def _not_eligible(s: Situation) -> bool:
    return s.memory.reading is not None and s.memory.reading.ineligible is not None


def _is_not_eligible(s: Situation) -> Decision:
    reading = s.memory.reading
    return _hold(Reason.NOT_ELIGIBLE, detail=(reading and reading.ineligible) or "")


def _overridden(s: Situation) -> Decision:
    """Do as the operator ordered; the breaker, the budget and the provider still have a say."""
    override = s.memory.override
    if override is None:
        raise AssertionError("row 2 applies only under an override")
    detail = f"{override.order} by {override.actor}: {override.reason}"
    standing = _hold(Reason.OVERRIDE, override.ends_at, detail)
    if override.order is Order.PAUSED:
        return standing
    raising = override.order is Order.ENGAGED
    if s.actual is (Actual.ON if raising else Actual.OFF):
        return standing
    if not raising and s.actual is Actual.UNKNOWN:
        return _hold(Reason.UNOBSERVED, detail=_unread(s))
    guards = ORDERED_ON if raising else ORDERED
    held = strictest(s.proposal(raising=raising), guards)
    if held is not None:
        return held
    action = Action.ENGAGE if raising else Action.RELEASE
    return Decision(action, Reason.OVERRIDE, override.ends_at, detail)


def _blind(s: Situation) -> bool:
    started = s.memory.wanted and s.actual is not Actual.ON
    return s.memory.demand is Demand.UNKNOWN and not started


def _on(s: Situation) -> Decision:
    if s.memory.ours:
        return Decision(Action.NONE, Reason.IN_SYNC, detail=s.demand_detail)
    return Decision(Action.NONE, Reason.EXTERNAL, detail="switched on by somebody else")


def _drifted(s: Situation) -> bool:
    episode = s.memory.episode
    if not s.memory.wanted or s.actual is not Actual.OFF or episode is None:
        return False
    if episode.off_seen is not None:
        return True
    enforcing = s.policy.on_drift is OnDrift.ENFORCE and episode.enforced < MOST_ENFORCED
    return episode.drifted and not enforcing


def _drift(s: Situation) -> Decision:
    episode = s.memory.episode
    if episode is not None and episode.off_seen is not None:
        return _hold(Reason.DRIFT, detail="found off; a second read will tell whether it stays so")
    return _hold(Reason.DRIFT, detail="switched off by somebody else; respected in this episode")


def _not_acting(s: Situation) -> Decision:
    if s.policy.mode is not Mode.SHADOW:
        return _hold(Reason.POLICY_OFF, detail=f"policy {s.policy.name} is off")
    would = imagined(s)
    if s.memory.would.on:
        return _hold(Reason.SHADOW, would.until, f"would be on: {_shown(would)}")
    if would.action is Action.ENGAGE:
        return _hold(Reason.SHADOW, would.until, f"would engage: {would.detail}")
    return _hold(Reason.SHADOW, would.until, f"would wait: {_shown(would)}")


def _at_rest(s: Situation) -> Decision:
    if not s.memory.would.on:
        return Decision(Action.NONE, Reason.IN_SYNC)
    would = imagined(s)
    return Decision(Action.NONE, Reason.IN_SYNC, would.until, f"would be on: {_shown(would)}")


def _shown(would: Decision) -> str:
    return f"{would.reason}: {would.detail}" if would.detail else str(would.reason)


def _raise(s: Situation) -> Decision:
    held = strictest(s.proposal(raising=True), RAISING)
    return held or Decision(Action.ENGAGE, Reason.DEMAND, detail=s.demand_detail)


def _lower(s: Situation) -> Decision:
    held = strictest(s.proposal(raising=False), LOWERING)
    if held is not None:
        return held
    previous = s.memory.previous or "the fallback"
    return Decision(Action.RELEASE, Reason.CALM, detail=f"calm is proven; back to {previous}")


def _unread(s: Situation) -> str:
    detail = s.memory.read_backoff.detail
    return f"cannot be read: {detail}" if detail else "not read yet"


def _wanted(s: Situation) -> bool:
    return s.memory.wanted


ROWS: tuple[Row, ...] = (
    Row(1, _not_eligible, _is_not_eligible),
    Row(2, lambda s: s.memory.override is not None, _overridden),
    Row(
        3,
        lambda s: s.memory.demand is Demand.PAUSED,
        lambda s: _hold(Reason.PAUSED, s.pause_ends, s.demand_detail),
    ),
    Row(4, _blind, lambda s: _hold(Reason.BLIND, detail=s.demand_detail)),
    Row(5, lambda s: s.memory.wanted and s.actual is Actual.ON, _on),
    Row(6, _drifted, _drift),
    Row(7, lambda s: s.memory.wanted and s.policy.mode is not Mode.ENFORCE, _not_acting),
    Row(9, _wanted, _raise),  # and row 8: a guard holds
    Row(
        10,
        lambda s: s.actual is Actual.OFF,
        _at_rest,
    ),
    Row(
        11,
        lambda s: s.actual is Actual.UNKNOWN,
        lambda s: _hold(Reason.UNOBSERVED, detail=_unread(s)),
    ),
    Row(
        12,
        lambda s: not s.memory.ours,
        lambda _: Decision(Action.NONE, Reason.EXTERNAL, detail="switched on by somebody else"),
    ),
    Row(14, lambda _: True, _lower),  # and row 13: a guard holds
)
"""The table of the design, in its order; a guard's hold is the other half of rows 9 and 14."""


def decide(situation: Situation) -> Decision:
    """Return what to do about a target now, why, and until when that stands."""
    row = next(row for row in ROWS if row.applies(situation))
    return row.decide(situation)


def imagined(situation: Situation) -> Decision:
    """Return what would be decided if shadow mode acted, with a provider that always answers."""
    memory = as_if(situation.memory, situation.now)
    policy = replace(situation.policy, mode=Mode.ENFORCE)
    return decide(replace(situation, memory=memory, policy=policy, credential=Credential()))
