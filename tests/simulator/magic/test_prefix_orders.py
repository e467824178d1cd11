"""Prefixes as the control API changes them."""

import httpx
import pytest

from responder.simulator.inventory import Account

FREE = "203.0.113.0/24"


async def test_a_prefix_is_added_changed_and_taken_away(
    api: httpx.AsyncClient, control: httpx.AsyncClient
):
    order = {"cidr": "198.18.0.0/24", "advertised": True, "asn": 64511, "description": "office"}
    added = await control.post("/prefixes", json=order)
    changed = await control.put("/prefixes/198.18.0.0/24", json={"locked": True, "approved": False})
    shown = await api.get(
        f"/accounts/{Account().id}/addressing/prefixes/{added.json()['prefix_id']}"
    )
    gone = await control.delete(f"/prefixes/{added.json()['id']}")
    after = await api.get(str(shown.url))

    assert (added.status_code, added.json()["state"], added.json()["routed"]) == (
        201,
        "confirmed",
        True,
    )
    assert changed.json()["locked"] is True
    result = shown.json()["result"]
    assert (result["asn"], result["description"], result["approved"]) == (64511, "office", "P")
    assert (gone.status_code, after.status_code) == (200, 404)


async def test_a_prefix_is_the_same_however_it_is_spelled(control: httpx.AsyncClient):
    added = await control.post("/prefixes", json={"cidr": "2001:DB8:0:0::/40"})
    changed = await control.put("/prefixes/2001:0db8::/40", json={"advertised": True})

    assert added.json()["cidr"] == "2001:db8::/40"
    assert changed.json()["id"] == added.json()["id"]


async def test_somebody_else_turns_a_prefix_past_locks_and_rests(control: httpx.AsyncClient, clock):
    await control.put("/prefixes/192.0.2.0/24", json={"advertised": True})
    clock.advance(10)
    answer = await control.put("/prefixes/192.0.2.0/24", json={"advertised": False})

    assert answer.json()["requested"] is False
    assert answer.json()["requested_at"] == "2026-11-20T10:00:10.000000Z"
    assert answer.json()["confirmed_at"] == "2026-11-20T10:10:10.000000Z"


async def test_a_whole_prefix_leaves_with_its_parts(control: httpx.AsyncClient):
    for cidr in ("198.18.0.0/20", "198.18.4.0/24"):
        await control.post("/prefixes", json={"cidr": cidr, "within": "198.18.0.0/20"})

    await control.delete("/prefixes/198.18.0.0/20")

    left = [part["cidr"] for part in (await control.get("/state")).json()["prefixes"]]
    assert not [cidr for cidr in left if cidr.startswith("198.18")]


async def test_the_pace_is_shown_and_what_is_left_out_stays(control: httpx.AsyncClient):
    answer = await control.put("/advertising", json={"advertise_takes": 1.5})

    assert answer.json() == {
        "advertise_takes": 1.5,
        "withdraw_takes": 600.0,
        "visible_after": 0.0,
        "advertise_after_withdraw": 900.0,
        "withdraw_after_advertise": 900.0,
    }
    assert (await control.get("/state")).json()["advertising"] == answer.json()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "hint"),
    [
        ("POST", "/prefixes", {"cidr": "nowhere"}, 400, "nowhere"),
        ("POST", "/prefixes", {"cidr": "203.0.113.1/24"}, 400, "host bits"),
        ("POST", "/prefixes", {"cidr": FREE, "within": "198.18.0.0/20"}, 400, "not a part"),
        ("POST", "/prefixes", {"cidr": FREE, "account": "theirs"}, 404, "theirs"),
        ("PUT", "/prefixes/198.18.0.0/24", {"locked": True}, 404, "198.18.0.0/24"),
        ("DELETE", "/prefixes/198.18.0.0/24", None, 404, "198.18.0.0/24"),
        ("PUT", "/prefixes/203.0.113.0/24", {"advertise": True}, 400, "advertise"),
        ("PUT", "/advertising", {"visible_after": -1}, 400, "visible_after"),
    ],
    ids=["no-cidr", "host-bits", "no-part", "account", "put", "delete", "key", "span"],
)
async def test_a_mistake_is_answered_by_its_place(
    control: httpx.AsyncClient, method, path, body, status, hint
):
    answer = await control.request(method, path, json=body)

    assert answer.status_code == status
    assert hint in answer.json()["error"]
