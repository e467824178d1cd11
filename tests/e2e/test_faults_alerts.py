"""The alert chain

Silences, inhibition, webhooks that are lost or false, and exporters that die. That nothing came too
early is told by the moments of the writes, or by sites that were released meanwhile.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import pytest
from support.faults import inhibited, no_webhooks, silenced
from support.stack import CLOCK, Site, down, lent, until

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Past:
    """An episode whose end fell under a silence, and no webhook ever told of it."""

    site: Site
    silence_ended: datetime
    level_in_silence: str


@pytest.fixture(scope="module")
def lost_resolve(sites):
    with lent(sites) as site:
        site.engage()
        with no_webhooks(site.stack):
            with silenced(site.stack, site=site.name):
                site.until_reason("paused")
                site.calm()
                site.until_alert(None)
                site.until_reason("paused")
                past = Past(site, CLOCK.now(), site.level)
            site.until_state("released")
        yield past


def test_an_attack_that_ends_under_a_silence_is_released_after_it_though_no_webhook_comes(
    lost_resolve,
):
    """Under Attack Mode stays while the silence stands, and goes off after a proven calm."""
    site = lost_resolve.site

    assert lost_resolve.level_in_silence == "under_attack"
    assert site.levels_written[:2] == ["under_attack", "high"]
    assert site.chain.writes(site.zone)[1].at >= lost_resolve.silence_ended + site.proof


def test_an_alert_that_fires_again_after_a_lost_resolve_engages_though_no_webhook_comes(
    lost_resolve,
):
    """The next attack is answered, though Alertmanager believes that it has told us already."""
    site = lost_resolve.site
    with no_webhooks(site.stack):
        site.engage()

    assert site.levels_written == ["under_attack", "high", "under_attack"]


def test_an_alert_that_is_silenced_before_it_fires_never_engages(site, stack):
    """The site is left as it is, and `explain` names the silence, its author and its comment."""
    with silenced(stack, site=site.name):
        site.overload()
        site.until_alert("suppressed")
        site.until_reason("paused")
        assert "silenced by a test: deployment" in site.explain()

        site.calm()
        site.until_alert(None)
    site.until_reason("in_sync")

    assert site.levels_written == []


def test_a_silenced_heartbeat_pauses_everything_and_its_end_lets_everything_go_on(
    site, other, stack
):
    """One silence stops all automation: what is on stays, what would be needed waits."""
    site.engage()
    with silenced(stack, alertname="ResponderHeartbeat"):
        site.until_reason("paused")
        site.calm()
        other.overload()
        site.until_alert(None)
        other.until_alert("active")
        for one in (site, other):
            one.until_reason("paused")
        ended = CLOCK.now()
    other.until_state("engaged")
    site.until_state("released")

    assert other.levels_written == ["under_attack"]
    assert other.last_write >= ended
    assert site.levels_written == ["under_attack", "high"]
    assert site.last_write >= ended + site.proof


def test_an_alert_that_is_inhibited_before_it_fires_engages_only_when_that_ends(site):
    """An inhibited alert starts nothing; it counts from the moment at which it is free."""
    with inhibited(site):
        site.overload()
        site.until_alert("suppressed")
        site.until_demand("sustain")
        freed = CLOCK.now()
    site.until_state("engaged")

    assert site.levels_written == ["under_attack"]
    assert site.last_write >= freed


@dataclass(frozen=True)
class Meanwhile:
    """Sites under one attack, by what was done to them; those of `calmed` have been released."""

    inhibited: Site
    contradicted: Site
    """A webhook has said that its alert is resolved."""
    dead: Site
    calmed: tuple[Site, Site]
    """Like the first and the last, and then their attack ended."""
    over: datetime
    """A moment at which it had not ended yet."""


@pytest.fixture(scope="module")
def meanwhile(sites):
    with ExitStack() as loans:
        contradicted, *others = (loans.enter_context(lent(sites)) for _ in range(5))
        quiet, quiet_calmed, dead, dead_calmed = others
        for site in (contradicted, *others):
            site.overload()
        for site in (contradicted, *others):
            site.until_state("engaged")

        exporter, stack = dead.exporter, dead.stack
        exporter.dead.update((dead.name, dead_calmed.name))
        until("both hosts to be down", lambda: down(stack) >= {dead.name, dead_calmed.name})
        loans.enter_context(inhibited(quiet, quiet_calmed))
        for site in (quiet, quiet_calmed):
            site.until_demand("sustain")
        (alert,) = contradicted.alerts()
        contradicted.tell(alert, "resolved")

        over = quiet_calmed.calm()
        dead_calmed.calm()
        exporter.dead.discard(dead_calmed.name)
        for site in (quiet_calmed, dead_calmed):
            site.until_state("released")
        yield Meanwhile(quiet, contradicted, dead, (quiet_calmed, dead_calmed), over)


def test_an_alert_that_becomes_inhibited_keeps_what_is_on_until_it_is_over(meanwhile):
    """Under Attack Mode stays while an inhibited alert is active, and ends with it."""
    calmed, _ = meanwhile.calmed

    assert meanwhile.inhibited.levels_written == ["under_attack"]
    meanwhile.inhibited.until_demand("sustain")
    assert calmed.levels_written == ["under_attack", "high"]
    assert calmed.last_write >= meanwhile.over + calmed.proof


def test_an_exporter_that_dies_with_its_host_keeps_what_is_on_until_the_host_is_calm(meanwhile):
    """An origin that dies under attack does not lift its own protection."""
    _, calmed = meanwhile.calmed

    assert meanwhile.dead.levels_written == ["under_attack"]
    meanwhile.dead.until_alert("active")
    assert calmed.levels_written == ["under_attack", "high"]
    assert calmed.last_write >= meanwhile.over + calmed.proof


def test_a_false_resolved_webhook_releases_nothing_while_the_alert_is_active(meanwhile):
    """Whoever says that it is over, only Alertmanager's own list is believed."""
    site = meanwhile.contradicted

    assert site.levels_written == ["under_attack"]
    site.until_demand("trigger")


def test_a_false_firing_webhook_engages_nothing_while_the_alert_is_absent(site, other):
    """A webhook that comes late, twice or from somebody else starts no mitigation."""
    labels = {"alertname": "OriginLoadAbsolute", "site": site.name, "mitigation": "under_attack"}

    site.tell({"labels": labels}, "firing")
    other.engage()

    assert site.levels_written == []
    site.until_reason("in_sync")
