"""The sensor beside the loop: whatever happens to it, the loop goes on and people can see it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from responder.cloudflare.analytics import AccountAnalytics
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Token
from responder.sensor import Board, Scope, Sensor

ZONES = Scope(zones={"example.com": "shop"})


class Standing:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 10, tzinfo=UTC)

    def monotonic(self) -> timedelta:
        return timedelta(0)


class Requests:
    """Asks nobody, and does what the test wants."""

    def __init__(self, does: Callable[[], object]) -> None:
        self.does = does
        self.asked = asyncio.Event()

    async def ask(self, *_: object) -> object:
        self.asked.set()
        return await self.does()


def sensor(scope: Scope, requests: Requests | None = None) -> tuple[Sensor, Board]:
    transport = httpx.MockTransport(lambda _: httpx.Response(500))
    endpoint = Endpoint("https://api.cloudflare.com/client/v4", transport=transport)
    client = CloudflareClient(endpoint, Token(lambda: "t"), timedelta)
    board = Board(timedelta)
    return Sensor(scope, AccountAnalytics(client, "0" * 32), requests, board, Standing()), board


async def _surprise() -> object:
    raise RuntimeError("nobody has thought of this")


async def _hang() -> object:
    return await asyncio.Event().wait()


async def test_a_surprise_ends_the_sensor_and_not_the_block():
    watching, board = sensor(ZONES, Requests(_surprise))
    async with asyncio.timeout(5), watching.beside():
        while not board.problem:
            await asyncio.sleep(0)
        component = board.components()[0]
        assert (component.name, component.status) == ("edge sensor", "degraded")
        assert "nobody has thought of this" in component.detail
    assert board.components() == []


async def test_a_sensor_that_ended_begins_anew():
    requests = Requests(_surprise)
    watching, board = sensor(ZONES, requests)
    watching.every = {}  # the first turn is for the second life
    watching.restart_after = timedelta(0)
    async with asyncio.timeout(5), watching.beside():
        watching.every = {"requests": timedelta(0)}
        for _ in range(2):
            await requests.asked.wait()
            requests.asked.clear()
    assert board.problem == ""


async def test_a_call_that_hangs_holds_nobody_up():
    requests = Requests(_hang)
    watching, board = sensor(ZONES, requests)
    async with asyncio.timeout(5):
        async with watching.beside():
            await requests.asked.wait()
            assert not board.complete("requests")
        assert not board.scope


async def test_a_dataset_that_hangs_keeps_no_other_from_being_asked():
    scope = Scope(prefixes={"203.0.113.0/24": "office"}, zones=ZONES.zones)
    watching, board = sensor(scope, Requests(_hang))
    async with asyncio.timeout(5), watching.beside():
        while len(board.sampled) < 5:
            await asyncio.sleep(0)
        assert "requests" not in board.sampled


async def test_the_block_may_fail_and_its_own_error_is_told():
    watching, _ = sensor(ZONES, Requests(_hang))
    with pytest.raises(KeyError):
        async with watching.beside():
            raise KeyError("theirs")


async def test_with_nothing_to_watch_nothing_runs():
    watching, board = sensor(Scope())
    async with watching.beside():
        assert len(asyncio.all_tasks()) == 1
        assert board.components() == []


async def test_a_failing_dataset_is_degraded_and_says_why():
    watching, board = sensor(Scope(prefixes={"203.0.113.0/24": "office"}))
    board.begin(Scope(prefixes={"203.0.113.0/24": "office"}), watching.every)
    await watching.round()
    component = board.components()[0]
    assert component.status == "degraded"
    assert "traffic: read_edge_traffic: Cloudflare answered 500" in component.detail
