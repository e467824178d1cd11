"""The responder killed, stopped and started, with its neighbours there or not."""

import signal

import httpx
import pytest
from support.stack import signal_program, until

pytestmark = pytest.mark.e2e

STOP_SECONDS = 5
"""What the service promises to need at most."""


def components(chain):
    return {one["name"].split()[0]: one["status"] for one in chain.health()["components"]}


def test_a_killed_responder_takes_up_what_it_had_and_writes_nothing_by_itself(site, stack):
    site.engage()
    stack.processes["responder"].kill()
    stack.start_one("responder")
    site.until_reason("in_sync")
    assert site.levels_written == ["under_attack"]

    site.calm()
    site.until_state("released")

    assert site.levels_written == ["under_attack", "high"]


def test_an_end_that_came_while_it_was_dead_is_noticed(site, stack):
    site.engage()
    stack.processes["responder"].kill()
    site.calm()
    site.until_alert(None)

    stack.start_one("responder")
    site.until_state("released")

    assert site.levels_written == ["under_attack", "high"]


def test_sigterm_ends_it_in_time_and_leaves_the_mitigation_on(site, stack):
    site.engage()

    signal_program(stack, "responder", signal.SIGTERM)

    assert stack.processes["responder"].wait(STOP_SECONDS)
    assert stack.processes["responder"].exit_code == 0
    assert site.chain.level(site.zone) == "under_attack"


def test_sigterm_ends_it_in_time_during_a_call_that_hangs(site, stack):
    control = stack.url("simulator") + "/simulator/faults"
    fault = {"kind": "hang", "method": "PATCH", "zone": site.zone}
    httpx.post(control, json=fault).raise_for_status()
    site.overload()
    until("a write that hangs", lambda: site.levels_written == ["under_attack"])

    signal_program(stack, "responder", signal.SIGTERM)

    assert stack.processes["responder"].wait(STOP_SECONDS)
    assert stack.processes["responder"].exit_code == 0
    httpx.delete(control).raise_for_status()
    stack.start_one("responder")
    site.until_state("engaged")
    assert site.chain.level(site.zone) == "under_attack"


def test_a_first_start_without_neighbours_says_so_and_acts_when_they_are_there(site, stack):
    for name in ("responder", "alertmanager", "simulator"):
        stack.processes[name].stop()
    for path in stack.folder.glob("responder.db*"):
        path.unlink()

    stack.start_one("responder")

    until("the calls to fail", lambda: components(site.chain)["cloudflare"] == "degraded")
    assert components(site.chain)["alertmanager"] == "degraded"
    assert components(site.chain)["store"] == "ok"
    stack.start_one("simulator")
    stack.start_one("alertmanager")
    site.engage()
    assert site.chain.level(site.zone) == "under_attack"
