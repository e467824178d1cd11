"""Cloudflare's webhook: the secret before anything else, the commit before the answer."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from responder.domain.notification_judgement import Effect, Judgement, Why
from responder.errors import ConfigError, PayloadError, StoreError
from responder.web.cloudflare import serve_notifications
from responder.web.doors import Doors, Knock
from responder.web.limits import Limits

SECRET = "the-s3cret"
PATH = "/webhooks/cloudflare"
TOKENS = Doors(lambda: "hook", lambda: "api", lambda: SECRET)
BODY = {"text": "a test"}


class Kept:
    """An intake that only keeps what it is given."""

    def __init__(self):
        self.bodies, self.before = [], None

    async def take(self, body):
        if self.before is not None:
            await self.before()
        self.bodies.append(body)
        return Judgement(Effect.IGNORE, Why.TEST)


@pytest.fixture
def taker():
    return Kept()


@pytest.fixture
async def knocking(web, taker):
    """Return what makes a client of an application that takes notifications."""

    async def made(doors=TOKENS, **limits):
        app = web.app(doors, **limits)
        serve_notifications(app, taker, Limits(**limits))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        return await web.clients.enter_async_context(client)

    return made


async def posted(client, secret=SECRET, content=None, **headers):
    headers |= {"cf-webhook-auth": secret} if secret is not None else {}
    content = json.dumps(BODY) if content is None else content
    return await client.post(PATH, content=content, headers=headers)


async def test_what_is_committed_is_answered_and_counted(knocking, web, taker):
    answer = await posted(await knocking())

    assert (answer.status_code, answer.json()) == (200, {"effect": "ignore", "reason": "test"})
    assert [json.loads(one) for one in taker.bodies] == [BODY]
    assert web.answers == {("cloudflare", "200"): 1}


@pytest.mark.parametrize("secret", [None, "", "the-s3cre", "the-s3cret2", "hook", "api"])
async def test_without_the_secret_nothing_is_even_read(knocking, web, taker, secret):
    answer = await posted(await knocking(), secret, b"{" * 1_000_000)

    assert (answer.status_code, taker.bodies) == (401, [])
    assert web.answers == {("cloudflare", "401"): 1}
    assert SECRET not in answer.text


async def test_a_bearer_token_opens_nothing_here(knocking, taker):
    answer = await posted(await knocking(), None, Authorization="Bearer hook")
    assert (answer.status_code, taker.bodies) == (401, [])


@pytest.mark.parametrize("doors", [Doors(lambda: "hook", loopback=True), Doors(loopback=True)])
@pytest.mark.parametrize("secret", [None, "", SECRET])
async def test_where_no_secret_is_configured_it_is_closed_even_on_loopback(
    knocking, taker, doors, secret
):
    answer = await posted(await knocking(doors), secret)
    assert (answer.status_code, taker.bodies) == (403, [])
    assert "notifications.secret_file" in answer.json()["error"]


def unreadable():
    raise ConfigError(["gone"])


@pytest.mark.parametrize(
    ("secret", "offered", "status"),
    [(unreadable, b"x", 503), (lambda: "", b"", 401), (lambda: "é", "é".encode(), 200)],
)
def test_the_door_stays_shut_when_the_secret_is_of_no_use(secret, offered, status):
    refusal = Doors(cloudflare_secret=secret).refusal(
        Knock(PATH, "POST", cloudflare_secret=offered)
    )
    assert (refusal.status if refusal else 200) == status


async def test_two_secrets_are_none(knocking, taker):
    client = await knocking()
    headers = [("cf-webhook-auth", SECRET), ("cf-webhook-auth", "x")]
    answer = await client.post(PATH, content=b"{}", headers=headers)
    assert (answer.status_code, taker.bodies) == (401, [])


async def test_the_secret_opens_no_other_door(knocking):
    client = await knocking()
    headers = {"cf-webhook-auth": SECRET, "Authorization": f"Bearer {SECRET}"}
    for path in ("/webhooks/alertmanager", "/api/v1/targets", "/", f"{PATH}/", "/webhooks/x"):
        assert (await client.post(path, headers=headers)).status_code == 401


async def test_a_malformed_body_is_refused_with_the_reason(knocking, taker):
    async def malformed():
        raise PayloadError("the body is not JSON")

    taker.before = malformed
    answer = await posted(await knocking())
    assert (answer.status_code, answer.json()) == (400, {"error": "the body is not JSON"})


async def test_what_cannot_be_committed_is_no_success(knocking, taker):
    async def down():
        raise StoreError("cannot write /var/lib/responder/responder.db")

    taker.before = down
    answer = await posted(await knocking())
    assert answer.status_code == 503
    assert "/var/lib" not in answer.text


async def test_a_commit_that_takes_too_long_is_no_success(knocking, taker):
    taker.before = asyncio.Event().wait
    answer = await posted(await knocking(answer_within=timedelta(milliseconds=1)))
    assert answer.status_code == 503


async def test_a_body_over_the_limit_is_too_large_and_a_megabyte_is_not(knocking, taker):
    client = await knocking()
    assert (await posted(client, content=b" " * 5_000_000)).status_code == 413
    assert (await posted(client, content=b" " * 1_000_000)).status_code == 200
    assert len(taker.bodies) == 1


async def test_more_than_the_limit_at_once_is_overload_until_some_are_done(knocking, taker):
    committing, gate = asyncio.Event(), asyncio.Event()

    async def hold():
        committing.set()
        await gate.wait()

    taker.before = hold
    client = await knocking(in_flight=1)
    first = asyncio.create_task(posted(client))
    await committing.wait()
    second = await posted(client)
    gate.set()
    answers = [await first, second, await posted(client)]
    assert [one.status_code for one in answers] == [200, 503, 200]


async def test_nothing_but_a_post_is_a_notification(knocking):
    client = await knocking()
    answer = await client.get(PATH, headers={"cf-webhook-auth": SECRET})
    assert answer.status_code == 405
