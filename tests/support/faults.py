"""What can be done to a running chain: silences, inhibition, lost webhooks, a wire that is cut."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import httpx

from responder.demo.configs import SENDER_FILE
from responder.demo.stack import Stack
from support.stack import CLOCK, Site, serving

MAINTENANCE = "Maintenance"
"""An alert that inhibits those of its site, where a chain has this rule."""

HOUR = timedelta(hours=1)
ZERO = timedelta(0)


@contextmanager
def silenced(stack: Stack, **labels: str) -> Iterator[None]:
    """Silence what has these labels for a while."""
    now = CLOCK.now()
    silence = {
        "matchers": [
            {"name": name, "value": value, "isRegex": False, "isEqual": True}
            for name, value in labels.items()
        ],
        "startsAt": now.isoformat(),
        "endsAt": (now + HOUR).isoformat(),
        "createdBy": "a test",
        "comment": "deployment",
    }
    api = stack.url("alertmanager") + "/api/v2"
    answer = httpx.post(f"{api}/silences", json=silence).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(f"{api}/silence/{answer.json()['silenceID']}").raise_for_status()


@contextmanager
def inhibited(*sites: Site) -> Iterator[None]:
    """Let another alert inhibit those of these sites for a while; see `for_many_sites`."""
    labels = [{"alertname": MAINTENANCE, "site": site.name} for site in sites]
    url = sites[0].stack.url("alertmanager")
    for one in labels:
        post_alert(url, one)
    try:
        yield
    finally:
        for one in labels:
            post_alert(url, one, over=True)


def post_alert(alertmanager: str, labels: Mapping[str, str], *, over: bool = False) -> None:
    """Post an alert to an Alertmanager as a Prometheus would: for an hour, or as over."""
    ends_at = CLOCK.now() + (timedelta(0) if over else HOUR)
    alert = {"labels": dict(labels), "endsAt": ends_at.isoformat()}
    httpx.post(f"{alertmanager}/api/v2/alerts", json=[alert]).raise_for_status()


@contextmanager
def no_webhooks(stack: Stack) -> Iterator[None]:
    """Let Alertmanager present a wrong token for a while; it reads the file at each request."""
    token = stack.folder / SENDER_FILE
    right = token.read_text()
    token.write_text("wrong")
    try:
        yield
    finally:
        token.write_text(right)


@dataclass
class Wire:
    """Stands between a program and an Alertmanager, and lets a test say what passes."""

    address: str
    cut: bool = False
    withheld: set[str] = field(default_factory=set)
    """Sites whose alerts do not pass."""
    clock_is_off: timedelta = ZERO
    """How far the clock is wrong by which Alertmanager dates its answers."""

    def let_through(self, body: bytes) -> bytes:
        alerts = json.loads(body)
        passing = [one for one in alerts if one["labels"].get("site") not in self.withheld]
        return json.dumps(passing).encode()


@contextmanager
def running_wire(alertmanager: str) -> Iterator[Wire]:
    """Run a wire to the Alertmanager at this URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.pass_on(b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.pass_on(wire.let_through(body))

        def pass_on(self, body: bytes) -> None:
            if wire.cut:
                return  # closes the connection
            headers = {"Content-Type": "application/json"}
            try:
                answer = client.request(self.command, self.path, content=body, headers=headers)
            except httpx.TransportError:
                return
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def date_time_string(self, _: float | None = None) -> str:
            now = CLOCK.now() + wire.clock_is_off
            return super().date_time_string(now.timestamp())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    wire = Wire("")
    with (
        httpx.Client(base_url=alertmanager, trust_env=False) as client,
        serving(Handler) as wire.address,
    ):
        yield wire
