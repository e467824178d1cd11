"""Neighbours that give away whatever they are told: a Cloudflare and an Alertmanager that echo."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from support.stack import CLOCK, serving

Echo = Callable[["_Handler"], None]


class _Handler(BaseHTTPRequestHandler):
    def answer(self, status: int, body: object, **headers: str) -> None:
        html = isinstance(body, str)
        content = (body if html else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if html else "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def told(self) -> str:
        """Return all that the request held, what authenticated it first."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        return f"{self.headers['Authorization']}\n{self.path}\n{self.headers}\n{body}"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _page(asked: _Handler) -> None:
    asked.answer(403, f"<html><pre>{asked.told()}</pre></html>")


def _envelope(asked: _Handler) -> None:
    asked.answer(400, {"success": False, "errors": [{"code": 1, "message": asked.told()}]})


def _list(asked: _Handler) -> None:
    asked.answer(200, [asked.told(), dict(asked.headers)])


def _redirect(asked: _Handler) -> None:
    asked.told()
    asked.answer(302, "moved", Location=f"https://example.com/?t={asked.headers['Authorization']}")


def _torn(asked: _Handler) -> None:
    asked.wfile.write(f"HTTP/1.1 2x {' '.join(asked.told().split())}\r\n\r\n".encode())


def _failed(asked: _Handler) -> None:
    asked.answer(500, asked.told())


def _refused(asked: _Handler) -> None:
    asked.answer(401, {"headers": dict(asked.headers)})


ECHOES: tuple[Echo, ...] = (_page, _envelope, _list, _redirect, _torn, _failed, _refused)


def echoing_zones() -> list[str]:
    """Return zones, each of which meets another echo."""
    return [f"{echo.__name__.strip('_')}.example" for echo in ECHOES]


@dataclass
class Neighbour:
    """Where it is, and what it was shown."""

    address: str = ""
    credentials: set[str] = field(default_factory=set)


@contextmanager
def echoing_cloudflare() -> Iterator[Neighbour]:
    """Find every zone, and then give away what it is told of it."""
    zones = echoing_zones()

    class Handler(_Handler):
        def do_GET(self) -> None:
            cloudflare.credentials.add(self.headers.get("Authorization", ""))
            where = urlsplit(self.path)
            names = parse_qs(where.query).get("name", [])
            if names:
                self.answer(200, {"success": True, "result": [_zone(zones.index(names[0]), zones)]})
            else:
                self.echo()

        def echo(self) -> None:
            ECHOES[int(self.path.split("/zones/")[1][:32], 16)](self)

        def do_PATCH(self) -> None:
            self.echo()

    cloudflare = Neighbour()
    with serving(Handler) as cloudflare.address:
        yield cloudflare


def _zone(number: int, zones: Sequence[str]) -> dict[str, object]:
    return {"id": f"{number:032x}", "name": zones[number], "status": "active", "paused": False}


@contextmanager
def echoing_alertmanager(sites: Sequence[str]) -> Iterator[Neighbour]:
    """Let an alert fire for each site, and give away what it is told at every third question."""
    now = CLOCK.now().isoformat()

    def alert(**labels: str) -> dict[str, object]:
        return {
            "fingerprint": labels.get("site", "beat"),
            "labels": labels,
            "status": {"state": "active"},
            "startsAt": now,
            "updatedAt": CLOCK.now().isoformat(),
        }

    class Handler(_Handler):
        def do_GET(self) -> None:
            alertmanager.credentials.add(self.headers.get("Authorization", ""))
            count = len(asked)
            asked.append(self.path)
            if self.path.startswith("/api/v2/silences"):
                self.answer(200, [])
            elif "ResponderHeartbeat" not in self.path:
                fire = [alert(alertname="A", site=s, mitigation="under_attack") for s in sites]
                self.answer(200, fire)
            elif count // 3 % 2:
                ECHOES[count // 6 % len(ECHOES)](self)
            else:
                self.answer(200, [alert(alertname="ResponderHeartbeat", mitigation="none")])

        def do_POST(self) -> None:
            ECHOES[len(asked) % len(ECHOES)](self)

    asked: list[str] = []
    alertmanager = Neighbour()
    with serving(Handler) as alertmanager.address:
        yield alertmanager
