"""What a webhook's body tells, and what it must not contain."""

import json
from datetime import UTC, datetime

import pytest

from responder.alertmanager.webhook import MOST_IN_A_BODY, parse_webhook
from responder.domain.alerts import AlertStatus
from responder.errors import PayloadError

RECEIVED_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LABELS = {"alertname": "OriginHighLoad", "site": "shop"}


def alert(**fields):
    return {"status": "firing", "labels": LABELS, **fields}


def body(*alerts, **fields):
    return json.dumps({"version": "4", "alerts": alerts, **fields}).encode()


def parsed(*alerts, **fields):
    return parse_webhook(body(*alerts, **fields), RECEIVED_AT)


def test_a_body_as_alertmanager_sends_it_is_read_whole():
    webhook = parsed(
        alert(
            annotations={"summary": "busy"},
            startsAt="2026-11-20T09:59:30.123456789Z",
            endsAt="0001-01-01T00:00:00Z",
            generatorURL="http://prometheus/graph",
            fingerprint="14c6d81a24a4b6f0",
        ),
        receiver="responder",
        status="firing",
        groupKey='{}/{mitigation=~".+"}:{site="shop"}',
        truncatedAlerts=2,
        notification_reason="new_alerts_in_group",
    )

    (one,) = webhook.alerts
    assert (webhook.receiver, webhook.truncated) == ("responder", 2)
    assert webhook.group_key == '{}/{mitigation=~".+"}:{site="shop"}'
    assert (one.fingerprint, one.labels) == ("14c6d81a24a4b6f0", LABELS)
    assert one.annotations == {"summary": "busy"}
    assert one.starts_at == datetime(2026, 11, 20, 9, 59, 30, 123456, tzinfo=UTC)


def test_each_alert_has_its_own_status_whatever_that_of_its_group():
    webhook = parsed(alert(), alert(status="resolved"), status="firing")

    assert [one.status for one in webhook.alerts] == [AlertStatus.FIRING, AlertStatus.RESOLVED]


@pytest.mark.parametrize(
    ("starts_at", "expected"),
    [
        pytest.param({}, RECEIVED_AT, id="absent"),
        pytest.param({"startsAt": None}, RECEIVED_AT, id="null"),
        pytest.param({"startsAt": "0001-01-01T00:00:00Z"}, RECEIVED_AT, id="never set"),
        pytest.param({"startsAt": "2999-01-01T00:00:00Z"}, RECEIVED_AT, id="in the future"),
        pytest.param(
            {"startsAt": "2026-11-20T14:30:00+05:30"},
            datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
            id="offset",
        ),
    ],
)
def test_an_alert_that_does_not_say_since_when_began_on_receipt(starts_at, expected):
    (one,) = parsed(alert(**starts_at)).alerts

    assert (one.starts_at, one.starts_at.tzinfo) == (expected, UTC)


def test_an_alert_without_fingerprint_gets_the_one_alertmanager_would_give():
    (one,) = parsed(alert(labels={"name": "garland, briggs", "fear": "love is not enough"})).alerts

    assert one.fingerprint == f"{5799056148416392346:016x}"  # from Prometheus' own tests


def test_the_order_of_labels_does_not_change_the_fingerprint():
    first, second = parsed(
        alert(labels={"a": "1", "b": "2"}), alert(labels={"b": "2", "a": "1"})
    ).alerts

    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("value", ["тест", "试", "a\x00b\x1b[31m", "\U0001f525", "\\ud800", ""])
@pytest.mark.parametrize("escaped", [True, False])
def test_labels_in_any_script_are_data(value, escaped):
    document = {"version": "4", "alerts": [alert(labels={"site": value})]}
    text = json.dumps(document, ensure_ascii=escaped)

    (one,) = parse_webhook(text.encode(), RECEIVED_AT).alerts

    assert one.labels == {"site": value}


def test_optional_fields_of_another_type_are_no_reason_to_lose_the_alerts():
    webhook = parsed(alert(annotations=None), receiver=None, groupKey=[], truncatedAlerts="many")

    assert (len(webhook.alerts), webhook.truncated, webhook.receiver) == (1, 0, "")


def test_a_body_without_alerts_is_a_mere_doorbell():
    assert parsed().alerts == ()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b'{"version": "4", "alerts": [', "not JSON", id="cut off"),
        pytest.param(b"\xff\xfe{}", "not UTF-8", id="not utf-8"),
        pytest.param('{"version": "4"}'.encode("utf-16"), "not UTF-8", id="utf-16"),
        pytest.param(b'{"version": "4", "alerts": [], "x": NaN}', "NaN", id="nan"),
        pytest.param(b'{"version": "4", "x": -Infinity}', "Infinity", id="infinity"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="deep"),
        pytest.param(b'{"a":' * 100_000, "nested too deeply", id="deep objects"),
        pytest.param(b'{"x": ' + b"9" * 5000 + b"}", "digits", id="endless number"),
        pytest.param(b"[]", "not an object", id="a list"),
        pytest.param(b'"4"', "not an object", id="a text"),
        pytest.param(b"{}", "version is None", id="no version"),
        pytest.param(b'{"version": 4, "alerts": []}', 'expected "4"', id="number as version"),
        pytest.param(b'{"version": "5", "alerts": []}', "version is '5'", id="later version"),
        pytest.param(b'{"version": "4"}', "alerts is missing", id="no alerts"),
        pytest.param(b'{"version": "4", "alerts": {}}', "not a list", id="alerts no list"),
    ],
)
def test_a_body_that_is_no_webhook_is_refused_with_the_reason(payload, reason):
    with pytest.raises(PayloadError, match=reason):
        parse_webhook(payload, RECEIVED_AT)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param("firing", "not an object", id="no object"),
        pytest.param({"labels": LABELS}, "status is None", id="no status"),
        pytest.param(alert(status="suppressed"), "status is 'suppressed'", id="other status"),
        pytest.param(alert(status=["firing"]), "status is", id="status no text"),
        pytest.param({"status": "firing"}, "labels is no object", id="no labels"),
        pytest.param(alert(labels=[]), "nothing but text", id="labels no object"),
        pytest.param(alert(labels={"site": 1}), "nothing but text", id="number as label"),
        pytest.param(alert(labels={"site": None}), "nothing but text", id="null as label"),
        pytest.param(alert(annotations={"a": 1}), "nothing but text", id="annotations"),
        pytest.param(alert(startsAt="yesterday"), "not a time", id="no time"),
        pytest.param(alert(startsAt=1763632800), "not a time", id="epoch"),
        pytest.param(alert(startsAt="2026-11-20T10:00:00"), "without its zone", id="no zone"),
        pytest.param(alert(startsAt="9999-12-31T23:59:59-05:00"), "not a time", id="overflow"),
        pytest.param(alert(fingerprint="a\x00b"), "not a fingerprint", id="fingerprint"),
        pytest.param(alert(fingerprint=7), "not a fingerprint", id="fingerprint a number"),
        pytest.param(alert(fingerprint="f" * 129), "not a fingerprint", id="long fingerprint"),
    ],
)
def test_a_malformed_alert_is_refused_by_its_place(bad, reason):
    with pytest.raises(PayloadError, match=rf"alerts\[1\] is malformed: .*{reason}"):
        parsed(alert(), bad)


def test_half_a_surrogate_pair_is_refused_because_no_store_could_keep_it():
    payload = body(alert(labels={"site": "PLACE"})).replace(b"PLACE", rb"\uD800")

    with pytest.raises(PayloadError, match="not UTF-8"):
        parse_webhook(payload, RECEIVED_AT)


def test_a_message_never_grows_with_what_was_sent():
    with pytest.raises(PayloadError) as refused:
        parsed(alert(status="x" * 100_000))

    assert len(str(refused.value)) < 200


def test_more_alerts_than_can_be_read_in_good_time_are_refused():
    with pytest.raises(PayloadError, match=f"{MOST_IN_A_BODY + 1} alerts at once"):
        parsed(*[alert()] * (MOST_IN_A_BODY + 1))
