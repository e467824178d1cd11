"""What people are told: when an alert of ours begins, what it says, and when it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.world import START, Guards, Mode, World, engaged, minutes, policy, seconds

from responder.domain.alerts import Matcher
from responder.domain.audit import Action, Decision, Reason
from responder.domain.breaker import Failure
from responder.domain.clock import Moment
from responder.domain.memory import Memory, Order
from responder.domain.notice import Name, Notice, Overview, Subject, make_notice
from responder.domain.notices import Told, notices

SHOP = {
    "site": "shop",
    "target": "under_attack:example.com",
    "action": "under_attack",
    "zone": "example.com",
}
DAY = timedelta(days=1)
LASTING = minutes(4)


def overview(world, **changes):
    subjects = tuple(
        Subject(one, world.policy, world.memories[one.id], world.sights[one.id].alerts)
        for one in world.targets
    )
    silenced = world.scene().heartbeat_silenced
    known = Overview(world.now, subjects, world.credential, heartbeat_silenced=silenced)
    return replace(known, **changes)


def told(world, name=None, **changes):
    found = list(notices(overview(world, **changes)))
    return [one for one in found if name in (None, one.labels["alertname"])]


def names(world, **changes):
    return [one.labels["alertname"] for one in told(world, **changes)]


def only(world, name, **changes):
    (notice,) = told(world, name, **changes)
    return notice


def give(world, value, instance="a"):
    firing = world.sources[0].firing
    key = f"shop/{instance}"
    firing[key] = replace(firing[key], annotations={"value": value})


def calm(world):
    """End the attack and wait until the mitigation is off."""
    world.resolve()
    for _ in range(200):
        world.tick()
        if world.level() != "under_attack":
            return
    raise AssertionError("it was never released")


def age(world, passed):
    """Let so much time have passed as if every minute of it had had its pass."""
    world.truth += passed
    world.now = Moment(world.now.wall + passed, world.now.elapsed + passed)


def patient(**changes):
    guards = Guards(minimum_duration=minutes(3), calm_period=minutes(4), **changes)
    return policy(guards=guards)


# on


def test_what_is_on_by_us_is_told_with_what_it_is_about_and_nothing_else_in_its_labels():
    notice = only(engaged(), Name.ENGAGED)
    assert notice.labels == SHOP | {"alertname": "MitigationEngaged", "severity": "warning"}
    assert notice.annotations["summary"] == "under_attack of example.com (site shop) is on."
    assert notice.annotations["reason"] == "Load"
    assert notice.annotations["runbook_url"].endswith("/docs/runbook.md#mitigationengaged")


def test_nothing_is_told_of_what_is_as_it_should_be():
    world = World()
    world.run(minutes(3))
    assert told(world) == []


def test_an_engagement_keeps_its_start_however_long_it_lasts():
    world = engaged()
    first = only(world, Name.ENGAGED).starts_at
    world.run(minutes(20))
    assert only(world, Name.ENGAGED).starts_at == first == world.memory().since


def test_a_value_is_told_as_it_is_and_as_it_was_at_its_worst():
    world = engaged()
    for value in ("2.5", "7.25", "3.14159"):
        give(world, value)
        world.tick()
    notice = only(world, Name.ENGAGED)
    assert (notice.annotations["value"], notice.annotations["peak"]) == ("3.14", "7.25")
    assert "firing: Load at 3.14" in notice.annotations["description"]


@pytest.mark.parametrize("value", ["NaN", "+Inf", "", "high", "1e999"])
def test_what_is_no_number_is_no_value(value):
    world = engaged()
    give(world, value)
    world.tick()
    assert not {"value", "peak"} & set(only(world, Name.ENGAGED).annotations)


def test_values_of_different_alerts_are_never_compared():
    world = engaged()
    world.fire(instance="b", alertname="Requests")
    give(world, "2.5")
    give(world, "12000", "b")
    world.tick()
    assert only(world, Name.ENGAGED).annotations["peak"] == "Load 2.5, Requests 12000"


def test_an_operator_s_engagement_says_who_ordered_it():
    world = World()
    world.tick()
    world.order(Order.ENGAGED)
    world.run(seconds(30))
    assert only(world, Name.ENGAGED).annotations["reason"] == "operator:alice: drill"


# off again


def test_a_release_is_told_for_five_minutes_with_its_duration_peak_and_reason():
    world = engaged(rules=patient())
    give(world, "9.5")
    world.tick()
    began = world.memory().since
    calm(world)
    notice = only(world, Name.RELEASED)
    passed = world.memory().since - began
    assert notice.labels == SHOP | {"alertname": "MitigationReleased", "severity": "info"}
    assert notice.annotations["reason"] == "calm"
    assert notice.annotations["peak"] == "9.5"
    assert notice.annotations["duration"] == f"{passed.seconds // 60}m{passed.seconds % 60}s"
    assert names(world) == ["MitigationReleased"]
    assert notice.ends_at == notice.starts_at + minutes(5)
    world.run(minutes(6))
    assert told(world) == []


def test_the_peak_of_an_engagement_outlives_the_episode_that_saw_it():
    world = engaged(rules=patient(maximum_sustain=minutes(30)))
    give(world, "9.5")
    world.tick()
    world.fire(instance="keeper", role="sustain")
    world.resolve()
    world.run(minutes(10))
    assert world.memory().episode is None
    assert only(world, Name.ENGAGED).annotations["peak"] == "9.5"


def test_a_release_is_not_told_any_more_once_it_is_on_again():
    world = engaged(rules=patient())
    calm(world)
    world.fire()
    world.run(seconds(30))
    assert names(world) == ["MitigationEngaged"]


def test_a_release_that_an_operator_ordered_says_so():
    world = engaged()
    world.order(Order.RELEASED)
    world.run(seconds(30))
    assert only(world, Name.RELEASED).annotations["reason"] == "override"


def test_a_human_who_switched_off_after_the_attack_is_named_as_the_reason():
    world = engaged(rules=patient())
    world.resolve()
    world.run(minutes(3))
    world.human("low")
    world.run(minutes(2))
    assert only(world, Name.RELEASED).annotations["reason"] == "drift"


def test_an_engagement_that_never_worked_is_no_release():
    world = World()
    world.tick()
    world.fault = Failure.REFUSED
    world.fire()
    world.run(seconds(30))
    world.resolve()
    world.run(minutes(5))
    assert told(world) == []


# what humans must look at


def test_what_does_not_come_off_is_told_with_why():
    world = engaged(rules=patient(maximum_duration=minutes(10)))
    world.run(minutes(9))
    assert names(world) == ["MitigationEngaged"]
    world.run(minutes(2))
    notice = only(world, Name.STUCK)
    assert notice.labels["severity"] == "critical"
    assert notice.annotations["reason"] == "on for longer than maximum_duration"
    assert notice.starts_at == only(world, Name.ENGAGED).starts_at


def test_a_human_s_hand_is_told_while_the_attack_lasts():
    world = engaged(rules=patient())
    world.run(minutes(1))
    world.human("medium")
    world.run(minutes(1))
    assert names(world) == ["MitigationDrift"]
    notice = only(world, Name.DRIFT)
    assert "switched off by somebody else" in notice.annotations["summary"]
    first = notice.starts_at
    world.run(minutes(20))
    assert only(world, Name.DRIFT).starts_at == first
    world.resolve()
    world.run(minutes(20))
    assert told(world) == []


def test_one_read_that_says_off_is_no_drift_yet_where_the_provider_gives_no_stamp():
    world = engaged(stamps=False)
    world.zones["under_attack:example.com"].changed_at = None
    world.run(minutes(1))
    world.human("medium")
    while world.memory().episode.off_seen is None:
        world.tick(seconds(5))
    assert world.decided() == ("hold", "drift")
    assert Name.DRIFT not in names(world)


def test_a_human_who_takes_over_what_was_ours_is_told_until_the_attack_is_over():
    world = engaged(rules=patient())
    world.run(minutes(1))
    world.human("under_attack")
    world.run(minutes(2))
    assert "switched on by somebody else" in only(world, Name.DRIFT).annotations["summary"]
    world.resolve()
    world.run(minutes(20))
    assert world.level() == "under_attack"
    assert told(world) == []


def test_what_a_human_has_always_had_on_is_no_news():
    world = World()
    world.human("under_attack")
    world.tick()
    world.fire()
    world.run(minutes(3))
    assert told(world) == []


def test_a_site_that_the_limit_keeps_waiting_is_told_at_once():
    sites = {"shop": ["example.com"], "blog": ["example.net"]}
    world = World(sites, rules=patient(max_sites_engaged=1))
    world.tick()
    world.fire("shop")
    world.tick()
    world.fire("blog")
    world.tick()
    notice = only(world, Name.HELD)
    assert (notice.labels["site"], notice.labels["severity"]) == ("blog", "critical")
    assert notice.annotations["reason"].startswith("max_sites_engaged: ")


@pytest.mark.parametrize("failure", [Failure.REFUSED, Failure.MALFORMED])
def test_a_site_that_cannot_be_protected_is_told_after_a_minute(failure):
    world = World()
    world.tick()
    world.zone_faults["under_attack:example.com"] = failure
    world.fire()
    world.run(seconds(45))
    assert Name.HELD not in names(world)
    world.run(seconds(45))
    assert only(world, Name.HELD).starts_at == world.memory().episode.started_at
    assert only(world, Name.HELD).annotations["reason"] == f"simulated {failure}"


def test_the_next_try_does_not_end_what_is_told_of_those_that_failed():
    world = World()
    world.tick()
    world.fault = Failure.REFUSED
    world.fire()
    world.run(minutes(3))
    trying = Decision(Action.ENGAGE, Reason.DEMAND, detail="firing: Load")
    world.memories["under_attack:example.com"] = replace(world.memory(), decision=trying)
    assert names(world) == ["MitigationHeld"]
    world.fault = None
    world.run(minutes(6))
    assert names(world) == ["MitigationEngaged"]


def test_a_first_try_after_a_pause_is_no_failure():
    world = World()
    world.silence(Matcher("site", "shop"))
    world.tick()
    world.fire()
    world.run(minutes(3))
    trying = Decision(Action.ENGAGE, Reason.DEMAND, detail="firing: Load")
    world.memories["under_attack:example.com"] = replace(world.memory(), decision=trying)
    assert names(world) == []


def test_a_zone_that_cannot_be_switched_is_no_news_until_it_is_needed():
    world = World()
    world.zones["under_attack:example.com"].ineligible = "the zone is paused"
    world.run(minutes(3))
    assert told(world) == []
    world.fire()
    world.run(minutes(2))
    assert only(world, Name.HELD).annotations["reason"] == "not_eligible: the zone is paused"


def test_shadow_mode_leaves_nobody_naked_who_was_to_be_protected():
    world = World(rules=policy(mode=Mode.SHADOW))
    world.zones["under_attack:example.com"].ineligible = "the zone is paused"
    world.tick()
    world.fire()
    world.run(minutes(3))
    assert told(world) == []


# the service itself


def test_blindness_is_told_after_a_minute_and_keeps_its_start():
    world = engaged()
    world.sources[0].answering = False
    world.run(seconds(60))
    assert Name.BLIND not in names(world)
    world.run(seconds(30))
    notice = only(world, Name.BLIND)
    assert notice.labels == {
        "alertname": "ResponderBlind",
        "severity": "critical",
        "action": "none",
    }
    assert "did not answer" in notice.annotations["reason"]
    world.run(minutes(9))
    assert only(world, Name.BLIND).starts_at == notice.starts_at
    world.sources[0].answering = True
    world.tick()
    assert Name.BLIND not in names(world)


def test_blindness_is_told_also_while_webhooks_still_ask_for_everything():
    world = engaged()
    world.run(minutes(2))
    blind_since = world.now.elapsed - minutes(2)
    assert only(world, Name.BLIND, blind_mark=blind_since).starts_at < world.now.wall


def test_a_token_that_is_refused_is_told_at_once_and_by_its_name():
    world = World()
    world.tick()
    world.fault = Failure.UNAUTHORIZED
    world.fire()
    world.tick()
    notice = only(world, Name.CIRCUIT_OPEN)
    assert (notice.labels["kind"], notice.labels["severity"]) == ("write", "critical")
    assert "401" in notice.annotations["summary"]
    assert "token" in notice.annotations["advice"]


def test_an_api_that_fails_is_told_for_reads_and_writes_apart():
    world = World()
    world.tick()
    world.read_fault = Failure.SERVER_ERROR
    world.fire()
    world.run(minutes(1))
    notice = only(world, Name.CIRCUIT_OPEN)
    assert notice.labels["kind"] == "read"
    assert notice.annotations["reason"].startswith("server_error")
    world.read_fault = None
    world.run(minutes(3))
    assert Name.CIRCUIT_OPEN not in names(world)


def test_the_account_s_rate_limit_is_named_also_for_the_calls_that_were_not_made():
    world = World()
    world.tick()
    world.fault = Failure.RATE_LIMITED
    world.fire()
    world.tick()
    kinds = {one.labels["kind"]: one for one in told(world, Name.CIRCUIT_OPEN)}
    assert set(kinds) == {"read", "write"}
    assert "rate_limited" in kinds["read"].annotations["reason"]


# pauses


def test_a_silence_older_than_a_day_is_told_past_the_silence_itself():
    world = engaged()
    silence = world.silence(Matcher("site", "shop"), hours=60)
    world.tick()
    age(world, DAY - minutes(1))
    world.tick()
    assert Name.PAUSED not in names(world)
    world.run(minutes(2))
    notice = only(world, Name.PAUSED)
    assert notice.labels == {
        "alertname": "ResponderPaused",
        "severity": "warning",
        "action": "under_attack",
        "target": "under_attack:example.com",
    }
    assert "silenced by alice: maintenance" in notice.annotations["reason"]
    assert not silence.matches(notice.labels)
    assert silence.matches(only(world, Name.ENGAGED).labels)
    world.silences.clear()
    world.tick()
    assert Name.PAUSED not in names(world)


def test_a_pause_is_over_with_its_silence_though_calm_is_not_proven_yet():
    world = World()
    world.silence(Matcher("site", "shop"), hours=60)
    world.tick()
    age(world, DAY)
    world.tick()
    assert names(world) == ["ResponderPaused"]
    world.silences.clear()
    world.tick()
    assert told(world) == []


def test_blindness_is_over_with_the_first_answer_though_calm_is_not_proven_yet():
    world = World()
    world.sources[0].answering = False
    world.run(minutes(2))
    assert names(world) == ["ResponderBlind"]
    world.sources[0].answering = True
    world.tick()
    assert told(world) == []


@pytest.mark.parametrize("order", Order)
def test_an_order_older_than_a_day_is_told_whatever_it_says(order):
    world = World()
    world.tick()
    world.order(order, minutes=3 * 24 * 60)
    set_at = world.now.wall
    world.tick()
    age(world, DAY - minutes(1))
    assert Name.PAUSED not in names(world)
    world.run(minutes(2))
    notice = only(world, Name.PAUSED)
    assert notice.starts_at == set_at
    assert notice.annotations["reason"] == f"override {order} by operator:alice: drill"


def test_a_silenced_heartbeat_is_told_once_for_all_targets():
    world = World({"shop": ["example.com"], "blog": ["example.net"]})
    world.silence(Matcher("alertname", "ResponderHeartbeat"), hours=60)
    world.tick()
    assert told(world) == []
    age(world, DAY)
    world.tick()
    (notice,) = told(world)
    assert notice.labels == {
        "alertname": "ResponderPaused",
        "severity": "warning",
        "action": "none",
    }


# what holds for all of them


HANDS = {
    "fire": lambda world: world.fire(),
    "resolve": lambda world: world.resolve(),
    "human off": lambda world: world.human("low"),
    "human on": lambda world: world.human("under_attack"),
    "order": lambda world: world.order(Order.ENGAGED),
    "silence": lambda world: world.silence(Matcher("site", "shop"), hours=0.2),
    "blind": lambda world: setattr(world.sources[0], "answering", False),
    "fault": lambda world: setattr(world, "fault", Failure.TIMEOUT),
    "heal": lambda world: world.heal(),
}
STEPS = st.lists(st.tuples(st.sampled_from(list(HANDS)), st.integers(1, 20)), max_size=12)


@pytest.mark.long
@settings(deadline=None)
@given(STEPS)
@example([("order", 1), ("heal", 1)])
def test_every_alert_is_told_once_is_stable_and_asks_for_nothing(steps):
    guards = Guards(minimum_duration=minutes(1), calm_period=minutes(2))
    world = World(rules=policy(guards=replace(guards, maximum_duration=minutes(5))))
    known = Told()
    for what, ticks in steps:
        HANDS[what](world)
        for _ in range(ticks):
            world.tick()
            active = told(world)
            before, known = known, known.revised(active, world.now.wall, LASTING)
            assert len({one.identity for one in active}) == len(active)
            for one in active:
                assert "mitigation" not in one.labels
                assert one.labels["action"] in {"under_attack", "none"}
                assert set(one.labels) <= {"alertname", "severity", "kind", *SHOP}
                assert {"summary", "description", "reason", "advice"} <= set(one.annotations)
                assert one.starts_at <= world.now.wall
            for identity, one in before.standing.items():
                if identity in known.standing:
                    assert known.standing[identity].starts_at == one.starts_at
                else:
                    assert identity in known.ended


@pytest.mark.long
@settings(deadline=None)
@given(st.lists(st.tuples(st.sets(st.integers(0, 3)), st.integers(-90, 90)), max_size=20))
def test_an_end_is_told_until_nobody_can_believe_the_alert_and_never_before_its_start(looks):
    now, known = START, Told()
    made = [make_notice(Name.BLIND, {"action": str(number)}, START, {}) for number in range(4)]
    for active, passed in looks:
        now += timedelta(seconds=passed)
        before, known = known, known.revised([made[n] for n in active], now, LASTING)
        said = {one.identity: one for one in known.said(now, LASTING)}
        assert {made[n].identity for n in active} <= set(said)
        assert not known.ended.keys() & known.standing.keys()
        for identity in before.standing.keys() - known.standing.keys():
            assert said[identity].ends_at <= max(now, said[identity].starts_at)
        for one in said.values():
            assert one.starts_at <= one.ends_at
            assert one.identity not in known.standing or one.ends_at == now + LASTING


def test_an_end_is_forgotten_when_nobody_can_believe_the_alert_any_more():
    alert = make_notice(Name.BLIND, {"action": "none"}, START, {})
    ended = Told().revised([alert], START, LASTING).revised([], START + minutes(1), LASTING)
    (said,) = ended.said(START + minutes(3), LASTING)
    assert said.ends_at == START + minutes(1)
    assert ended.revised([], START + minutes(6), LASTING) == Told()


def test_an_alert_with_an_end_of_its_own_is_not_stretched():
    alert = make_notice(Name.RELEASED, SHOP, START, {}, START + minutes(5))
    known = Told().revised([alert], START, LASTING)
    assert [one.ends_at for one in known.said(START + minutes(3), LASTING)] == [alert.ends_at]
    over = known.revised([], START + minutes(6), LASTING)
    assert [one.ends_at for one in over.said(START + minutes(6), LASTING)] == [alert.ends_at]


def test_ten_thousand_targets_at_rest_cost_nothing_worth_telling():
    world = World()
    world.tick()
    subject = overview(world).subjects[0]
    many = Overview(Moment(START), (subject,) * 10_000)
    assert list(notices(many)) == []


def test_a_target_that_was_never_looked_at_is_no_news():
    world = World()
    world.tick()
    fresh = Memory("under_attack:example.com", "shop", "under_attack", "example.com")
    subject = replace(overview(world).subjects[0], memory=fresh)
    assert list(notices(Overview(Moment(START), (subject,)))) == []


def test_a_circuit_that_nobody_s_failure_explains_is_told_all_the_same():
    world = World()
    world.tick()
    open_now = world.credential.after_call(world.now, writing=True, failure=Failure.UNAUTHORIZED)
    (notice,) = told(world, Name.CIRCUIT_OPEN, credential=open_now)
    assert notice.annotations["reason"] == "calls fail"


def test_what_is_on_is_told_also_before_the_first_decision_of_a_life():
    world = engaged()
    fresh = replace(overview(world).subjects[0], memory=replace(world.memory(), decision=None))
    (notice,) = notices(Overview(world.now, (fresh,)))
    assert "not decided yet" in notice.annotations["description"]


def test_a_long_engagement_is_told_in_hours():
    world = engaged(rules=patient())
    age(world, timedelta(hours=2))
    calm(world)
    assert only(world, Name.RELEASED).annotations["duration"].startswith("2h")


def test_an_empty_text_is_left_out_rather_than_shown():
    notice = make_notice(Name.BLIND, {}, START, {"summary": "blind", "value": ""})
    assert isinstance(notice, Notice)
    assert set(notice.annotations) == {"summary", "runbook_url"}
