"""Operators' orders: what is taken, from whom, and what is refused."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from responder.domain.memory import Order, Override
from responder.errors import StoreError
from responder.web.doors import Doors

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PREFIX = "prefix_advertisement:203.0.113.0/24"
PATH = f"/api/v1/targets/{PREFIX}/override"
ORDER = {"state": "engaged", "for": "30m", "reason": "drill"}


async def put(client, order=ORDER, path=PATH, **headers):
    return await client.put(path, content=json.dumps(order), headers=headers)


async def test_an_order_is_set_shown_and_lifted(operator, automation):
    answer = await put(operator, **{"X-Responder-Actor": "alice"})
    standing = await operator.get(f"/api/v1/targets/{PREFIX}")
    lifted = await operator.delete(PATH)

    order = Override(Order.ENGAGED, NOW + timedelta(minutes=30), "drill", "operator:alice", NOW)
    assert automation.orders[0] == (PREFIX, order, "operator:alice")
    assert answer.status_code == 200
    assert answer.json() == standing.json()
    assert answer.json()["override"] == {
        "state": "engaged",
        "since": "2026-11-20T10:00:00Z",
        "until": "2026-11-20T10:30:00Z",
        "reason": "drill",
        "by": "operator:alice",
    }
    assert lifted.json()["override"] is None


async def test_lifting_what_does_not_stand_is_no_error(operator, automation):
    answer = await operator.delete(PATH, headers={"X-Responder-Actor": "bob"})

    assert (answer.status_code, answer.json()["id"]) == (200, PREFIX)
    assert automation.orders == [(PREFIX, None, "operator:bob")]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param({"state": "released"}, (Order.RELEASED, 1800.0, "drill"), id="released"),
        pytest.param({"state": "paused", "for": "30d"}, (Order.PAUSED, 2592e3, "drill"), id="long"),
        pytest.param({"for": "1ms"}, (Order.ENGAGED, 0.001, "drill"), id="short"),
        pytest.param(
            {"reason": " учения \U0001f525 "},
            (Order.ENGAGED, 1800.0, "учения \U0001f525"),
            id="any script",
        ),
        pytest.param({"reason": "x" * 500}, (Order.ENGAGED, 1800.0, "x" * 500), id="long reason"),
    ],
)
async def test_an_order_is_taken_as_it_is_given(operator, automation, order, expected):
    await put(operator, ORDER | order)

    (_, taken, _) = automation.orders[0]
    assert (taken.order, (taken.ends_at - NOW).total_seconds(), taken.reason) == expected


@pytest.mark.parametrize(
    ("order", "named"),
    [
        pytest.param(ORDER | {"state": "on"}, "state", id="unknown state"),
        pytest.param(ORDER | {"state": None}, "state", id="null"),
        pytest.param({"for": "1h", "reason": "x"}, "state", id="no state"),
        pytest.param(ORDER | {"for": "0s"}, "for", id="no time"),
        pytest.param(ORDER | {"for": "-5m"}, "for", id="negative"),
        pytest.param(ORDER | {"for": "31d"}, "for", id="too long"),
        pytest.param(ORDER | {"for": "300y"}, "for", id="far too long"),
        pytest.param(ORDER | {"for": "30"}, "for", id="no unit"),
        pytest.param(ORDER | {"for": 30}, "for", id="number"),
        pytest.param(ORDER | {"for": "9" * 9000 + "s"}, "for", id="endless number"),
        pytest.param({"state": "paused", "reason": "x"}, "for", id="without end"),
        pytest.param(ORDER | {"reason": "  "}, "reason", id="blank reason"),
        pytest.param(ORDER | {"reason": "x" * 501}, "reason", id="endless reason"),
        pytest.param(ORDER | {"reason": "a\x1b[31m"}, "reason", id="control characters"),
        pytest.param(ORDER | {"reason": 1}, "reason", id="reason no text"),
        pytest.param({"state": "paused", "for": "1h"}, "reason", id="no reason"),
        pytest.param(ORDER | {"lasts": "1h"}, "lasts", id="unknown key"),
        pytest.param([], "the body", id="no object"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_by_its_field(
    operator, automation, order, named
):
    answer = await put(operator, order)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{named}: ")
    assert len(answer.text) < 400
    assert automation.orders == []


async def test_all_that_is_wrong_is_said_at_once(operator):
    error = (await put(operator, {"state": "on", "for": "1h", "x": 1})).json()["error"]

    assert [part.partition(":")[0] for part in error.split("; ")] == ["state", "reason", "x"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"reason": "\\ud800"}'])
async def test_an_order_that_is_no_json_is_refused(operator, content):
    answer = await operator.put(PATH, content=content)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("the body: ")


async def test_an_order_is_small(operator):
    assert (await put(operator, ORDER | {"reason": "x" * 70_000})).status_code == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_nobody_orders_what_does_not_exist(operator, method):
    path = "/api/v1/targets/under_attack:other.com/override"

    answer = await operator.request(method, path, content=json.dumps(ORDER))

    assert (answer.status_code, list(answer.json())) == (404, ["error"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(b"alice", "operator:alice", id="name"),
        pytest.param("Zoë".encode(), "operator:Zoë", id="utf-8"),
        pytest.param(b"a\x1b[31mb\tc", "operator:a[31mbc", id="control characters"),
        pytest.param("a\u202eb".encode(), "operator:ab", id="writing backwards"),
        pytest.param(b"x" * 100, "operator:" + "x" * 64, id="long"),
        pytest.param(b"  ", "operator:192.0.2.7", id="blank"),
        pytest.param(None, "operator:192.0.2.7", id="none"),
    ],
)
async def test_who_ordered_is_written_so_that_it_can_be_read(operator, automation, given, expected):
    headers = [(b"X-Responder-Actor", given)] if given is not None else []
    await operator.delete(PATH, headers=headers)

    assert automation.orders == [(PREFIX, None, expected)]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_without_an_api_token_nobody_orders_even_on_loopback(web, method):
    client = await web.client(Doors(loopback=True))

    answer = await client.request(method, PATH, content=json.dumps(ORDER))

    assert answer.status_code == 403
    assert "api_token_file" in answer.json()["error"]
    assert web.automation.orders == []


async def test_an_order_that_cannot_be_kept_is_not_confirmed(operator, automation):
    async def down():
        raise StoreError("disk full")

    automation.before = down

    assert (await put(operator)).status_code == 503
