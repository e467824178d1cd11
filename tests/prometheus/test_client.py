"""What Prometheus answers becomes values, and whatever goes wrong one kind of error."""

import asyncio
import json
import math
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from responder.errors import AlertmanagerError
from responder.prometheus import PrometheusClient, PrometheusError

URL = "http://prometheus.test:9090/prefix"


def success(data):
    return httpx.Response(200, json={"status": "success", "data": data})


async def asked(question, handler, **options):
    """Put one question to a Prometheus that answers by the handler."""
    connection = httpx.AsyncClient(base_url=URL, transport=httpx.MockTransport(handler))
    client = PrometheusClient(connection, **options)
    try:
        return await question(client)
    finally:
        await client.aclose()


async def test_a_query_gives_its_series_with_their_values():
    seen = []

    def handler(request):
        seen.append((request.url.path, request.url.params["query"]))
        series = [
            {"metric": {"site": "shop"}, "value": [1795190541.2, "2.5"]},
            {"metric": {}, "value": [1795190541, "NaN"]},
            {"metric": {}, "value": [1795190541, "+Inf"]},
        ]
        return success({"resultType": "vector", "result": series})

    first, second, third = await asked(lambda one: one.query('up{a="b"}'), handler)

    assert seen == [("/prefix/api/v1/query", 'up{a="b"}')]
    assert (first.labels, first.value) == ({"site": "shop"}, 2.5)
    assert math.isnan(second.value)
    assert math.isinf(third.value)


async def test_groups_tell_their_rules_their_health_and_their_times():
    group = {
        "name": "heartbeat",
        "file": "/rules/heartbeat.yml",
        "interval": 5,
        "evaluationTime": 0.25,
        "lastEvaluation": "2026-11-20T10:00:00.123456789+00:00",
        "rules": [
            {"name": "ResponderHeartbeat", "type": "alerting", "state": "firing", "health": "ok"},
            {"name": "a:b", "type": "recording", "health": "err", "lastError": "no such thing"},
        ],
    }

    (found,) = await asked(lambda one: one.rule_groups(), lambda _: success({"groups": [group]}))

    assert (found.interval, found.evaluation_time) == (5.0, 0.25)
    assert found.last_evaluation == datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
    assert [(rule.name, rule.alerting, rule.last_error) for rule in found.rules] == [
        ("ResponderHeartbeat", True, ""),
        ("a:b", False, "no such thing"),
    ]


async def test_a_group_without_rules_and_never_evaluated_is_a_group():
    group = {"name": "new", "interval": 1, "rules": None, "lastEvaluation": "0001-01-01T00:00:00Z"}

    (found,) = await asked(lambda one: one.rule_groups(), lambda _: success({"groups": [group]}))

    assert (found.rules, found.last_evaluation.year) == ((), 1)


STATUS = {
    "/prefix/api/v1/status/buildinfo": {"version": "3.14.0", "revision": "x"},
    "/prefix/api/v1/status/flags": {"rules.alert.resend-delay": "1m"},
    "/prefix/api/v1/status/runtimeinfo": {"storageRetention": "15d or 5GiB"},
    "/prefix/api/v1/alertmanagers": {"activeAlertmanagers": [{"url": "http://am:9093/api"}]},
}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param(lambda one: one.version(), "3.14.0", id="version"),
        pytest.param(lambda one: one.flags(), {"rules.alert.resend-delay": "1m"}, id="flags"),
        pytest.param(lambda one: one.retention(), "15d or 5GiB", id="retention"),
        pytest.param(lambda one: one.alertmanagers(), ("http://am:9093/api",), id="fed"),
    ],
)
async def test_it_tells_how_it_was_started(question, answer):
    assert await asked(question, lambda request: success(STATUS[request.url.path])) == answer


def raising(error):
    def handler(request):
        raise error("All connection attempts failed", request=request)

    return handler


def saying(status=200, text="", **headers):
    return lambda _request: httpx.Response(status, text=text, headers=headers)


PROBLEMS = [
    pytest.param(raising(httpx.ConnectError), "cannot be asked: All connection", id="connect"),
    pytest.param(raising(httpx.RemoteProtocolError), "cannot be asked", id="broken"),
    pytest.param(raising(httpx.ReadTimeout), "no answer within 5 s", id="timeout"),
    pytest.param(saying(401, "no"), "401; no; check the credential", id="unauthorized"),
    pytest.param(saying(403), "403; check the credential", id="forbidden"),
    pytest.param(saying(404, "nope"), "404; nope; .*route-prefix", id="not found"),
    pytest.param(saying(503, "x" * 5000), "503; x{200}$", id="foreign bodies are cut"),
    pytest.param(saying(302, Location="/login"), "302, a redirect, which is not", id="redirect"),
    pytest.param(
        saying(400, json.dumps({"status": "error", "error": "1:5: parse error"})),
        "answered 400; 1:5: parse error$",
        id="its own words",
    ),
    pytest.param(saying(text="<html>"), "none of Prometheus' API.*is prometheus.url", id="html"),
    pytest.param(saying(text="[]"), "none of Prometheus' API", id="no object"),
    pytest.param(saying(text='{"status": "success"}'), "data: Field required", id="no data"),
    pytest.param(
        saying(text='{"status": "success", "data": {"result": [{"metric": 1}]}}'),
        r"data\.result\.0\.metric",
        id="malformed series",
    ),
    pytest.param(
        saying(text='{"status": "success", "data": {"resultType": "matrix", "result": 1}}'),
        r"data\.result: ",
        id="no vector",
    ),
]


@pytest.mark.parametrize(("handler", "problem"), PROBLEMS)
async def test_whatever_is_wrong_becomes_one_kind_of_error(handler, problem):
    with pytest.raises(PrometheusError) as raised:
        await asked(lambda one: one.query("up"), handler)

    assert re.search(problem, str(raised.value))


async def test_an_answer_that_drips_is_given_up_when_the_time_is_over():
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):
            while True:
                yield b" "
                await asyncio.sleep(0)

    with pytest.raises(PrometheusError, match=r"no answer within 0\.02 s"):
        await asked(
            lambda one: one.version(),
            lambda _: httpx.Response(200, stream=Endless()),
            timeout=timedelta(milliseconds=20),
        )


async def test_the_credential_is_asked_for_each_time_and_never_repeated():
    tokens = iter(["first-secret", "second-secret"])

    def handler(request):
        return httpx.Response(401, text=f"bad {request.headers['Authorization']}")

    async def twice(client):
        said = []
        for _ in range(2):
            with pytest.raises(PrometheusError) as raised:
                await client.version()
            said.append(str(raised.value))
        return said

    def headers():
        return {"Authorization": f"Bearer {next(tokens)}"}

    for said in await asked(twice, handler, headers=headers):
        assert "bad Bearer [redacted]" in said
    assert next(tokens, None) is None


async def test_a_credential_that_cannot_be_read_is_the_same_kind_of_error():
    def headers():
        raise AlertmanagerError("the credential cannot be read: gone")

    with pytest.raises(PrometheusError, match="cannot be read: gone"):
        await asked(lambda one: one.version(), saying(), headers=headers)
