"""Notifications of every type, sent where a policy wants them."""

import json

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.alerting.types import known
from responder.simulator.inventory import Account

ALERTING = f"/accounts/{Account().id}/alerting/v3"
L4 = "advanced_ddos_attack_l4_alert"


async def _send(control: httpx.AsyncClient, alert_type: str, **fields: object) -> list[object]:
    answer = await control.post("/notifications", json={"alert_type": alert_type, **fields})
    assert answer.status_code == 200
    return answer.json()["deliveries"]


async def test_a_notification_carries_its_policy_and_the_secret(
    control: httpx.AsyncClient, receiver, policy
):
    made = await policy(L4)
    deliveries = await _send(control, L4, data={"target_ip": "203.0.113.7"})

    assert deliveries == [{"destination": "ops", "status": 200, "error": None}]
    body = receiver.bodies[0]
    data = body.pop("data")
    assert body == {
        "name": "ops",
        "text": f"Notification of type {L4}",
        "ts": 1795168800,
        "account_id": Account().id,
        "alert_type": L4,
        "alert_correlation_id": body["alert_correlation_id"],
        "alert_event": "ALERT_STATE_EVENT_START",
        "policy_id": made,
        "policy_name": "soc",
    }
    assert data["target_ip"] == "203.0.113.7"
    assert (data["start_time"], data["account_tag"]) == ("2026-11-20T10:00:00Z", Account().id)
    assert receiver.headers[0]["cf-webhook-auth"] == "hush"


@pytest.mark.parametrize("alert_type", sorted(known()))
async def test_every_known_type_can_be_sent(
    control: httpx.AsyncClient, receiver, policy, alert_type: str
):
    await policy(alert_type)
    for fields in ({}, {"ended": True}, {"fake": True}, {"captured": True}):
        await _send(control, alert_type, **fields)

    assert [body["alert_type"] for body in receiver.bodies] == [alert_type] * 4
    assert "{" not in json.dumps([body["data"] for body in receiver.bodies]).replace('{"', "")
    started, ended, fake, _ = (body["data"] for body in receiver.bodies)
    assert set(started) == set(ended) == set(fake)
    assert fake != started


@pytest.mark.parametrize(
    ("alert_type", "events"),
    [
        (L4, ["ALERT_STATE_EVENT_START", "ALERT_STATE_EVENT_END"]),
        ("dos_attack_l4", [None, "ALERT_STATE_EVENT_END"]),
        ("magic_tunnel_health_check_event", ["TUNNEL_STATUS_CHANGE", "TUNNEL_STATUS_CHANGE"]),
    ],
)
async def test_an_end_is_told_in_the_words_of_its_type(
    control: httpx.AsyncClient, receiver, policy, alert_type: str, events: list[str | None]
):
    await policy(alert_type)
    await _send(control, alert_type, key="one")
    await _send(control, alert_type, key="one", ended=True)
    await _send(control, alert_type, key="two")

    assert [body.get("alert_event") for body in receiver.bodies[:2]] == events
    first, second, other = (body["alert_correlation_id"] for body in receiver.bodies)
    assert first == second != other


async def test_a_tunnel_that_recovers_says_so(control: httpx.AsyncClient, receiver, policy):
    await policy("magic_tunnel_health_check_event")
    await _send(control, "magic_tunnel_health_check_event", ended=True)

    data = receiver.bodies[0]["data"]
    assert (data["previous_status"], data["new_status"]) == (
        "MAGIC_TUNNEL_STATUS_DOWN",
        "MAGIC_TUNNEL_STATUS_UP",
    )


async def test_the_older_shape_of_a_health_check_has_other_fields_and_no_event(
    control: httpx.AsyncClient, receiver, policy
):
    await policy("health_check_status_notification")
    await _send(control, "health_check_status_notification", captured=True)

    assert "alert_event" not in receiver.bodies[0]
    assert receiver.bodies[0]["data"]["time"] == "2026-11-20 10:00:00 +0000 UTC"


async def test_the_test_button_sends_old_and_invented_values(
    control: httpx.AsyncClient, receiver, policy
):
    await policy(L4)
    await _send(control, L4, fake=True)

    data = receiver.bodies[0]["data"]
    assert (data["target_ip"], data["start_time"]) == ("127.0.0.1", "2022-10-27T06:00:22Z")


async def test_one_notification_may_come_several_times_or_not_at_all(
    api: httpx.AsyncClient, control: httpx.AsyncClient, receiver, policy
):
    await policy(L4)
    twice = await _send(control, L4, times=2)
    lost = await _send(control, L4, lost=True)

    history = (await api.get(f"{ALERTING}/history")).json()
    assert (len(twice), len(lost), len(receiver.bodies)) == (2, 0, 2)
    assert receiver.bodies[0] == receiver.bodies[1]
    assert history["result_info"]["total_count"] == 3


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"enabled": False}, 0),
        ({"filters": {"target_ip": ["203.0.113.0/24"]}}, 1),
        ({"filters": {"target_ip": ["198.51.100.0/24"]}}, 0),
        ({"filters": {"target_ip": ["nonsense"]}}, 0),
        ({"filters": {"packets_per_second": ["750000"]}}, 1),
        ({"filters": {"megabits_per_second": ["3501"]}}, 0),
        ({"filters": {"protocol": ["TCP"]}}, 0),
        ({"filters": {"slo": ["99.9"]}}, 1),
    ],
    ids=["disabled", "inside", "outside", "odd", "enough", "too-little", "other", "no-field"],
)
async def test_a_policy_lets_pass_what_it_wants(
    control: httpx.AsyncClient, policy, fields: dict[str, object], count: int
):
    await policy(L4, **fields)

    assert len(await _send(control, L4)) == count


async def test_a_notification_nobody_wants_goes_nowhere(
    api: httpx.AsyncClient, control: httpx.AsyncClient, policy
):
    await policy("incident_alert")

    assert await _send(control, L4) == []
    assert (await api.get(f"{ALERTING}/history")).json()["result"] == []


async def test_a_receiver_that_fails_is_noted_and_not_tried_again(
    control: httpx.AsyncClient, simulation: Simulation, receiver, policy, webhook, clock
):
    await policy(L4)
    receiver.status = 503
    failed = await _send(control, L4)

    noted = simulation.webhooks[webhook.id]
    assert failed == [{"destination": "ops", "status": 503, "error": None}]
    assert len(receiver.bodies) == 1
    assert (noted.last_success, noted.last_failure) == (None, clock())


async def test_the_history_is_newest_first_and_bounded_in_time(
    api: httpx.AsyncClient, control: httpx.AsyncClient, policy, clock
):
    made = await policy(L4)
    for key in ("one", "two", "three"):
        await _send(control, L4, key=key)
        clock.advance(60)

    everything = (await api.get(f"{ALERTING}/history", params={"per_page": 2})).json()
    bounds = {"since": "2026-11-20T10:00:30Z", "before": "2026-11-20T10:01:30Z"}
    middle = (await api.get(f"{ALERTING}/history", params=bounds)).json()["result"]
    odd = await api.get(f"{ALERTING}/history", params={"since": "yesterday"})
    clock.advance(30 * 24 * 3600)
    later = (await api.get(f"{ALERTING}/history")).json()["result"]

    assert everything["result_info"]["total_pages"] == 2
    assert [each["sent"] for each in everything["result"]] == [
        "2026-11-20T10:02:00.000000Z",
        "2026-11-20T10:01:00.000000Z",
    ]
    assert [each["sent"] for each in middle] == ["2026-11-20T10:01:00.000000Z"]
    assert (middle[0]["policy_id"], middle[0]["mechanism_type"]) == (made, "webhook")
    assert json.loads(middle[0]["alert_body"])["alert_type"] == L4
    assert (odd.status_code, later) == (400, [])


async def test_a_type_that_is_not_known_is_named(control: httpx.AsyncClient):
    answer = await control.post("/notifications", json={"alert_type": "gremlins"})

    assert answer.status_code == 400
    assert "gremlins" in answer.json()["error"]
    assert L4 in answer.json()["error"]
