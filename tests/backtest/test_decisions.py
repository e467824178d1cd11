"""What the service would have done with alerts: its own guards, with simulated time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from responder.backtest.decisions import acting, decided
from responder.backtest.firing import Firing
from responder.backtest.outcome import engaged_by_site
from responder.domain.alerts import parse_matcher
from responder.domain.history import histories
from responder.domain.hook import HookEvent, HookRule
from responder.domain.report import sums
from responder.domain.targets import Guards, Inventory, Mode, Policy, Target

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
START = int(BEGIN.timestamp())
CONFIRM = 1.5
"""Minutes until absence is believed."""


def firing(begin, end, site="shop", role="trigger", **labels):
    """Return an alert that fires between two minutes."""
    known = {"alertname": "Flood", "site": site, "mitigation": "under_attack", "role": role}
    return Firing("Flood", {**known, **labels}, START + 60 * begin, START + 60 * end)


def inventory(sites=("shop",), **guards):
    matcher = parse_matcher('mitigation="under_attack"')
    policy = Policy("under-attack", "under_attack", (matcher,), guards=Guards(**guards))
    return Inventory([Target(site, "under_attack", f"{site}.test") for site in sites], [policy])


def on(firings, known=None, hours=12):
    """Return between which minutes each site would have been on."""
    known = known or inventory()
    course = decided(firings, known, BEGIN, BEGIN + timedelta(hours=hours))
    return {
        site: [tuple((one - BEGIN) / timedelta(minutes=1) for one in span) for span in spans]
        for site, spans in engaged_by_site(course, known).items()
    }


def test_it_is_on_from_the_alert_until_calm_is_proven():
    assert on([firing(60, 80)]) == {"shop": [(60, 80 + CONFIRM + 15)]}


def test_a_short_alert_keeps_it_on_for_the_minimum_duration():
    known = inventory(minimum_duration=timedelta(minutes=30), calm_period=timedelta(minutes=2))

    assert on([firing(60, 61)], known) == {"shop": [(60, 90)]}


def test_an_alert_that_returns_within_the_calm_period_is_no_toggle():
    assert on([firing(60, 80), firing(90, 95)]) == {"shop": [(60, 95 + CONFIRM + 15)]}


def test_a_sustain_alert_keeps_and_never_starts():
    alone = on([firing(60, 80, role="sustain")])
    behind = on([firing(60, 80), firing(70, 120, role="sustain")])

    assert alone == {"shop": []}
    assert behind == {"shop": [(60, 120 + CONFIRM + 15)]}


def test_the_limit_of_sites_holds_the_one_that_comes_later():
    known = inventory(("shop", "blog"), max_sites_engaged=1)

    found = on([firing(60, 80), firing(70, 200, site="blog")], known)

    released = 80 + CONFIRM + 15
    assert found["shop"] == [(60, released)]
    assert found["blog"][0][0] == pytest.approx(released, abs=1)


def test_many_waves_are_held_longer_each_time():
    found = on([firing(30 + 30 * wave, 35 + 30 * wave) for wave in range(4)])

    assert len(found["shop"]) == 3  # the third lasts over the fourth wave
    assert found["shop"][2][1] == 125 + CONFIRM + 30


def test_a_policy_in_shadow_mode_is_replayed_as_if_it_acted():
    known = inventory()
    shadow = Inventory(
        known.targets.values(),
        [Policy("under-attack", "under_attack", known.policies[0].match, Mode.SHADOW)],
    )

    assert on([firing(60, 80)], acting(shadow))["shop"] == [(60, 80 + CONFIRM + 15)]


def test_the_routers_of_a_policy_are_taken_to_have_agreed():
    known = inventory()
    hook = HookRule(frozenset(HookEvent), required=True)
    told = Inventory(known.targets.values(), [replace(known.policies[0], hook=hook)])

    assert on([firing(60, 80)], told)["shop"] == [(60, 80 + CONFIRM + 15)]


def test_a_policy_that_is_off_stays_off():
    known = inventory()
    off = Inventory(
        known.targets.values(),
        [Policy("under-attack", "under_attack", known.policies[0].match, Mode.OFF)],
    )

    assert on([firing(60, 80)], acting(off)) == {"shop": []}


def test_alerts_that_speak_of_nothing_here_are_counted_once_and_switch_nothing():
    known = inventory()
    strange = [firing(60, 80, site="other"), firing(60, 90, mitigation="none")]

    course = decided(strange, known, BEGIN, BEGIN + timedelta(hours=3))

    assert course.strangers == {"unknown_site": 1, "our_own": 1}
    assert [one.real for one in histories(course.evidence)] == [()]


def test_what_held_is_told_with_its_minutes():
    known = inventory()
    end = BEGIN + timedelta(hours=3)
    course = decided([firing(60, 80)], known, BEGIN, end)

    (told,) = sums(course.evidence, BEGIN, end)

    assert told.real.toggles == 2
    assert {reason: held.time for reason, held in told.holds.items()} == {
        "calm_period": timedelta(minutes=15)
    }


def test_what_is_on_at_the_end_has_not_ended():
    known = inventory()
    course = decided([firing(60, 170)], known, BEGIN, BEGIN + timedelta(hours=2))

    (history,) = histories(course.evidence)

    assert [(one.ended, one.length) for one in history.real] == [(False, timedelta(hours=1))]
