"""What a poll brings home, and what it says when it brings nothing."""

import asyncio
import base64
import json
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from responder.alertmanager.access import Access, basic, bearer
from responder.alertmanager.poll import AlertmanagerClient
from responder.domain.alerts import AlertStatus
from responder.errors import ConfigError

URL = "http://alertmanager.test:9093"
AT = "2026-11-20T10:00:00.000Z"
DATE = "Fri, 20 Nov 2026 10:00:01 GMT"
POLICY = ('mitigation="under_attack"', 'severity=~"warning|critical"')


def alert(name, fingerprint, state="active"):
    return {
        "labels": {"alertname": name},
        "fingerprint": fingerprint,
        "startsAt": AT,
        "updatedAt": AT,
        "status": {"state": state, "silencedBy": [], "inhibitedBy": []},
    }


SILENCE = {
    "id": "5c1d",
    "status": {"state": "active"},
    "matchers": [{"name": "site", "value": "shop", "isRegex": False}],
    "endsAt": AT,
}


def answer(request):
    """Answer as a healthy Alertmanager with one alert, its heartbeat and one silence."""
    if request.url.path.endswith("/silences"):
        return httpx.Response(200, json=[SILENCE])
    if 'alertname="ResponderHeartbeat"' in request.url.params.get_list("filter"):
        return httpx.Response(
            200, json=[alert("ResponderHeartbeat", "beef")], headers={"Date": DATE}
        )
    return httpx.Response(200, json=[alert("OriginHighLoad", "f00d")])


async def polled(handler=answer, *, url=URL, queries=(POLICY,), **access):
    client = AlertmanagerClient(
        url, queries, Access(transport=httpx.MockTransport(handler), **access)
    )
    try:
        return await client.poll()
    finally:
        await client.aclose()


async def test_a_healthy_alertmanager_tells_everything_at_once():
    poll = await polled()

    assert (poll.source, poll.problem) == (URL, "")
    assert [(one.name, one.status) for one in poll.alerts] == [
        ("OriginHighLoad", AlertStatus.FIRING)
    ]
    assert [one.name for one in poll.heartbeats] == ["ResponderHeartbeat"]
    assert [one.id for one in poll.silences] == ["5c1d"]
    assert poll.date == datetime(2026, 11, 20, 10, 0, 1, tzinfo=UTC)


async def test_each_query_is_asked_once_and_silences_without_a_filter():
    asked = []

    def handler(request):
        asked.append((request.url.path, tuple(request.url.params.get_list("filter"))))
        return answer(request)

    await polled(handler, url=URL + "/prefix/", queries=[POLICY, list(POLICY), ['a="b"']])

    assert sorted(asked) == [
        ("/prefix/api/v2/alerts", ('a="b"',)),
        ("/prefix/api/v2/alerts", ('alertname="ResponderHeartbeat"',)),
        ("/prefix/api/v2/alerts", POLICY),
        ("/prefix/api/v2/silences", ()),
    ]


async def test_an_alert_that_several_queries_find_is_one_alert():
    poll = await polled(queries=[POLICY, ['a="b"']])

    assert [one.fingerprint for one in poll.alerts] == ["f00d"]


async def test_a_suppressed_heartbeat_is_still_a_heartbeat():
    def handler(request):
        if "filter" not in request.url.params:
            return answer(request)
        beat = alert("ResponderHeartbeat", "beef", "suppressed")
        beat["status"]["silencedBy"] = ["5c1d"]
        return httpx.Response(200, json=[beat], headers={"Date": DATE})

    (heartbeat,) = (await polled(handler, queries=())).heartbeats

    assert heartbeat.status is AlertStatus.SILENCED


def raising(error):
    def handler(request):
        raise error("All connection attempts failed", request=request)

    return handler


def saying(status=200, text="[]", **headers):
    def handler(_request):
        return httpx.Response(status, text=text, headers={"Date": DATE, **headers})

    return handler


PROBLEMS = [
    pytest.param(raising(httpx.ConnectError), "cannot be asked: All connection", id="connect"),
    pytest.param(raising(httpx.RemoteProtocolError), "cannot be asked", id="broken"),
    pytest.param(raising(httpx.ReadTimeout), "no answer within 5 s", id="timeout"),
    pytest.param(saying(401), r"401; \[\]; check the credential", id="unauthorized"),
    pytest.param(saying(403, ""), "403; check the credential", id="forbidden"),
    pytest.param(saying(404, "nope"), "404; nope; .*route-prefix", id="not found"),
    pytest.param(saying(400, "bad matcher\n format"), "400; bad matcher format", id="refused"),
    pytest.param(saying(503, "x" * 5000), "503; x{200}$", id="foreign bodies are cut"),
    pytest.param(saying(599, ""), "answered 599$", id="a status without a name"),
    pytest.param(saying(302, Location="/login"), "302, a redirect, which is not", id="redirect"),
    pytest.param(
        saying(text="<html>", **{"Content-Type": "text/html"}),
        r"/api/v2/alerts \(text/html\) is not JSON .*is this an Alertmanager's URL",
        id="html",
    ),
    pytest.param(saying(text="{}"), "is not a list: {}", id="no list"),
    pytest.param(saying(text='[{"labels": 1}]'), "malformed at item 0", id="malformed item"),
    pytest.param(saying(text='["\\ud800"]'), "not UTF-8", id="half a surrogate pair"),
    pytest.param(saying(Date=""), "no Date that can be read", id="no date"),
    pytest.param(saying(Date="yesterday"), "no Date that can be read", id="bad date"),
    pytest.param(
        saying(Date="Fri, 20 Nov 9999999999 10:00:01 GMT"), "no Date that can", id="far date"
    ),
]


@pytest.mark.parametrize(("handler", "problem"), PROBLEMS)
async def test_whatever_is_wrong_becomes_a_problem_and_never_an_exception(handler, problem):
    poll = await polled(handler)

    assert (poll.source, poll.alerts, poll.date) == (URL, (), None)
    assert re.search(problem, poll.problem)


async def test_one_failed_question_makes_the_whole_poll_unusable():
    def handler(request):
        return httpx.Response(500) if "filter" not in request.url.params else answer(request)

    poll = await polled(handler)

    assert (poll.alerts, poll.heartbeats) == ((), ())
    assert poll.problem.startswith("GET /api/v2/silences answered 500")


async def test_a_date_without_a_zone_is_universal_time():
    poll = await polled(saying(Date="Fri, 20 Nov 2026 10:00:01 -0000"))

    assert poll.date == datetime(2026, 11, 20, 10, 0, 1, tzinfo=UTC)


class Endless(httpx.AsyncByteStream):
    """A body that never ends."""

    def __init__(self, size):
        self.block = b" " * size

    async def __aiter__(self):
        while True:
            yield self.block
            await asyncio.sleep(0)


async def test_an_endless_body_is_given_up_at_the_limit():
    poll = await polled(lambda _request: httpx.Response(200, stream=Endless(1 << 20)))

    assert "larger than 64 MiB" in poll.problem


async def test_an_answer_that_drips_is_given_up_when_the_time_is_over():
    poll = await polled(
        lambda _request: httpx.Response(200, stream=Endless(1)), timeout=timedelta(milliseconds=20)
    )

    assert poll.problem == "no answer within 0.02 s"


async def test_the_credential_is_read_anew_for_each_request():
    tokens, seen = iter("abcdef"), set()

    def handler(request):
        seen.add(request.headers["Authorization"])
        return answer(request)

    await polled(handler, authorization=bearer(lambda: next(tokens) + "\n"))

    assert seen == {"Bearer a", "Bearer b", "Bearer c"}


async def test_a_user_and_password_are_sent_as_basic_credentials():
    seen = set()

    def handler(request):
        seen.add(request.headers["Authorization"])
        return answer(request)

    await polled(handler, authorization=basic("anna", lambda: "p:ä"))

    assert [base64.b64decode(one.removeprefix("Basic ")).decode() for one in seen] == ["anna:p:ä"]


def unreadable():
    raise ConfigError(["alertmanager.http.bearer_token_file: no such file"])


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        pytest.param(unreadable, "cannot be read: alertmanager.http.bearer_token", id="gone"),
        pytest.param(lambda: "a\nb", "no header may hold", id="line break"),
        pytest.param(lambda: "ключ", "no header may hold", id="other script"),
    ],
)
async def test_a_credential_that_cannot_be_sent_is_a_problem(token, problem):
    assert problem in (await polled(authorization=bearer(token))).problem


async def test_the_password_in_a_url_is_sent_but_never_shown():
    seen = set()

    def handler(request):
        seen.add(request.headers["Authorization"])
        return httpx.Response(500)

    poll = await polled(handler, url="http://anna:secret@alertmanager.test:9093/")

    assert seen == {"Basic " + base64.b64encode(b"anna:secret").decode()}
    assert poll.source == URL
    assert "secret" not in poll.problem


@asynccontextmanager
async def serving(handle):
    """Serve on a free port of this machine, and leave no connection behind."""
    tasks = []

    async def tracked(reader, writer):
        tasks.append(asyncio.current_task())
        try:
            await handle(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    async with server:
        yield "http://{}:{}".format(*server.sockets[0].getsockname())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_real_server_that_hangs_is_given_up_in_time():
    async def handle(_reader, _writer):
        await asyncio.Event().wait()

    async with serving(handle) as url:
        client = AlertmanagerClient(url, [POLICY], Access(timeout=timedelta(milliseconds=50)))
        poll = await client.poll()
        await client.aclose()

    assert poll.problem == "no answer within 0.05 s"


async def test_a_real_server_is_polled_again_over_the_same_connections():
    connections = []
    payload = json.dumps([alert("ResponderHeartbeat", "beef")]).encode()
    head = f"HTTP/1.1 200 OK\r\nDate: {DATE}\r\nContent-Length: {len(payload)}\r\n\r\n".encode()
    empty = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"

    async def handle(reader, writer):
        connections.append(writer)
        while request := await reader.read(65536):
            writer.write(empty if b"/silences" in request else head + payload)

    async with serving(handle) as url:
        client = AlertmanagerClient(url, [POLICY])
        polls = [await client.poll() for _ in range(3)]
        await client.aclose()

    assert [poll.problem for poll in polls] == ["", "", ""]
    assert len(connections) == 3


async def test_a_port_where_nobody_listens_is_a_problem():
    async with serving(lambda _reader, _writer: None) as url:
        pass
    client = AlertmanagerClient(url, [POLICY])

    poll = await client.poll()
    await client.aclose()

    assert poll.problem.startswith("cannot be asked: ")
