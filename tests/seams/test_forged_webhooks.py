"""How far somebody gets who has stolen the webhook token, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.installation import BLOG, SHOP, START, Setup

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.targets import Mode
from responder.ports import EventQuery

FORGED = {"alertname": "Forged", "site": "shop", "mitigation": "under_attack"}
DAY = timedelta(days=1)


@pytest.fixture
async def setup() -> Setup:
    setup = Setup()
    await setup.begin()
    await setup.step()
    return setup


async def forge(setup: Setup, status: AlertStatus = AlertStatus.FIRING, **labels: str) -> None:
    """Send a webhook with the right token and whatever labels, dated ahead so that it is newest."""
    alert = Alert(f"forged-{labels}", FORGED | labels, status, setup.clock.now() + DAY)
    await setup.one.hear([alert], 0)
    await setup.step()


async def go_blind(setup: Setup) -> None:
    setup.alertmanager.problem = "connection refused"
    await setup.step()


async def test_while_an_alertmanager_answers_it_is_only_a_doorbell(setup):
    polls = setup.alertmanager.polls
    for status in (AlertStatus.FIRING, AlertStatus.RESOLVED):
        await forge(setup, status)
    await setup.run(minutes=30)

    assert setup.provider.writes == []
    assert setup.decided() == ("none", "in_sync")
    assert setup.alertmanager.polls > polls


async def test_an_attack_that_goes_on_cannot_be_talked_away(setup):
    setup.alertmanager.fire("shop")
    await setup.step()
    await setup.step()
    assert setup.provider.writes == [("example.com", "under_attack")]

    for _ in range(30):
        await forge(setup, AlertStatus.RESOLVED, alertname="Load")
        await setup.run(minutes=1)

    assert setup.provider.levels["example.com"] == "under_attack"


async def test_when_none_is_usable_it_can_switch_on_a_configured_site(setup):
    await go_blind(setup)
    await forge(setup)
    await setup.run(minutes=1)

    assert setup.provider.writes == [("example.com", "under_attack")]


async def test_what_it_switched_on_goes_off_when_an_alertmanager_is_back(setup):
    await go_blind(setup)
    await forge(setup)
    await setup.run(minutes=1)
    setup.alertmanager.problem = ""
    await setup.run(minutes=60)

    assert setup.provider.writes == [("example.com", "under_attack"), ("example.com", "high")]


async def test_when_none_is_usable_it_cannot_switch_off(setup):
    setup.alertmanager.fire("shop")
    await setup.step()
    await setup.step()
    await go_blind(setup)
    for _ in range(10):
        await forge(setup, AlertStatus.RESOLVED)
        await setup.run(minutes=10)

    assert setup.provider.writes == [("example.com", "under_attack")]
    assert setup.decided() == ("hold", "blind")


async def test_it_stops_at_the_limit_of_sites_engaged_at_once():
    setup = Setup()
    setup.limit(max_sites_engaged=1)
    await setup.begin()
    await go_blind(setup)
    for site in ("shop", "blog"):
        await forge(setup, site=site)
    await setup.run(minutes=30)

    assert len(setup.provider.writes) == 1
    assert "max_sites_engaged" in {setup.decided(target)[1] for target in (SHOP, BLOG)}


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.OFF])
async def test_a_policy_that_does_not_enforce_is_not_moved(mode):
    setup = Setup()
    setup.policy = replace(setup.policy, mode=mode)
    await setup.begin()
    await go_blind(setup)
    await forge(setup)
    await setup.run(minutes=5)

    assert setup.provider.writes == []


LABELS = st.dictionaries(
    st.sampled_from(["site", "mitigation", "zone", "prefix", "role", "action", "hostname"]),
    st.sampled_from(["shop", "example.org", "under_attack", "evil", "../blog", "*", "", "none"]),
)


@pytest.mark.long
@settings(deadline=None)
@given(st.lists(LABELS, max_size=5))
async def test_whatever_it_says_nothing_but_configured_zones_is_ever_written(forgeries):
    setup = Setup()
    await setup.begin()
    await go_blind(setup)
    for labels in forgeries:
        await forge_exactly(setup, labels)
    await setup.run(minutes=2)

    written = {zone for zone, _ in setup.provider.writes}
    asked = {one["site"] for one in forgeries if one.get("site") == "shop"}
    assert written <= {"example.com", "example.net"}
    assert asked or written == set()


async def forge_exactly(setup: Setup, labels: Mapping[str, str]) -> None:
    await setup.one.hear([Alert(str(labels), labels, AlertStatus.FIRING, START + DAY)], 0)
    await setup.step()


async def test_what_it_did_is_in_the_audit_trail(setup):
    await go_blind(setup)
    await forge(setup)
    await setup.run(minutes=1)
    events = await setup.one.events(EventQuery())
    assert any("Forged" in entry.detail for entry in events)
