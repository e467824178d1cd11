"""Whatever happens, in whatever order: what the decisions must never do, and must always reach."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
from support.world import TICK, Guards, World, minutes, policy, seconds

from responder.domain.alerts import Matcher
from responder.domain.breaker import Failure
from responder.domain.memory import Demand, Order, State

SITES = {"shop": ["example.com", "example.org"], "blog": ["example.net"]}
ZONES = [f"under_attack:{zone}" for zones in SITES.values() for zone in zones]
GUARDS = Guards(
    minimum_duration=minutes(5),
    calm_period=minutes(4),
    maximum_duration=minutes(60),
    maximum_sustain=minutes(30),
)
FAILURES = st.sampled_from([None, *Failure])


class RandomDay(RuleBasedStateMachine):
    """Alerts, silences, blindness, faults, humans and orders in any order, with time between."""

    @initialize(stamps=st.booleans(), sources=st.integers(1, 2))
    def begin(self, stamps, sources):
        self.world = World(SITES, rules=policy(guards=GUARDS), sources=sources, stamps=stamps)
        if not stamps:
            for zone in self.world.zones.values():
                zone.changed_at = None
        self.checked = 0
        self.on_since: dict[str, timedelta] = {}
        self.human_off: set[str] = set()
        self.last_trigger: dict[str, timedelta] = {}
        self.world.tick()

    # what happens

    @rule(site=st.sampled_from(list(SITES)), instance=st.sampled_from("ab"))
    def fire(self, site, instance):
        self.world.fire(site, instance)

    @rule(site=st.sampled_from(list(SITES)), instance=st.sampled_from("ab"))
    def resolve(self, site, instance):
        self.world.resolve(site, instance)

    @rule(name=st.sampled_from(["site", "instance", "alertname"]))
    def silence(self, name):
        value = {"site": "shop", "instance": "a", "alertname": "ResponderHeartbeat"}[name]
        self.world.silence(Matcher(name, value))

    @rule()
    def unsilence(self):
        self.world.silences.clear()

    @rule(answering=st.booleans(), fed=st.booleans())
    def alertmanager(self, answering, fed):
        self.world.sources[0].answering, self.world.sources[0].fed = answering, fed

    @rule(writes=FAILURES, reads=FAILURES, not_applied=st.booleans(), lost=st.booleans())
    def provider(self, writes, reads, not_applied, lost):
        self.world.fault, self.world.read_fault = writes, reads
        self.world.not_applied, self.world.answers_lost = not_applied, lost

    @rule(zone=st.sampled_from(ZONES), level=st.sampled_from(["low", "medium", "under_attack"]))
    def human(self, zone, level):
        self.world.human(level, zone)

    @rule(zone=st.sampled_from(ZONES), order=st.sampled_from(list(Order)))
    def order(self, zone, order):
        self.world.order(order, 10, zone)

    @rule(zone=st.sampled_from(ZONES), why=st.sampled_from([None, "the zone is paused"]))
    def eligibility(self, zone, why):
        self.world.zones[zone].ineligible = why

    @rule(jump=st.sampled_from([timedelta(hours=1), -timedelta(hours=1)]))
    def clock_jumps(self, jump):
        self._pass(jump=jump)

    @rule(ticks=st.integers(1, 40))
    def time_passes(self, ticks):
        for _ in range(ticks):
            self._pass()
        self._pass(passed=seconds(0))
        calls = len(self.world.calls)
        self._pass(passed=seconds(0))
        assert len(self.world.calls) == calls, "deciding twice changes nothing"

    # what must hold at every pass

    def _pass(self, jump=timedelta(0), passed=TICK):
        world = self.world
        world.tick(passed, jump)
        for call in world.calls[self.checked :]:
            memory, sight = world.memories[call.target], world.sights[call.target]
            if call.raising:
                self._check_engage(memory, sight)
            else:
                self._check_release(call, memory, sight)
        self.checked = len(world.calls)
        for target, zone in world.zones.items():
            ours = zone.level == "under_attack" and zone.set_by == "responder"
            if not ours:
                self.on_since.pop(target, None)
            else:
                self.on_since.setdefault(target, world.truth)
            if world.sights[target].demand is Demand.TRIGGER:
                self.last_trigger[target] = world.truth

    def _ordered(self, memory, order):
        return memory.override is not None and memory.override.order is order

    def _check_engage(self, memory, sight):
        if self._ordered(memory, Order.ENGAGED):
            return
        assert memory.override is None
        assert sight.demand is not Demand.PAUSED
        assert memory.wanted or memory.demand is Demand.TRIGGER
        reading = memory.reading
        assert reading is None or reading.ineligible is None

    def _check_release(self, call, memory, sight):
        assert call.value != "under_attack"
        if self._ordered(memory, Order.RELEASED):
            return
        assert memory.override is None
        assert sight.demand not in {Demand.PAUSED, Demand.UNKNOWN, Demand.TRIGGER}
        if self.world.stamps and call.before == "under_attack" and call.set_by == "human":
            assert self.world.zones[call.target].doubtful
        if call.target in self.on_since:
            assert self.world.truth - self.on_since[call.target] >= GUARDS.minimum_duration
        if call.target in self.last_trigger:
            quiet = self.world.truth - self.last_trigger[call.target]
            assert quiet >= GUARDS.calm_period

    @invariant()
    def every_hold_says_why_and_its_until_lies_ahead(self):
        for memory in self.world.memories.values():
            decision = memory.decision
            assert decision is not None
            if decision.until is not None and decision.reason not in {"paused", "override"}:
                assert decision.until > self.world.now.wall

    @invariant()
    def engaged_is_only_what_a_read_has_confirmed(self):
        for memory in self.world.memories.values():
            if memory.state is State.ENGAGED:
                assert memory.on_mark is not None
                assert memory.reading is not None

    @invariant()
    def the_previous_level_is_never_under_attack(self):
        assert all(one.previous != "under_attack" for one in self.world.memories.values())

    def teardown(self):
        """However it went, once all is well again everything of ours goes off."""
        if not hasattr(self, "world"):
            return
        world = self.world
        world.heal()
        for _ in range(4 * 60):
            self._pass(passed=seconds(60))
        for target, zone in world.zones.items():
            assert world.memories[target].state is State.RELEASED, world.memories[target]
            if zone.set_by == "responder":
                assert zone.level == zone.found_level, (target, zone, world.calls)


RandomDay.TestCase.settings = settings(
    max_examples=max(8, settings.default.max_examples // 5),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestRandomDay = pytest.mark.long(RandomDay.TestCase)


def calm_in(guards, engaged, at):
    """Return how long calm must last at this time, after these engagements."""
    recent = sum(1 for one in engaged if at - one < timedelta(hours=6))
    if recent < 3:
        return guards.calm_period
    return max(guards.calm_period, min(guards.calm_period * 2 ** (recent - 2), minutes(120)))


def allowed_in_a_day(guards, tick):
    """Return how often the guards let one target be switched on in a day, at the very most."""
    at, engaged = timedelta(0), []
    while at < timedelta(hours=24):
        engaged.append(at)
        calm_since = at + minutes(1.5)
        while at - calm_since < calm_in(guards, engaged, at):
            at += tick
    return len(engaged)


@pytest.mark.long
@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate])
@example(on=1, off=0)
@given(on=st.integers(1, 10), off=st.integers(0, 10))
def test_a_day_of_flapping_never_exceeds_the_toggles_that_the_guards_allow(on, off):
    world = World(rules=policy(guards=GUARDS))
    tick = seconds(60)
    while world.truth < timedelta(hours=24):
        if world.level() != "under_attack":
            world.run(off * tick, tick)
            world.fire()
            world.run(on * tick, tick)
            world.resolve()
        world.tick(tick)
    switched_on = sum(call.raising for call in world.calls)
    assert 2 <= switched_on <= allowed_in_a_day(GUARDS, tick)
