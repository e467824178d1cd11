"""Host and process

Clocks that jump by an hour: that of the responder's host, which only the calendar follows and no
wait may, and the one by which Alertmanager dates its answers.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from support.faketime import HostClock
from support.faults import Wire, running_wire
from support.stack import (
    CLOCK,
    INACCURACY,
    PATIENT,
    Site,
    edited,
    running_chain,
    until,
    until_blind,
)

from responder.demo.processes import Process
from responder.demo.stack import Stack

pytestmark = pytest.mark.e2e

HOUR = timedelta(hours=1)
LONG_MINIMUM = timedelta(seconds=10)
LONG_CALM = timedelta(seconds=5)
SHORT = "1s"
ROUGHLY = timedelta(minutes=5)

POLICIES = (
    ("minimum", f"{LONG_MINIMUM.total_seconds():.0f}s", SHORT),
    ("calm", SHORT, f"{LONG_CALM.total_seconds():.0f}s"),
    ("lasting", SHORT, SHORT),
    ("late", SHORT, SHORT),
)
"""Which guard is the last to let go, by the first word of a site's name."""


@dataclass(frozen=True)
class Clocks:
    """A chain in which two clocks can be set wrong."""

    stack: Stack
    host: HostClock
    alertmanager: Wire
    sites: Mapping[str, Site]


def policy(word: str, minimum: str, calm: str) -> dict[str, object]:
    return {
        "name": word,
        "mitigation": "under_attack",
        "match": ['mitigation="under_attack"', f'site=~"{word}-.*"'],
        "minimum_duration": minimum,
        "calm_period": calm,
    }


@pytest.fixture(scope="module")
def clocks() -> Iterator[Clocks]:
    names = [f"{word}-{when}" for word, _, _ in POLICIES for when in ("ahead", "back", "date")]
    with ExitStack() as cleanup:
        made = []

        def prepare(stack: Stack) -> None:
            host = HostClock(stack.folder / "clock")
            host.jump(timedelta(0))
            command = host.shown_to(stack.processes["responder"].command)
            stack.processes["responder"] = Process("responder", command, stack.folder)
            wire = cleanup.enter_context(running_wire(stack.url("alertmanager")))
            with edited(stack, "responder.yml") as config:
                config["policies"] = [policy(*one) for one in POLICIES]
                config["alertmanager"]["urls"] = [f"http://{wire.address}"]
            made.extend((host, wire))

        zones = {name: f"{name}.example" for name in names}
        stack, chain, exporter = cleanup.enter_context(
            running_chain(zones, prepare=prepare, provider_timeout=PATIENT)
        )
        sites = {name: Site(name, stack, chain, exporter) for name in names}
        yield Clocks(stack, made[0], made[1], sites)


def waiting_or_released(site: Site) -> bool:
    return site.reason != "in_sync" or site.levels_written[-1] == "high"


def moment_of_release(site: Site) -> datetime:
    """Return when a site was released, by the clock of the responder's host."""
    (told,) = [
        one["at"]
        for one in site.chain.events(site.target)
        if (one["kind"], one["action"]) == ("state", "released")
    ]
    return datetime.fromisoformat(told)


def attack_while_the_clock_jumps(clocks: Clocks, when: str, hour: timedelta) -> None:
    """Let attacks begin, last and end, with a jump by this hour in each of the waits."""
    minimum, calm, lasting, late = (clocks.sites[f"{word}-{when}"] for word, _, _ in POLICIES)
    for site in (minimum, calm, lasting):
        site.overload()
    for site in (minimum, calm, lasting):
        site.until_state("engaged")

    clocks.host.jump(hour)
    minimum.calm()
    over = calm.calm()
    late.overload()
    for site in (minimum, calm):
        site.until_alert(None)
    clocks.host.jump(2 * hour)
    for site in (minimum, calm):
        until(f"{site.name} waiting", lambda site=site: waiting_or_released(site))
    clocks.host.jump(3 * hour)
    late.until_state("engaged")
    for site in (minimum, calm):
        site.until_state("released")

    clocks.host.jump(timedelta(0))

    assert abs(moment_of_release(calm) - calm.last_write) > HOUR - ROUGHLY
    on, off = minimum.chain.writes(minimum.zone)
    assert off.at >= on.at + LONG_MINIMUM - INACCURACY
    on, off = calm.chain.writes(calm.zone)
    assert off.at >= over + calm.confirm + LONG_CALM
    for site in (lasting, late):
        assert site.levels_written == ["under_attack"]
        site.calm()


def test_the_clock_of_the_host_jumps_ahead_and_no_wait_gets_shorter(clocks):
    """A clock that is set makes no calm: nothing goes off before its time."""
    attack_while_the_clock_jumps(clocks, "ahead", HOUR)


def test_the_clock_of_the_host_jumps_back_and_no_wait_gets_longer(clocks):
    """Nothing stays on for an hour because a clock was set back by one."""
    attack_while_the_clock_jumps(clocks, "back", -HOUR)


def test_an_alertmanager_that_dates_its_answers_an_hour_ahead_is_not_believed_until_it_is_right(
    clocks,
):
    """A heartbeat that looks an hour old proves nothing: what is on stays on."""
    site = clocks.sites["late-date"]
    site.engage()
    clocks.alertmanager.clock_is_off = HOUR
    until_blind(clocks.stack)
    site.calm()
    site.until_alert(None)
    assert site.level == "under_attack"

    right = CLOCK.now()
    clocks.alertmanager.clock_is_off = timedelta(0)
    site.until_state("released")

    assert site.levels_written == ["under_attack", "high"]
    assert site.last_write >= right + site.confirm
