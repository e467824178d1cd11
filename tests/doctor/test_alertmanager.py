"""What is judged of Alertmanager, row by row."""

from datetime import UTC, datetime, timedelta

import pytest

from responder.doctor.checks import (
    alertmanager_authorization,
    alertmanager_heartbeat,
    alertmanager_heartbeat_labels,
    alertmanager_inhibition,
    alertmanager_mute_times,
    alertmanager_reachable,
    alertmanager_receiver,
    alertmanager_waits,
)
from responder.doctor.examples import Example
from responder.doctor.finding import Status
from responder.doctor.routing import Authorization, Route, Routing, Waits, Webhook
from responder.domain.alerts import Alert, AlertStatus, Matcher
from responder.ports import Poll
from responder.settings.sections import Alertmanager

OK, WARNING, FAILURE, SKIPPED = Status.OK, Status.WARNING, Status.FAILURE, Status.SKIPPED
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
POLLED = Alertmanager(urls=("http://am:9093",))
WEBHOOKS = Alertmanager()


def statuses(findings):
    return [one.status for one in findings]


@pytest.mark.parametrize(
    ("version", "status"),
    [("0.25.0", OK), ("0.34.0", OK), ("1.0.0", OK), ("0.24.0", WARNING), ("unknown", OK)],
)
def test_a_version_that_nobody_tried_is_warned_of(version, status):
    assert alertmanager_reachable.judge(version).status is status


@pytest.mark.parametrize(
    ("waits", "settings", "expected"),
    [
        pytest.param((0, 5, 60), POLLED, [OK], id="as shipped"),
        pytest.param((1, 10, 300), POLLED, [OK], id="just short enough"),
        pytest.param((2, 5, 60), POLLED, [WARNING], id="group_wait"),
        pytest.param((0, 30, 60), POLLED, [WARNING], id="group_interval"),
        pytest.param((0, 5, 3600), POLLED, [WARNING], id="repeat_interval"),
        pytest.param((30, 300, 14400), POLLED, [WARNING] * 3, id="Alertmanager's own"),
        pytest.param((0, 5, 60), WEBHOOKS, [OK], id="without a poll"),
        pytest.param((0, 5, 14 * 60 + 55), WEBHOOKS, [FAILURE], id="longer than believed"),
        pytest.param((0, 5, 14 * 60), WEBHOOKS, [WARNING], id="shorter than believed"),
    ],
)
def test_what_waits_on_the_way_is_warned_of(waits, settings, expected):
    route = Route("responder", waits=Waits(*(timedelta(seconds=one) for one in waits)))

    assert statuses(alertmanager_waits.judge(route, settings)) == expected


@pytest.fixture
def settings(world):
    return world.settings()


@pytest.fixture
def webhook_only(world):
    world.config["alertmanager"]["urls"] = []
    return world.settings()


HERE = "http://127.0.0.1:9847/webhooks/alertmanager"


@pytest.mark.parametrize(
    ("webhook", "expected"),
    [
        pytest.param(Webhook(HERE), [OK], id="as shipped"),
        pytest.param(Webhook(None), [OK], id="hidden"),
        pytest.param(Webhook(HERE, send_resolved=False), [WARNING], id="no end"),
        pytest.param(Webhook(HERE, max_alerts=1), [WARNING], id="cut"),
        pytest.param(Webhook(HERE.replace("http", "https")), [FAILURE], id="https to http"),
        pytest.param(Webhook("https://proxy/webhooks/alertmanager"), [OK], id="a proxy"),
    ],
)
def test_a_receiver_must_tell_everything(settings, webhook, expected):
    assert statuses(alertmanager_receiver.judge("responder", webhook, settings)) == expected


def test_without_a_poll_the_end_of_an_alert_must_be_told(webhook_only):
    (finding,) = alertmanager_receiver.judge(
        "responder", Webhook(HERE, send_resolved=False), webhook_only
    )

    assert finding.status is FAILURE


@pytest.mark.parametrize(
    ("authorization", "sent", "status"),
    [
        pytest.param(Authorization(), None, FAILURE, id="none"),
        pytest.param(Authorization("basic_auth"), None, FAILURE, id="another kind"),
        pytest.param(Authorization("Bearer", "/t"), None, OK, id="unseen"),
        pytest.param(Authorization("bearer", "/t"), "right\n", OK, id="the same"),
        pytest.param(Authorization("Bearer", "/t"), "wrong", FAILURE, id="another"),
        pytest.param(Authorization("Bearer", "/t"), "ключ", FAILURE, id="not ASCII"),
    ],
)
def test_a_receiver_must_send_our_token(authorization, sent, status):
    finding = alertmanager_authorization.judge("responder", authorization, "right", sent)

    assert finding.status is status
    assert "right" not in finding.seen


def test_time_intervals_on_a_way_to_us_pause_nothing():
    muted = Route("responder", (Matcher("mitigation", "x"),), intervals=("night", "weekend"))

    (finding,) = alertmanager_mute_times.judge([Route("responder"), muted])

    assert finding.status is FAILURE
    assert "night, weekend" in finding.seen
    assert statuses(alertmanager_mute_times.judge([Route("responder")])) == [OK]
    assert statuses(alertmanager_mute_times.judge([])) == [SKIPPED]


@pytest.mark.parametrize(
    ("targets", "status"),
    [
        pytest.param([Matcher("severity", "critical")], WARNING, id="hits"),
        pytest.param([Matcher("severity", "info")], OK, id="misses"),
        pytest.param([Matcher("severity", "critical"), Matcher("mitigation", "")], OK, id="spared"),
    ],
)
def test_an_inhibit_rule_must_not_hit_what_asks_for_a_mitigation(targets, status):
    routing = Routing(Route("a"), {}, inhibitions=(tuple(targets),))
    example = Example("p", {"severity": "critical", "mitigation": "under_attack"}, "OriginLoad")

    assert statuses(alertmanager_inhibition.judge(routing, [example])) == [status]


def beat(age, status=AlertStatus.FIRING, **labels):
    known = {"alertname": "ResponderHeartbeat"} | labels
    updated = None if age is None else NOW - age
    return Alert(f"{sorted(labels)}", known, status, NOW, updated)


@pytest.mark.parametrize(
    ("poll", "status"),
    [
        pytest.param(Poll("am", heartbeats=(beat(5 * SECOND),), date=NOW), OK, id="fresh"),
        pytest.param(Poll("am", heartbeats=(beat(149 * SECOND),), date=NOW), OK, id="just fresh"),
        pytest.param(Poll("am", heartbeats=(beat(150 * SECOND),), date=NOW), FAILURE, id="stale"),
        pytest.param(Poll("am", heartbeats=(beat(None),), date=NOW), FAILURE, id="undated"),
        pytest.param(Poll("am", date=NOW), FAILURE, id="none"),
        pytest.param(
            Poll("am", heartbeats=(beat(SECOND), beat(9 * MINUTE, pod="b")), date=NOW),
            OK,
            id="one of two",
        ),
        pytest.param(
            Poll("am", heartbeats=(beat(SECOND, AlertStatus.SILENCED),), date=NOW),
            WARNING,
            id="silenced",
        ),
        pytest.param(Poll("am", problem="403"), FAILURE, id="refused"),
    ],
)
def test_a_heartbeat_is_fresh_for_two_and_a_half_resend_delays(poll, status):
    assert alertmanager_heartbeat.judge(poll, POLLED).status is status


@pytest.mark.parametrize(
    ("heartbeats", "names", "status"),
    [
        pytest.param([], [], SKIPPED, id="none"),
        pytest.param([{"p": "a"}], [], OK, id="one"),
        pytest.param([{"p": "a"}, {"p": "b"}], [], FAILURE, id="two, not told apart"),
        pytest.param([{"p": "a"}, {"p": "b"}], ["p"], OK, id="two, told apart"),
        pytest.param([{"p": "a", "q": "1"}, {"p": "a", "q": "2"}], ["p"], FAILURE, id="wrong"),
        pytest.param([{"p": "a"}, {}], ["p"], WARNING, id="one without"),
    ],
)
def test_servers_must_be_told_apart(heartbeats, names, status):
    assert alertmanager_heartbeat_labels.judge(heartbeats, names).status is status


def test_the_labels_that_differ_are_told():
    beats = [{"alertname": "b", "prometheus": "a"}, {"alertname": "b", "prometheus": "c"}]

    assert "differ in prometheus" in alertmanager_heartbeat_labels.judge(beats, []).advice
