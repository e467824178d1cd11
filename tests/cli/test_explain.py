"""`responder explain`: why one target is as it is."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cli.service import NOW, SHOP, entry

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import Action, Decision, Reason
from responder.domain.memory import (
    Actual,
    Demand,
    Episode,
    Order,
    Override,
    Owner,
    Reading,
    State,
)
from responder.domain.peak import Peak

ALERT = Alert(
    "f1",
    {"alertname": "OriginOverloaded", "role": "trigger"},
    AlertStatus.FIRING,
    NOW - timedelta(minutes=6),
)


def test_it_tells_the_whole_story(run, service):
    service.remember(
        SHOP,
        state=State.ENGAGED,
        owner=Owner.OPERATOR,
        since=NOW - timedelta(minutes=5),
        previous="high",
        demand=Demand.TRIGGER,
        reading=Reading(Actual.ON),
        decision=Decision(
            Action.HOLD, Reason.CALM_PERIOD, NOW + timedelta(minutes=10), "nearly calm"
        ),
        episode=Episode(NOW, peaks=(Peak("OriginOverloaded", 12.46),)),
    )
    service.views[SHOP] = replace(service.views[SHOP], alerts=(ALERT,))
    service.entries = [entry(action="hold", reason="calm_period", detail="as expected")]
    ended = run("explain", SHOP)
    assert ended.code == 0
    assert ended.out.splitlines()[:13] == [
        "target    under_attack:example.com, site shop, policy under-attack (enforce)",
        "now       engaged, since 2026-11-20T09:55:00Z (5m ago), by operator; the provider says on",
        "decision  hold (calm_period): no alert asks for it, but not yet for calm_period",
        "          nearly calm",
        "until     2026-11-20T10:10:00Z (in 10m)",
        "demand    trigger: an alert asks for it",
        "alert     OriginOverloaded, trigger, firing, since 2026-11-20T09:54:00Z (6m ago)",
        "peak      12.5",
        "before    high",
        "override  none",
        "next      it is released when this wait is over, unless an alert fires before",
        "",
        "last events, newest first:",
    ]
    assert "as expected" in ended.out
    assert service.queries[-1].target == SHOP
    assert service.queries[-1].limit == 10


def test_it_tells_an_order_and_how_to_end_it(run, service):
    ends = NOW + timedelta(hours=2, seconds=30)
    service.remember(
        SHOP,
        override=Override(Order.ENGAGED, ends, "a drill", "operator:anna", NOW),
        decision=Decision(Action.HOLD, Reason.OVERRIDE, ends),
    )
    out = run("explain", SHOP).out
    assert "override  engaged until 2026-11-20T12:00:30Z (in 2h)\n" in out
    assert "          operator:anna: a drill\n" in out
    assert f"`responder resume {SHOP}`" in out


def test_more_alerts_than_are_listed_are_counted(run, service):
    service.views[SHOP] = replace(service.views[SHOP], alerts=(ALERT,) * 23)
    out = run("explain", SHOP).out
    assert out.count("OriginOverloaded") == 20
    assert "and 3 more alerts" in out


def test_an_attack_without_values_shows_no_peak(run, service):
    service.remember(SHOP, episode=Episode(NOW))
    assert "peak" not in run("explain", SHOP).out


def test_piped_its_events_keep_their_details(run, service, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    service.entries = [entry(action="hold", reason="calm_period", detail="told " * 40)]
    assert ("told " * 40).strip() in run("explain", SHOP).out


@pytest.mark.usefixtures("service")
def test_a_target_that_was_never_judged_is_told_as_such(run):
    out = run("explain", SHOP).out
    assert "decision  none yet\n" in out
    assert "no events" in out


def test_programs_get_the_target_with_its_events(run, service):
    service.entries = [entry(before="hold", after="engage")]
    answer = json.loads(run("explain", SHOP, "--output", "json").out)
    assert answer["id"] == SHOP
    assert answer["events"][0]["from"] == "hold"


@pytest.mark.usefixtures("service")
def test_an_unknown_target_fails_with_the_likely_one(run):
    ended = run("explain", "example.com")
    assert ended.code == 1
    assert not ended.out
    assert ended.err == f"Error: there is no target 'example.com'; did you mean {SHOP}?\n"


@pytest.mark.usefixtures("service")
def test_a_target_like_no_other_fails_with_where_to_look(run):
    assert "responder status lists them" in run("explain", "zzz").err


@pytest.mark.parametrize(("hours", "old"), [(23, False), (50, True)])
def test_an_order_that_may_have_been_forgotten_is_asked_about(run, service, hours, old):
    given = NOW - timedelta(hours=hours)
    order = Override(Order.PAUSED, NOW + timedelta(days=9), "a drill", "operator:anna", given)
    service.remember(SHOP, override=order)
    assert ("old: it has stood for 2d2h; is it still meant?" in run("explain", SHOP).out) is old
    told = f"old order: {SHOP}: paused by operator:anna for 2d2h now: a drill\n"
    assert (told in run("status").out) is old
