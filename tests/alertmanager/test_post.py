"""What is sent when people are told, and what is said when nobody takes it."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from responder.alertmanager.access import Access, basic, bearer
from responder.alertmanager.post import MOST_AT_ONCE, AlertmanagerPost
from responder.domain.notice import Notice
from responder.errors import AlertmanagerError, ConfigError

URL = "http://alertmanager.test:9093"
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
BLIND = Notice(
    {"alertname": "ResponderBlind", "severity": "critical", "action": "none"},
    {"summary": "The responder cannot see what is true."},
    NOW,
    NOW + timedelta(minutes=4),
)


async def post(handler, notices=(BLIND,), *, url=URL, **access):
    one = AlertmanagerPost(url, Access(transport=httpx.MockTransport(handler), **access))
    try:
        await one.post(notices)
    finally:
        await one.aclose()


async def posted(*notices, answer=200, **options):
    """Post, and return the requests that came."""
    requests = []

    def handler(request):
        requests.append(request)
        return httpx.Response(answer)

    await post(handler, notices, **options)
    return requests


async def refused(handler, **options):
    with pytest.raises(AlertmanagerError) as refusal:
        await post(handler, **options)
    return str(refusal.value)


async def test_an_alert_is_sent_as_the_api_wants_it():
    (request,) = await posted(BLIND, url=URL + "/prefix/")
    assert (request.method, request.url.path) == ("POST", "/prefix/api/v2/alerts")
    assert json.loads(request.content) == [
        {
            "labels": {"alertname": "ResponderBlind", "severity": "critical", "action": "none"},
            "annotations": {"summary": "The responder cannot see what is true."},
            "startsAt": "2026-11-20T10:00:00+00:00",
            "endsAt": "2026-11-20T10:04:00+00:00",
        }
    ]


async def test_an_alert_without_an_end_leaves_it_to_alertmanager():
    (request,) = await posted(replace(BLIND, ends_at=None))
    assert "endsAt" not in json.loads(request.content)[0]


async def test_very_many_are_sent_in_several_requests():
    requests = await posted(*[BLIND] * (2 * MOST_AT_ONCE + 1))
    sizes = [len(json.loads(request.content)) for request in requests]
    assert sizes == [MOST_AT_ONCE, MOST_AT_ONCE, 1]


@pytest.mark.parametrize(
    ("authorization", "header"),
    [
        pytest.param(bearer(lambda: "t0ken"), "Bearer t0ken", id="token"),
        pytest.param(basic("me", lambda: "pass"), "Basic bWU6cGFzcw==", id="password"),
    ],
)
async def test_the_credential_of_the_configuration_is_presented(authorization, header):
    (request,) = await posted(BLIND, authorization=authorization)
    assert request.headers["authorization"] == header


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        pytest.param(400, "start time must", "400; start time must; are the clocks", id="clock"),
        pytest.param(401, "", "401; check the credential", id="credential"),
        pytest.param(404, "nothing here", "404; nothing here; does the URL lack", id="prefix"),
        pytest.param(503, "x" * 10**6, f"503; {'x' * 200}", id="a very long answer"),
    ],
)
async def test_a_refusal_says_what_and_what_to_do(status, body, told):
    said = await refused(lambda _: httpx.Response(status, text=body))
    assert said.startswith(f"POST /api/v2/alerts answered {told}")
    assert len(said) < 400


async def test_an_answer_that_repeats_the_credential_does_not_spread_it():
    def echo(request):
        return httpx.Response(502, text=request.headers["authorization"])

    said = await refused(echo, authorization=bearer(lambda: "s3cret-t0ken"))
    assert "s3cret" not in said


async def test_one_that_does_not_answer_is_given_up():
    async def hang(_request):
        await asyncio.Event().wait()

    said = await refused(hang, timeout=timedelta(milliseconds=20))
    assert said == "no answer within 0.02 s"


async def test_one_that_is_not_there_is_told_so():
    def nobody(_request):
        raise httpx.ConnectError("connection refused")

    assert await refused(nobody) == "cannot be told: connection refused; is it running?"


async def test_a_credential_that_cannot_be_read_sends_nothing():
    def unreadable():
        raise ConfigError(["/etc/token: no such file"])

    def handler(_request):
        raise AssertionError("nothing may be sent")

    assert "cannot be read" in await refused(handler, authorization=unreadable)


def test_its_name_holds_no_credential():
    assert AlertmanagerPost("http://me:secret@am:9093/prefix/").source == "http://am:9093/prefix"
