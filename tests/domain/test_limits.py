"""The limits over all sites, and the storm in which most of them ask at once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.world import START, Guards, Mode, World, minutes, policy, seconds

from responder.domain.audit import Kind, Reason
from responder.domain.clock import Moment
from responder.domain.limits import Storm, storm, storm_told
from responder.domain.memory import Memory, State
from responder.domain.trail import severity


def world_of(count, **guards):
    sites = {f"s{number}": [f"s{number}.example"] for number in range(count)}
    world = World(sites, rules=policy(guards=Guards(**guards)))
    world.tick()
    return world


def detail(world, site):
    return world.memory(f"under_attack:{site}.example").decision.detail


def engaged_sites(world):
    return [one.site for one in world.memories.values() if one.state is State.ENGAGED]


def test_a_hold_by_a_limit_says_how_much_of_both_is_used():
    world = world_of(4, max_sites_engaged=2, max_engagements_per_hour=5)
    for site in ("s0", "s1", "s2"):
        world.fire(site)
    world.tick()
    assert detail(world, "s2") == "sites engaged 2 of 2; engagements this hour 2 of 5"


def test_the_hourly_limit_says_how_much_of_both_is_used():
    world = world_of(4, max_sites_engaged=3, max_engagements_per_hour=1)
    world.fire("s0")
    world.tick()
    world.fire("s1")
    world.tick()
    assert detail(world, "s1") == "sites engaged 1 of 3; engagements this hour 1 of 1"


def test_a_hold_by_a_limit_is_told_as_critical():
    world = world_of(2, max_sites_engaged=1)
    world.fire("s0")
    world.fire("s1")
    world.tick()
    told = [entry for entry in world.entries if entry.kind is Kind.DECISION]
    assert {entry.reason: severity(entry) for entry in told}["max_sites_engaged"] == "critical"
    assert {severity(one) for one in told if one.reason != "max_sites_engaged"} == {"info"}


def test_a_storm_stops_at_the_limit_and_says_that_it_is_probably_ours():
    world = world_of(12, max_sites_engaged=3)
    for number in range(8):
        world.fire(f"s{number}")
    world.tick()
    assert len(engaged_sites(world)) == 3
    assert detail(world, "s7") == (
        "sites engaged 3 of 3; engagements this hour 3 of 30; 8 of 12 sites ask at once, so this "
        "is probably ours (a broken rule, a baseline that vanished, something that they all "
        "depend on); it stops at the limit of 3 sites"
    )


def test_a_storm_is_told_once_and_again_only_after_it_was_over():
    world = world_of(12, max_sites_engaged=3)
    told = []
    for firing in (6, 8, 12, 5, 9, 2, 9):
        for number in range(12):
            (world.fire if number < firing else world.resolve)(f"s{number}")
        for _ in range(20):
            before, _ = world.probes.storm, world.tick()
            told.append(storm_told(before, world.probes.storm, world.now))
    found = [entry for entry in told if entry is not None]
    assert [(one.kind, one.action, severity(one)) for one in found] == [
        (Kind.SERVICE, "storm", "critical")
    ] * 2
    assert found[0].detail.startswith("8 of 12 sites ask at once")


def test_shadow_mode_stops_at_the_limit_too():
    world = world_of(12, max_sites_engaged=3)
    world.inventory.policies = (replace(world.policy, mode=Mode.SHADOW),)
    for number in range(8):
        world.fire(f"s{number}")
    world.tick()
    assert detail(world, "s7").startswith("would wait: max_sites_engaged")
    world.tick()
    assert sum(memory.would.on for memory in world.memories.values()) == 3
    assert "would wait: max_sites_engaged: sites engaged 3 of 3" in detail(world, "s7")


def asking(since, sites):
    """Return memories of so many sites, of which some ask since these minutes."""
    marks = {number: minutes(mark) for number, mark in enumerate(since)}
    return [
        Memory(
            f"m:{number}",
            f"s{number}",
            "m",
            str(number),
            wanted=number in marks,
            wanted_mark=marks.get(number, minutes(0)),
        )
        for number in range(sites)
    ]


@pytest.mark.parametrize(
    ("since", "sites", "found"),
    [
        pytest.param([0, 1, 2, 3, 4], 9, True, id="more than half within five minutes"),
        pytest.param([0, 1, 2, 3, 4], 10, False, id="half of them"),
        pytest.param([0, 0, 0, 0], 4, False, id="all of a handful"),
        pytest.param([0, 0, 0, 0, 0], 5, True, id="all of five"),
        pytest.param([0, 2, 4, 6, 8], 8, False, id="one after the other"),
        pytest.param([0, 20, 21, 22, 23, 24], 9, True, id="most of them after a first"),
    ],
)
def test_a_storm_is_most_sites_and_five_at_least_within_minutes(since, sites, found):
    assert (storm(asking(since, sites), 10) is not None) is found


def test_several_zones_of_a_site_ask_as_one():
    zones = [replace(one, site="shop") for one in asking([0] * 6, 6)]
    assert storm([*zones, *asking([], 3)], 10) is None


def test_a_storm_that_a_restart_finds_is_not_told_again():
    found = Storm(6, 9, 10, minutes(1))
    assert storm_told(None, found, Moment(START, minutes(1) + seconds(1))) is not None
    assert storm_told(None, found, Moment(START, minutes(2))) is None


@given(
    since=st.lists(st.integers(0, 60), max_size=12),
    more=st.integers(0, 12),
    limit=st.integers(1, 20),
)
def test_a_storm_counts_whom_it_names_and_is_never_about_a_few(since, more, limit):
    found = storm(asking(since, len(since) + more), limit)
    if found is not None:
        assert found.asking == len(since) >= 5
        assert found.asking * 2 > found.sites == len(since) + more
        assert found.mark <= minutes(60)
        calmer = asking(since[: found.sites // 4], found.sites)
        assert storm(calmer, limit, found) is None


@pytest.mark.long
@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 8), min_size=1, max_size=6), places=st.integers(1, 4))
def test_no_more_sites_are_on_than_the_limit_says(counts, places):
    world = world_of(8, max_sites_engaged=places, calm_period=minutes(2))
    for firing in counts:
        for number in range(8):
            (world.fire if number < firing else world.resolve)(f"s{number}")
        for _ in range(12):
            world.tick(seconds(30))
            assert len(engaged_sites(world)) <= places


@pytest.mark.long
@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 8), min_size=1, max_size=6), most=st.integers(1, 4))
def test_no_more_engagements_an_hour_than_the_limit_says(counts, most):
    world = world_of(8, max_engagements_per_hour=most, calm_period=minutes(2))
    for firing in counts:
        for number in range(8):
            (world.fire if number < firing else world.resolve)(f"s{number}")
        world.run(minutes(6), seconds(60))
        hour_ago = world.truth - timedelta(hours=1)
        assert sum(call.raising and call.at > hour_ago for call in world.calls) <= most


def test_the_hold_of_a_limit_ends_when_a_place_is_free():
    world = world_of(2, max_sites_engaged=1)
    world.fire("s0")
    world.tick()
    world.fire("s1")
    world.tick()
    assert world.decided("under_attack:s1.example") == ("hold", Reason.MAX_SITES_ENGAGED)
    world.resolve("s0")
    world.run(minutes(18))
    assert engaged_sites(world) == ["s1"]
