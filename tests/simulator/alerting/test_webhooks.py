"""Webhook destinations: saved and tested, shown without their secret."""

from dataclasses import replace

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.inventory import Account

ALERTING = f"/accounts/{Account().id}/alerting/v3"
WEBHOOKS = f"{ALERTING}/destinations/webhooks"


async def test_saving_a_webhook_sends_it_a_test_that_is_only_text(api: httpx.AsyncClient, receiver):
    order = {"name": "ops", "url": receiver.url, "secret": "hush"}
    made = await api.post(WEBHOOKS, json=order)
    shown = await api.get(f"{WEBHOOKS}/{made.json()['result']['id']}")

    assert list(receiver.bodies[0]) == ["text"]
    assert receiver.headers[0]["cf-webhook-auth"] == "hush"
    assert receiver.headers[0]["user-agent"] == "go-http-client/2.0"
    assert receiver.headers[0]["content-type"] == "application/json"
    assert (
        shown.json()["result"].items()
        >= {
            "name": "ops",
            "type": "generic",
            "url": receiver.url,
            "created_at": "2026-11-20T10:00:00.000000Z",
            "last_success": "2026-11-20T10:00:00.000000Z",
            "last_failure": None,
        }.items()
    )
    assert "hush" not in shown.text + made.text


async def test_a_webhook_that_does_not_accept_the_test_is_not_saved(
    api: httpx.AsyncClient, simulation: Simulation, receiver
):
    receiver.status = 401
    answer = await api.post(WEBHOOKS, json={"name": "ops", "url": receiver.url})

    assert answer.status_code == 400
    assert "status 401" in answer.json()["errors"][0]["message"]
    assert simulation.webhooks == {}


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("https://example.com/hook", "loopback only"),
        ("http://192.0.2.1/hook", "loopback only"),
        ("ftp://127.0.0.1/hook", "no http"),
        ("nowhere", "no http"),
        ("http://[::1/hook", "no http"),
        ("http://127.0.0.1:99999/hook", "no http"),
        ("http://127.0.0.1:1/hook", "ConnectError"),
    ],
    ids=["name", "address", "scheme", "word", "bracket", "port", "nobody"],
)
async def test_a_webhook_that_cannot_be_reached_is_not_saved(
    api: httpx.AsyncClient, url: str, hint: str
):
    answer = await api.post(WEBHOOKS, json={"name": "ops", "url": url})

    assert answer.status_code == 400
    assert hint in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("secret", ["", "caf\u00e9", "two\nlines"], ids=["empty", "é", "lines"])
async def test_a_secret_that_fits_into_no_header_is_refused(
    api: httpx.AsyncClient, receiver, secret: str
):
    order = {"name": "ops", "url": receiver.url, "secret": secret}

    assert (await api.post(WEBHOOKS, json=order)).status_code == 400
    assert receiver.bodies == []


async def test_a_webhook_is_changed_and_taken_away(api: httpx.AsyncClient, webhook, receiver):
    path = f"{WEBHOOKS}/{webhook.id}"
    changed = await api.put(path, json={"name": "soc", "url": receiver.url, "secret": "new"})
    listed = (await api.get(WEBHOOKS)).json()["result"]
    gone = await api.delete(path)

    assert changed.json()["result"] == {"id": webhook.id}
    assert [each["name"] for each in listed] == ["soc"]
    assert receiver.headers[-1]["cf-webhook-auth"] == "new"
    assert gone.json()["success"] is True
    assert (await api.get(path)).status_code == 404


async def test_the_log_of_requests_keeps_no_secret(
    api: httpx.AsyncClient, control: httpx.AsyncClient, receiver
):
    await api.post(WEBHOOKS, json={"name": "ops", "url": receiver.url, "secret": "hush"})

    log = (await control.get("/requests")).json()["requests"]

    assert log[0]["body"] == {"name": "ops", "url": receiver.url, "secret": "***"}


async def test_reading_and_writing_want_their_groups(
    api: httpx.AsyncClient, simulation: Simulation, receiver
):
    token = simulation.find_token("default")
    simulation.put_token(replace(token, permissions=frozenset({"Notifications Read"})))

    read = await api.get(WEBHOOKS)
    written = await api.post(WEBHOOKS, json={"name": "ops", "url": receiver.url})

    assert (read.status_code, written.status_code) == (200, 403)
    assert receiver.bodies == []


@pytest.mark.usefixtures("webhook")
async def test_a_webhook_can_be_tested_again(control: httpx.AsyncClient, receiver):
    answer = await control.post("/notifications/test", json={"webhook": "ops"})
    unknown = await control.post("/notifications/test", json={"webhook": "nobody"})

    assert answer.json() == {"deliveries": [{"destination": "ops", "status": 200, "error": None}]}
    assert list(receiver.bodies[0]) == ["text"]
    assert unknown.status_code == 404
