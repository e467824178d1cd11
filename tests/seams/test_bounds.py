"""Nothing grows under a flood: what is kept in memory, by who could make it grow."""

import asyncio
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
import structlog
from prometheus_client import generate_latest
from support.installation import SHOP, Setup
from support.world import Guards, World, engaged, minutes, policy, seconds

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import AuditEntry, Kind
from responder.domain.memory import Order, Override
from responder.domain.ownership import FLAP_WINDOW
from responder.domain.targets import Target
from responder.errors import StoreError
from responder.ports import Changes, Outcome
from responder.reconciler import heard, ledger
from responder.store import StoreWriter, writer
from responder.store.codec import to_text
from responder.web.documents import target_document

FLOOD = 3_000


@pytest.fixture
async def setup():
    one = Setup()
    await one.begin()
    await one.step()
    yield one
    one.store.broken = False
    for event in one.provider.hanging.values():
        event.set()
    await one.one._turns.stop()


def flood(count, **labels):
    """Return alerts that differ in everything that may differ."""
    known = {"alertname": "Load", "mitigation": "under_attack"} | labels
    return [
        Alert(
            f"flood-{number}",
            {**{name: text.format(number) for name, text in known.items()}, "n": str(number)},
            AlertStatus.FIRING,
            Setup().clock.now(),
        )
        for number in range(count)
    ]


def held(one):
    """Return how much is kept of what the outside told, by where."""
    return {
        "heard": len(list(one._heard)),
        "entries": len(one._ledger._entries),
        "outcomes": len(one._ledger._outcomes),
        "dirty": len(one._ledger._dirty),
        "forgotten": len(one._ledger._forgotten),
        "memories": len(one._ledger.memories),
        "sights": len(one._sights),
        "tasks": len(one._turns._tasks),
        "begun": len(one._turns._begun),
        "views": len(one._watch._views),
        "silences": len(one._watch.silences),
    }


def series(setup):
    """Return the names of all series, their labels included."""
    lines = generate_latest(setup.registry).decode().splitlines()
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}


async def test_webhooks_about_sites_that_nobody_configured_leave_nothing(setup):
    before, names = held(setup.one), series(setup)
    await setup.one.hear(flood(FLOOD, site="site-{}", alertname="name-{}"), 0)
    await setup.step()
    assert held(setup.one) == before
    assert len(series(setup) - names) <= 2  # one series for each reason, with its total


@pytest.mark.long
async def test_webhooks_about_one_site_leave_no_more_than_its_share(setup):
    for start in range(3):
        alerts = flood(FLOOD, site="shop", instance=f"{start}-{{}}")
        await setup.one.hear(
            [replace(one, fingerprint=f"{start}{one.fingerprint}") for one in alerts], 0
        )
    assert held(setup.one)["heard"] <= 2 * heard.MOST_OF_A_SITE
    setup.alertmanager.problem = "connection refused"
    await setup.step()
    await setup.step()
    assert setup.decided(SHOP) == ("none", "in_sync")
    episode = setup.memory().episode
    assert len(episode.alerts) <= 200
    assert len(to_text(setup.memory())) < 100_000


async def test_a_flood_in_the_answers_of_alertmanager_is_remembered_in_part(setup):
    setup.alertmanager.firing = {
        one.fingerprint: one for one in flood(FLOOD, site="shop", alertname="name-{}")
    }
    for _ in range(3):
        await setup.step()
    memory = setup.memory()
    assert len(memory.episode.alerts) <= 200
    assert len(memory.episode.peaks) <= 10
    assert len(memory.decision.detail) <= 1_000
    (view,) = [one for one in setup.one.targets() if one.memory.target == SHOP]
    document = target_document(view)
    assert (document["alerts_total"], len(document["alerts"])) == (FLOOD, 20)
    setup.alertmanager.firing.clear()
    await setup.run(1)
    assert held(setup.one)["heard"] == 0


async def test_a_flood_of_orders_leaves_one(setup):
    before = held(setup.one)
    now = setup.clock.now()
    for number in range(200):
        order = Override(Order.PAUSED, now + timedelta(hours=1), f"n {number}", "operator:a", now)
        await setup.one.order(SHOP, order, "operator:a")
    assert held(setup.one) == before
    assert setup.memory().override.reason == "n 199"


@pytest.mark.long
async def test_what_a_dead_store_does_not_take_is_kept_up_to_a_bound(setup):
    setup.store.broken = True
    at = setup.clock.now()
    for number in range(3):
        for n in range(ledger.MOST_WAITING):
            setup.one._ledger.note(AuditEntry(at, SHOP, "shop", Kind.STATE, f"{number}-{n}"))
            setup.one._ledger.settle(Outcome(f"{number}-{n}", "unknown", "", at))
        with suppress(StoreError):
            await setup.step()
    kept = held(setup.one)
    assert max(kept["entries"], kept["outcomes"]) <= ledger.MOST_WAITING + 10
    assert kept["dirty"] <= len(setup.targets)


async def test_targets_whose_calls_hang_have_one_task_each(setup):
    for zone in ("example.com", "example.net"):
        setup.provider.hanging[zone] = asyncio.Event()
    setup.alertmanager.fire("shop")
    setup.alertmanager.fire("blog")
    for _ in range(20):
        await setup.step(30)
    assert held(setup.one)["tasks"] == 2
    assert setup.provider.reads <= 2 * 2 + 2


async def test_targets_that_come_and_go_leave_nothing_behind_in_a_new_loop(setup):
    for number in range(20):
        setup.targets = [Target("shop", "under_attack", f"zone-{number}.example")]
        setup.provider.levels[f"zone-{number}.example"] = "high"
        await setup.begin()
        await setup.step()
    kept = held(setup.one)
    assert (kept["memories"], kept["sights"], kept["begun"]) == (1, 1, 1)


class Hanging:
    """A store whose disk never answers."""

    shared = False

    def __init__(self):
        self.asked = 0

    def commit(self, batch):
        raise AssertionError(f"{len(batch)} commits came through")


async def test_commits_that_wait_for_a_store_are_as_many_as_its_queue_takes():
    blocked = asyncio.get_running_loop().create_future()
    waiting = StoreWriter(Hanging(), patience=timedelta(milliseconds=20), capacity=50)
    waiting._drain = blocked  # nothing is taken from the queue
    told = await asyncio.gather(
        *(waiting.commit(Changes()) for _ in range(200)), return_exceptions=True
    )
    assert {type(one) for one in told} == {StoreError}
    assert len(waiting._queue) <= 50
    assert writer.CAPACITY <= 2_000
    blocked.cancel()


@pytest.mark.long
def test_days_of_flapping_leave_the_engagements_of_six_hours():
    world = World(rules=policy(guards=Guards(minimum_duration=minutes(1), calm_period=minutes(1))))
    for _ in range(2 * 24):
        world.fire()
        world.run(minutes(2), seconds(60))
        world.resolve()
        world.run(minutes(58), seconds(60))
    kept = world.memory().engagements
    assert len(kept) <= FLAP_WINDOW / timedelta(hours=1) + 1
    assert len(world.marks) <= 30
    assert len(to_text(world.memory())) < 10_000


async def test_passes_in_which_nothing_changes_write_no_line_and_store_no_entry(setup):
    setup.alertmanager.fire("shop")
    await setup.step()
    with structlog.testing.capture_logs() as lines:
        for _ in range(50):
            await setup.step()
    assert lines == []
    assert held(setup.one)["entries"] == 0


@pytest.mark.parametrize("outage", ["alertmanager", "store", "provider"])
async def test_an_outage_is_logged_when_it_begins_and_not_with_every_pass(setup, outage):
    setup.alertmanager.fire("shop")
    await setup.step()
    if outage == "alertmanager":
        setup.alertmanager.problem = "connection refused"
    setup.store.broken = outage == "store"
    if outage == "provider":
        setup.provider.hanging["example.com"] = asyncio.Event()
    with structlog.testing.capture_logs() as lines:
        for _ in range(50):
            with suppress(StoreError):
                await setup.step()
    assert len(lines) <= 5, [line["event"] for line in lines]


def test_what_is_compiled_once_is_compiled_for_so_many_at_most():
    caches = {
        f"{name}.{key}": value.cache_info().maxsize
        for name in sorted(sys.modules)
        if name.startswith("responder.")
        for key, value in vars(import_module(name)).items()
        if hasattr(value, "cache_info") and value.__module__ == name
    }
    unbounded = {key for key, size in caches.items() if size is None}
    assert unbounded <= {"responder.store.codec._form"}  # one entry for each type there is


@pytest.mark.long
def test_an_attack_of_months_does_not_grow_its_memory():
    world = engaged()
    sizes = []
    for day in range(30):
        world.fire(instance=f"web-{day}")
        world.run(timedelta(hours=24), minutes(30))
        sizes.append(len(to_text(world.memory())))
    assert sizes[-1] - sizes[0] < 30 * 300
