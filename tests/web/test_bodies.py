"""What only a real connection shows: a body that never ends, and one that never comes."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

HEAD = (
    b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: web\r\nAuthorization: Bearer webhook-s3cret\r\n"
)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"%x\r\n%b\r\n" % (1 << 16, b" " * (1 << 16))


@dataclass
class Connection:
    """One connection to a server that was started for it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ended: asyncio.Event

    async def answer(self):
        """Return the status, and whether it says that the connection ends with it."""
        text = await asyncio.wait_for(self.reader.readuntil(b"}"), 5)
        return int(text.split()[1]), b"connection: close" in text.lower()


@asynccontextmanager
async def connected(app):
    ended = asyncio.Event()

    async def watched(scope, receive, send):
        await app(scope, receive, send)
        ended.set()

    config = uvicorn.Config(watched, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: HttpToolsProtocol(config, state, {}), "127.0.0.1", 0
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        yield Connection(reader, writer, ended)
        writer.close()
        await asyncio.wait_for(ended.wait(), 5)


async def pour(writer):
    with suppress(ConnectionError):
        while True:
            writer.write(CHUNK)
            await writer.drain()


async def test_a_body_without_end_is_cut_off_and_its_sender_hears_why(web):
    async with connected(web.app()) as connection:
        connection.writer.write(CHUNKED)
        pouring = asyncio.create_task(pour(connection.writer))

        assert await connection.answer() == (413, True)

        await asyncio.wait_for(pouring, 5)
    assert web.answers == {("alertmanager", "413"): 1}


async def test_a_declared_size_over_the_limit_is_refused_before_the_first_byte(web):
    async with connected(web.app()) as connection:
        connection.writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 5242880\r\n\r\n")

        assert await connection.answer() == (413, True)


async def test_a_body_that_stops_coming_is_given_up(web):
    async with connected(web.app(body_within=timedelta(milliseconds=10))) as connection:
        connection.writer.write(CHUNKED + CHUNK)

        assert await connection.answer() == (408, True)


async def trickle(writer):
    with suppress(ConnectionError):
        while True:
            writer.write(b"1\r\n \r\n")
            await writer.drain()
            await asyncio.sleep(0.001)


async def test_a_body_that_trickles_is_given_up_and_counted(web):
    async with connected(web.app(body_within=timedelta(milliseconds=50))) as connection:
        connection.writer.write(CHUNKED)
        trickling = asyncio.create_task(trickle(connection.writer))

        assert await connection.answer() == (408, True)

        await asyncio.wait_for(trickling, 5)
    assert web.answers == {("alertmanager", "408"): 1}
    assert web.automation.heard == []


async def test_a_stranger_cannot_keep_us_reading(web):
    async with connected(web.app()) as connection:
        connection.writer.write(CHUNKED.replace(b"webhook-s3cret", b"wrong") + CHUNK)

        assert await connection.answer() == (401, True)


async def test_a_sender_that_hangs_up_has_told_nothing(web):
    async with connected(web.app()) as connection:
        connection.writer.write(CHUNKED + CHUNK)

    assert (web.answers, web.automation.heard) == ({("alertmanager", "400"): 1}, [])


@pytest.mark.parametrize("count", [1, 1000])
async def test_a_connection_is_kept_for_the_next_webhook(web, count):
    alerts = [{"status": "firing", "labels": {"n": str(n)}} for n in range(count)]
    content = json.dumps({"version": "4", "alerts": alerts}).encode()
    request = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(content), content)
    async with connected(web.app()) as connection:
        for _ in range(2):
            connection.writer.write(request)

            assert await connection.answer() == (200, False)

    assert web.alerts == {"firing": 2 * count}
