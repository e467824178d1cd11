"""The doctor on a real installation: healthy at first, then with one fault after another."""

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.stack import edited, numbered, running_chain, signal_program, until

from responder.cli.doctor import examined
from responder.cli.options import load
from responder.demo.chain import Chain
from responder.demo.configs import SENDER_FILE
from responder.demo.stack import Stack
from responder.doctor import CHECKS, Status

pytestmark = pytest.mark.e2e
FAILURE, WARNING = Status.FAILURE, Status.WARNING


@pytest.fixture(scope="module")
def ward() -> Iterator[tuple[Stack, Chain]]:
    """Run a stack of two sites that is left alone but for the faults of these tests."""
    with running_chain(numbered(2)) as (stack, chain, _):
        yield stack, chain


@pytest.fixture
def stack(ward: tuple[Stack, Chain]) -> Stack:
    return ward[0]


def ill(stack: Stack) -> set[tuple[str, str]]:
    """Return what fails or is warned of, as check and status."""
    found = asyncio.run(examined(load(stack.config)))
    return {(one.check, one.status.value) for one in found if one.status in {FAILURE, WARNING}}


def failures(stack: Stack) -> set[str]:
    return {check for check, status in ill(stack) if status == FAILURE}


def told(stack: Stack) -> tuple[int, dict[str, str]]:
    """Run the command; return its exit code, and the last status of each check."""
    done = stack.responder("doctor", "--output", "json")
    assert done.stderr == ""
    found = json.loads(done.stdout)["findings"]
    return done.returncode, {one["check"]: one["status"] for one in found}


@contextmanager
def restored(path: Path) -> Iterator[None]:
    text = path.read_text()
    try:
        yield
    finally:
        path.write_text(text)


@contextmanager
def reloaded(stack: Stack, program: str, change: Callable[[dict[str, Any]], object]) -> Iterator:
    """Let a program run with a changed configuration for a while."""
    with restored(stack.folder / f"{program}.yml"):
        with edited(stack, f"{program}.yml") as config:
            change(config)
        signal_program(stack, program, signal.SIGHUP)
        yield
    signal_program(stack, program, signal.SIGHUP)


def never_resolved(config: dict[str, Any]) -> None:
    config["receivers"][0]["webhook_configs"][0]["send_resolved"] = False


def muted_at_night(config: dict[str, Any]) -> None:
    config["time_intervals"] = [
        {
            "name": "night",
            "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "06:00"}]}],
        }
    ]
    config["route"]["routes"][0]["mute_time_intervals"] = ["night"]


def without_heartbeat(config: dict[str, Any]) -> None:
    config["rule_files"] = [
        file for file in config["rule_files"] if not file.endswith("heartbeat.yml")
    ]


def misspelt_site(config: dict[str, Any]) -> None:
    config["scrape_configs"][0]["static_configs"][0]["labels"]["site"] = "schop"


@contextmanager
def another_token(stack: Stack) -> Iterator[None]:
    with restored(stack.folder / SENDER_FILE):
        (stack.folder / SENDER_FILE).write_text("of-yesterday")
        yield


@contextmanager
def told_to_the_simulator(
    stack: Stack, method: str, path: str, change: object, back: object
) -> Iterator[None]:
    url = stack.url("simulator") + path
    httpx.request(method, url, json=change).raise_for_status()
    try:
        yield
    finally:
        httpx.request(method, url, json=back).raise_for_status()


def changed(method: str, path: str, change: object, back: object) -> Callable[[Stack], Any]:
    return lambda stack: told_to_the_simulator(stack, method, path, change, back)


def configured(program: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Stack], Any]:
    return lambda stack: reloaded(stack, program, change)


@contextmanager
def another_resend_delay(stack: Stack) -> Iterator[None]:
    with restored(stack.config):
        with edited(stack, "responder.yml") as config:
            config["alertmanager"]["resend_delay"] = "1s"
        yield


ZONE = "/simulator/zones/site0.example"
TOKEN = "/simulator/tokens/default"
FAULTS = {
    "the end of alerts is not told": (
        configured("alertmanager", never_resolved),
        ("alertmanager/receiver", "warning"),
    ),
    "our route is muted at night": (
        configured("alertmanager", muted_at_night),
        ("alertmanager/mute-times", "failure"),
    ),
    "the heartbeat's rule is not loaded": (
        configured("prometheus", without_heartbeat),
        ("prometheus/rules", "failure"),
    ),
    "a target carries an unknown site": (
        configured("prometheus", misspelt_site),
        ("prometheus/sites", "warning"),
    ),
    "Prometheus repeats alerts less often": (
        another_resend_delay,
        ("prometheus/resend-delay", "failure"),
    ),
    "Alertmanager has another token": (
        another_token,
        ("alertmanager/authorization", "failure"),
    ),
    "a zone is paused": (
        changed("PUT", ZONE, {"paused": True}, {"paused": False}),
        ("cloudflare/zones", "failure"),
    ),
    "the token does not see the zones": (
        changed("PATCH", TOKEN, {"zones": []}, {"zones": None}),
        ("cloudflare/zones", "failure"),
    ),
    "the token has been revoked": (
        changed("PATCH", TOKEN, {"status": "disabled"}, {"status": "active"}),
        ("cloudflare/token", "failure"),
    ),
}


def test_a_healthy_installation_has_no_failure(stack):
    until("an installation without failures", lambda: not failures(stack))
    code, statuses = told(stack)

    assert (code, "failure" in statuses.values()) == (0, False)
    assert list(statuses) == [check.name for check in CHECKS]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_by_its_own_check(stack, fault):
    plant, expected = FAULTS[fault]
    with plant(stack):
        until(f"{expected}", lambda: expected in ill(stack))


def test_when_every_fault_is_mended_nothing_is_found_any_more(stack):
    planted = {expected for _, expected in FAULTS.values()}
    until("the end of every fault", lambda: not planted & ill(stack))


def test_prometheus_down_is_one_failure_and_not_a_dozen(stack):
    with ExitStack() as after:
        stack.processes["prometheus"].kill()
        after.callback(stack.start_one, "prometheus")
        code, found = told(stack)

    assert code == 1
    mine = {check: found[check] for check in found if check.startswith("prometheus/")}
    assert mine.pop("prometheus/reachable") == "failure"
    assert set(mine.values()) == {"skipped"}


def test_the_doctor_needs_no_running_service_and_changes_nothing(ward):
    stack, chain = ward
    stack.processes["responder"].stop()
    before = sorted(path.name for path in stack.folder.iterdir())
    try:
        _, found = told(stack)
        assert sorted(path.name for path in stack.folder.iterdir()) == before
    finally:
        stack.start_one("responder")

    assert (found["service/running"], found["service/health"]) == ("warning", "skipped")
    assert found["store/writable"] == "ok"
    assert [chain.writes(zone) for zone in stack.plan.zones.values()] == [[], []]
    silences = httpx.get(stack.url("alertmanager") + "/api/v2/silences").json()
    assert silences == []
