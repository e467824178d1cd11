"""The service alone, as its users start it, with whatever configuration a test gives it."""

import json
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx

from responder.demo.processes import Process
from responder.demo.wait import wait_for
from support.alertmanager import CLOCK, free_port
from support.stack import serving

PROGRAM = (sys.executable, "-m", "responder")
LIMIT = timedelta(seconds=30)
WEBHOOK, API = "a-webhook-token", "an-api-token"


@dataclass(frozen=True)
class Served:
    """A running service."""

    folder: Path
    address: str
    process: Process
    trust: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.trust else 'http'}://{self.address}"

    @property
    def log(self) -> bytes:
        return self.process.log.read_bytes()

    def client(self, token: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        verify = self.trust or True
        return httpx.Client(base_url=self.url, headers=headers, verify=verify, trust_env=False)

    def answers(self) -> bool:
        assert self.process.exit_code is None, self.log
        with suppress(httpx.TransportError), self.client() as client:
            return client.get("/live").is_success
        return False


def until(what: str, look: Callable[[], object]) -> object:
    return wait_for(what, look, LIMIT, CLOCK)


def lonely(folder: Path) -> dict[str, Any]:
    """Return a configuration with tokens and one site, whose neighbours do not answer."""
    nobody = f"http://127.0.0.1:{free_port()}"
    tokens = {}
    for key, token in (("webhook_token_file", WEBHOOK), ("api_token_file", API)):
        (folder / key).write_text(token)
        tokens[key] = str(folder / key)
    return {
        "server": {"listen": f"127.0.0.1:{free_port()}", **tokens},
        "alertmanager": {"urls": [nobody], "poll_interval": "200ms"},
        "cloudflare": {"api_token": "a-cloudflare-token", "base_url": nobody, "timeout": "1s"},
        "store": {"url": f"sqlite:///{folder}/store.db"},
        "sites": {"shop": {"zones": ["example.com"]}},
    }


@contextmanager
def calm_cloudflare() -> Iterator[str]:
    """Serve one zone, `example.com`, whose level can be read and set; give the address."""
    levels = ["high"]
    zone = {"id": "0" * 32, "name": "example.com", "status": "active", "paused": False}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            level = {"id": "security_level", "value": levels[-1], "editable": True}
            self.answer([zone] if "name=" in self.path else level)

        def do_PATCH(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            levels.append(json.loads(body)["value"])
            self.do_GET()

        def answer(self, result: object) -> None:
            content = json.dumps({"success": True, "result": result}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Handler) as address:
        yield address


@contextmanager
def running_service(
    folder: Path, config: Mapping[str, Any], trust: ssl.SSLContext | None = None
) -> Iterator[Served]:
    """Start it, wait until it answers, and end it."""
    path = folder / "responder.yml"
    path.write_text(json.dumps(config))  # JSON is YAML
    process = Process("responder", [*PROGRAM, "serve", f"--config={path}"], folder)
    served = Served(folder, config["server"]["listen"], process, trust)
    process.start()
    try:
        until("an answer", served.answers)
        yield served
    finally:
        process.stop()
