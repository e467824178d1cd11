"""The history, the setting up and the check at the simulated Cloudflare, over real sockets."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from prometheus_client import CollectorRegistry

from responder.app import SystemClock
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Token
from responder.cloudflare.notifications import Notifications, Sent
from responder.domain.breaker import Failure
from responder.domain.notification_judgement import Effect
from responder.errors import ProviderError
from responder.metrics import Metrics
from responder.notifications import Gaps, Intake
from responder.notifications.check import Status, checked
from responder.notifications.gaps import told_by
from responder.notifications.setup import Wish, set_up
from responder.ports import EventQuery
from responder.simulator import Fault, FaultKind, running, seed
from responder.simulator.alerting.values import Destination
from responder.simulator.inventory import Account
from responder.simulator.state import default_token
from responder.store import StoreWriter
from responder.store.twin import MemoryStore

pytestmark = pytest.mark.integration
FLOW, SECRET = "fbm_dosd_attack", "the-s3cret-of-the-webhook"


class Receiver:
    """Takes webhooks that bring the secret; it answers 401 to others."""

    def __init__(self):
        self.secret, self.url = SECRET, ""

    async def take(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1])
            for line in head.split("\r\n")
            if "content-length" in line.lower()
        )
        await reader.readexactly(length)
        known = f"cf-webhook-auth: {self.secret}".lower() in head.lower()
        status = "200 OK" if known else "401 No"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()


class World:
    """The account at Cloudflare, our intake, and the time of both."""

    def __init__(self, samples):
        self.now = samples.sent
        self.simulation = seed({"example.com": "high"}, tokens=[default_token()])
        self.receiver = Receiver()
        self.writer = StoreWriter(MemoryStore())
        self.intake = Intake(self.writer, lambda: self.now, Metrics(CollectorRegistry()))
        self.intake.rules = replace(samples.rules, account=Account().id)

    @property
    def wish(self):
        return Wish("responder", self.receiver.url)

    async def send(self, kind=FLOW, **order):
        order = {"alert_type": kind, **order}
        answer = await self.control.post("/notifications", json=order)
        return answer.raise_for_status().json()["deliveries"]

    async def set_up(self, *, dry=False):
        steps = await set_up(self.account, self.wish, self.receiver.secret, dry=dry)
        return {one.subject.removeprefix("policy responder: "): one for one in steps}

    async def check(self, **other):
        return {
            one.subject: one for one in await checked(self.account, replace(self.wish, **other))
        }


@asynccontextmanager
async def running_world(samples):
    world = World(samples)
    async with (
        await asyncio.start_server(world.receiver.take, "127.0.0.1", 0) as server,
        running(world.simulation, lambda: world.now) as endpoints,
        httpx.AsyncClient(base_url=endpoints.control_url) as world.control,
    ):
        port = server.sockets[0].getsockname()[1]
        world.receiver.url = f"http://127.0.0.1:{port}/webhooks/cloudflare"
        client = CloudflareClient(
            Endpoint(endpoints.base_url, timedelta(seconds=2)),
            Token(lambda: default_token().value),
            SystemClock().monotonic,
        )
        world.account = Notifications(client, Account().id)
        world.gaps = Gaps(world.account, world.intake, lambda: world.now)
        yield world
        world.simulation.faults.clear()
        await client.aclose()
    await world.writer.close()


@pytest.fixture
async def world(samples):
    async with running_world(samples) as one:
        yield one


# the history


async def test_what_was_lost_is_taken_from_the_history_once(world):
    await world.set_up()
    await world.send(key="a", lost=True)
    await world.send(key="b", lost=True)
    world.now += timedelta(minutes=10)

    counts = [await world.gaps.fill() for _ in range(2)]
    entries = await world.writer.events(EventQuery())
    standing = list(world.intake.book.notices(world.now, world.intake.rules))

    assert counts == [2, 0]
    assert {(one.actor, one.action) for one in entries} == {("cloudflare history", "trigger")}
    assert len(standing) == 2


async def test_what_has_arrived_is_not_taken_again(world):
    await world.set_up()
    await world.send(key="a", lost=True)
    (sent,) = await world.account.history(world.now - timedelta(hours=1))
    await world.intake.take(sent.body.encode())
    assert await world.gaps.fill() == 0


async def test_an_attack_that_was_over_before_anybody_listened_never_stands(world):
    await world.set_up()
    await world.send(key="a", lost=True)
    world.now += timedelta(minutes=5)
    await world.send(key="a", ended=True, lost=True)
    assert await world.gaps.fill() == 2
    assert list(world.intake.book.notices(world.now, world.intake.rules)) == []


async def test_what_is_older_than_the_maximum_age_is_not_even_asked_for(world):
    await world.set_up()
    await world.send(key="a", lost=True)
    world.now += timedelta(minutes=61)
    assert await world.gaps.fill() == 0


async def test_a_long_history_is_read_to_its_end(world):
    await world.set_up()
    await world.send(key="a", lost=True, times=100)
    await world.send(key="b", lost=True)
    world.now += timedelta(minutes=1)
    assert len(await world.account.history(world.now - timedelta(hours=1))) == 101


async def test_a_history_that_cannot_be_read_is_said_and_no_failure(world):
    await world.set_up()
    await world.send(key="a", lost=True)
    world.simulation.faults.add(Fault(FaultKind.SERVER_ERROR, count=1))
    await world.gaps.try_fill()
    before = len(await world.writer.events(EventQuery()))
    await world.gaps.try_fill()
    assert (before, len(await world.writer.events(EventQuery()))) == (0, 1)


@pytest.mark.parametrize("body", ["", "not JSON", "[]", "[" * 100_000, '{"text": "a test"}'])
def test_what_the_history_has_of_no_notification_is_left(samples, body):
    sent = Sent(samples.sent, "", "a policy", body)
    told = told_by(sent, samples.sent)
    assert told is None or told.type == "unknown"


def test_a_history_that_keeps_only_the_data_says_the_same(samples):
    data = samples.body("fbm_volumetric_attack")["data"]
    told = told_by(Sent(samples.sent, "fbm_volumetric_attack", "p", json.dumps(data)), samples.sent)
    assert (told.type, told.prefixes, told.sent_at) == (
        *("fbm_volumetric_attack", ("203.0.113.0/24",), samples.sent),
    )


# setup


async def test_the_setup_lets_cloudflare_send_every_known_type(world):
    steps = await world.set_up()
    webhooks = await world.account.webhooks()
    policies = await world.account.policies()
    deliveries = await world.send()

    assert {one.done for one in steps.values()} == {"create"}
    assert [one.name for one in webhooks] == ["responder"]
    assert len(policies) == 13
    assert all(one.enabled and one.webhooks == (webhooks[0].id,) for one in policies)
    assert [one["status"] for one in deliveries] == [200]


async def test_a_second_setup_only_tests_the_webhook(world):
    await world.set_up()
    steps = await world.set_up()
    assert steps.pop("webhook responder").done == "test"
    assert {one.done for one in steps.values()} == {"keep"}
    assert (len(await world.account.webhooks()), len(await world.account.policies())) == (1, 13)


async def test_a_new_secret_reaches_cloudflare_with_the_next_setup(world):
    await world.set_up()
    world.receiver.secret = "an0ther-s3cret"
    assert [one["status"] for one in await world.send(key="a")] == [401]
    await world.set_up()
    assert [one["status"] for one in await world.send(key="b")] == [200]


async def test_what_somebody_changed_is_put_right_and_other_receivers_stay(world):
    await world.set_up()
    other = Destination("a" * 32, "pager", "http://127.0.0.1:1/")
    world.simulation.webhooks[other.id] = other
    for policy in list(world.simulation.policies.values()):
        if policy.alert_type == FLOW:
            changed = replace(policy, enabled=False, webhooks=(other.id,), emails=("me",))
            world.simulation.policies[policy.id] = changed
    steps = await world.set_up()
    (policy,) = [one for one in world.simulation.policies.values() if one.alert_type == FLOW]

    assert {name for name, one in steps.items() if one.done == "change"} == {FLOW}
    assert policy.enabled
    assert policy.webhooks[0] == other.id
    assert (len(policy.webhooks), policy.emails) == (2, ("me",))


async def test_a_dry_run_shows_every_request_and_makes_none(world):
    steps = await world.set_up(dry=True)
    path = f"/accounts/{Account().id}/alerting/v3"
    shown = [(one.method, one.path) for one in steps.values()]

    assert shown[:2] == [("POST", f"{path}/destinations/webhooks"), ("POST", f"{path}/policies")]
    assert steps["webhook responder"].body == {"name": "responder", "url": world.receiver.url}
    assert steps[FLOW].body["alert_type"] == FLOW
    assert (await world.account.webhooks(), await world.account.policies()) == ([], [])


async def test_a_webhook_that_does_not_answer_is_not_saved_and_its_secret_not_told(world):
    world.receiver.url = "http://127.0.0.1:1/webhooks/cloudflare"
    with pytest.raises(ProviderError, match="test message") as caught:
        await world.set_up()
    assert caught.value.failure is Failure.REFUSED
    assert SECRET not in str(caught.value)
    assert await world.account.policies() == []


# check


async def test_all_is_well_after_the_setup(world):
    await world.set_up()
    points = await world.check()
    assert len(points) == 15
    assert {one.status for one in points.values()} == {Status.OK}


async def test_without_a_setup_the_check_says_what_to_do(world):
    (point,) = (await world.check()).values()
    assert point.status is Status.FAILURE
    assert "responder notifications setup" in point.advice


async def test_a_secret_that_is_wrong_by_now_is_found_by_the_last_delivery(world):
    await world.set_up()
    world.receiver.secret = "an0ther-s3cret"
    world.now += timedelta(minutes=1)
    await world.send()
    point = (await world.check())["last delivery"]
    assert point.status is Status.FAILURE
    assert "the secret" in point.advice


async def test_a_policy_that_is_gone_and_another_address_are_found(world):
    await world.set_up()
    gone = next(iter(world.simulation.policies))
    kind = world.simulation.policies.pop(gone).alert_type
    points = await world.check(url="https://other.example/webhooks/cloudflare")
    failed = {name for name, one in points.items() if one.status is Status.FAILURE}
    assert failed == {f"policy {kind}", "webhook responder"}


async def test_every_type_of_the_simulated_cloudflare_is_understood(world):
    await world.set_up()
    for policy in list(world.simulation.policies.values()):
        for fields in ({}, {"ended": True}, {"captured": True}):
            await world.send(policy.alert_type, lost=True, **fields)
        await world.send(policy.alert_type, lost=True, fake=True, key="fake")
    history = await world.account.history(world.now - timedelta(hours=1))
    told = [told_by(one, world.now) for one in history]
    judgements = [await world.intake.keep(one) for one in told]
    kinds = {one.type for one, judged in zip(told, judgements, strict=True) if judged.targets}

    assert len(history) == 13 * 4
    assert sum(one.effect is Effect.IGNORE for one in judgements) >= 13 - 3
    assert kinds == {*world.intake.rules.trigger, *world.intake.rules.sustain}
