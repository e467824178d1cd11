"""Replicas on one PostgreSQL"""

import os
import signal
import time
from datetime import timedelta

import pytest
from support.shared import running_replicas
from support.stack import CLOCK, until

from responder.domain.demand import Demand

pytestmark = [pytest.mark.e2e]

TAKEOVER = timedelta(seconds=15)
HANDOVER = timedelta(seconds=2)


@pytest.fixture(scope="module")
def running(postgres):
    with running_replicas(postgres, sites=9) as shared:
        yield shared


@pytest.fixture
def shared(running):
    running.both_up()
    yield running
    running.both_up()


@pytest.fixture
def site(shared):
    return next(shared.sites)


def test_two_replicas_are_told_the_same_alert_and_one_switches_once(shared, site):
    """Both take the webhook, one acts: a single write on, and a single one off."""
    site.overload()
    until("the first write", lambda: site.levels_written)
    assert shared.standby.target(site.target).status_code == 200
    site.calm()
    until("the level found before", lambda: site.level == "high")
    assert site.levels_written == ["under_attack", "high"]


def test_the_acting_replica_is_killed_and_the_other_takes_over_within_15_seconds(shared, site):
    """What was on stays on, is not written again, and goes off after its guards."""
    old = shared.acting
    site.overload()
    until("a write", lambda: site.levels_written)
    old.process.kill()
    began = CLOCK.monotonic()
    other = next(one for one in shared.replicas if one is not old)
    until("the other to act", lambda: other.acts)
    assert CLOCK.monotonic() - began < TAKEOVER
    until("its knowledge of the site", lambda: _state(other, site) == "engaged")
    assert site.levels_written == ["under_attack"]
    site.calm()
    until("the level found before", lambda: site.level == "high")
    assert site.levels_written == ["under_attack", "high"]


def test_the_acting_replica_is_asked_to_end_and_the_other_acts_within_2_seconds(shared):
    """SIGTERM hands over at once, without waiting for the lease to end."""
    taken = []
    for _ in range(3):  # a machine with other work may be late once
        old = shared.acting
        other = shared.standby
        began = CLOCK.monotonic()
        old.process.terminate()
        while not other.acts:
            assert CLOCK.monotonic() - began < TAKEOVER
            time.sleep(0.05)
        taken.append(CLOCK.monotonic() - began)
        assert old.process.wait(6)
        assert old.process.exit_code == 0
        shared.both_up()
    assert min(taken) < HANDOVER


def test_a_paused_replica_that_wakes_up_when_another_acts_writes_nothing(shared, site):
    """A process that slept through the end of its lease stands by when it is back."""
    old = shared.acting
    other = shared.standby
    os.kill(old.process.pid, signal.SIGSTOP)
    try:
        site.overload()
        until("the other to act", lambda: other.acts)
        until("a write by the other", lambda: site.levels_written)
        site.calm()
        until("the level found before", lambda: site.level == "high")
    finally:
        os.kill(old.process.pid, signal.SIGCONT)
    until("the old one to stand by", lambda: old.metric("responder_lease_held") == 0)
    assert site.levels_written == ["under_attack", "high"]


def test_alertmanager_and_the_acting_replica_die_after_a_webhook_to_the_standby(
    shared, site, postgres
):
    """What one replica has acknowledged is known to the other, and to whoever takes over."""
    shared.stack.processes["alertmanager"].kill()
    try:
        until("blindness", lambda: shared.acting.metric("responder_blind") == 1)
        labels = {"alertname": "Told", "site": site.name, "mitigation": "under_attack"}
        assert shared.standby.webhook(**labels).status_code == 200
        until("a write", lambda: site.levels_written)
        shared.acting.process.kill()
        until("the other to act", lambda: any(one.acts for one in shared.replicas))
        assert shared.acting.target(site.target).json()["state"] == "engaged"
    finally:
        shared.stack.start_one("alertmanager")
    until("the level found before", lambda: site.level == "high")
    count = "SELECT count(*) FROM webhooks WHERE alerts LIKE '%Told%'"
    assert postgres.run(count, shared.database) == [(1,)]


def test_an_order_given_to_the_standby_is_obeyed_by_the_acting_one(shared, site):
    """Operators need not know which replica acts."""
    answer = shared.standby.pause(site.target)
    assert (answer.status_code, answer.json()["override"]["state"]) == (200, "paused")
    until("the order at the acting one", lambda: _override(shared.acting, site) == "paused")
    site.overload()
    until("its demand", lambda: _demand(shared.acting, site) == Demand.TRIGGER)
    assert site.levels_written == []
    assert shared.standby.resume(site.target).status_code == 200
    until("a write", lambda: site.levels_written)
    site.calm()
    until("the level found before", lambda: site.level == "high")


def test_the_database_is_gone_for_a_while_and_everything_heals_by_itself(shared, site, postgres):
    """Webhooks get 503, mitigations stand, both replicas say so, and go on when it is back."""
    site.overload()
    until("a write", lambda: site.levels_written)
    acting, standby = shared.acting, shared.standby
    postgres.kill()
    try:
        for one in (acting, standby):
            refused = one.webhook(alertname="Lost", site=site.name)
            assert refused.status_code == 503
            until("not ready", lambda one=one: not one.ready())
        assert acting.health()["status"] == "degraded"
        assert acting.target(site.target).json()["state"] == "engaged"
        site.calm()
        until("the end of the alert", lambda: not shared.chain.alerts(site.name))
        assert site.level == "under_attack"
    finally:
        postgres.start()
    until("both ready", lambda: all(one.ready() for one in shared.replicas))
    until("the level found before", lambda: site.level == "high")
    assert site.levels_written == ["under_attack", "high"]


def _state(replica, site):
    return replica.target(site.target).json()["state"]


def _demand(replica, site):
    return replica.target(site.target).json()["demand"]


def _override(replica, site):
    override = replica.target(site.target).json()["override"]
    return override and override["state"]
