"""A notification is committed before it counts; a restart and other replicas read it back."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from responder.domain.audit import Kind
from responder.domain.notification_judgement import Places, Rules
from responder.domain.targets import Target
from responder.errors import AlertmanagerError, PayloadError, StoreError
from responder.metrics import Metrics
from responder.notifications import Announcing, Intake
from responder.ports import EventQuery
from responder.store import StoreWriter, open_store
from responder.store.twin import MemoryStore

L4, END = "advanced_ddos_attack_l4_alert.start", "advanced_ddos_attack_l4_alert.end"
RESEND = timedelta(minutes=1)


class Sink:
    """An Alertmanager that keeps what it is told, or takes nothing."""

    source = "http://alertmanager"

    def __init__(self):
        self.said, self.away = [], False

    async def post(self, notices):
        if self.away:
            raise AlertmanagerError("it is away")
        self.said.append(list(notices))


class World:
    """A process with its intake and what tells; `beside` shares the store of another."""

    def __init__(self, samples, store):
        self.samples, self.now, self.sink = samples, samples.sent + timedelta(seconds=1), Sink()
        self.registry = CollectorRegistry()
        self.writer = StoreWriter(store)
        self.intake = Intake(self.writer, lambda: self.now, Metrics(self.registry))
        self.intake.rules = samples.rules
        self.announcing = Announcing(self.intake, [self.sink], lambda: self.now, RESEND)

    async def take(self, name, **changes):
        return await self.intake.take(json.dumps(self.samples.body(name, **changes)).encode())

    async def look(self, **later):
        """Let time pass, look, and return the alerts that Alertmanager is then told."""
        self.now += timedelta(**later)
        await self.announcing.recall()
        self.announcing.look()
        count = len(self.sink.said)
        await self.announcing.tell(self.sink)
        return self.sink.said[-1] if len(self.sink.said) > count else []

    async def entries(self):
        return await self.writer.events(EventQuery(target="cloudflare"))

    def counted(self, kind, effect):
        labels = {"type": kind, "effect": effect}
        return self.registry.get_sample_value("responder_cloudflare_notifications_total", labels)


@asynccontextmanager
async def process(samples, store=None):
    world = World(samples, store or MemoryStore())
    yield world
    await world.writer.close()


@pytest.fixture
async def world(samples):
    async with process(samples) as one:
        yield one


def ends(alerts):
    return [one.ends_at for one in alerts]


async def test_each_type_becomes_a_typed_event_of_the_audit(world, samples):
    for name in samples.names:
        await world.take(name)
    entries = (await world.entries())[::-1]
    first = entries[samples.names.index(L4)]

    assert len(entries) == len(samples.names)
    assert {one.kind for one in entries} == {Kind.NOTIFICATION}
    assert (first.action, first.reason, first.site) == ("trigger", "type", "office")
    assert json.loads(first.detail)["says"].startswith("UDP Flood on 203.0.113.10")
    assert json.loads(entries[0].detail)["family"] == "test"


async def test_a_duplicate_is_answered_alike_and_kept_once(world):
    answers = [await world.take(L4) for _ in range(3)]
    assert len({one.effect for one in answers}) == 1
    assert len(await world.entries()) == 1
    known = (world.counted("advanced_ddos_attack_l4_alert", one) for one in ("trigger", "known"))
    assert list(known) == [1, 2]


async def test_types_that_nobody_knows_are_counted_as_one(world):
    for kind in ("gremlins", "goblins"):
        await world.take(L4, alert_type=kind)
    assert world.counted("unknown", "inform") == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is not JSON"),
        (b"\xff", "the body is not UTF-8"),
        (b"[]", "the body is not an object"),
        (b'{"ts": NaN}', "the body is not JSON"),
        (b"{}", "the body has neither alert_type nor data nor text"),
        (b'{"data": 1}', "the body has data that is not an object"),
        (b"[" * 100_000, "the body is nested too deeply"),
    ],
)
async def test_what_is_no_notification_is_refused_and_leaves_nothing(world, body, reason):
    with pytest.raises(PayloadError, match=reason):
        await world.intake.take(body)
    assert await world.entries() == []


async def test_what_cannot_be_committed_does_not_count(samples):
    class Broken(MemoryStore):
        def commit(self, _batch):
            raise StoreError("disk full")

    async with process(samples, Broken()) as world:
        with pytest.raises(StoreError):
            await world.take(L4)
        assert await world.look() == []


async def test_an_alert_is_told_while_it_stands_and_its_end_at_once(world):
    await world.take(L4)
    first = await world.look()
    again = await world.look(minutes=1)
    await world.take(END)
    over = await world.look(seconds=1)

    began = world.samples.sent
    assert [one.starts_at for one in (*first, *again)] == [began, began]
    assert ends(first) == [began + timedelta(seconds=1) + 4 * RESEND]
    assert ends(again) == [began + timedelta(seconds=61) + 4 * RESEND]
    assert ends(over) == [world.now]


async def test_an_alert_without_an_end_is_over_at_the_maximum_age(world):
    await world.take(L4)
    await world.look()
    assert ends(await world.look(minutes=58)) == [world.now + 4 * RESEND]
    assert ends(await world.look(minutes=2)) == [world.now]


async def test_a_test_of_the_webhook_tells_nobody(world):
    await world.take("save_and_test")
    await world.take("dos_attack_l7")
    assert await world.look() == []
    assert world.counted("test", "ignore") == 1


@pytest.fixture(params=["memory", "sqlite"])
def reopened(request, tmp_path):
    """Return what opens one and the same store again and again."""
    kept = MemoryStore()
    url = f"sqlite:///{tmp_path}/responder.db"
    return lambda: kept if request.param == "memory" else open_store(url)


async def test_a_restart_goes_on_telling(samples, reopened):
    async with process(samples, reopened()) as before:
        await before.take(L4)
        told = await before.look()
    async with process(samples, reopened()) as after:
        again = await after.look(minutes=10)
    assert [one.identity for one in again] == [one.identity for one in told]
    assert again[0].starts_at == samples.sent


async def test_a_restart_does_not_begin_anew_what_was_over(samples):
    store = MemoryStore()
    async with process(samples, store) as before:
        await before.take(END)
    async with process(samples, store) as after:
        await after.take(L4)
        assert await after.look(minutes=1) == []


async def test_what_another_replica_takes_is_told_by_the_one_that_acts(samples):
    store = MemoryStore("one")
    beside = MemoryStore("two", beside=store)
    async with process(samples, store) as acting, process(samples, beside) as standby:
        assert await acting.look() == []
        await standby.take(L4)
        (told,) = await acting.look(seconds=1)
        await standby.take(END)
        over = await acting.look(seconds=1)
    assert told.labels["site"] == "office"
    assert ends(over) == [acting.now]


async def test_many_kept_ones_are_read_back_in_pages(samples, reopened):
    async with process(samples, reopened()) as before:
        ids = [f"{number:032x}" for number in range(501)]
        await asyncio.gather(*(before.take(L4, alert_correlation_id=one) for one in ids))
    async with process(samples, reopened()) as after:
        assert len(await after.look(minutes=1)) == 501


async def test_an_alertmanager_that_was_away_is_told_later(world):
    world.sink.away = True
    await world.take(L4)
    assert await world.look() == []
    world.sink.away = False
    assert len(await world.look(seconds=10)) == 1


async def test_a_new_configuration_is_followed_by_what_stands(world, samples):
    away = {"target_ip": "192.0.2.1"}
    await world.take(L4, data=away)
    (before,) = await world.look()
    branch = Target("branch", "prefix_advertisement", "192.0.2.0/24", "prefix")
    world.intake.rules = Rules(Places([samples.office, branch]))
    after = await world.look(seconds=1)
    assert "site" not in before.labels
    assert [one.labels.get("site") for one in after if one.ends_at > world.now] == ["branch"]
