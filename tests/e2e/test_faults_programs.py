"""The alert chain

Prometheus and Alertmanager killed in the middle of attacks, in a chain of their own.
"""

import shutil

import pytest
from support.stack import (
    CLOCK,
    PATIENT,
    Site,
    edited,
    lent,
    metric,
    numbered,
    running_chain,
    until,
    until_blind,
)

pytestmark = pytest.mark.e2e

RESOLVED_WEBHOOKS = 'responder_webhook_alerts_total{status="resolved"}'


def told_at_once(stack):
    """Let Alertmanager tell an end every second, so that a false one comes soon."""
    with edited(stack, "alertmanager.yml") as config:
        config["route"]["routes"][0]["group_interval"] = "1s"


@pytest.fixture(scope="module")
def sites():
    with running_chain(numbered(5), prepare=told_at_once, provider_timeout=PATIENT) as (
        stack,
        chain,
        exporter,
    ):
        yield (Site(name, stack, chain, exporter) for name in stack.plan.zones)


@pytest.fixture
def third(sites):
    with lent(sites) as one:
        yield one


def under_attack(*sites):
    for site in sites:
        site.overload()
    for site in sites:
        site.until_state("engaged")


def test_a_killed_prometheus_is_blindness_and_holds_what_is_on_against_a_false_resolved(
    site, other, stack
):
    """Dead telemetry is no calm: Under Attack Mode stays on until Prometheus is back."""
    under_attack(site, other)
    told = metric(stack, RESOLVED_WEBHOOKS)
    stack.processes["prometheus"].kill()
    other.calm()
    for one in (site, other):
        one.until_alert(None)
    until_blind(stack)
    until("the false resolved", lambda: metric(stack, RESOLVED_WEBHOOKS) >= told + 2)
    for one in (site, other):
        one.until_reason("blind")

    back = CLOCK.now()
    stack.start_one("prometheus")
    other.until_state("released")

    assert other.levels_written == ["under_attack", "high"]
    assert other.last_write >= back + other.proof
    assert site.levels_written == ["under_attack"]
    site.until_demand("trigger")


def test_a_killed_alertmanager_that_comes_back_empty_lifts_nothing_and_misses_nothing(
    site, other, third, stack
):
    """An empty list is no calm: what is on stays, what began meanwhile is answered."""
    under_attack(site, other)
    stack.processes["alertmanager"].kill()
    shutil.rmtree(stack.folder / "alertmanager")
    other.calm()
    third.overload()
    until_blind(stack)

    back = CLOCK.now()
    stack.start_one("alertmanager")
    third.until_state("engaged")
    other.until_state("released")

    assert other.levels_written == ["under_attack", "high"]
    assert other.last_write >= back + other.proof
    assert third.levels_written == ["under_attack"]
    assert site.levels_written == ["under_attack"]
    assert site.chain.target(site.target)["state"] == "engaged"
