"""Targets and the audit trail, as programs read them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import Action, AuditEntry, Decision, Kind, Reason
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
from responder.errors import StoreError
from responder.ports import EventQuery
from responder.web.doors import Doors

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ZONE = "under_attack:example.com"
PREFIX = "prefix_advertisement:203.0.113.0/24"


def heard(number):
    labels = {"alertname": f"Load{number}", "role": "sustain"}
    return Alert(f"f{number}", labels, AlertStatus.FIRING, NOW + timedelta(milliseconds=120))


async def shown(operator, target=ZONE):
    answer = await operator.get(f"/api/v1/targets/{target}")
    assert answer.status_code == 200
    return answer.json()


async def test_a_target_is_shown_field_by_field_as_the_contract_says(operator, automation):
    automation.remember(
        ZONE,
        state=State.ENGAGED,
        owner=Owner.RESPONDER,
        since=NOW,
        previous="medium",
        demand=Demand.NONE,
        reading=Reading(Actual.ON),
        decision=Decision(
            Action.HOLD, Reason.MINIMUM_DURATION, NOW + timedelta(minutes=5, microseconds=7), "wait"
        ),
        override=Override(Order.PAUSED, NOW + timedelta(hours=1), "drill", "operator:eve", NOW),
        stuck="on for too long",
        episode=Episode(NOW, peaks=(Peak("Load", 12.46), Peak("Requests", 120_000.4))),
    )
    automation.views[ZONE] = replace(automation.views[ZONE], alerts=(heard(1),))

    assert list((await shown(operator)).items()) == [
        ("id", ZONE),
        ("site", "shop"),
        ("mitigation", "under_attack"),
        ("policy", "under-attack"),
        ("mode", "enforce"),
        ("state", "engaged"),
        ("actual", "on"),
        ("demand", "none"),
        ("owner", "responder"),
        ("since", "2026-11-20T10:00:00Z"),
        ("previous", "medium"),
        (
            "decision",
            {
                "action": "hold",
                "reason": "minimum_duration",
                "until": "2026-11-20T10:05:00Z",
                "detail": "wait",
            },
        ),
        ("alerts_total", 1),
        (
            "alerts",
            [
                {
                    "fingerprint": "f1",
                    "alertname": "Load1",
                    "role": "sustain",
                    "status": "firing",
                    "starts_at": "2026-11-20T10:00:00Z",
                }
            ],
        ),
        (
            "override",
            {
                "state": "paused",
                "since": "2026-11-20T10:00:00Z",
                "until": "2026-11-20T11:00:00Z",
                "reason": "drill",
                "by": "operator:eve",
            },
        ),
        ("stuck", "on for too long"),
        ("peak", "Load 12.5, Requests 120000"),
    ]


async def test_what_is_not_known_is_null(operator):
    target = await shown(operator)

    unknown = {"owner", "since", "previous", "decision", "override", "stuck", "peak"}
    assert {name for name, value in target.items() if value is None} == unknown


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        pytest.param({"reading": None}, "unknown", id="never read"),
        pytest.param({"reading": Reading(Actual.OFF)}, "off", id="read"),
        pytest.param(
            {"reading": Reading(Actual.OFF), "unread_mark": timedelta(0)},
            "unknown",
            id="reads fail",
        ),
        pytest.param(
            {
                "reading": Reading(Actual.ON),
                "unread_mark": timedelta(0),
                "state": State.ENGAGED,
            },
            "on",
            id="reads fail, but we engaged it",
        ),
    ],
)
async def test_actual_is_what_a_read_still_vouches_for(operator, automation, memory, expected):
    automation.remember(ZONE, **memory)

    assert (await shown(operator))["actual"] == expected


async def test_at_most_twenty_alerts_are_shown_and_all_are_counted(operator, automation):
    alerts = tuple(map(heard, range(25)))
    automation.views[ZONE] = replace(automation.views[ZONE], alerts=alerts)

    target = await shown(operator)

    assert (target["alerts_total"], len(target["alerts"])) == (25, 20)
    assert target["alerts"][0]["fingerprint"] == "f0"


async def test_all_targets_are_listed_as_they_are_shown_alone(operator):
    listed = (await operator.get("/api/v1/targets")).json()

    assert listed == {"targets": [await shown(operator, PREFIX), await shown(operator)]}


@pytest.mark.parametrize(
    "path", [PREFIX, PREFIX.replace("/", "%2F"), PREFIX.replace(":", "%3A").replace("/", "%2f")]
)
async def test_an_id_may_hold_colons_and_slashes_however_they_are_written(operator, path):
    assert (await shown(operator, path))["id"] == PREFIX


@pytest.mark.parametrize("target", ["under_attack:other.com", "x", f"{ZONE}/", "../../etc/passwd"])
async def test_a_target_that_does_not_exist_is_not_found(operator, target):
    answer = await operator.get(f"/api/v1/targets/{target}")

    assert (answer.status_code, list(answer.json())) == (404, ["error"])


async def test_loopback_may_read_without_a_token(web):
    client = await web.client(Doors(loopback=True))

    assert (await client.get("/api/v1/targets")).status_code == 200


async def test_an_event_is_shown_field_by_field_as_the_contract_says(operator, automation):
    automation.entries = [
        AuditEntry(
            NOW + timedelta(milliseconds=5),
            ZONE,
            "shop",
            Kind.STATE,
            "engage",
            "demand",
            "read back",
            before="engaging",
            after="engaged",
            id=7,
        )
    ]

    (event,) = (await operator.get("/api/v1/events")).json()["events"]

    assert list(event.items()) == [
        ("id", 7),
        ("at", "2026-11-20T10:00:00.005Z"),
        ("target", ZONE),
        ("site", "shop"),
        ("kind", "state"),
        ("action", "engage"),
        ("reason", "demand"),
        ("detail", "read back"),
        ("actor", "responder"),
        ("from", "engaging"),
        ("to", "engaged"),
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({}, EventQuery(), id="nothing"),
        pytest.param({"target": "", "since": ""}, EventQuery(), id="empty"),
        pytest.param({"target": PREFIX}, EventQuery(target=PREFIX), id="target"),
        pytest.param({"limit": "1000"}, EventQuery(limit=1000), id="limit"),
        pytest.param({"before": "7"}, EventQuery(before=7), id="before"),
        pytest.param({"since": "1h30m"}, EventQuery(since=NOW - timedelta(minutes=90)), id="ago"),
        pytest.param(
            {"since": "2026-11-20T11:30:00+02:00"},
            EventQuery(since=NOW - timedelta(minutes=30)),
            id="moment",
        ),
        pytest.param({"since": "2026-11-20T10:00:00.25Z"}, None, id="fraction"),
    ],
)
async def test_the_audit_trail_is_asked_what_the_parameters_say(
    operator, automation, asked, expected
):
    answer = await operator.get("/api/v1/events", params=asked)

    assert answer.status_code == 200
    assert automation.queries == [expected or EventQuery(since=NOW + timedelta(milliseconds=250))]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=", "limit"),
        ("before=0", "before"),
        ("before=99999999999999999999", "before"),
        ("since=yesterday", "since"),
        ("since=5", "since"),
        ("since=2026-11-20T10:00:00", "since"),
        ("since=2026-11-20T10:00:00+02:00", "since"),
        ("since=0001-01-01T00:00:00%2B14:00", "since"),
        ("since=-1h", "since"),
        ("target=%00", "target"),
        ("target=a%0Ab", "target"),
        (f"target={'x' * 501}", "target"),
        ("untill=1h", "untill"),
    ],
)
async def test_a_parameter_that_makes_no_sense_is_named(operator, automation, asked, named):
    answer = await operator.get(f"/api/v1/events?{asked}")

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{named}: ")
    assert automation.queries == []


async def test_an_audit_trail_that_cannot_be_read_is_no_empty_one(operator, automation):
    async def down():
        raise StoreError("cannot read postgresql://responder@db/responder: refused")

    automation.before = down
    answer = await operator.get("/api/v1/events")

    assert answer.status_code == 503
    assert "postgresql" not in answer.text


async def test_a_query_that_takes_too_long_is_given_up(web):
    web.automation.before = asyncio.Event().wait
    operator = await web.client(token="api-s3cret", answer_within=timedelta(milliseconds=1))

    assert (await operator.get("/api/v1/events")).status_code == 503
