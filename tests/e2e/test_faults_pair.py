"""The alert chain

Two Alertmanagers that are not of one mind: one is not told of an alert, one is never told of its
end, one is cut off from Prometheus, one is dead.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest
from support.alertmanager import free_port
from support.faults import Wire, post_alert, running_wire
from support.stack import (
    CLOCK,
    INACCURACY,
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

from responder.demo.processes import Process
from responder.demo.stack import Stack

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Pair:
    """Two Alertmanagers, and the wires over which Prometheus reaches them."""

    stack: Stack
    sites: Iterator[Site]
    second: Process
    urls: tuple[str, str]
    wires: tuple[Wire, Wire]

    def usable(self, url: str) -> bool:
        return metric(self.stack, f'responder_alertmanager_usable{{url="{url}"}}') == 1


@contextmanager
def running_second(stack: Stack) -> Iterator[tuple[Process, str]]:
    """Run another Alertmanager with the configuration of the first; they are no cluster."""
    address = f"127.0.0.1:{free_port()}"
    program, *flags = stack.processes["alertmanager"].command
    own = ("--web.listen-address=", "--storage.path=")
    command = [
        program,
        *(flag for flag in flags if not flag.startswith(own)),
        f"--web.listen-address={address}",
        f"--storage.path={stack.folder / 'second'}",
    ]
    process = Process("second", command, stack.folder)
    process.start()
    try:
        url = f"http://{address}"
        until("an answer of the second Alertmanager", lambda: answers(url))
        yield process, url
    finally:
        process.stop()


def answers(url: str) -> bool:
    try:
        return httpx.get(url + "/-/ready").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def pair():
    with ExitStack() as cleanup:
        urls, wires, processes = [], [], []

        def prepare(stack: Stack) -> None:
            second, url = cleanup.enter_context(running_second(stack))
            processes.append(second)
            urls.extend((stack.url("alertmanager"), url))
            wires.extend(cleanup.enter_context(running_wire(one)) for one in urls)
            with edited(stack, "prometheus.yml") as config:
                targets = [wire.address for wire in wires]
                config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": targets}]}]
            with edited(stack, "responder.yml") as config:
                config["alertmanager"]["urls"] = urls

        stack, chain, exporter = cleanup.enter_context(
            running_chain(numbered(6), prepare=prepare, provider_timeout=PATIENT)
        )
        sites = (Site(name, stack, chain, exporter) for name in stack.plan.zones)
        pair = Pair(stack, sites, processes[0], tuple(urls), tuple(wires))
        until("both to be usable", lambda: all(map(pair.usable, urls)))
        yield pair


@dataclass(frozen=True)
class Views:
    """Sites after one attack, named by which Alertmanager knew of it."""

    first: Site
    second: Site
    held: Site
    """The second was told that it is under attack, and never that this is over."""
    heard_of: tuple[bool, bool]
    """Whether the second has heard of `first`, and the first of `second`."""
    held_level: str
    """When the others were released."""
    cut: datetime


@pytest.fixture(scope="module")
def views(pair):
    with ExitStack() as loans:
        first, second, held = (loans.enter_context(lent(pair.sites)) for _ in range(3))
        to_first, to_second = pair.wires
        to_first.withheld.add(second.name)
        to_second.withheld.add(first.name)
        for site in (first, second, held):
            site.overload()
        for site in (first, second, held):
            site.until_state("engaged")
        heard_of = bool(first.alerts(pair.urls[1])), bool(second.alerts(pair.urls[0]))

        held.until_alert("active")
        (alert,) = held.alerts()
        to_second.withheld.add(held.name)
        post_alert(pair.urls[1], alert["labels"])
        for site in (first, second, held):
            site.calm()
        for site in (first, second):
            site.until_state("released")
        held_level = held.level

        cut = CLOCK.now()
        to_second.cut = True
        held.until_state("released")
        post_alert(pair.urls[1], alert["labels"], over=True)
        to_second.cut = False
        until("the second to be usable", lambda: pair.usable(pair.urls[1]))
        yield Views(first, second, held, heard_of, held_level, cut)


def test_an_alert_that_reaches_only_one_of_two_alertmanagers_engages_whichever_it_is(views):
    """One of the two is enough to protect the site, and its word is enough to end it again."""
    assert views.heard_of == (False, False)
    for site in (views.first, views.second):
        assert site.levels_written == ["under_attack", "high"]


def test_an_alert_that_one_of_two_alertmanagers_still_holds_keeps_what_is_on(views):
    """Nothing goes off while any of them says that the attack goes on."""
    assert views.held_level == "under_attack"
    assert views.held.last_write >= views.cut


def test_an_alertmanager_that_is_cut_off_from_prometheus_is_not_believed_any_more(views):
    """Its old news keep nothing on for ever: the other one alone decides."""
    assert views.held.levels_written == ["under_attack", "high"]
    assert views.held.last_write >= views.cut + views.held.proof


@pytest.fixture
def no_alertmanager(pair):
    """Kill the second Alertmanager, and cut the first off until the test says otherwise."""

    def lose() -> None:
        pair.second.kill()
        pair.wires[0].cut = True
        until_blind(pair.stack)

    yield lose
    pair.wires[0].cut = False
    pair.second.start()


def test_one_alertmanager_dead_and_the_other_cut_off_is_blindness_until_one_is_back(
    pair, no_alertmanager
):
    """With nobody left to believe, what is on stays on; one of them back is enough to go on."""
    with lent(pair.sites) as over, lent(pair.sites) as site:
        for one in (over, site):
            one.overload()
        for one in (over, site):
            one.until_state("engaged")
        no_alertmanager()
        over.calm()

        back = CLOCK.now()
        pair.wires[0].cut = False
        over.until_state("released")

        # Its alert may have vanished before its heartbeat grew old: part of the proof was there.
        assert over.last_write >= back + pair.stack.plan.calm_period - INACCURACY
        assert site.levels_written == ["under_attack"]
        site.until_demand("trigger")
