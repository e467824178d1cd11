"""Who may be left out of a pass: nobody for whom it would change anything."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from responder.domain.alerts import Matcher, Silence
from responder.domain.clock import Moment
from responder.domain.demand import Scene, View, see
from responder.domain.hook import HookCall, Hooked, HookEvent
from responder.domain.memory import Memory
from responder.domain.step import observed
from responder.domain.targets import Inventory, Policy, Target
from responder.reconciler import Pace
from responder.reconciler.timing import Unrest, until_next

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TARGET = Target("shop", "under_attack", "example.com")
POLICY = Policy("under-attack", "under_attack", (Matcher("mitigation", "under_attack"),))
INVENTORY = Inventory([TARGET], [POLICY])

matchers = st.builds(
    Matcher,
    st.sampled_from(["site", "zone", "mitigation", "instance", "alertname"]),
    st.sampled_from(["shop", "blog", "example.com", "under_attack", "none", ".*", ""]),
    st.booleans(),
    st.booleans(),
)
silences = st.builds(
    Silence,
    st.just("s"),
    st.lists(matchers, max_size=3).map(tuple),
    st.just(NOW + timedelta(hours=1)),
)
LIVE = (View("am", live=frozenset([()])),)
CALM = Scene(LIVE)


def passed(memory, scene, minutes):
    sight = see(TARGET, memory, scene, (), INVENTORY)
    now = Moment(NOW, timedelta(minutes=minutes))
    return observed(memory, sight, now, timedelta(minutes=1), scene.confirm)


@given(found=st.lists(silences, max_size=3).map(tuple), seen=st.sampled_from([(), LIVE]))
def test_an_idle_target_that_nothing_concerns_stays_as_it_is(found, seen):
    memory = Memory(TARGET.id, TARGET.site, TARGET.mitigation, TARGET.resource)
    for minutes in range(5):
        memory = passed(memory, CALM, minutes)
    assert memory.idle
    scene = Scene(seen, found)
    if not Unrest.of(scene, set(TARGET.labels)).concerns(TARGET):
        assert passed(memory, scene, 5) == passed(memory, CALM, 5)


@given(found=st.lists(silences, max_size=3).map(tuple))
def test_a_silence_that_covers_a_target_concerns_it(found):
    scene = Scene(LIVE, found)
    covered = any(one.covers(TARGET.labels) for one in found)
    assert Unrest.of(scene, set(TARGET.labels)).concerns(TARGET) >= covered


def test_a_call_of_a_hook_that_waits_wakes_the_loop_when_it_is_due():
    now = Moment(NOW, timedelta(minutes=9))
    call = HookCall.of(HookEvent.AFTER_WITHDRAW, TARGET.id, now, "calm", "responder")
    memory = passed(Memory.of(TARGET), CALM, 1)
    pace = Pace()
    for due, wait in ((2.0, 2.0), (60.0, pace.poll_interval.total_seconds())):
        later = replace(call, due=now.elapsed + timedelta(seconds=due))
        waiting = replace(memory, hook=Hooked(after=later))
        assert until_next([waiting], lambda _: False, now, pace).total_seconds() == wait
