"""Attacks out of the audit trail: what belongs together, how bad it was, what protected it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.world import START, World, alert, engaged, minutes, policy, seconds

from responder.domain.attack import Standing, covered
from responder.domain.attack_reading import LOOK_BACK, MOST_ENTRIES, PAGE, around, back_to
from responder.domain.attack_steps import detail_told, said
from responder.domain.attacks import GAP, LEAD, Trail, attacks
from responder.domain.audit import AuditEntry, Kind
from responder.domain.breaker import Failure
from responder.domain.clock import ZERO
from responder.domain.episode_trail import alerts_told, episode_entry, peaks_told
from responder.domain.history import Known, Span
from responder.domain.ledger_months import months
from responder.domain.memory import Demand, Episode, Memory, Order, RememberedAlert, State
from responder.domain.peak import Peak
from responder.domain.targets import Mode

SHOP = "under_attack:example.com"
MINUTE = minutes(1)
PREFIX = "prefix_advertisement:203.0.113.0/24"


def trail_of(world):
    """Return the trail as a store would give it, with the targets as they are now."""
    entries = [replace(entry, id=number) for number, entry in enumerate(world.entries, 1)]
    targets = {
        memory.target: Standing(
            memory.site,
            Known(
                memory.policy, memory.state in {State.ENGAGED, State.RELEASING},
                shadow=world.policy.mode is Mode.SHADOW,
            ),
            memory.episode is not None,
            peaks=memory.episode.peaks if memory.episode else (),
        )
        for memory in world.memories.values()
    }  # fmt: skip
    return Trail(entries, targets, START, world.now.wall)


def fire(world, name, value, instance="a"):
    """Let an alert with a value fire."""
    one = alert("shop", instance, world.now.wall, alertname=name)
    world.sources[0].firing[f"shop/{instance}"] = replace(one, annotations={"value": str(value)})


@cache
def attacked():
    """Return a world after one whole attack: two alerts, ten minutes, calm, off."""
    world = World()
    world.tick()
    fire(world, "Load", 4.25)
    world.tick(seconds(4))
    fire(world, "Flood", 52000, "b")
    world.run(minutes(5), MINUTE)
    fire(world, "Load", 2)
    world.run(minutes(5), MINUTE)
    world.resolve()
    world.resolve(instance="b")
    world.run(minutes(20), MINUTE)
    return world


def entry(number, at, kind=Kind.STATE, action="", **fields):
    known = {"target": SHOP, "site": "shop"} | fields
    return AuditEntry(START + at, kind=kind, action=action, id=number, **known)


def only(world_or_trail):
    trail = world_or_trail if isinstance(world_or_trail, Trail) else trail_of(world_or_trail)
    (found,) = attacks(trail)
    return found


def test_an_attack_is_one_record_from_its_first_alert_to_the_confirmed_release():
    world = attacked()
    found = only(world)
    first = next(at for at, one in enumerate(world.entries, 1) if one.kind is Kind.EPISODE)
    assert (found.id, found.site, found.targets) == (first, "shop", (SHOP,))
    began = START + seconds(15)
    assert (found.began, found.began_known) == (began, True)
    released = [one.at for one in world.entries if one.action == "released"]
    assert [found.ended] == released
    assert found.duration == released[0] - began
    assert found.waited == seconds(4)
    assert found.protected == released[0] - began - seconds(4)
    assert found.causes == ("Load", "Flood")


def test_its_peaks_outlive_the_alerts_and_the_memory_of_them():
    world = attacked()
    assert world.memory().episode is None
    assert only(world).peaks == (Peak("Load", 4.25), Peak("Flood", 52000.0))


def test_the_entry_of_a_release_tells_the_peak_of_the_engagement():
    released = [one for one in attacked().entries if one.action == "released"][-1]
    assert released.detail == "a read confirms it, now high; peak Load 4.25, Flood 52000"


def test_the_release_of_what_never_came_on_tells_no_peak_of_another_engagement():
    world = World()
    world.tick()
    fire(world, "Load", 4.25)
    world.tick()
    world.resolve()
    world.run(minutes(20), MINUTE)
    world.fault = Failure.SERVER_ERROR
    fire(world, "Load", 3)
    world.run(minutes(1))
    world.resolve()
    world.run(minutes(5))
    world.fault = None
    world.run(minutes(5))
    peaks = [peaks_told(one) for one in world.entries if one.action == "released"]
    assert peaks == [(Peak("Load", 4.25),), ()]


def test_it_tells_when_its_last_alert_had_gone():
    found = only(attacked())
    resolved = START + seconds(19) + minutes(10)
    assert timedelta(0) <= found.quiet_since - resolved <= minutes(2.5)
    assert found.ended - found.quiet_since >= minutes(14)


def test_while_it_lasts_it_has_no_end_and_the_peak_so_far():
    world = World()
    world.tick()
    fire(world, "Load", 4)
    world.run(minutes(3), MINUTE)
    found = only(world)
    assert (found.ended, found.until, found.quiet_since) == (None, world.now.wall, None)
    assert found.peaks == (Peak("Load", 4.0),)


def test_steps_tell_what_happened_in_order_and_who_did_it():
    world = engaged()
    world.order(Order.RELEASED)
    world.tick()
    steps = [(said(one), one.actor) for one in only(world).steps]
    assert steps[0] == ("alerts began", "responder")
    assert ("switched on, confirmed by a read", "responder") in steps
    assert ("switched off, confirmed by a read", "responder") in steps


def test_a_human_who_switches_it_off_is_told():
    assert not only(engaged()).drifted
    world = engaged()
    world.human("low")
    world.run(minutes(2), MINUTE)
    found = only(world)
    assert found.drifted
    assert "drift" in {held.reason for held in found.held}


@pytest.mark.parametrize(
    ("kind", "action", "fields", "told"),
    [
        (Kind.EPISODE, "began", {}, "alerts began"),
        (Kind.EPISODE, "ended", {}, "alerts are over"),
        (Kind.DECISION, "hold", {"reason": "calm_period"}, "held: calm_period"),
        (Kind.DECISION, "release", {}, "decides to switch off"),
        (Kind.DECISION, "engage", {"target": PREFIX}, "decides to advertise"),
        (Kind.DECISION, "none", {"reason": "external"}, "nothing to do: external"),
        (Kind.INTENT, "release", {"target": PREFIX}, "asks the provider to withdraw"),
        (Kind.OUTCOME, "engage", {"reason": "timeout"}, "the provider's answer: timeout"),
        (Kind.OUTCOME, "error", {}, "the provider's answer: error"),
        (Kind.STATE, "engaged", {"target": PREFIX}, "advertised, confirmed by a read"),
        (Kind.STATE, "released", {"before": "on"}, "switched off, confirmed by a read"),
        (Kind.STATE, "released", {}, "no longer ours; it had not come on"),
        (Kind.STATE, "external", {"target": PREFIX}, "advertised by somebody else"),
        (Kind.STATE, "operator", {}, "the owner is operator now"),
        (Kind.OVERRIDE, "paused", {}, "ordered: paused"),
        (Kind.OVERRIDE, "standing", {}, "an order still stands"),
        (Kind.OVERRIDE, "ended", {"before": "paused"}, "the order ended: paused"),
        (Kind.WOULD, "engage", {}, "would switch on"),
        (Kind.STUCK, "stuck", {}, "stuck stuck"),
        (
            Kind.HOOK,
            "before_advertise",
            {"reason": "timeout"},
            "tells the routers before_advertise: timeout",
        ),
    ],
)
def test_each_step_is_told_in_words(kind, action, fields, told):
    assert said(entry(1, ZERO, kind, action, **fields)) == told


def test_an_operators_engagement_is_a_record_with_its_cause_and_without_a_wait():
    world = World()
    world.tick()
    before = world.memory()
    world.order(Order.ENGAGED, minutes=5)
    after = world.memory()
    world.memories[SHOP] = before
    world.remember(after)
    world.tick()
    world.run(minutes(30), MINUTE)
    found = only(world)
    assert found.causes == ("operator:alice: drill",)
    assert found.waited is None
    assert minutes(5) <= found.protected <= minutes(18)


def test_shadow_mode_makes_a_record_of_what_it_would_have_done():
    world = World(rules=policy(mode=Mode.SHADOW))
    world.tick()
    world.fire()
    world.run(minutes(10), MINUTE)
    world.resolve()
    world.run(minutes(20), MINUTE)
    found = only(world)
    assert (found.protected, found.waited) == (timedelta(0), None)
    assert found.would_protect > minutes(20)
    assert {held.reason for held in found.held} == {"shadow"}


def test_an_attack_that_was_never_answered_is_a_record_too():
    world = World(rules=policy(mode=Mode.OFF))
    world.tick()
    world.fire()
    world.run(minutes(10), MINUTE)
    world.resolve()
    world.run(minutes(20), MINUTE)
    found = only(world)
    assert found.protected == timedelta(0)
    (held,) = found.held
    assert (held.reason, held.count) == ("policy_off", 1)
    assert held.time > minutes(9)
    assert found.ended is not None


def test_older_entries_without_episodes_make_attacks_of_their_engagements():
    asking = "a read confirms it; policy under-attack, 4.2 s after its alert began"
    found = only(
        Trail(
            [
                entry(3, minutes(10), action="engaged", detail=asking),
                entry(8, minutes(30), action="released", before="under_attack"),
            ],
            {}, START, START + minutes(60),
        )
    )  # fmt: skip
    assert (found.id, found.waited, found.protected) == (3, seconds(4.2), minutes(20))
    assert found.began == START + minutes(10) - seconds(4.2)
    assert found.peaks == ()


def test_a_hold_of_something_wanted_is_an_attack_where_nothing_else_is_told():
    found = only(
        Trail(
            [
                entry(3, minutes(1), Kind.DECISION, "hold", reason="circuit_open"),
                entry(4, minutes(5), Kind.DECISION, "none", reason="in_sync",
                      before="hold circuit_open"),
            ],
            {}, START, START + minutes(60),
        )
    )  # fmt: skip
    assert (found.began, found.ended) == (START + minutes(1), START + minutes(5))


@pytest.mark.parametrize("reason", ["not_eligible", "paused", "unobserved", "calm_period"])
def test_a_hold_that_needs_no_attack_makes_none(reason):
    held = entry(3, minutes(1), Kind.DECISION, "hold", reason=reason)
    assert attacks(Trail([held], {}, START, START + minutes(60))) == []


def spans(*times, target=SHOP, site="shop"):
    """Return the entries of engagements between these minutes."""
    return [
        entry(
            10 * at + (target != SHOP), minutes(at), Kind.STATE, action, before=before,
            target=target, site=site, detail="",
        )
        for on, off in times
        for at, action, before in ((on, "engaged", "high"), (off, "released", "under_attack"))
    ]  # fmt: skip


@pytest.mark.parametrize(("gap", "count"), [(GAP, 1), (GAP + minutes(1), 2)])
def test_what_follows_soon_is_the_same_attack(gap, count):
    again = 20 + gap // minutes(1)
    found = attacks(Trail(spans((10, 20), (again, 60)), {}, START, START + minutes(99)))
    assert len(found) == count


def test_targets_of_one_site_share_an_attack_and_sites_do_not():
    prefix, other = (
        spans((15, 25), target=PREFIX),
        spans((15, 25), target="under_attack:blog.example", site="blog"),
    )
    found = attacks(Trail([*spans((10, 20)), *prefix, *other], {}, START, START + minutes(99)))
    assert sorted((one.site, len(one.targets)) for one in found) == [("blog", 1), ("shop", 2)]
    shop = next(one for one in found if one.site == "shop")
    assert shop.protected == minutes(15)


def test_what_was_on_before_the_trail_has_no_known_beginning():
    off = entry(5, minutes(9), action="released", before="under_attack")
    found = only(Trail([off], {}, START, START + minutes(60)))
    assert (found.began, found.began_known, found.waited) == (START, False, None)


def test_an_episode_whose_end_was_lost_does_not_last_for_ever():
    began = entry(1, minutes(1), Kind.EPISODE, "began", detail="firing: Load")
    later = entry(2, minutes(7), Kind.DECISION, "none", reason="in_sync")
    found = only(Trail([began, later], {SHOP: Standing("shop")}, START, START + minutes(600)))
    assert found.ended == START + minutes(7)


def test_a_next_episode_proves_that_the_one_before_is_over():
    told = [
        entry(1, minutes(1), Kind.EPISODE, "began", detail="firing: Load"),
        entry(2, minutes(7), Kind.DECISION, "none", reason="in_sync"),
        entry(3, minutes(60), Kind.EPISODE, "began", detail="firing: Load"),
    ]
    now = {SHOP: Standing("shop", attacked=True)}
    second, first = attacks(Trail(told, now, START, START + minutes(90)))
    assert (first.id, first.ended) == (1, START + minutes(7))
    assert (second.id, second.ended, second.until) == (3, None, START + minutes(90))


def test_a_clock_that_was_set_back_makes_no_negative_time():
    world = engaged()
    world.tick(jump=-timedelta(hours=3))
    world.run(minutes(10), MINUTE)
    world.resolve()
    world.run(minutes(20), MINUTE)
    for one in attacks(trail_of(world)):
        assert min(one.duration, one.protected, one.waited or ZERO) >= ZERO


@given(st.permutations(range(12)))
def test_the_order_of_the_entries_changes_nothing(order):
    trail = trail_of(attacked())
    mixed = sorted(trail.entries, key=lambda one: order[one.id % 12])
    assert attacks(replace(trail, entries=mixed)) == attacks(trail)


@settings(max_examples=15)
@given(st.lists(st.sampled_from(["fire", "resolve", "human", "jump", "wait"]), max_size=6))
def test_every_engagement_is_in_one_attack_and_none_is_in_two(moves):
    world = World()
    world.tick()
    for move in moves:
        if move in {"fire", "resolve"}:
            getattr(world, move)()
        elif move == "human":
            world.human("low")
        elif move == "jump":
            world.tick(jump=minutes(200))
        world.run(minutes(20 if move == "wait" else 1), minutes(1))
    found = attacks(trail_of(world))
    steps = [step.id for one in found for step in one.steps]
    on = [number for number, one in enumerate(world.entries, 1) if one.action == "engaged"]
    assert len(steps) == len(set(steps))
    assert set(on) <= set(steps)
    assert all(one.id == min(step.id for step in one.steps) for one in found)


# what Cloudflare tells


def notified(number, at, site="shop", **said_of_it):
    document = {"says": "SYN Flood on 203.0.113.7", "vector": "SYN Flood", "phase": "start"}
    detail = json.dumps(document | said_of_it)
    return entry(
        number, at, Kind.NOTIFICATION, "trigger", target="cloudflare", site=site, detail=detail
    )


def test_what_cloudflare_told_gives_vectors_and_the_peak_in_packets_and_bits():
    told = notified(1, minutes(8), "blog, shop", peak="1,250,000 packets/s, 9,500 Mbit/s")
    found = only(Trail([told, *spans((10, 20))], {}, START, START + minutes(60)))
    assert (found.packets, found.bits, found.requests) == (1.25e6, 9.5e9, None)
    assert found.vectors == ("SYN Flood",)
    assert said(found.steps[0]) == "Cloudflare tells: SYN Flood on 203.0.113.7"
    assert (found.id, detail_told(found.steps[0])) == (1, "start")


@pytest.mark.parametrize(("site", "at"), [("blog", 12), ("shop", 50)])
def test_what_it_told_of_others_or_long_after_is_no_step(site, at):
    told = notified(999, minutes(at), site)
    assert only(Trail([told, *spans((10, 20))], {}, START, START + minutes(60))).vectors == ()


@pytest.mark.parametrize("detail", ["", "no JSON", "[1]", '{"says": 7, "peak": null}'])
def test_a_notification_that_another_version_wrote_is_still_a_step(detail):
    told = replace(notified(150, minutes(12)), detail=detail)
    found = only(Trail([told, *spans((10, 20))], {}, START, START + minutes(60)))
    assert "Cloudflare tells: unknown" in map(said, found.steps)


@pytest.mark.parametrize(
    ("name", "told"),
    [("VolumetricPackets", (3e6, None)), ("VolumetricBits", (None, 3e6)), ("Load", (None, None))],
)
def test_the_shipped_alerts_of_packets_and_bits_are_known_as_such(name, told):
    ended = entry(2, minutes(9), Kind.EPISODE, "ended", detail=f"firing: {name}; peak {name} 3e+06")
    found = only(Trail([ended], {}, START, START + minutes(60)))
    assert (found.packets, found.bits) == told


# words that are read back


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.text(max_size=8), st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=3
    )
)
def test_whatever_alerts_are_called_their_peaks_are_read_back(named):
    peaks = tuple(Peak(name, value) for name, value in named.items())
    alerts = tuple(RememberedAlert(name, {"alertname": name}) for name in named)
    before = Memory(SHOP, "shop", "under_attack", "example.com", demand=Demand.NONE)
    before = replace(before, episode=Episode(START, alerts, peaks=peaks))
    told = episode_entry(before, replace(before, episode=None), World().now)
    assert alerts_told(told) == tuple(named)
    assert [peak.alert for peak in peaks_told(told)] == list(named)
    for peak in peaks_told(told):
        assert peak.value == pytest.approx(named[peak.alert], rel=0.01, abs=0.5)


@pytest.mark.parametrize(
    "detail", ["a read confirms it, now high", "now x; peak ", 'now x; peak "a\\q" b', "; peak 5"]
)
def test_what_tells_no_peak_gives_none(detail):
    assert peaks_told(entry(1, ZERO, action="released", detail=detail)) == ()


@pytest.mark.parametrize(
    ("kind", "detail", "names"),
    [
        (Kind.DECISION, "firing: Load, Flood", ("Load", "Flood")),
        (Kind.DECISION, "firing: Two words, Load at 4.25", ()),
        (Kind.EPISODE, 'firing: "Two words", Load; peak Load 4', ("Two words", "Load")),
        (Kind.OVERRIDE, "firing: Load", ()),
    ],
)
def test_the_alerts_that_asked_are_read_where_they_are_told_whole(kind, detail, names):
    assert alerts_told(entry(1, ZERO, kind, "engage", detail=detail)) == names


def test_time_that_two_share_counts_once():
    at = [START + minutes(one) for one in range(40)]
    both = (Span(at[0], at[20], None, "on"), Span(at[5], at[10], None, "on"))
    assert covered([*both, Span(at[30], at[35], None, "on")]) == minutes(25)


# how far the trail is read


def answered(reading, entries):
    """Answer a reading from entries; return what it makes of them, and how many pages it took."""
    pages, newest_first = 0, sorted(entries, key=lambda one: -one.id)
    try:
        question = next(reading)
        while True:
            pages += 1
            older = [
                one
                for one in newest_first
                if (question.before is None or one.id < question.before)
                and (question.since is None or one.at >= question.since)
            ]
            question = reading.send(older[: question.limit])
    except StopIteration as done:
        return done.value, pages


def many(count):
    return [entry(number, seconds(number)) for number in range(1, count + 1)]


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (PAGE - 1, 1), (PAGE, 2), (2 * PAGE + 1, 3)])
def test_the_trail_is_read_page_by_page_and_whole(count, pages):
    reach, asked = answered(back_to(START, None), many(count))
    assert (len(reach.entries), asked, reach.cut) == (count, pages, False)


def test_of_too_long_a_trail_the_newest_is_read_and_that_is_said():
    reach, _ = answered(back_to(START, None), many(MOST_ENTRIES + 5))
    assert (len(reach.entries), reach.cut) == (MOST_ENTRIES, True)
    assert reach.begin == START + seconds(6)


def test_around_an_entry_the_day_before_it_is_read():
    days = [entry(number, timedelta(days=number)) for number in range(1, 9)]
    reach, _ = answered(around(5), days)
    assert [one.id for one in reach.entries] == [8, 7, 6, 5, 4]
    assert reach.since == START + timedelta(days=5) - LOOK_BACK
    assert reach.to_now


def test_around_an_old_entry_the_newest_are_left_out():
    reach, _ = answered(around(5, most=2 * PAGE), many(3 * PAGE))
    assert (reach.entries[0].id, reach.to_now) == (4 + 2 * PAGE * 9 // 10, False)
    assert reach.entries[-1].id == 1


def test_an_entry_that_is_not_there_gives_nothing():
    assert answered(around(9), many(4))[0] is None


# the ledger


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def state(moment, action, before=None, **fields):
    return replace(entry(0, ZERO, action=action, before=before, **fields), at=at(moment))


def test_minutes_fall_into_the_months_in_which_they_passed():
    on = [
        replace(state("2026-10-31T23:30", "engaged"), id=1),
        replace(state("2026-11-01T00:45", "released", "on"), id=2),
    ]
    found = months(Trail(on, {}, at("2026-10-01T00:00"), at("2026-12-05T00:00")), on[0].at)
    assert [(f"{one.begin:%Y-%m}", one.ours, one.engagements) for one in found] == [
        ("2026-10", minutes(30), 1),
        ("2026-11", minutes(45), 0),
    ]


def test_a_year_ends_as_any_month_does():
    on = {SHOP: Standing("shop", Known(engaged=True))}
    trail = Trail([], on, at("2026-12-31T23:00"), at("2027-01-01T02:00"))
    found = months(trail, trail.since)
    assert [one.ours for one in found] == [minutes(60), minutes(120)]


def test_what_somebody_else_had_on_is_told_apart():
    entries = [
        replace(state("2026-11-02T10:00", "external", actor="somebody else"), id=1),
        replace(state("2026-11-02T10:30", "nobody", detail="owner is nobody, was external"), id=2),
        replace(state("2026-11-02T11:00", "engaged"), id=3),
        replace(state("2026-11-02T11:10", "released", "on"), id=4),
    ]
    (found,) = months(
        Trail(entries, {}, at("2026-11-01T00:00"), at("2026-11-03T00:00")), at("2026-11-01T00:00")
    )
    assert (found.ours, found.external, found.total) == (minutes(10), minutes(30), minutes(40))


@pytest.mark.parametrize(
    ("entries", "standing", "expected"),
    [
        ([], True, 120),
        ([("01:00", "external", "")], True, 60),
        ([("01:00", "nobody", "owner is nobody, was external")], False, 60),
        ([("00:30", "external", ""), ("01:00", "engaged", "")], False, 30),
        ([("00:30", "released", ""), ("00:45", "external", "")], True, 90),
        ([("00:30", "external", "")], False, 0),
    ],
    ids=["all along", "still", "before", "taken over", "never ours", "its end was lost"],
)
def test_what_is_known_of_others_ends_with_what_is_known(entries, standing, expected):
    told = [
        replace(
            state(f"2026-11-02T{hour}", action, detail=detail, actor="somebody else"), id=number
        )
        for number, (hour, action, detail) in enumerate(entries, 1)
    ]
    now = {SHOP: Standing("shop", external=standing)}
    trail = Trail(told, now, at("2026-11-02T00:00"), at("2026-11-02T02:00"))
    found = months(trail, trail.since)
    assert sum((one.external for one in found), ZERO) == minutes(expected)


def test_a_world_with_a_human_in_it_adds_up():
    world = World()
    world.tick()
    world.human("under_attack")
    world.run(minutes(30), MINUTE)
    world.human("low")
    world.run(minutes(30), MINUTE)
    (found,) = months(trail_of(world), START)
    assert abs(found.external - minutes(30)) <= minutes(11)
    assert found.ours == ZERO


def test_what_somebody_else_switched_off_is_nobodys_minutes():
    world = engaged()
    world.run(minutes(10), MINUTE)
    world.human("low")
    world.run(minutes(5), MINUTE)
    world.resolve()
    world.run(minutes(60), MINUTE)
    (found,) = months(trail_of(world), START)
    assert (found.external, found.engagements) == (ZERO, 1)
    assert minutes(10) <= found.ours <= minutes(12)


def test_the_lead_is_no_longer_than_what_separates_attacks():
    assert 2 * LEAD < GAP
