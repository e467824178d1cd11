"""A webhook is heard, committed and then answered; or it is told why not."""

import asyncio
import json
from datetime import timedelta

import pytest

from responder.domain.alerts import AlertStatus
from responder.errors import StoreError
from responder.web.doors import Doors

HOOK = "/webhooks/alertmanager"


def alert(status="firing", **labels):
    return {"status": status, "labels": {"alertname": "Load", "site": "shop"} | labels}


def body(*alerts, **fields):
    return {"version": "4", "alerts": alerts, **fields}


async def refused(client, web, content):
    answer = await client.post(HOOK, content=content)
    assert list(answer.json()) == ["error"]
    assert web.automation.heard == []
    assert web.answers == {("alertmanager", str(answer.status_code)): 1}
    return answer.status_code, answer.json()["error"]


async def test_what_is_committed_is_answered_and_counted(sender, web):
    answer = await sender.post(HOOK, json=body(alert(), alert("resolved"), truncatedAlerts=3))

    (heard,) = web.automation.heard
    assert answer.status_code == 200
    assert [one.status for one in heard] == [AlertStatus.FIRING, AlertStatus.RESOLVED]
    assert web.automation.truncated == 3
    assert web.answers == {("alertmanager", "200"): 1}
    assert web.alerts == {"firing": 1, "resolved": 1}


async def test_a_thousand_alerts_are_one_webhook(sender, web):
    answer = await sender.post(HOOK, json=body(*(alert(instance=str(n)) for n in range(1000))))

    assert answer.status_code == 200
    assert (len(web.automation.heard), web.alerts) == (1, {"firing": 1000})


@pytest.mark.parametrize(
    "value", ['say "hi"', "two\nlines", "тест", "試し", "\U0001f525", "<script>", "' OR 1=1 --"]
)
async def test_labels_are_data_in_any_script(sender, automation, value):
    await sender.post(HOOK, json=body(alert(instance=value)))

    assert automation.heard[0][0].labels["instance"] == value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"{", "not JSON", id="not json"),
        pytest.param(b"\xff", "not UTF-8", id="not utf-8"),
        pytest.param(b"[]", "not an object", id="not an object"),
        pytest.param(b'{"version": "3", "alerts": []}', "expected", id="wrong version"),
        pytest.param(b'{"version": "4"}', "alerts is missing", id="no alerts"),
        pytest.param(
            b'{"version": "4", "alerts": [{"status": "firing"}]}', "labels", id="no labels"
        ),
        pytest.param(b'{"version": "4", "alerts": [{"labels": {}}]}', "status", id="no status"),
    ],
)
async def test_a_malformed_body_is_refused_with_the_reason(sender, web, content, reason):
    status, error = await refused(sender, web, content)

    assert status == 400
    assert reason in error


async def test_a_body_over_the_limit_is_too_large(sender, web):
    status, error = await refused(sender, web, b" " * (5 * 1024 * 1024))

    assert (status, error) == (413, "the body is over 4194304 bytes; send less at once")


async def test_a_body_of_exactly_the_limit_is_read(web):
    content = json.dumps(body(alert())).encode()
    sender = await web.client(token="webhook-s3cret", body_bytes=len(content))

    assert (await sender.post(HOOK, content=content)).status_code == 200


async def test_a_body_that_grows_over_the_limit_is_too_large(web):
    sent = []

    async def chunks():
        for _ in range(1000):
            sent.append(1)
            yield b" " * 1000

    sender = await web.client(token="webhook-s3cret", body_bytes=5000)
    status, _ = await refused(sender, web, chunks())

    assert status == 413


async def test_a_body_that_does_not_come_is_not_waited_for(web):
    async def chunks():
        yield b"{"
        await asyncio.Event().wait()

    sender = await web.client(token="webhook-s3cret", body_within=timedelta(milliseconds=1))
    status, error = await refused(sender, web, chunks())

    assert (status, error) == (408, "the body took longer than 0.001 s")


@pytest.mark.parametrize("token", [None, "wrong", "api-s3cret"])
async def test_a_stranger_is_refused_before_the_body_is_read(web, token):
    client = await web.client(token=token)

    status, _ = await refused(client, web, b"not JSON" * 1_000_000)

    assert status == 401


async def test_without_a_token_loopback_may_send(web):
    client = await web.client(Doors(loopback=True))

    assert (await client.post(HOOK, json=body(alert()))).status_code == 200


async def test_what_cannot_be_committed_is_asked_for_again(sender, web):
    async def down():
        raise StoreError("cannot write /var/lib/responder/responder.db: disk I/O error")

    web.automation.before = down
    status, error = await refused(sender, web, json.dumps(body(alert())))

    assert status == 503
    assert "/var/lib" not in error
    assert not web.alerts


async def test_a_commit_that_takes_too_long_is_asked_for_again(web):
    web.automation.before = asyncio.Event().wait
    sender = await web.client(token="webhook-s3cret", answer_within=timedelta(milliseconds=1))

    status, error = await refused(sender, web, json.dumps(body(alert())))

    assert (status, error) == (503, "no answer in time; try again")


async def test_more_than_the_limit_at_once_is_overload_until_some_are_done(web):
    committing, gate = asyncio.Event(), asyncio.Event()

    async def hold():
        committing.set()
        await gate.wait()

    web.automation.before = hold
    sender = await web.client(token="webhook-s3cret", in_flight=1)
    first = asyncio.create_task(sender.post(HOOK, json=body(alert())))
    await committing.wait()
    second = await sender.post(HOOK, json=body(alert()))
    gate.set()
    answers = [await first, second, await sender.post(HOOK, json=body(alert()))]

    assert [one.status_code for one in answers] == [200, 503, 200]


async def test_a_failure_nobody_expected_is_counted_and_tells_nothing(sender, web):
    async def broken():
        raise RuntimeError("webhook-s3cret")

    web.automation.before = broken
    status, error = await refused(sender, web, json.dumps(body(alert())))

    assert (status, error) == (500, "this failed in a way nobody expected; the log says how")
