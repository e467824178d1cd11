"""Telling a real Alertmanager: it hears, hears again, begins anew, and hears the end."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from support.alertmanager import CLOCK, free_port, running_alertmanager
from support.installation import SHOP

from responder.alertmanager.post import AlertmanagerPost
from responder.domain.memory import Order, Override
from responder.reconciler.telling import Telling

pytestmark = pytest.mark.integration
RESEND = timedelta(seconds=1)


@dataclass
class PushedClock:
    """The real clock, but for what a test lets pass."""

    passed: timedelta = timedelta(0)

    def now(self):
        return CLOCK.now() + self.passed

    def monotonic(self):
        return CLOCK.monotonic() + self.passed


@pytest.fixture
async def engaged(setup):
    setup.clock = setup.alertmanager.clock = PushedClock()
    await setup.begin()
    await setup.step(0.1)
    setup.alertmanager.fire("shop")
    await setup.step(0.1)
    return setup


@asynccontextmanager
async def telling(setup, url):
    post = AlertmanagerPost(url)
    one = Telling([post], setup.one.live, setup.one._metrics, setup.clock.now, RESEND)
    async with one.beside():
        yield one
    await post.aclose()


def listed(client):
    """Return what Alertmanager holds active, by its name."""
    alerts = client.get("/api/v2/alerts").raise_for_status().json()
    return {one["labels"]["alertname"]: one for one in alerts}


async def until(client, condition):
    async with asyncio.timeout(20):
        while not condition(alerts := listed(client)):
            await asyncio.sleep(0.05)
    return alerts


async def test_what_is_on_is_heard_repeated_and_heard_anew_after_a_restart(engaged, tmp_path):
    port = free_port()
    folders = [tmp_path / name for name in ("before", "after")]
    for folder in folders:
        folder.mkdir()
    async with telling(engaged, f"http://127.0.0.1:{port}") as one:
        with running_alertmanager(folders[0], port=port) as client:
            one.wake()
            first = (await until(client, lambda alerts: alerts))["MitigationEngaged"]
            assert first["labels"] == {
                "alertname": "MitigationEngaged",
                "severity": "warning",
                "action": "under_attack",
                "site": "shop",
                "target": SHOP,
                "zone": "example.com",
            }
            await until(client, lambda now: now["MitigationEngaged"]["endsAt"] > first["endsAt"])
        with running_alertmanager(folders[1], port=port) as client:
            again = (await until(client, lambda alerts: alerts))["MitigationEngaged"]
    assert (again["fingerprint"], again["startsAt"]) == (first["fingerprint"], first["startsAt"])


async def test_a_release_is_heard_and_ends_what_was_on(engaged, tmp_path):
    with running_alertmanager(tmp_path) as client:
        async with telling(engaged, str(client.base_url)) as one:
            one.wake()
            await until(client, lambda alerts: alerts)
            now = engaged.clock.now()
            order = Override(Order.RELEASED, now + timedelta(hours=1), "drill", "operator", now)
            await engaged.one.order(SHOP, order, "operator")
            await engaged.step(0.1)
            one.wake()
            alerts = await until(client, lambda alerts: set(alerts) == {"MitigationReleased"})
            assert alerts["MitigationReleased"]["annotations"]["reason"] == "override"


async def test_alerts_of_a_responder_that_is_gone_end_by_themselves(engaged, tmp_path):
    with running_alertmanager(tmp_path) as client:
        async with telling(engaged, str(client.base_url)) as one:
            one.wake()
            await until(client, lambda alerts: alerts)
        await until(client, lambda alerts: not alerts)
