"""Every fault, met by a real client over a real socket."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from responder.simulator import Fault, FaultKind
from responder.simulator.inventory import identifier

pytestmark = pytest.mark.asyncio(loop_scope="session")

ZONE_ID = identifier("zone", "example.com")
LEVEL = f"/zones/{ZONE_ID}/settings/security_level"
UNDER_ATTACK = {"value": "under_attack"}
SOON = timedelta(milliseconds=20)
LONG = timedelta(hours=1)


def _level(live) -> str:
    return live.simulation.find_zone("example.com").level


def _last(live):
    return list(live.simulation.requests)[-1]


async def _give_up(live, until) -> None:
    """Send a write, and hang up on it once it has arrived."""
    pending = asyncio.create_task(live.api.patch(LEVEL, json=UNDER_ATTACK))
    await until(lambda: live.simulation.requests.total == 1)
    pending.cancel()
    await asyncio.wait([pending])


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        (FaultKind.RATE_LIMITED, 429, "application/json"),
        (FaultKind.SERVER_ERROR, 500, "application/json"),
        (FaultKind.BAD_GATEWAY, 502, "text/html"),
        (FaultKind.UNAVAILABLE, 503, "text/plain"),
        (FaultKind.UNAUTHORIZED, 401, "application/json"),
        (FaultKind.FORBIDDEN, 403, "application/json"),
        (FaultKind.SUCCESS_FALSE, 200, "application/json"),
    ],
    ids=str,
)
async def test_an_answering_fault_answers_and_changes_nothing(live, kind, status, content_type):
    live.simulation.faults.add(Fault(kind))

    answer = await live.api.patch(LEVEL, json=UNDER_ATTACK)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(content_type)
    assert "Ratelimit" in answer.headers
    assert "retry-after" not in answer.headers
    assert "json" not in content_type or answer.json()["success"] is False
    assert (_level(live), _last(live).fault) == ("high", kind)


async def test_a_web_page_is_an_answer_with_200_and_changes_nothing(live):
    live.simulation.faults.add(Fault(FaultKind.WEB_PAGE))

    answer = await live.api.patch(LEVEL, json=UNDER_ATTACK)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert (_level(live), _last(live).fault) == ("high", FaultKind.WEB_PAGE)


async def test_a_truncated_answer_breaks_off_after_the_write_took_effect(live):
    live.simulation.faults.add(Fault(FaultKind.TRUNCATED))

    answer = await live.api.patch(LEVEL, json=UNDER_ATTACK)

    assert answer.status_code == 200
    assert answer.text.startswith('{"success":true')
    with pytest.raises(ValueError, match="column"):
        answer.json()
    assert (_level(live), _last(live).status) == ("under_attack", 200)


async def test_a_rate_limit_may_say_how_long(live):
    live.simulation.faults.add(Fault(FaultKind.RATE_LIMITED, retry_after=30))

    assert (await live.api.get("/zones")).headers["retry-after"] == "30"


async def test_a_reset_breaks_the_connection_and_changes_nothing(live, until):
    live.simulation.faults.add(Fault(FaultKind.RESET))

    with pytest.raises(httpx.ReadError):
        await live.api.patch(LEVEL, json=UNDER_ATTACK)
    await until(lambda: live.simulation.requests.total == 1)
    assert (_level(live), _last(live).status) == ("high", None)


async def test_a_hang_given_up_by_the_client_changes_nothing(live, until):
    live.simulation.faults.add(Fault(FaultKind.HANG, count=1))
    await _give_up(live, until)

    await live.api.get("/zones")
    live.simulation.faults.clear()
    assert (await live.api.get(LEVEL)).json()["result"]["value"] == "high"


async def test_a_hang_answers_once_it_is_cleared(live, until):
    armed = live.simulation.faults.add(Fault(FaultKind.HANG))
    pending = asyncio.create_task(live.api.patch(LEVEL, json=UNDER_ATTACK))
    await until(lambda: live.simulation.requests.total == 1)

    assert (_level(live), _last(live).status) == ("high", None)
    live.simulation.faults.clear(armed.id)
    assert (await pending).status_code == 200
    assert _level(live) == "under_attack"


async def test_a_request_that_breaks_off_is_none(live):
    url = httpx.URL(live.endpoints.base_url)
    head = f"PATCH {url.path}{LEVEL} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 25\r\n\r\n"
    _, begun = await asyncio.open_connection(url.host, url.port)
    begun.write(f'{head}{{"value": '.encode())
    await begun.drain()
    begun.close()
    await begun.wait_closed()

    await live.api.get(LEVEL)

    assert [one.method for one in live.simulation.requests] == ["GET"]


async def test_a_slow_answer_comes_after_the_delay(live):
    loop = asyncio.get_running_loop()
    live.simulation.faults.add(Fault(FaultKind.SLOW, delay=SOON))

    began = loop.time()
    assert (await live.api.get(LEVEL)).status_code == 200
    assert loop.time() - began >= SOON.total_seconds()


async def test_a_slow_write_takes_effect_though_its_client_has_gone(live, until):
    live.simulation.faults.add(Fault(FaultKind.SLOW, delay=LONG))
    await _give_up(live, until)

    assert _level(live) == "high"
    live.simulation.faults.clear()
    await until(lambda: _level(live) == "under_attack")


async def test_a_write_that_is_not_applied_answers_success(live):
    live.simulation.faults.add(Fault(FaultKind.NOT_APPLIED))

    answer = await live.api.patch(LEVEL, json=UNDER_ATTACK)
    after = await live.api.get(LEVEL)

    assert answer.json()["success"] is True
    assert answer.json()["result"]["value"] == "under_attack"
    assert (after.json()["result"]["value"], _last(live).fault) == ("high", None)


async def test_a_write_applied_late_takes_effect_after_its_client_has_gone(live, until):
    live.simulation.faults.add(Fault(FaultKind.LATE_APPLIED, delay=LONG))
    await _give_up(live, until)

    assert _level(live) == "high"
    live.simulation.faults.clear()
    await until(lambda: _level(live) == "under_attack")


async def test_a_write_applied_late_answers_only_once_the_fault_is_cleared(live, until):
    live.simulation.faults.add(Fault(FaultKind.LATE_APPLIED, delay=SOON))
    pending = asyncio.create_task(live.api.patch(LEVEL, json=UNDER_ATTACK))
    await until(lambda: _level(live) == "under_attack")

    assert not pending.done()
    live.simulation.faults.clear()
    assert (await pending).json()["result"]["value"] == "under_attack"


async def test_a_fault_meets_as_many_requests_as_it_was_told(live):
    live.simulation.faults.add(Fault(FaultKind.UNAVAILABLE, count=2))

    statuses = [(await live.api.get("/zones")).status_code for _ in range(3)]

    assert statuses == [503, 503, 200]


@pytest.mark.parametrize(
    "scope",
    [{"method": "patch"}, {"zone": "example.com"}, {"zone": ZONE_ID}, {"path": "security_level"}],
    ids=["method", "zone-name", "zone-id", "path"],
)
async def test_a_fault_spares_what_is_outside_its_scope(live, scope):
    live.simulation.faults.add(Fault(FaultKind.SERVER_ERROR, **scope))

    inside = await live.api.patch(LEVEL, json=UNDER_ATTACK)
    outside = await live.api.get("/zones", params={"name": "example.org"})

    assert (inside.status_code, outside.status_code) == (500, 200)


async def test_a_fault_of_a_zone_also_meets_the_search_for_it_by_name(live):
    live.simulation.faults.add(Fault(FaultKind.SERVER_ERROR, zone="example.com"))

    answer = await live.api.get("/zones", params={"name": "example.com"})

    assert answer.status_code == 500


async def test_of_two_faults_the_older_one_is_met_first(live):
    live.simulation.faults.add(Fault(FaultKind.BAD_GATEWAY, count=1))
    live.simulation.faults.add(Fault(FaultKind.UNAVAILABLE))

    assert [(await live.api.get("/zones")).status_code for _ in range(2)] == [502, 503]


async def test_faults_spare_the_control_api(live):
    live.simulation.faults.add(Fault(FaultKind.HANG))
    url = live.endpoints.control_url

    assert (await live.api.get(f"{url}/state")).status_code == 200
    assert (await live.api.delete(f"{url}/faults")).json() == {"cleared": 1}
