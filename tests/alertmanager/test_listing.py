"""What Alertmanager's lists of alerts and silences mean."""

import json
from datetime import UTC, datetime

import pytest

from responder.alertmanager.listing import listed_alerts, listed_silences
from responder.domain.alerts import AlertStatus, Matcher

AT = "2026-11-20T10:00:00.000Z"
MOMENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def alert(*, state="active", silenced=(), inhibited=(), **fields):
    return {
        "labels": {"alertname": "OriginHighLoad", "site": "shop"},
        "annotations": {"summary": "busy"},
        "fingerprint": "14c6d81a24a4b6f0",
        "startsAt": AT,
        "updatedAt": AT,
        "endsAt": AT,
        "receivers": [{"name": "responder"}],
        "status": {"state": state, "silencedBy": silenced, "inhibitedBy": inhibited},
        **fields,
    }


def matcher(name="site", value="shop", **fields):
    return {"name": name, "value": value, "isRegex": False, **fields}


def silence(state="active", **fields):
    return {
        "id": "5c1d",
        "status": {"state": state},
        "matchers": [matcher()],
        "startsAt": AT,
        "endsAt": AT,
        "createdBy": "anna",
        "comment": "moving house",
        **fields,
    }


def alerts(*items):
    return listed_alerts(json.dumps(items).encode())


def silences(*items):
    return listed_silences(json.dumps(items).encode())


def test_an_alert_is_read_whole():
    (one,) = alerts(alert())

    assert (one.fingerprint, one.name) == ("14c6d81a24a4b6f0", "OriginHighLoad")
    assert (one.starts_at, one.updated_at) == (MOMENT, MOMENT)
    assert one.annotations == {"summary": "busy"}


@pytest.mark.parametrize(
    ("item", "status"),
    [
        pytest.param(alert(), AlertStatus.FIRING, id="active"),
        pytest.param(alert(state="unprocessed"), AlertStatus.FIRING, id="unprocessed"),
        pytest.param(alert(state="new in 1.0"), AlertStatus.FIRING, id="unknown state"),
        pytest.param(
            alert(state="suppressed", silenced=["5c1d"]), AlertStatus.SILENCED, id="silenced"
        ),
        pytest.param(
            alert(state="suppressed", inhibited=["77aa"]), AlertStatus.INHIBITED, id="inhibited"
        ),
        pytest.param(
            alert(state="suppressed", silenced=["5c1d"], inhibited=["77aa"]),
            AlertStatus.SILENCED,
            id="both",
        ),
        pytest.param(
            alert(state="suppressed", silenced=None, inhibited=None),
            AlertStatus.INHIBITED,
            id="suppressed by neither",
        ),
    ],
)
def test_who_suppresses_an_alert_decides_what_it_is(item, status):
    assert alerts(item)[0].status is status


def test_an_alert_may_lack_what_only_some_versions_send():
    item = alert()
    del item["updatedAt"], item["annotations"]

    assert (alerts(item)[0].updated_at, alerts(item)[0].annotations) == (None, {})


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        pytest.param("x", "not an object", id="no object"),
        pytest.param(alert(labels=None), "labels is no object", id="labels"),
        pytest.param(alert(fingerprint=None), "fingerprint is missing", id="fingerprint"),
        pytest.param(alert(status="active"), "not an object", id="status"),
        pytest.param(alert(startsAt=None), "not a time", id="startsAt"),
        pytest.param(alert(updatedAt="now"), "not a time", id="updatedAt"),
    ],
)
def test_a_malformed_alert_is_named_by_its_place(item, reason):
    with pytest.raises(ValueError, match=f"malformed at item 1: {reason}"):
        alerts(alert(), item)


def test_only_active_silences_count():
    found = silences(silence("expired"), silence("pending"), silence(), {"status": {}})

    assert [(one.id, one.created_by, one.comment) for one in found] == [
        ("5c1d", "anna", "moving house")
    ]
    assert found[0].ends_at == MOMENT


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(matcher(), Matcher("site", "shop"), id="before negative matchers"),
        pytest.param(matcher(isEqual=True), Matcher("site", "shop"), id="equal"),
        pytest.param(
            matcher(isEqual=False), Matcher("site", "shop", is_equal=False), id="not equal"
        ),
        pytest.param(
            matcher(value="sh.*", isRegex=True), Matcher("site", "sh.*", is_regex=True), id="regex"
        ),
    ],
)
def test_a_matcher_is_read_as_every_version_writes_it(item, expected):
    (found,) = silences(silence(matchers=[item]))

    assert found.matchers == (expected,)


@pytest.mark.parametrize(
    "sets",
    [
        pytest.param([[matcher()], [matcher(value="blog")]], id="lists"),
        pytest.param(
            [{"matchers": [matcher()]}, {"matchers": [matcher(value="blog")]}], id="objects"
        ),
    ],
)
def test_a_silence_of_several_sets_silences_what_any_of_them_matches(sets):
    found = silences(silence(matcherSets=sets))

    for site in ("shop", "blog"):
        assert any(one.matches({"site": site}) for one in found)
    assert not any(one.matches({"site": "wiki"}) for one in found)


def test_an_empty_list_of_sets_leaves_the_matchers_to_speak():
    assert silences(silence(matcherSets=[]))[0].matches({"site": "shop"})


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        pytest.param(silence(matchers=None), "not a list", id="no matchers"),
        pytest.param(silence(matchers=[{"name": "site"}]), "value is missing", id="no value"),
        pytest.param(silence(endsAt=None), "not a time", id="no end"),
        pytest.param(silence(id=None), "id is missing", id="no id"),
    ],
)
def test_an_active_silence_that_cannot_be_read_is_an_error(item, reason):
    with pytest.raises(ValueError, match=reason):
        silences(item)
