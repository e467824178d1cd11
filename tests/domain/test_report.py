"""What the audit trail adds up to: by policy, over any period, whatever the trail looks like."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.world import START, minutes, seconds

from responder.domain.audit import AuditEntry, Kind, Reason
from responder.domain.history import Evidence, Known
from responder.domain.report import Held, sums

SHOP = "under_attack:example.com"
BLOG = "under_attack:example.net"
UNDER = "under-attack"
END = START + timedelta(hours=10)


def at(minute):
    return START + minutes(minute)


def state(minute, action, **fields):
    known = {"action": action, "before": "high"}
    if action == "engaged":
        known["detail"] = f"a read confirms it; policy {UNDER}, 4.0 s after its alert began"
    return AuditEntry(at(minute), SHOP, "shop", Kind.STATE, **(known | fields))


def decision(minute, action, reason, before=None, **fields):
    return AuditEntry(
        at(minute), SHOP, "shop", Kind.DECISION, action, reason, before=before, **fields
    )


def told(*entries, begin=START, end=END, **known):
    """Return the sums over a period of ten hours, of the one policy there is."""
    targets = {SHOP: Known(UNDER, **known)}
    (found,) = sums(Evidence(entries, targets, START, END), begin, end)
    assert found.policy == UNDER
    return found


def test_an_engagement_counts_with_its_minutes_its_toggles_and_its_time_to_mitigate():
    found = told(state(10, "engaged"), state(40, "released")).real
    assert (found.count, found.time, found.toggles) == (1, minutes(30), 2)
    assert (found.shortest, found.longest) == (minutes(30), minutes(30))
    assert (found.wait_median, found.wait_longest) == (seconds(4), seconds(4))


def test_one_that_began_before_the_period_counts_its_minutes_alone():
    found = told(state(10, "engaged"), state(40, "released"), begin=at(30)).real
    assert (found.count, found.time, found.toggles) == (0, minutes(10), 1)
    assert (found.shortest, found.longest) == (None, None)


def test_one_that_began_before_the_trail_is_known_by_its_end():
    found = told(state(40, "released")).real
    assert (found.count, found.time, found.toggles) == (0, minutes(40), 1)


def test_one_that_still_stands_counts_until_now_and_is_not_the_shortest():
    entries = [state(10, "engaged"), state(40, "released"), state(595, "engaged")]
    found = told(*entries, engaged=True).real
    assert (found.count, found.time) == (2, minutes(35))
    assert (found.shortest, found.longest) == (minutes(30), minutes(30))
    assert found.standing == (minutes(5),)


def test_one_that_has_stood_through_the_whole_period_is_known_from_how_it_is_now():
    found = told(engaged=True).real
    assert (found.count, found.time) == (0, END - START)


def test_one_whose_end_is_missing_counts_until_the_last_that_is_known():
    found = told(state(10, "engaged"), decision(25, "none", "in_sync")).real
    assert (found.count, found.time) == (1, minutes(15))


def test_a_release_of_what_never_came_on_is_nothing():
    found = told(state(40, "released", before=None)).real
    assert (found.count, found.time, found.toggles) == (0, minutes(0), 0)


def test_a_second_confirmation_is_a_toggle_and_no_second_engagement():
    found = told(state(10, "engaged"), state(20, "engaged"), state(40, "released")).real
    assert (found.count, found.time, found.toggles) == (1, minutes(30), 3)


def test_what_somebody_else_switched_off_is_drift_and_no_toggle_of_ours():
    off = state(40, "released", reason=Reason.DRIFT, actor="somebody else")
    found = told(state(10, "engaged"), off)
    assert (found.real.toggles, found.drifts) == (1, 1)


def test_what_was_adopted_is_an_engagement_and_no_toggle():
    found = told(state(10, "engaged", detail="adopted, it is under_attack")).real
    assert (found.count, found.toggles) == (1, 0)


def test_reasons_for_holding_count_how_often_and_how_long():
    found = told(
        decision(5, "hold", "blind", before="none in_sync"),
        decision(15, "none", "in_sync", before="hold blind"),
        decision(20, "hold", "paused", before="none in_sync"),
        decision(50, "hold", "blind", before="hold paused"),
        decision(60, "engage", "demand", before="hold blind"),
    )
    assert found.holds == {
        "paused": Held(1, minutes(30)),
        "blind": Held(2, minutes(20)),
    }
    assert list(found.holds) == ["paused", "blind"]


def test_a_hold_from_before_the_trail_is_known_from_the_decision_that_ended_it():
    found = told(decision(15, "none", "in_sync", before="hold blind"))
    assert found.holds == {"blind": Held(0, minutes(15))}


def test_a_hold_without_any_entry_is_known_from_how_it_is_now():
    assert told(held="paused").holds == {"paused": Held(0, END - START)}


def test_orders_and_what_was_stuck_are_counted_and_warnings_of_orders_are_not():
    def override(minute, action):
        return AuditEntry(at(minute), SHOP, "shop", Kind.OVERRIDE, action)

    found = told(
        *(override(1, "paused"), override(2, "standing"), override(3, "ended")),
        AuditEntry(at(4), SHOP, "shop", Kind.STUCK, "stuck"),
        AuditEntry(at(5), SHOP, "shop", Kind.STUCK, "freed"),
    )
    assert (found.orders, found.stuck) == (1, 1)


def test_the_time_to_mitigate_is_one_that_was_measured():
    entries = [
        state(10 * n, "engaged", detail=f"it is on; policy {UNDER}, {n}.0 s after its alert began")
        for n in range(1, 21)
    ]
    releases = [state(10 * n + 5, "released") for n in range(1, 21)]
    found = told(*entries, *releases).real
    assert (found.wait_median, found.wait_p95, found.wait_longest) == (
        seconds(10),
        seconds(19),
        seconds(20),
    )


def test_the_policy_that_asked_is_the_one_that_counts():
    other = state(10, "engaged", detail="firing: a; policy b; policy other, odd")
    evidence = Evidence([other, state(20, "released")], {SHOP: Known(UNDER)}, START, END)
    found = sums(evidence, START, END)
    assert [(one.policy, one.real.count, one.real.toggles) for one in found] == [
        ("other, odd", 1, 2),
        (UNDER, 0, 0),
    ]


def test_what_no_configuration_knows_stands_last_under_no_policy():
    old = replace(state(10, "engaged"), target=BLOG, detail="a read confirms it")
    gone = replace(state(20, "released"), target=BLOG)
    found = sums(Evidence([old, gone], {SHOP: Known(UNDER)}, START, END), START, END)
    assert [(one.policy, one.real.count) for one in found] == [(UNDER, 0), (None, 1)]


# what holds for every trail

WORDS = [
    (Kind.STATE, "engaged"),
    (Kind.STATE, "released"),
    (Kind.STATE, "operator"),
    (Kind.WOULD, "engage"),
    (Kind.WOULD, "release"),
    (Kind.DECISION, "hold"),
    (Kind.DECISION, "none"),
    (Kind.OVERRIDE, "paused"),
    (Kind.STUCK, "stuck"),
    (Kind.SERVICE, "storm"),
]
REASONS = st.sampled_from(["", *Reason])


@st.composite
def entries(draw):
    kind, action = draw(st.sampled_from(WORDS))
    return AuditEntry(
        START + timedelta(seconds=draw(st.integers(-3600, 40000))),
        draw(st.sampled_from([SHOP, BLOG, ""])),
        "shop",
        kind,
        action,
        draw(REASONS),
        draw(
            st.sampled_from(
                ["", f"on; policy {UNDER}", "on; policy b, 3.0 s after its alert began"]
            )
        ),
        before=draw(st.sampled_from([None, "high", "hold blind", "hold paused", "none in_sync"])),
        id=draw(st.none() | st.integers(1, 50)),
    )


KNOWN = st.builds(
    Known,
    policy=st.sampled_from([UNDER, "b", None]),
    engaged=st.booleans(),
    shadow=st.booleans(),
    held=st.none() | REASONS,
)
TARGETS = st.dictionaries(st.sampled_from([SHOP, BLOG]), KNOWN)
TRAILS = st.lists(entries(), max_size=30)
MOMENTS = st.integers(0, 600).map(at)


def amounts(found):
    """Return everything that must add up."""
    return {
        (one.policy, name): value
        for one in found
        for name, value in {
            "orders": one.orders,
            "drifts": one.drifts,
            "stuck": one.stuck,
            **{
                f"{kind} {name}": getattr(part, name)
                for kind, part in (("real", one.real), ("would", one.would))
                for name in ("count", "time", "toggles")
            },
            **{
                f"{kind} lengths": len(part.lengths) + len(part.standing)
                for kind, part in (("real", one.real), ("would", one.would))
            },
            **{f"held {reason}": held.time for reason, held in one.holds.items()},
            **{f"holds {reason}": held.count for reason, held in one.holds.items()},
        }.items()
        if value
    }


@settings(deadline=None)
@given(trail=TRAILS, targets=TARGETS, moments=st.lists(MOMENTS, min_size=3, max_size=3))
def test_two_adjacent_periods_add_up_to_the_whole(trail, targets, moments):
    begin, middle, end = sorted(moments)
    evidence = Evidence(trail, targets, START, END)
    first, second, whole = (
        amounts(sums(evidence, *period))
        for period in ((begin, middle), (middle, end), (begin, end))
    )
    both = {
        key: first[key] + second[key]
        if key in first and key in second
        else {**second, **first}[key]
        for key in first | second
    }
    assert both == whole


@settings(deadline=None)
@given(trail=TRAILS, targets=TARGETS, moments=st.lists(MOMENTS, min_size=2, max_size=2))
def test_no_target_is_on_or_held_for_longer_than_the_period(trail, targets, moments):
    begin, end = sorted(moments)
    for target in (SHOP, BLOG):
        mine = [entry for entry in trail if entry.target == target]
        known = {one: targets[one] for one in targets if one == target}
        found = sums(Evidence(mine, known, START, END), begin, end)
        for times in (
            [one.real.time for one in found],
            [one.would.time for one in found],
            [held.time for one in found for held in one.holds.values()],
        ):
            assert sum(times, minutes(0)) <= end - begin


@settings(deadline=None)
@given(trail=TRAILS, targets=TARGETS, chance=st.randoms(use_true_random=False))
def test_the_order_of_the_entries_changes_nothing(trail, targets, chance):
    numbered = [replace(entry, id=number) for number, entry in enumerate(trail, 1)]
    shuffled = list(numbered)
    chance.shuffle(shuffled)
    assert sums(Evidence(shuffled, targets, START, END), START, END) == sums(
        Evidence(numbered, targets, START, END), START, END
    )
