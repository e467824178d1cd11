"""What the service would have done with the alerts of a past: its own decisions, simulated time.

The functions that decide are those of the service. What is simulated is around them: alerts reach
it the moment they fire, Cloudflare does at once as it is asked, and nobody else touches it. Time
without anything to decide is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

from responder.backtest.firing import Firing
from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import Action, AuditEntry
from responder.domain.clock import LONGEST_STEP, ZERO, Moment
from responder.domain.credential import Credential
from responder.domain.decision import Situation, decide
from responder.domain.demand import Scene, Sighting, View, gather, see
from responder.domain.history import Evidence, Known
from responder.domain.hook import HookAnswer, HookOutcome
from responder.domain.limits import count_engagement, storm_told
from responder.domain.memory import Actual, Memory, Reading, State
from responder.domain.plan import Probes, plan
from responder.domain.step import observed, read_due
from responder.domain.targets import Inventory, Mode
from responder.domain.trail import trail
from responder.domain.turn import Answer, Effect, Tell, Write, turn

__all__ = ["Course", "acting", "decided"]

ROUTINE = timedelta(hours=1)
"""Between two routine reads: nobody else touches the simulated provider."""

_ON, _OFF = "under_attack", "medium"


@dataclass(frozen=True, slots=True)
class Course:
    """What would have happened: the audit trail, as the service would have written it."""

    evidence: Evidence
    strangers: Mapping[str, int]
    """Alerts that speak of nothing that may be switched, by reason, each counted once."""


def acting(inventory: Inventory) -> Inventory:
    """Return the same with every policy acting that only tells now: shadow mode is left out."""
    policies = [
        replace(one, mode=Mode.ENFORCE) if one.mode is Mode.SHADOW else one
        for one in inventory.policies
    ]
    return Inventory(inventory.targets.values(), policies)


def decided(
    firings: Iterable[Firing],
    inventory: Inventory,
    begin: datetime,
    end: datetime,
    resend_delay: timedelta = timedelta(minutes=1),
) -> Course:
    """Return what would have been decided, had these alerts fired."""
    alerts = [(one, _alert(one)) for one in firings]
    simulation = _Simulation(inventory, begin, resend_delay)
    changes = sorted(
        {begin, end, *(_moment(at) for one, _ in alerts for at in (one.begin, one.end))}
    )
    pending = sorted(alerts, key=lambda one: one[0].begin)
    active: list[tuple[Firing, Alert]] = []
    for now, until in pairwise(changes):
        while pending and _moment(pending[0][0].begin) <= now:
            active.append(pending.pop(0))
        active = [one for one in active if _moment(one[0].end) > now]
        simulation.advance([alert for _, alert in active], now, until)
    return simulation.course(end)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _alert(one: Firing) -> Alert:
    text = "\0".join(f"{name}\0{value}" for name, value in sorted(one.labels.items()))
    fingerprint = sha256(text.encode()).hexdigest()[:16]
    value = {"value": repr(one.value)}
    begin = _moment(one.begin)
    return Alert(fingerprint, one.labels, AlertStatus.FIRING, begin, annotations=value)


class _Simulation:
    """Everything that is remembered from one pass to the next."""

    def __init__(self, inventory: Inventory, begin: datetime, resend_delay: timedelta) -> None:
        self._inventory = inventory
        self._begin = begin
        self._resend_delay = resend_delay
        off = Reading(Actual.OFF, _OFF, begin, at=begin)
        self._memories = {
            one.id: Memory(one.id, one.site, one.mitigation, one.resource, reading=off)
            for one in inventory.targets.values()
        }
        self._levels = dict.fromkeys(self._memories, _OFF)
        self._changed = dict.fromkeys(self._memories, begin)
        self._marks: tuple[timedelta, ...] = ()
        self._probes = Probes()
        self._entries: list[AuditEntry] = []
        self._seen: set[tuple[str, str]] = set()
        self._strangers: dict[str, int] = {}
        self._last = ZERO

    def advance(self, alerts: Sequence[Alert], begin: datetime, end: datetime) -> None:
        """Make every pass of a time in which the alerts stay the same."""
        self._count(alerts)
        now = begin
        while now < end:
            self._pass(alerts, now)
            now += self._wait(now) or end - now

    def course(self, end: datetime) -> Course:
        """Return what has happened."""
        known = {one.target: _known(one) for one in self._memories.values()}
        entries = [replace(entry, id=at) for at, entry in enumerate(self._entries, 1)]
        return Course(Evidence(entries, known, self._begin, end), self._strangers)

    def _count(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            reason = self._inventory.assign(alert)
            key = (alert.fingerprint, str(reason))
            if isinstance(reason, str) and key not in self._seen:
                self._seen.add(key)
                self._strangers[reason] = self._strangers.get(reason, 0) + 1

    def _wait(self, now: datetime) -> timedelta:
        """Return how long until a pass can see something new; zero where that takes an alert.

        Observed time counts in steps of a minute, so no wait is longer.
        """
        moving = [one for one in self._memories.values() if not one.idle]
        if not moving:
            return ZERO
        waits = [LONGEST_STEP]
        for memory in moving:
            until = memory.decision.until if memory.decision else None
            if until is not None:
                waits.append(until - now)
            if memory.absent_for is not None:
                waits.append(self._scene((), now).confirm - memory.absent_for)
        return max(min(one for one in waits if one > ZERO), timedelta(seconds=1))

    def _scene(self, alerts: Iterable[Alert], now: datetime) -> Scene:
        view = View("history", tuple(alerts), frozenset({()}), frozenset({"heartbeat"}))
        return Scene((view,), resend_delay=self._resend_delay, wall=now)

    # one pass, as the reconciler makes it

    def _pass(self, alerts: Sequence[Alert], wall: datetime) -> None:
        now = Moment(wall, wall - self._begin)
        passed = min(now.elapsed - self._last, LONGEST_STEP)
        self._last = now.elapsed
        scene = self._scene(alerts, wall)
        found, _ = gather(scene, self._inventory, ())
        situations = [
            self._observed(target, scene, found.get(target, ()), now, passed)
            for target, memory in self._memories.items()
            if target in found or not memory.idle or memory.decision is None
        ]
        storm = self._probes.storm
        planned, self._probes = plan(
            situations, list(self._memories.values()), self._marks, self._probes
        )
        told = storm_told(storm, self._probes.storm, now)
        if told is not None:
            self._entries.append(told)
        for situation in planned:
            self._act(situation)

    def _observed(
        self,
        target: str,
        scene: Scene,
        sightings: Sequence[Sighting],
        now: Moment,
        passed: timedelta,
    ) -> Situation:
        memory = self._memories[target]
        sight = see(self._inventory.targets[target], memory, scene, sightings, self._inventory)
        memory = self._remember(observed(memory, sight, now, passed, scene.confirm), now)
        return Situation(memory, sight.policy, now, Credential(), demand_detail=sight.detail)

    def _act(self, situation: Situation) -> None:
        """Let the target take its turn where the provider is needed; it answers at once."""
        target = situation.memory.target
        situation = replace(situation, memory=self._memories[target])
        decision = decide(situation)
        due = read_due(situation, decision, ROUTINE)
        if not due and decision.action is not Action.ENGAGE:
            memory = replace(situation.memory, decision=decision)
            self._remember(memory, situation.now)
            return
        one = turn(situation, ROUTINE)
        try:
            effect = next(one)
            while True:
                memory = self._remember(effect.memory, situation.now)
                result = self._answered(effect, target, situation.now)
                situation = replace(situation, memory=memory)
                effect = one.send(Answer(situation, result))
        except StopIteration as done:
            self._remember(done.value, situation.now)

    def _answered(self, effect: Effect, target: str, now: Moment) -> Reading | HookAnswer | None:
        if isinstance(effect, Tell):  # nobody is told of a past
            return HookAnswer(HookOutcome.OK, "not called")
        if isinstance(effect, Write):
            self._levels[target] = _ON if effect.raising else _OFF
            self._changed[target] = now.wall
            return None
        level = self._levels[target]
        on = Actual.ON if level == _ON else Actual.OFF
        changed = self._changed[target]
        return Reading(on, level, changed, at=now.wall, mark=now.elapsed)

    def _remember(self, memory: Memory, now: Moment) -> Memory:
        before = self._memories[memory.target]
        memory, self._marks = count_engagement(
            before, memory, self._memories.values(), self._marks, now
        )
        self._entries.extend(trail(before, memory, now))
        self._memories[memory.target] = memory
        return memory


def _known(memory: Memory) -> Known:
    decision = memory.decision
    held = str(decision.reason) if decision and decision.action is Action.HOLD else None
    return Known(memory.policy, memory.state is State.ENGAGED, held=held)
