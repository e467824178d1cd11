"""Who is told what and when: at once, again, and each Alertmanager on its own."""

import asyncio
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from support.installation import BLOG, SHOP

from responder.domain.alerts import Matcher, Silence
from responder.domain.memory import Order, Override
from responder.errors import AlertmanagerError
from responder.metrics import LiveCollector
from responder.reconciler.telling import Telling

RESEND = timedelta(minutes=1)


@dataclass
class FakeSink:
    """An Alertmanager that keeps what it is told, and rings when it has been told."""

    source: str = "http://am:9093"
    problem: str = ""
    hanging: bool = False
    told: list = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, notices):
        if self.hanging:
            await asyncio.Event().wait()
        self.heard.set()
        if self.problem:
            raise AlertmanagerError(self.problem)
        self.told.append(list(notices))

    @property
    def last(self):
        return {one.labels["alertname"]: one for one in self.told[-1]}


@pytest.fixture
async def engaged(setup):
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    return setup


def telling(setup, *sinks):
    return Telling(sinks, setup.one.live, setup.one._metrics, setup.clock.now, RESEND)


def metric(setup, outcome, url="http://am:9093"):
    text = generate_latest(setup.registry).decode()
    series = f'responder_notifications_total{{outcome="{outcome}",url="{url}"}}'
    return float(re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)[1])


async def heard(sink):
    async with asyncio.timeout(5):
        await sink.heard.wait()
    sink.heard.clear()


async def test_what_is_new_is_told_with_an_end_a_few_repetitions_ahead(engaged):
    sink = FakeSink()
    one = telling(engaged, sink)
    one.look()
    assert await one.tell(sink)
    notice = sink.last["MitigationEngaged"]
    assert notice.labels["target"] == SHOP
    assert notice.ends_at - engaged.clock.now() == 4 * RESEND


async def test_nothing_is_sent_while_there_is_nothing_to_tell(setup):
    await setup.begin()
    await setup.step()
    sink = FakeSink()
    one = telling(setup, sink)
    one.look()
    assert await one.tell(sink)
    assert sink.told == []


async def test_an_end_is_told_and_told_again_until_nobody_can_believe_the_alert(engaged):
    sink = FakeSink()
    one = telling(engaged, sink)
    one.look()
    engaged.alertmanager.firing.clear()
    while engaged.memory().on_mark is not None:
        await engaged.step()
    one.look()
    for _ in range(2):
        await one.tell(sink)
        assert sink.last["MitigationEngaged"].ends_at <= engaged.clock.now()
    assert sink.last["MitigationReleased"].annotations["reason"] == "calm"
    engaged.clock.passed += 4 * RESEND
    one.look()
    await one.tell(sink)
    assert set(sink.last) == {"MitigationReleased"}


async def test_a_start_outlives_a_restart(engaged):
    sink = FakeSink()
    one = telling(engaged, sink)
    one.look()
    await one.tell(sink)
    await engaged.one._flush(force=True)
    await engaged.begin()
    await engaged.step()
    another = telling(engaged, sink)
    another.look()
    await another.tell(sink)
    first, second = (told[0].starts_at for told in sink.told)
    assert first == second


async def test_blindness_is_told_once_it_has_lasted(setup):
    await setup.begin()
    await setup.step()
    sink = FakeSink()
    one = telling(setup, sink)
    setup.alertmanager.problem = "connection refused"
    for _ in range(8):
        await setup.step(10)
        one.look()
    await one.tell(sink)
    assert "connection refused" in sink.last["ResponderBlind"].annotations["reason"]
    setup.alertmanager.problem = ""
    await setup.step()
    one.look()
    await one.tell(sink)
    assert sink.last["ResponderBlind"].ends_at <= setup.clock.now()


async def test_news_is_told_at_once_and_many_news_once(engaged):
    sink = FakeSink()
    one = telling(engaged, sink)
    async with one.beside():
        for _ in range(100):
            one.wake()
        await heard(sink)
    assert [set(told) for told in map(names, sink.told)] == [{"MitigationEngaged"}]


def names(told):
    return [notice.labels["alertname"] for notice in told]


async def test_one_that_hangs_keeps_nobody_else_waiting(engaged):
    slow, well = FakeSink("http://slow:9093", hanging=True), FakeSink()
    one = telling(engaged, slow, well)
    async with one.beside():
        one.wake()
        await heard(well)
    assert (len(slow.told), names(well.told[0])) == (0, ["MitigationEngaged"])


async def test_one_that_takes_nothing_is_said_once_counted_and_told_again(engaged):
    sink = FakeSink(problem="connection refused")
    one = telling(engaged, sink)
    one.look()
    assert (metric(engaged, "ok"), metric(engaged, "failed")) == (0, 0)
    with capture_logs() as logs:
        for _ in range(3):
            assert not await one.tell(sink)
        sink.problem = ""
        assert await one.tell(sink)
        assert await one.tell(sink)
    assert [line["event"] for line in logs] == [
        "alertmanager takes none of our alerts",
        "alertmanager takes our alerts again",
    ]
    assert (metric(engaged, "ok"), metric(engaged, "failed")) == (2, 3)
    assert names(sink.told[0]) == ["MitigationEngaged"]


async def test_a_surprise_ends_the_telling_and_nothing_else(engaged):
    sink = FakeSink()
    one = telling(engaged, sink)
    one._live = lambda: 1 / 0
    with capture_logs() as logs:
        async with one.beside():
            one.wake()
            async with asyncio.timeout(5):
                while not logs:
                    await asyncio.sleep(0)
            await engaged.step()
    assert [line["log_level"] for line in logs][:1] == ["critical"]
    assert "ZeroDivisionError" in logs[0]["error"]


async def test_without_an_alertmanager_there_is_nobody_to_tell(engaged):
    async with asyncio.timeout(5):
        await telling(engaged).run()


async def test_a_pause_tells_the_metrics_how_long_it_has_stood(setup):
    await setup.begin()
    setup.registry.register(LiveCollector(setup.one.live))
    await setup.step()
    ends = setup.clock.now() + timedelta(days=3)
    order = Override(Order.PAUSED, ends, "drill", "operator:alice", setup.clock.now())
    await setup.one.order(SHOP, order, "operator:alice")
    setup.alertmanager.silences = (Silence("s", (Matcher("site", "blog"),), ends, "alice"),)
    await setup.run(2)
    for target in (SHOP, BLOG):
        assert 90 <= paused_seconds(setup, target) <= 125
    setup.alertmanager.silences = ()
    await setup.run(1)
    assert paused_seconds(setup, BLOG) > 0  # absence is not yet a fact
    await setup.run(2)
    assert paused_seconds(setup, BLOG) == 0


def paused_seconds(setup, target):
    text = generate_latest(setup.registry).decode()
    series = f'responder_paused_seconds{{target="{target}"}}'
    return float(re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)[1])


async def test_a_silenced_heartbeat_is_told_as_one_pause_of_everything(setup):
    await setup.begin()
    ends = setup.clock.now() + timedelta(days=3)
    beat = Matcher("alertname", "ResponderHeartbeat")
    setup.alertmanager.silences = (Silence("s", (beat,), ends, "alice"),)
    await setup.step()
    paused = setup.memory().paused_mark
    for memory in list(setup.one._ledger.memories.values()):
        older = replace(memory, paused_mark=paused - timedelta(days=2))
        setup.one._ledger.memories[memory.target] = older
    sink = FakeSink()
    one = telling(setup, sink)
    one._live = lambda: replace(setup.one.live(), heartbeat_silenced=True)
    one.look()
    await one.tell(sink)
    assert names(sink.told[0]) == ["ResponderPaused"]
