from datetime import timedelta

import httpx
import pytest

from responder.simulator import RateLimit, Simulation, seed


@pytest.fixture
def simulation() -> Simulation:
    limit = RateLimit(3, window=timedelta(seconds=60), block=timedelta(seconds=300))
    return seed({"example.com": "high"}, rate_limit=limit)


async def _statuses(api: httpx.AsyncClient, count: int) -> list[int]:
    return [(await api.get("/zones")).status_code for _ in range(count)]


async def test_every_answer_tells_what_is_left_and_when_it_resets(api: httpx.AsyncClient, clock):
    await api.get("/zones")
    clock.advance(20)
    answer = await api.get("/nothing-here")

    assert answer.status_code == 404
    assert answer.headers["Ratelimit"] == '"default";r=1;t=40'
    assert answer.headers["Ratelimit-Policy"] == '"default";q=3;w=60'
    assert "retry-after" not in answer.headers


async def test_one_request_too_many_blocks_everything_for_the_block_time(
    api: httpx.AsyncClient, clock
):
    assert await _statuses(api, 5) == [200, 200, 200, 429, 429]
    clock.advance(299)
    refused = await api.get("/user/tokens/verify")
    clock.advance(1)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.json()["errors"][0]["code"] == 10100
    assert await _statuses(api, 1) == [200]


async def test_a_new_window_forgives_the_old_one(api: httpx.AsyncClient, clock):
    await _statuses(api, 3)
    clock.advance(60)

    assert await _statuses(api, 3) == [200, 200, 200]


async def test_strangers_are_not_counted(anonymous: httpx.AsyncClient):
    answers = [await anonymous.get("/zones") for _ in range(5)]

    assert {answer.status_code for answer in answers} == {400}
    assert answers[-1].headers["Ratelimit"] == '"default";r=2;t=60'


async def test_the_limit_can_be_changed_while_a_token_is_blocked(
    api: httpx.AsyncClient, control: httpx.AsyncClient
):
    await _statuses(api, 4)
    changed = await control.put("/rate-limit", json={"requests": 1, "window": 10})

    assert changed.json() == {"requests": 1, "window": 10.0, "block": 300.0}
    assert await _statuses(api, 2) == [200, 429]


async def test_the_control_api_is_never_limited(api: httpx.AsyncClient, control: httpx.AsyncClient):
    await _statuses(api, 4)

    assert (await control.get("/state")).status_code == 200
