"""Connections that send too slowly, too much, or never read: each is cut, and soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
import uvicorn
from uvicorn.server import ServerState

from responder.web.limits import Limits
from responder.web.protocol import bounded

HEAD = b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: web\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /live HTTP/1.1\r\nHost: web\r\n\r\n"
SOON = timedelta(milliseconds=80)
LONG = b"x" * 5_000_000


@dataclass
class Connection:
    """One connection to a server that was started for it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def cut(self):
        """Tell what came before the other side cut the connection."""
        text = b""
        with suppress(ConnectionError):
            while piece := await asyncio.wait_for(self.reader.read(1 << 16), 5):
                text += piece
        return text


async def patient(scope, receive, send):
    """Read all of every body, then answer; GET is answered at once, and at length."""
    length = b"%d" % len(LONG)
    if scope["method"] == "POST" and scope["path"] != "/live":
        while (await receive()).get("more_body"):
            pass
        length = b"2"
    headers = [(b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": LONG if length != b"2" else b"ok"})


@asynccontextmanager
async def serving(**limits: object) -> AsyncIterator[tuple[tuple[str, int], ServerState]]:
    known = {"request_within": timedelta(seconds=5), "exchange_within": timedelta(seconds=5)}
    protocol = bounded(Limits(**(known | limits)))
    config = uvicorn.Config(patient, http=protocol, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: config.http_protocol_class(config, state, {}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname(), state


@asynccontextmanager
async def connected(address, count=1):
    found = [Connection(*await asyncio.open_connection(*address)) for _ in range(count)]
    yield found[0] if count == 1 else found
    for one in found:
        one.writer.transport.abort()
    await asyncio.gather(*(one.writer.wait_closed() for one in found), return_exceptions=True)


async def trickle(connection, piece):
    """Send a little now and then, for ever."""
    with suppress(ConnectionError):
        while True:
            connection.writer.write(piece)
            await connection.writer.drain()
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        pytest.param(b"", b"", id="nothing at all"),
        pytest.param(HEAD, b"X-A: b\r\n", id="headers without end"),
        pytest.param(CHUNKED, b"1\r\nx\r\n", id="a body without end"),
        pytest.param(b"", b"P", id="a method without end"),
        pytest.param(
            b"POST /live HTTP/1.1\r\nHost: web\r\nContent-Length: 100000\r\n\r\n",
            b"x",
            id="a body that is not needed",
        ),
    ],
)
async def test_a_request_that_never_ends_is_cut(begin, piece):
    async with (
        serving(request_within=SOON) as (address, state),
        connected(address) as connection,
    ):
        connection.writer.write(begin)
        sending = asyncio.create_task(trickle(connection, piece))
        await connection.cut()
        sending.cancel()
        assert not state.connections


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        pytest.param(b"GET /", b"a" * 1000, id="a long path"),
        pytest.param(HEAD, b"X-A: %s\r\n" % (b"b" * 1000), id="many headers"),
        pytest.param(HEAD + b"X-A: ", b"b" * 1000, id="a long header"),
        pytest.param(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-A: %s\r\n" % (b"b" * 1000), id="trailers"),
        pytest.param(CHUNKED, b"1;%s\r\nx\r\n" % (b"b" * 1000), id="extensions of chunks"),
    ],
)
async def test_a_request_that_is_more_than_its_body_is_cut(begin, piece):
    async with serving(head_bytes=50_000) as (address, state), connected(address) as connection:
        connection.writer.write(begin)
        with suppress(ConnectionError):
            for _ in range(5_000):
                connection.writer.write(piece)
                await connection.writer.drain()
        assert b"200" not in await connection.cut()
        assert not state.connections


async def test_a_long_body_is_no_reason_to_cut():
    body = b"x" * 4_000_000
    async with serving(head_bytes=1_000) as (address, _), connected(address) as connection:
        connection.writer.write(HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        assert b"200" in await connection.reader.readuntil(b"\r\n\r\nok")


async def test_an_answer_that_is_never_read_is_cut():
    async with (
        serving(exchange_within=SOON) as (address, state),
        connected(address) as connection,
    ):
        connection.writer.transport.pause_reading()
        connection.writer.write(GET)
        async with asyncio.timeout(5):
            while not state.total_requests or state.connections:
                await asyncio.sleep(0.005)
        connection.writer.transport.resume_reading()
        assert len(await connection.cut()) < len(LONG)


async def test_a_connection_whose_answer_was_read_waits_for_the_next_request_alone():
    async with serving() as (address, state), connected(address) as connection:
        for _ in range(3):
            connection.writer.write(HEAD + b"Content-Length: 1\r\n\r\nx")
            assert (await connection.reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
            (kept,) = state.connections
            assert kept._timer is None
            assert kept.timeout_keep_alive_task is not None


async def test_more_connections_than_allowed_are_dropped_and_the_others_stay():
    async with (
        serving(connections=2) as (address, state),
        connected(address, 2) as kept,
        connected(address, 20) as flood,
    ):
        assert [await one.cut() for one in flood] == [b""] * 20
        kept[0].writer.write(GET)
        assert await asyncio.wait_for(kept[0].reader.readexactly(17), 5) == b"HTTP/1.1 200 OK\r\n"
        assert len(state.connections) == 2
