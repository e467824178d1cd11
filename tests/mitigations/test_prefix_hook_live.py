"""The hook with everything real: the program, a simulated Cloudflare, the documented receiver."""

import json
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.alertmanager import CLOCK, free_port
from support.served import API, PROGRAM, Served, lonely, running_service, until
from support.stack import serving

from responder.demo.processes import Process
from responder.simulator.inventory import Account

pytestmark = pytest.mark.integration

PREFIX = "203.0.113.0/24"
TARGET = f"prefix_advertisement:{PREFIX}"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DOCS = Path(__file__).parents[2] / "docs" / "prefixes.md"
(RECEIVER,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)


@dataclass
class Received:
    """One call as it reached the routers."""

    at: datetime
    id: str
    told: dict[str, str]
    signed: bool


@dataclass
class Routers:
    """The operator's routers: they note each call, and answer as a test wants."""

    received: list[Received] = field(default_factory=list)
    status: int = 200
    open: threading.Event = field(default_factory=threading.Event)
    """Not set: they take calls and do not answer."""

    def events(self) -> list[str]:
        return [one.told["event"] for one in self.received]


def is_signed(folder: Path) -> Any:
    """Return the check of the receiver in the documentation, and nothing else of it."""
    (folder / "hook.secret").write_text(SECRET)
    checks = RECEIVER.partition("class Receiver")[0].replace("sys.argv[1]", "SECRET_FILE")
    names: dict[str, Any] = {"SECRET_FILE": str(folder / "hook.secret")}
    exec(checks, names)
    return names["is_signed"]


@pytest.fixture
def routers(tmp_path: Path) -> Iterator[tuple[Routers, str]]:
    one, check = Routers(), is_signed(tmp_path)
    one.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signed = check(self.headers, body)
            message = self.headers["webhook-id"]
            one.received.append(Received(CLOCK.now(), message, json.loads(body), signed))
            one.open.wait(20)
            self.send_response(one.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Handler) as address:
        yield one, f"http://{address}/hook"
        one.open.set()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    words = ["simulator", f"--listen={address}", f"--prefix={PREFIX}", "--token=a-token"]
    process = Process("simulator", [*PROGRAM, *words], tmp_path)
    process.start()
    try:
        until("the simulator", lambda: _answers(address))
        rests = {"withdraw_after_advertise": 0.1, "advertise_after_withdraw": 0.1}
        httpx.put(f"http://{address}/simulator/advertising", json=rests).raise_for_status()
        yield address
    finally:
        process.stop()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/simulator/state").is_success
    except httpx.TransportError:
        return False


def configuration(folder: Path, simulator: str, url: str, **hook: object) -> dict[str, Any]:
    whole = {"url": url, "secret_file": str(folder / "hook.secret"), "timeout": "500ms"} | hook
    return lonely(folder) | {
        "cloudflare": {
            "api_token": "a-token",
            "account_id": Account().id,
            "base_url": f"http://{simulator}/client/v4",
            "read_interval": "200ms",
        },
        "sites": {"office": {"prefixes": [PREFIX]}},
        "policies": [
            {
                "name": "prefixes",
                "mitigation": "prefix_advertisement",
                "options": {
                    "hook": whole,
                    "min_working_tunnels": 0,
                    "withdraw_after_advertise": "100ms",
                    "advertise_after_withdraw": "100ms",
                },
            }
        ],
    }


def order(served: Served, state: str) -> None:
    """Order it, and wait until a read confirms that it is so."""
    body = {"state": state, "for": "10m", "reason": "drill"}
    with served.client(API) as client:
        headers = {"X-Responder-Actor": "alice"}
        path = f"/api/v1/targets/{TARGET}/override"
        client.put(path, json=body, headers=headers, timeout=10).raise_for_status()
    until(state, lambda: shown(served)["state"] == state)


def shown(served: Served) -> dict[str, Any]:
    with served.client(API) as client:
        return client.get(f"/api/v1/targets/{TARGET}").raise_for_status().json()


def hook_trail(served: Served) -> list[tuple[str, str]]:
    with served.client(API) as client:
        told = client.get("/api/v1/events?limit=500").raise_for_status().json()["events"]
    return [(one["action"], one["reason"]) for one in reversed(told) if one["kind"] == "hook"]


def writes(simulator: str) -> list[datetime]:
    asked = httpx.get(f"http://{simulator}/simulator/requests").json()["requests"]
    return [datetime.fromisoformat(one["at"]) for one in asked if one["method"] == "PATCH"]


def test_the_routers_hear_of_an_advertisement_before_and_of_a_withdrawal_after_it(
    tmp_path, simulator, routers
):
    told, url = routers
    with running_service(tmp_path, configuration(tmp_path, simulator, url)) as served:
        order(served, "engaged")
        order(served, "released")
        until("both calls", lambda: len(hook_trail(served)) == 2)
        assert hook_trail(served) == [("before_advertise", "ok"), ("after_withdraw", "ok")]
        with served.client() as client:
            metrics = client.get("/metrics").text
    advertised, withdrawn = writes(simulator)
    before, after = told.received
    assert before.at < advertised < withdrawn < after.at
    assert before.signed
    assert after.signed
    assert before.told | {"at": ""} == {
        "event": "before_advertise",
        "at": "",
        "prefix": PREFIX,
        "site": "office",
        "target": TARGET,
        "reason": "override",
        "actor": "operator:alice",
    }
    for event, outcome, count in (
        ("before_advertise", "ok", 1),
        ("after_withdraw", "ok", 1),
        ("before_withdraw", "timeout", 0),
    ):
        line = f'responder_hook_requests_total{{event="{event}",outcome="{outcome}"}} {count}.0'
        assert line in metrics


def test_a_service_that_is_killed_before_the_routers_have_taken_it_tells_them_again(
    tmp_path, simulator, routers
):
    told, url = routers
    config = configuration(tmp_path, simulator, url, timeout="10s")
    with running_service(tmp_path, config) as served:
        order(served, "engaged")
        told.open.clear()
        order(served, "released")
        until("the call", lambda: told.events() == ["before_advertise", "after_withdraw"])
        served.process.kill()
        told.open.set()
        served.process.start()
        until("the call again", lambda: len(told.received) == 3)
        until("its outcome", lambda: ("after_withdraw", "ok") in hook_trail(served))
        assert len(writes(simulator)) == 2
    first, again = told.received[1:]
    assert first.id == again.id
    assert first.told == again.told
    assert again.signed


def test_routers_that_hang_delay_an_advertisement_by_their_timeout_and_no_more(
    tmp_path, simulator, routers
):
    told, url = routers
    with running_service(tmp_path, configuration(tmp_path, simulator, url)) as served:
        told.open.clear()
        order(served, "engaged")
        assert hook_trail(served) == [("before_advertise", "timeout")]
    (advertised,) = writes(simulator)
    assert 0.4 < (advertised - told.received[0].at).total_seconds() < 5


def test_the_receiver_of_the_documentation_works_as_it_stands(tmp_path, simulator):
    (tmp_path / "hook.secret").write_text(SECRET)
    (tmp_path / "receiver.py").write_text(RECEIVER)
    change = tmp_path / "change-routers"
    change.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/changed\n')
    change.chmod(0o755)
    port = free_port()
    words = [str(tmp_path / "receiver.py"), str(tmp_path / "hook.secret"), str(change), str(port)]
    receiver = Process("receiver", [sys.executable, *words], tmp_path)
    receiver.start()
    try:
        until("the receiver", lambda: _refuses_what_is_unsigned(port))
        config = configuration(tmp_path, simulator, f"http://127.0.0.1:{port}/")
        with running_service(tmp_path, config) as served:
            order(served, "engaged")
            order(served, "released")
            until("both calls", lambda: len(hook_trail(served)) == 2)
    finally:
        receiver.stop()
    changed = (tmp_path / "changed").read_text().splitlines()
    assert changed == [f"before_advertise {PREFIX}", f"after_withdraw {PREFIX}"]


def _refuses_what_is_unsigned(port: int) -> bool:
    forged = {"event": "after_withdraw", "prefix": PREFIX, "at": "9"}
    try:
        return httpx.post(f"http://127.0.0.1:{port}/", json=forged).status_code == 401
    except httpx.TransportError:
        return False
