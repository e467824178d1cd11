"""What is judged of Prometheus, row by row."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.doctor.checks import (
    prometheus_alertmanagers,
    prometheus_evaluation,
    prometheus_reachable,
    prometheus_resend_delay,
    prometheus_retention,
    prometheus_rule_health,
    prometheus_rules,
    prometheus_sites,
    prometheus_thresholds,
    prometheus_watchdog,
)
from responder.doctor.finding import Status
from responder.doctor.known import shipped
from responder.domain.alerts import Matcher
from responder.domain.targets import Mode, Policy
from responder.prometheus import Rule, RuleGroup, Sample

OK, WARNING, FAILURE, SKIPPED = Status.OK, Status.WARNING, Status.FAILURE, Status.SKIPPED
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def statuses(findings):
    return [one.status for one in findings]


def group(*rules, name="g", interval=5.0, took=0.1, last=NOW):
    times = {"evaluationTime": took, "lastEvaluation": last}
    return RuleGroup(name=name, interval=interval, rules=rules, **times)


def alert(name, state="inactive", **labels):
    return Rule(name=name, type="alerting", state=state, labels=labels)


def sample(value, **labels):
    return Sample(metric=labels, value=(0.0, value))


@pytest.mark.parametrize(
    ("version", "status"),
    [("2.42.0+ds", OK), ("3.14.0", OK), ("2.41.0", WARNING), ("v?", OK)],
)
def test_a_version_that_cannot_load_the_rules_is_warned_of(version, status):
    assert prometheus_reachable.judge(version, "http://p").status is status


BEAT = alert("ResponderHeartbeat", mitigation="none")
LOAD = alert("OriginLoad", mitigation="under_attack")
UAM = Policy("uam", "under_attack", (Matcher("mitigation", "under_attack"),))
TEAM = Policy("web", "under_attack", (Matcher("team", "web"),))


@pytest.mark.parametrize(
    ("rules", "policies", "expected"),
    [
        pytest.param([BEAT, LOAD], [UAM], [OK], id="all there"),
        pytest.param([LOAD], [UAM], [FAILURE], id="no heartbeat"),
        pytest.param([BEAT], [UAM], [FAILURE], id="no detector"),
        pytest.param([], [UAM], [FAILURE, FAILURE], id="nothing"),
        pytest.param([BEAT, LOAD], [UAM, TEAM], [WARNING], id="a label of the series, perhaps"),
        pytest.param([BEAT], [Policy("off", "x", UAM.match, Mode.OFF)], [OK], id="a policy off"),
    ],
)
def test_every_policy_needs_a_rule_that_asks(rules, policies, expected):
    assert statuses(prometheus_rules.judge([group(*rules)], policies)) == expected


def rule(health):
    return Rule(name="a", type="recording", health=health, lastError="x" * 999)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param([], [SKIPPED], id="none"),
        pytest.param([group(rule("ok"))], [OK], id="healthy"),
        pytest.param([group(rule("err"), rule("ok"))], [FAILURE], id="an error"),
        pytest.param([group(rule("unknown"))], [WARNING], id="not yet"),
    ],
)
def test_a_rule_that_fails_is_told_with_its_error(groups, expected):
    found = prometheus_rule_health.judge(groups)

    assert statuses(found) == expected
    assert all(len(one.seen) < 400 for one in found)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(group(took=0.1), [OK], id="quick"),
        pytest.param(group(took=3), [WARNING], id="busy"),
        pytest.param(group(took=5), [FAILURE], id="too slow"),
        pytest.param(group(last=NOW - 20 * SECOND), [OK], id="just late enough"),
        pytest.param(group(last=NOW - 21 * SECOND), [FAILURE], id="standing still"),
        pytest.param(group(last=datetime(1, 1, 1, tzinfo=UTC)), [OK], id="never yet"),
        pytest.param(group(last=None), [OK], id="not told"),
        pytest.param(group(interval=0.0, took=9), [OK], id="no interval"),
    ],
)
def test_an_evaluation_must_end_before_the_next_begins(one, expected):
    assert statuses(prometheus_evaluation.judge([one], NOW)) == expected


def test_without_groups_or_without_a_clock_nothing_is_late():
    assert statuses(prometheus_evaluation.judge([], NOW)) == [SKIPPED]
    assert statuses(prometheus_evaluation.judge([group(last=NOW - 9 * MINUTE)], None)) == [OK]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([alert("A"), alert("B")], [OK], id="quiet"),
        pytest.param([alert("A")], [WARNING], id="one is missing"),
        pytest.param([alert("A", "firing"), alert("B", "pending")], [WARNING], id="one fires"),
        pytest.param([alert("A", "firing")], [WARNING, WARNING], id="both"),
    ],
)
def test_a_watchdog_is_loaded_and_quiet(rules, expected):
    found = prometheus_watchdog.judge([group(*rules)], frozenset({"A", "B"}))

    assert statuses(found) == expected


@pytest.mark.parametrize(
    ("targets", "up", "expected"),
    [
        pytest.param({"shop": 2, "": 1}, {"shop": 1}, [OK], id="measured"),
        pytest.param({"": 3}, {"": 3}, [FAILURE], id="no label anywhere"),
        pytest.param({"shop": 2}, {"shop": 0}, [FAILURE], id="all down"),
        pytest.param({"shop": 1, "Shop": 1}, {"shop": 1}, [WARNING], id="unknown"),
        pytest.param({"Shop": 1}, {"Shop": 1}, [FAILURE, WARNING], id="misspelt"),
    ],
)
def test_sites_are_measured_under_the_names_that_we_know(targets, up, expected):
    assert statuses(prometheus_sites.judge(["shop"], targets, up)) == expected


def thresholds(**bounds):
    return [sample(value, signal="load", bound=bound) for bound, value in bounds.items()]


NEEDED = {("load", "upper"), ("load", "lower")}


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        pytest.param(thresholds(upper=2, lower=1), [OK], id="both"),
        pytest.param(thresholds(upper=2), [FAILURE], id="one is missing"),
        pytest.param([], [FAILURE, FAILURE], id="none"),
        pytest.param(thresholds(upper=1, lower=1), [FAILURE], id="equal"),
        pytest.param(thresholds(upper=2, lower=float("nan")), [FAILURE], id="not a number"),
    ],
)
def test_thresholds_exist_and_are_the_right_way_round(defaults, expected):
    assert statuses(prometheus_thresholds.judge(defaults, NEEDED)) == expected


@pytest.mark.parametrize(
    ("labels", "value", "expected"),
    [
        pytest.param({"site": "shop", "bound": "upper"}, 4, [], id="fine"),
        pytest.param({"site": "shop", "bound": "upper"}, 0.5, [FAILURE], id="below the default"),
        pytest.param({"site": "schop", "bound": "upper"}, 4, [WARNING], id="nobody's"),
        pytest.param({"bound": "lower", "instance": "a"}, 3, [FAILURE], id="an instance's"),
    ],
)
def test_an_override_is_judged_with_the_default_of_the_other_bound(labels, value, expected):
    override = sample(value, signal="load", **labels)
    found = prometheus_thresholds.judge_overrides(
        [override], thresholds(upper=2, lower=1), {"shop"}
    )

    assert statuses(found) == expected


@pytest.mark.parametrize(
    ("flag", "interval", "configured", "status"),
    [
        pytest.param(60, 5, 60, OK, id="equal"),
        pytest.param(60, 5, 65, OK, id="one evaluation later"),
        pytest.param(60, 5, 66, WARNING, id="longer than need be"),
        pytest.param(60, 5, 59, FAILURE, id="too short"),
        pytest.param(300, 5, 60, FAILURE, id="far too short"),
        pytest.param(1.5, 1, 2, OK, id="rounded up to an evaluation"),
        pytest.param(60, 300, 60, FAILURE, id="a group that is rarely evaluated"),
    ],
)
def test_alerts_are_repeated_as_often_as_the_configuration_says(flag, interval, configured, status):
    finding = prometheus_resend_delay.judge(
        *(timedelta(seconds=one) for one in (flag, interval, configured))
    )

    assert finding.status is status


def test_without_a_heartbeat_only_a_delay_that_is_too_short_is_told():
    judged = [
        prometheus_resend_delay.judge(MINUTE, None, configured).status
        for configured in (59 * SECOND, MINUTE, 90 * SECOND)
    ]

    assert judged == [FAILURE, OK, OK]


@given(st.integers(1, 600), st.integers(1, 60), st.integers(1, 900))
def test_what_is_advised_about_the_resend_delay_is_right(flag, interval, configured):
    every = [timedelta(seconds=one) for one in (flag, interval)]
    first = prometheus_resend_delay.judge(*every, timedelta(seconds=configured))

    if first.status is not OK:
        assert prometheus_resend_delay.judge(*every, max(every)).status is OK


@pytest.mark.parametrize(
    ("fed", "polled", "expected"),
    [
        pytest.param(["http://am:9093/api/v2/alerts"], ["http://am:9093"], [OK], id="same"),
        pytest.param([], ["http://am:9093"], [FAILURE], id="nobody"),
        pytest.param(["http://a:9093/x"], ["http://b:9093"], [WARNING, WARNING], id="other"),
        pytest.param(["http://a:1/", "http://b:1/"], ["http://a:1"], [WARNING], id="unasked"),
        pytest.param(["http://a:1/"], [], [OK], id="webhook-only"),
        pytest.param(["http://user:s3cret@am:9093/"], ["http://am:9093"], [OK], id="password"),
        pytest.param(["http://[bad/"], ["http://am:9093"], [WARNING, WARNING], id="odd"),
    ],
)
def test_prometheus_feeds_whom_we_ask(fed, polled, expected):
    found = prometheus_alertmanagers.judge(fed, polled)

    assert statuses(found) == expected
    assert "s3cret" not in "".join(one.seen for one in found)


@pytest.mark.parametrize(
    ("retention", "status"),
    [
        ("30d", OK),
        ("22d or 5GiB", OK),
        ("21d", WARNING),
        ("3w", WARNING),
        ("1y", OK),
        ("15d", WARNING),
        ("6d or 1GB", WARNING),
        ("50GiB", SKIPPED),
        ("", SKIPPED),
    ],
)
def test_baselines_need_three_weeks(retention, status):
    assert prometheus_retention.judge(retention).status is status


def test_the_shipped_rules_are_known():
    known = shipped()

    assert {"heartbeat", "thresholds", "watchdog"} <= known.groups
    assert known.thresholds >= NEEDED
    assert "HeartbeatMissing" in known.watchdogs
