"""Host and process

The responder killed, stopped and started, with its neighbours there or not.
"""

import signal
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest
from support.stack import CLOCK, Site, edited, lent, signal_program, until

pytestmark = pytest.mark.e2e

STOP_SECONDS = 15
"""The service promises five; a machine with other work may need longer."""


def components(chain):
    return {one["name"].split()[0]: one["status"] for one in chain.health()["components"]}


@dataclass(frozen=True)
class Outage:
    """Sites after an outage of the responder, named by what happened while it was dead."""

    back: datetime
    ended: Site
    passed: Site
    began: Site
    went_on: Site


@pytest.fixture(scope="module")
def outage(sites):
    """Kill the responder, let attacks begin and end while it is dead, and start it again."""
    with ExitStack() as loans:
        ended, passed, began, went_on = (loans.enter_context(lent(sites)) for _ in range(4))
        stack = ended.stack
        for site in (ended, went_on):
            site.overload()
        for site in (ended, went_on):
            site.until_state("engaged")
        stack.processes["responder"].kill()

        ended.calm()
        passed.overload()
        began.overload()
        for site in (passed, began):
            site.until_alert("active")
        passed.calm()
        for site in (ended, passed):
            site.until_alert(None)

        back = CLOCK.now()
        stack.start_one("responder")
        ended.until_state("released")
        began.until_state("engaged")
        yield Outage(back, ended, passed, began, went_on)


def test_an_attack_that_ends_while_the_responder_is_dead_is_released_once_calm_is_proven(outage):
    """The mitigation outlives the outage, and goes off although its end was never told."""
    assert outage.ended.levels_written == ["under_attack", "high"]
    assert outage.ended.last_write >= outage.back + outage.ended.proof


def test_an_attack_that_passes_while_the_responder_is_dead_changes_nothing(outage):
    """What is over when the responder comes back is not answered any more."""
    assert outage.passed.levels_written == []
    assert outage.passed.level == "high"


def test_an_attack_that_begins_while_the_responder_is_dead_is_answered_when_it_is_back(outage):
    """The first look after the start engages, without waiting for a webhook."""
    assert outage.began.levels_written == ["under_attack"]
    assert outage.began.level == "under_attack"


def test_an_attack_that_outlasts_the_responder_is_taken_up_and_nothing_is_written(outage):
    """A restart in the middle of an attack is no change at Cloudflare."""
    outage.went_on.until_reason("in_sync")

    assert outage.went_on.levels_written == ["under_attack"]
    assert outage.went_on.chain.target(outage.went_on.target)["state"] == "engaged"


def test_sigterm_ends_the_responder_in_time_and_leaves_the_mitigation_on(site, stack):
    """A stop, an update or a reboot lifts no protection."""
    site.engage()

    signal_program(stack, "responder", signal.SIGTERM)

    assert stack.processes["responder"].wait(STOP_SECONDS)
    assert stack.processes["responder"].exit_code == 0
    assert site.level == "under_attack"


def test_sigterm_ends_the_responder_in_time_during_a_call_that_hangs(site, stack):
    """A Cloudflare that does not answer holds up no stop; the call is made good afterwards."""
    control = stack.url("simulator") + "/simulator/faults"
    fault = {"kind": "hang", "method": "PATCH", "zone": site.zone}
    httpx.post(control, json=fault).raise_for_status()
    site.overload()
    until("a write that hangs", lambda: site.levels_written == ["under_attack"])

    signal_program(stack, "responder", signal.SIGTERM)

    assert stack.processes["responder"].wait(STOP_SECONDS)
    assert stack.processes["responder"].exit_code == 0
    httpx.delete(control).raise_for_status()
    with edited(stack, "responder.yml") as config:  # so long it waits for a write that may land
        patient, config["cloudflare"]["timeout"] = config["cloudflare"]["timeout"], "2s"
    stack.start_one("responder")
    with edited(stack, "responder.yml") as config:
        config["cloudflare"]["timeout"] = patient
    site.until_state("engaged")
    assert site.level == "under_attack"


def test_a_first_start_without_neighbours_is_degraded_and_acts_when_they_are_there(site, stack):
    """It starts degraded, says what is missing, and needs no second start."""
    for name in ("responder", "alertmanager", "simulator"):
        stack.processes[name].stop()
    for path in stack.folder.glob("responder.db*"):
        path.unlink()

    stack.start_one("responder")

    until("the calls to fail", lambda: components(site.chain)["cloudflare"] == "degraded")
    until("blindness", lambda: components(site.chain)["alertmanager"] == "degraded")
    assert components(site.chain)["store"] == "ok"
    stack.start_one("simulator")
    stack.start_one("alertmanager")
    site.engage()
    assert site.level == "under_attack"
