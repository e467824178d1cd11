"""What is kept of what webhooks tell: the newest, of what is configured, and never much."""

from datetime import UTC, datetime, timedelta

import pytest

from responder.domain.alerts import Alert, AlertStatus, HeardAlert, Matcher
from responder.domain.targets import Inventory, Policy, Target
from responder.ports import MOST_ALERTS
from responder.reconciler.heard import MOST_OF_A_SITE, Heard

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.fixture
def heard():
    targets = [
        Target("shop", "under_attack", "example.com"),
        Target("blog", "under_attack", "example.net"),
        Target("blog", "under_attack", "blog.example"),
        *(Target(f"s{n}", "under_attack", f"{n}.example") for n in range(200)),
    ]
    policy = Policy("under-attack", "under_attack", (Matcher("mitigation", "under_attack"),))
    return Heard(Inventory(targets, [policy]))


def told(name, seq=1, site="shop", status=AlertStatus.FIRING, **labels):
    known = {"site": site, "mitigation": "under_attack"} | labels
    return HeardAlert(Alert(name, known, status, NOW), NOW, seq)


def names(heard):
    return {one.alert.fingerprint for one in heard}


def test_the_newest_telling_of_an_alert_is_kept(heard):
    newest = told("a", 3)
    heard.take([told("a", 1), newest])
    heard.take([told("a", 2)])
    assert list(heard) == [newest]


def test_what_speaks_of_nothing_here_is_counted_and_not_kept(heard):
    strangers = heard.take(
        [told("a", site="moon"), told("b", site="moon"), told("c", mitigation="none"), told("d")]
    )
    assert (strangers, names(heard)) == ({"unknown_site": 2, "our_own": 1}, {"d"})


@pytest.mark.long
def test_a_flood_about_one_site_leaves_the_others_alone(heard):
    heard.take([told("blog", 0, "blog")])
    for seq in range(100):
        heard.take([told(f"{seq}-{n}", seq) for n in range(100)])
    kept = [one for one in heard if one.alert.labels["site"] == "shop"]
    assert MOST_OF_A_SITE <= len(kept) <= 2 * MOST_OF_A_SITE
    assert "blog" in names(heard)
    assert min(one.seq for one in kept) >= 100 - 2 * MOST_OF_A_SITE // 100


def test_what_fires_is_kept_before_what_has_resolved(heard):
    heard.take([told("old", 1)])
    heard.take([told(f"r{n}", 2, status=AlertStatus.RESOLVED) for n in range(3 * MOST_OF_A_SITE)])
    assert "old" in names(heard)


def test_what_may_start_a_mitigation_is_kept_before_what_may_only_sustain_it(heard):
    heard.take([told("trigger", 1)])
    heard.take([told(f"s{n}", 2, role="sustain") for n in range(3 * MOST_OF_A_SITE)])
    assert "trigger" in names(heard)


def test_a_flood_about_one_zone_leaves_the_others_of_its_site_alone(heard):
    heard.take([told("quiet", 1, "blog", zone="example.net"), told("whole", 1, "blog")])
    heard.take([told(f"{n}", 2, "blog", zone="blog.example") for n in range(3 * MOST_OF_A_SITE)])
    assert names(heard) >= {"quiet", "whole"}


@pytest.mark.long
def test_a_flood_about_all_sites_is_bounded_and_leaves_something_of_each(heard):
    for seq in range(200):
        heard.take([told(f"{seq}-{n}", seq, f"s{n}") for n in range(200)])
    assert len(list(heard)) <= MOST_ALERTS
    assert {one.alert.labels["site"] for one in heard} == {f"s{n}" for n in range(200)}


def test_the_order_of_tellings_changes_nothing(heard):
    first = told("a", 1)
    resolved = told("a", 2, status=AlertStatus.RESOLVED)
    again = HeardAlert(Alert("a", first.alert.labels, AlertStatus.FIRING, NOW + timedelta(1)), NOW)
    heard.take([again, resolved, first])
    assert list(heard) == [again]
