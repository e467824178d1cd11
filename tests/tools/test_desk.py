"""The desk: shown or made, audited before and after, read back."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from responder.app import SystemClock
from responder.cloudflare.answers import Operation
from responder.cloudflare.call import Call
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Token
from responder.domain.audit import Kind
from responder.domain.breaker import Failure
from responder.errors import ProviderError, StoreError
from responder.tools.account import Account
from responder.tools.desk import Change, Desk, Result

CLOCK = SystemClock()
CALL = Call(Operation("write_it", "Everything"), "POST", "/things", {"a": 1}, {"dry_run": "true"})
FINE = {"success": True, "result": {}, "errors": []}


class World:
    def __init__(self):
        self.events = []
        self.answer = lambda: httpx.Response(200, json=FINE)
        self.difference = ""
        self.full = False

    @asynccontextmanager
    async def account(self):
        transport = httpx.MockTransport(self.answered)
        client = CloudflareClient(
            Endpoint("https://api.test/v4", transport=transport),
            Token(lambda: "t"),
            CLOCK.monotonic,
        )
        yield Account(client, "a", "https://api.test/v4/", {}, (), CLOCK.now)
        await client.aclose()

    def answered(self, request):
        self.events.append((request.method, str(request.url), request.content))
        return self.answer()

    async def commit(self, changes):
        if self.full:
            raise StoreError("disk full")
        self.events += [(one.kind, one.action, one.reason, one.detail) for one in changes.entries]
        return 0

    async def seen(self):
        self.events.append("read")
        if isinstance(self.difference, Exception):
            raise self.difference
        return self.difference

    async def make(self, call=CALL, *, dry_run=False):
        desk = Desk(self, self.commit, CLOCK.now)
        async with desk.writing() as account:
            change = Change("thing:1", "add_thing", call, self.seen)
            return await desk.make(account, change, "operator:anna", dry_run=dry_run)


@pytest.fixture
def world():
    return World()


async def test_intent_call_read_and_outcome_come_in_this_order(world):
    made = await world.make()
    assert made.result is Result.APPLIED
    intent, call, read, outcome = world.events
    assert intent == (Kind.INTENT, "add_thing", "operator", 'POST /things {"a":1}')
    assert call == ("POST", "https://api.test/v4/things?dry_run=true", b'{"a":1}')
    assert (read, outcome) == ("read", (Kind.OUTCOME, "add_thing", "applied", "applied"))


async def test_what_is_shown_is_what_is_sent(world):
    shown = await world.make(dry_run=True)
    assert (shown.result, world.events) == (Result.WOULD, [])
    (request,) = shown.requests
    await world.make()
    method, url, _ = world.events[1]
    assert request == {"method": method, "url": url, "body": {"a": 1}}


async def test_what_is_so_already_is_neither_sent_nor_written_down(world):
    assert (await world.make(None)).result is Result.UNCHANGED
    assert world.events == []


async def test_nothing_is_sent_that_is_not_written_down_first(world):
    world.full = True
    with pytest.raises(StoreError):
        await world.make()
    assert world.events == []


async def test_an_outcome_that_cannot_be_written_down_is_said(world):
    def answer():
        world.full = True
        return httpx.Response(200, json=FINE)

    world.answer = answer
    made = await world.make()
    assert made.result is Result.APPLIED
    assert made.warnings == ("the outcome could not be written to the audit trail: disk full",)


async def test_two_writes_never_mix(world):
    """Each follows from a look around that the other one would make untrue."""
    desk = Desk(world, world.commit, CLOCK.now)
    order = []

    async def one(name):
        async with desk.writing():
            order.append(name)
            await asyncio.sleep(0)
            order.append(name)

    await asyncio.gather(one("a"), one("b"))
    assert order == ["a", "a", "b", "b"]


@pytest.mark.parametrize(
    ("difference", "detail"),
    [
        ("it is not there", "it is not there"),
        (ProviderError(Failure.TIMEOUT, "no answer"), "it could not be read back: no answer"),
    ],
    ids=["not there", "no answer"],
)
async def test_what_no_read_shows_is_not_called_applied(world, difference, detail):
    world.difference = difference
    made = await world.make()
    assert (made.result, made.detail) == (Result.UNCONFIRMED, detail)
    assert world.events[-1] == (Kind.OUTCOME, "add_thing", "unconfirmed", f"unconfirmed: {detail}")


@pytest.mark.parametrize("status", [400, 403, 429])
async def test_a_refusal_is_not_looked_after(world, status):
    world.answer = lambda: httpx.Response(status, json={"success": False, "errors": []})
    with pytest.raises(ProviderError):
        await world.make()
    assert [one[0] for one in world.events] == [Kind.INTENT, "POST", Kind.OUTCOME]
    assert world.events[-1][2] == "error"


@pytest.mark.parametrize("answer", [(502, "<html>"), (200, '{"succ')], ids=["502", "cut off"])
async def test_a_lost_answer_is_no_failure_when_the_change_is_there(world, answer):
    world.answer = lambda: httpx.Response(answer[0], text=answer[1])
    assert (await world.make()).result is Result.APPLIED


async def test_a_lost_answer_is_never_repeated_blindly(world):
    world.answer = lambda: httpx.Response(502, text="<html>")
    world.difference = "it is not there"
    with pytest.raises(ProviderError, match="it is not there, but it may still come"):
        await world.make()
    assert [one[0] for one in world.events].count("POST") == 1
