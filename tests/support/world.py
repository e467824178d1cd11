"""A small world in simulated time: alerts, silences, blindness, a provider, and its humans.

It drives the same pure functions as the reconciler, makes every call at once, and keeps its own
account of the truth, with which the properties compare what the decisions did.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from responder.domain.alerts import Alert, AlertStatus, HeardAlert, Matcher, Silence
from responder.domain.audit import Action, AuditEntry
from responder.domain.breaker import Failure
from responder.domain.clock import Moment
from responder.domain.credential import Credential
from responder.domain.decision import Situation
from responder.domain.demand import Scene, Sight, gather, judge, see
from responder.domain.hook import HookAnswer, HookCall, HookOutcome
from responder.domain.hook_calls import hooked, told_after
from responder.domain.limits import count_engagement
from responder.domain.memory import Actual, Memory, Order, Override, Reading, State
from responder.domain.ownership import SETTLED_AFTER
from responder.domain.plan import Probes, plan
from responder.domain.step import observed
from responder.domain.targets import Guards, Inventory, Mode, Policy, Target
from responder.domain.trail import trail
from responder.domain.turn import Answer, Effect, Failed, Read, Tell, Write, turn

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TICK = timedelta(seconds=15)
INTERVAL = timedelta(seconds=60)
MATCH = (Matcher("mitigation", "under_attack"),)


@dataclass
class Zone:
    """A zone at the provider, and who last set its level."""

    level: str = "high"
    changed_at: datetime | None = START - timedelta(days=30)
    set_by: str = "human"
    found_level: str = "medium"  # the last level of a human's that a read could see
    doubtful: bool = False  # a write of ours got no clear answer, and may be what is seen now
    doubt_at: timedelta = timedelta(0)
    ineligible: str | None = None
    constrained_for: timedelta = timedelta(0)


@dataclass
class Called:
    """One write as it reached the provider."""

    at: timedelta
    target: str
    raising: bool
    value: str
    before: str
    set_by: str


@dataclass
class Source:
    """An Alertmanager: which instances it knows firing, and whether it can be believed."""

    firing: dict[str, Alert] = field(default_factory=dict)
    answering: bool = True
    fed: bool = True  # Prometheus sends to it: the heartbeat is fresh


def alert(site: str, instance: str, at: datetime, **labels: str) -> Alert:
    known = {"alertname": "Load", "site": site, "instance": instance, "mitigation": "under_attack"}
    all_labels = known | labels
    return Alert(f"{site}/{instance}", all_labels, AlertStatus.FIRING, at)


def policy(**changes: object) -> Policy:
    return replace(Policy("under-attack", "under_attack", MATCH), **changes)


class World:
    """Everything outside the decisions, and the pass that makes them."""

    def __init__(
        self,
        sites: dict[str, list[str]] | None = None,
        *,
        rules: Policy | None = None,
        sources: int = 1,
        stamps: bool = True,
    ) -> None:
        self.policy = rules or policy()
        sites = sites or {"shop": ["example.com"]}
        self.targets = [
            Target(site, "under_attack", zone) for site, zones in sites.items() for zone in zones
        ]
        self.inventory = Inventory(self.targets, [self.policy])
        self.memories = {
            target.id: Memory(target.id, target.site, target.mitigation, target.resource)
            for target in self.targets
        }
        self.zones = {target.id: Zone() for target in self.targets}
        self.sources = [Source() for _ in range(sources)]
        self.silences: list[Silence] = []
        self.heard: list[HeardAlert] = []
        self.polled_seq = 0
        self.now = Moment(START)
        self.truth = timedelta(0)
        self.credential = Credential()
        self.probes = Probes()
        self.marks: tuple[timedelta, ...] = ()
        self.stamps = stamps
        self.changes = 0
        self.fault: Failure | None = None
        self.read_fault: Failure | None = None
        self.zone_faults: dict[str, Failure] = {}
        self.not_applied = False
        self.answers_lost = False
        self.calls: list[Called] = []
        self.told: list[HookCall] = []
        """Each try to tell the routers, by what was asked of them."""
        self.routers: HookAnswer | None = HookAnswer(HookOutcome.OK, "answered 200")
        """None: the store takes nothing, so that they are not told."""
        self.reads = 0
        self.entries: list[AuditEntry] = []
        self.sights: dict[str, Sight] = {}

    # what the outside does

    def fire(
        self, site: str = "shop", instance: str = "a", source: int | None = None, **labels: str
    ) -> None:
        for index, one in enumerate(self.sources):
            if source in {None, index}:
                one.firing.setdefault(
                    f"{site}/{instance}", alert(site, instance, self.now.wall, **labels)
                )

    def resolve(self, site: str = "shop", instance: str = "a", source: int | None = None) -> None:
        for index, one in enumerate(self.sources):
            if source in {None, index}:
                one.firing.pop(f"{site}/{instance}", None)

    def silence(self, *matchers: Matcher, hours: float = 24) -> Silence:
        ends = self.now.wall + timedelta(hours=hours)
        silence = Silence(f"s{len(self.silences)}", matchers, ends, "alice", "maintenance")
        self.silences.append(silence)
        return silence

    def human(self, level: str, target: str = "under_attack:example.com") -> None:
        zone = self.zones[target]
        zone.level, zone.set_by = level, "human"
        zone.doubtful = zone.doubtful and self.truth - zone.doubt_at <= SETTLED_AFTER
        zone.changed_at = self.stamp()

    def order(
        self, order: Order, minutes: float = 30, target: str = "under_attack:example.com"
    ) -> None:
        ends = self.now.wall + timedelta(minutes=minutes)
        mark = self.now.elapsed
        override = Override(order, ends, "drill", "operator:alice", self.now.wall, mark)
        self.memories[target] = replace(self.memories[target], override=override)

    def heal(self) -> None:
        """Make all well again: nothing fires, nothing fails, every order has ended."""
        self.silences.clear()
        self.fault = self.read_fault = None
        self.not_applied = False
        for source in self.sources:
            source.firing.clear()
            source.answering = source.fed = True
        for zone in self.zones.values():
            zone.ineligible = None
        ends = [one.override.ends_at for one in self.memories.values() if one.override]
        self.now = self.now.later(max([self.now.wall, *ends]), timedelta(0))

    def stamp(self) -> datetime | None:
        self.changes += 1
        return START + self.truth + timedelta(microseconds=self.changes) if self.stamps else None

    # one pass

    def scene(self) -> Scene:
        base = Scene(silences=tuple(self.silences), polled_seq=self.polled_seq, wall=self.now.wall)
        date = START + self.truth
        views = []
        for index, source in enumerate(self.sources):
            beat = Alert(
                "beat",
                {"alertname": "ResponderHeartbeat", "mitigation": "none"},
                AlertStatus.FIRING,
                START,
            )
            updated = date if source.fed else START - timedelta(days=1)
            beats = [replace(beat, updated_at=updated)]
            alerts = [self._suppressed(one) for one in source.firing.values()]
            views.append(
                judge(f"am{index}", beats, alerts, date if source.answering else None, base)
            )
        return replace(base, views=tuple(views))

    def _suppressed(self, one: Alert) -> Alert:
        silenced = any(silence.matches(one.labels) for silence in self.silences)
        return replace(one, status=AlertStatus.SILENCED) if silenced else one

    def tick(self, passed: timedelta = TICK, jump: timedelta = timedelta(0)) -> None:
        """Let time pass and make one pass; `jump` moves the wall clock besides."""
        before = self.now
        self.truth += passed
        self.now = self.now.later(self.now.wall + passed + jump, passed)
        for zone in self.zones.values():
            zone.constrained_for = max(zone.constrained_for - passed, timedelta(0))
        scene = self.scene()
        if not scene.blind:
            self.polled_seq = max((one.seq for one in self.heard), default=0)
        found, _ = gather(scene, self.inventory, self.heard)
        step = self.now.elapsed - before.elapsed
        situations = [
            self._situation(target, scene, found.get(target.id, []), step)
            for target in self.targets
        ]
        planned, self.probes = plan(
            situations, list(self.memories.values()), self.marks, self.probes
        )
        for situation in planned:
            self._turn(situation)

    def run(self, duration: timedelta, passed: timedelta = TICK) -> None:
        end = self.truth + duration
        while self.truth < end:
            self.tick(min(passed, end - self.truth))

    def _situation(
        self, target: Target, scene: Scene, sightings: list, step: timedelta
    ) -> Situation:
        memory = self.memories[target.id]
        sight = see(target, memory, scene, sightings, self.inventory)
        self.sights[target.id] = sight
        self.remember(observed(memory, sight, self.now, step, scene.confirm))
        return self._now(
            Situation(
                memory, sight.policy, self.now, pause_ends=sight.until, demand_detail=sight.detail
            ),
            target.id,
        )

    def _now(self, situation: Situation, target: str) -> Situation:
        return replace(
            situation,
            memory=self.memories[target],
            now=self.now,
            credential=self.credential.at(self.now),
        )

    def remember(self, memory: Memory) -> None:
        before = self.memories[memory.target]
        memory = hooked(before, memory, self.policy.hook, self.now)
        self.entries += trail(before, memory, self.now)
        memories = list(self.memories.values())
        memory, self.marks = count_engagement(before, memory, memories, self.marks, self.now)
        self.memories[memory.target] = memory

    # the provider

    def _turn(self, situation: Situation) -> None:
        target = situation.memory.target
        self.remember(situation.memory)
        one = turn(self._now(situation, target), INTERVAL)
        try:
            effect = next(one)
            while True:
                self.remember(effect.memory)
                result = self._done(target, effect)
                effect = one.send(Answer(self._now(situation, target), result))
        except StopIteration as done:
            self.remember(done.value)

    def _done(self, target: str, effect: Effect) -> Reading | Failed | HookAnswer | None:
        if isinstance(effect, Read):
            return self._read(target)
        if isinstance(effect, Write):
            return self._write(target, effect)
        assert isinstance(effect, Tell)
        return self._tell(effect.call)

    def _tell(self, call: HookCall) -> HookAnswer | None:
        if self.routers is not None:
            self.told.append(call)
        return self.routers

    def tell_after(self, target: str = "under_attack:example.com") -> None:
        """Make the call after a change that is due, if any."""
        memory = self.memories[target]
        call = memory.hook.after
        if self.routers and call and not call.done and call.due <= self.now.elapsed:
            self.told.append(call)
            self.remember(told_after(memory, self.routers, self.now))

    def _called(self, failure: Failure | None, *, writing: bool) -> Failed | None:
        self.credential = self.credential.after_call(self.now, writing=writing, failure=failure)
        return Failed(failure, f"simulated {failure}") if failure else None

    def _read(self, target: str) -> Reading | Failed:
        self.reads += 1
        failed = self._called(self.zone_faults.get(target, self.read_fault), writing=False)
        if failed:
            return failed
        zone = self.zones[target]
        if zone.set_by == "human" and zone.level != "under_attack":
            zone.found_level = zone.level
        actual = Actual.ON if zone.level == "under_attack" else Actual.OFF
        return Reading(
            actual,
            zone.level,
            zone.changed_at,
            zone.ineligible,
            zone.constrained_for,
            None,
            self.now.wall,
            self.now.elapsed,
        )

    def _write(self, target: str, effect: Write) -> Failed | None:
        zone, memory = self.zones[target], effect.memory
        value = "under_attack" if effect.raising else (memory.previous or "medium")
        failure = self.zone_faults.get(target, self.fault)
        unclear = self.not_applied if failure is None else failure.may_have_applied
        if effect.raising and unclear:
            zone.doubtful, zone.doubt_at = True, self.truth
        self.calls.append(
            Called(self.truth, target, effect.raising, value, zone.level, zone.set_by)
        )
        lost = self.answers_lost and failure is not None and failure.may_have_applied
        if lost or (failure is None and not self.not_applied):
            zone.level, zone.set_by, zone.changed_at = value, "responder", self.stamp()
        return self._called(failure, writing=True)

    # what tests ask

    def memory(self, target: str = "under_attack:example.com") -> Memory:
        return self.memories[target]

    def decided(self, target: str = "under_attack:example.com") -> tuple[str, str]:
        decision = self.memories[target].decision
        assert decision is not None
        return str(decision.action), str(decision.reason)

    def level(self, target: str = "under_attack:example.com") -> str:
        return self.zones[target].level


def engaged(**options: object) -> World:
    """Return a world whose target has just been engaged for an alert."""
    world = World(**options)
    world.tick()
    world.fire()
    world.tick()
    assert world.memory().state is State.ENGAGED
    return world


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


__all__ = [
    "Action",
    "Guards",
    "Mode",
    "World",
    "alert",
    "engaged",
    "minutes",
    "policy",
    "seconds",
]
