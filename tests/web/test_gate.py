"""What all bodies together may hold, whoever sends them."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from responder.web.doors import Doors
from responder.web.gate import Gate
from responder.web.limits import Limits

ROOM = 100
OPEN = {"type": "http", "path": "/live", "method": "POST", "headers": [(b"host", b"127.0.0.1")]}


class Request:
    """One request that is read chunk by chunk, and answered when the test says so."""

    def __init__(self, gate, chunks):
        self.chunks = list(chunks)
        self.read = 0
        self.answer = asyncio.Event()
        self.refused = None
        self.task = asyncio.create_task(self._run(gate))

    async def _run(self, gate):
        try:
            await gate({**OPEN, "asked": self}, self._receive, _nowhere)
        except HTTPException as error:
            self.refused = error.status_code

    async def _receive(self):
        size = self.chunks.pop(0)
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(self.chunks)}


async def _nowhere(_message):
    """Be a sender that reads its answer."""


async def kept(scope, receive, send):
    """Read the whole body, and keep it until the answer."""
    request, more = scope["asked"], True
    while more:
        message = await receive()
        request.read += len(message["body"])
        more = message["more_body"]
    await request.answer.wait()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await receive_rest(request, receive)


async def receive_rest(request, receive):
    """Throw away what still comes, as an answer that ends its connection does."""
    request.chunks = [ROOM * 2]
    await receive()


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_bodies_that_would_not_fit_together_are_told_to_come_again():
    gate = Gate(kept, Doors(loopback=True), Limits(held_bytes=ROOM))
    first, second = Request(gate, [40, 40]), Request(gate, [10, 20])
    await settled()
    assert (first.refused, second.refused) == (None, 503)
    first.answer.set()
    await first.task
    third = Request(gate, [ROOM])
    await settled()
    assert third.refused is None
    third.answer.set()
    await third.task


@pytest.mark.parametrize("ends", ["answered", "cancelled"])
async def test_what_a_request_held_is_free_when_it_is_over(ends):
    gate = Gate(kept, Doors(loopback=True), Limits(held_bytes=ROOM))
    for _ in range(3):
        request = Request(gate, [ROOM])
        await settled()
        assert (request.read, request.refused) == (ROOM, None)
        request.answer.set() if ends == "answered" else request.task.cancel()
        await asyncio.gather(request.task, return_exceptions=True)


@settings(deadline=None)
@given(bodies=st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=4), max_size=8))
def test_no_more_is_held_than_there_is_room_for(bodies):
    async def flood():
        gate = Gate(kept, Doors(loopback=True), Limits(held_bytes=ROOM))
        requests = [Request(gate, body) for body in bodies]
        await settled()
        assert sum(one.read for one in requests if one.refused is None) <= ROOM
        for request in requests:
            request.answer.set()
        await asyncio.gather(*(one.task for one in requests))
        assert gate._held == 0

    asyncio.run(flood())
