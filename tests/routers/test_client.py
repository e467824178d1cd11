"""One call to a hook, whatever answers there, or nobody."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from responder.domain.hook import HookOutcome
from responder.errors import ConfigError
from responder.routers.client import HookClient, HookEndpoint
from responder.routers.signing import key_of, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
URL = "https://router.example.com/hook/"
BODY = b'{"event":"before_advertise"}'


class Clock:
    """A quarter of a second between two looks at it."""

    def __init__(self):
        self.passed = timedelta(0)

    def now(self):
        return NOW

    def monotonic(self):
        self.passed += timedelta(milliseconds=250)
        return self.passed


async def called(answer, secret=lambda: SECRET, seconds=5.0):
    """Call a hook that answers so; return what came of it, and the requests that it got."""
    asked = []

    async def handle(request):
        asked.append(request)
        return await answer(request) if asyncio.iscoroutinefunction(answer) else answer(request)

    endpoint = HookEndpoint(
        URL, secret, timedelta(seconds=seconds), transport=httpx.MockTransport(handle)
    )
    client = HookClient(endpoint, Clock())
    result = await client.post("evt_1", BODY)
    await client.aclose()
    return result, asked


def answers(status, text="", **headers):
    return lambda _: httpx.Response(status, text=text, headers=headers)


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_what_is_taken_was_signed_for_this_moment(status):
    result, (request,) = await called(answers(status, "welcome"))
    assert result.outcome is HookOutcome.OK
    assert result.detail == f"answered {status}, after 0.25 s"
    assert (request.method, str(request.url), request.content) == ("POST", URL, BODY)
    assert request.headers["content-type"] == "application/json"
    for name, value in signed_headers(key_of(SECRET), "evt_1", int(NOW.timestamp()), BODY).items():
        assert request.headers[name] == value


@pytest.mark.parametrize(
    ("answer", "outcome", "said"),
    [
        (answers(500, "no\nroute"), HookOutcome.REFUSED, "answered 500: no route, after"),
        (answers(401), HookOutcome.REFUSED, "answered 401, after"),
        (answers(410), HookOutcome.GONE, "answered 410"),
        (answers(503, "x" * 9999), HookOutcome.REFUSED, "x" * 200 + ", after"),
        (answers(500, f"your secret is {SECRET}"), HookOutcome.REFUSED, "your secret is [redacted"),
    ],
)
async def test_what_is_refused_says_why_in_short_and_without_the_secret(answer, outcome, said):
    result, asked = await called(answer)
    assert result.outcome is outcome
    assert said in result.detail
    assert SECRET not in result.detail
    assert len(result.detail) < 300
    assert len(asked) == 1


async def test_an_endless_refusal_is_read_no_further():
    async def endless():
        while True:
            yield b"no " * 1000

    result, _ = await called(lambda _: httpx.Response(500, content=endless()))
    assert result.outcome is HookOutcome.REFUSED


async def test_a_redirect_is_not_followed():
    result, asked = await called(answers(307, location="https://elsewhere.example.com/"))
    assert result.outcome is HookOutcome.REFUSED
    assert "answered 307, a redirect, which is not followed" in result.detail
    assert len(asked) == 1


async def test_an_answer_that_does_not_come_is_given_up_in_time():
    async def hang(_):
        await asyncio.Event().wait()

    result, _ = await called(hang, seconds=0.01)
    assert result.outcome is HookOutcome.TIMEOUT
    assert "no answer within 0.01 s" in result.detail


async def test_an_answer_that_drips_is_given_up_in_time():
    async def drip():
        while True:
            await asyncio.sleep(0.001)
            yield b"."

    result, _ = await called(lambda _: httpx.Response(500, content=drip()), seconds=0.02)
    assert result.outcome is HookOutcome.TIMEOUT


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("connection refused"), httpx.ReadError(""), httpx.InvalidURL("no")]
)
async def test_who_cannot_be_reached_is_told_apart(error):
    def refuse(_):
        raise error

    result, _ = await called(refuse)
    assert result.outcome is HookOutcome.UNREACHABLE
    assert "cannot be reached: " in result.detail


@pytest.mark.parametrize(
    ("wish", "read"),
    [
        ("30", 30),
        (" 7 ", 7),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("9" * 9, None),
        ("²", None),
    ],
)
async def test_a_wish_for_later_is_read_in_seconds(wish, read):
    result, _ = await called(
        lambda _: httpx.Response(503, headers=[(b"retry-after", wish.encode("latin-1"))])
    )
    assert result.retry_after == (None if read is None else timedelta(seconds=read))


@pytest.mark.parametrize(
    "problem", [OSError("gone"), ConfigError(["/run/secret cannot be read"]), None]
)
async def test_without_a_secret_nothing_is_sent(problem):
    def secret():
        if problem is None:
            return "hunter2"
        raise problem

    result, asked = await called(answers(200), secret)
    assert result.outcome is HookOutcome.UNSIGNED
    assert result.detail.startswith("nothing was sent: the secret ")
    assert "hunter2" not in result.detail
    assert asked == []


async def test_a_secret_that_changes_signs_the_next_call():
    secrets = iter([SECRET, "whsec_" + "b" * 32])
    signed = set()
    for _ in range(2):
        _, (request,) = await called(answers(200), lambda: next(secrets))
        signed.add(request.headers["webhook-signature"])
    assert len(signed) == 2
