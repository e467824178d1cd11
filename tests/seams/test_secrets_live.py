"""The service as it runs, among neighbours that echo: no marked secret comes out of it anywhere."""

import json
import os
import signal
import sqlite3
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

import httpx
import pytest
from support.alertmanager import free_port
from support.certificates import self_signed
from support.hostile import echoing_alertmanager, echoing_cloudflare, echoing_zones
from support.marks import MARK, Evidence, marked
from support.served import PROGRAM, Served, running_service, until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificate"),
]
EVENTS = "/api/v1/events?limit=1000"
EVERY_PAGE = (
    *("/live", "/ready", "/health", "/metrics", "/", "/nowhere", EVENTS),
    *("/api/v1/targets", "/api/v1/targets/under_attack:page.example"),
)
SITES = {zone.split(".")[0]: {"zones": [zone]} for zone in echoing_zones()}


@dataclass
class Observed:
    """A service, and everything that came out of it."""

    served: Served
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def folder(self) -> Path:
        return self.served.folder

    def ask(self, method: str, path: str, token: str = "", **more: Any) -> httpx.Response:
        with self.served.client(token) as client:
            answer = client.request(method, path, timeout=10, **more)
        told = [f"{answer.status_code} {answer.reason_phrase}".encode(), answer.content]
        told += [b": ".join(header) for header in answer.headers.raw]
        self.evidence.add(f"{method} {path}", b"\n".join(told))
        return answer

    def run(self, *words: str) -> None:
        """Run a command of the program, and keep what it says."""
        command = [*PROGRAM, *words, "--config", str(self.folder / "responder.yml")]
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
        self.evidence.add(" ".join(words), done.stdout + done.stderr)

    def secret(self, name: str, text: str = "") -> None:
        """Write a marked secret to its file, or another text in its place."""
        (self.folder / name).write_text(text or marked(name))

    def configure(self, config: dict[str, Any]) -> None:
        (self.folder / "responder.yml").write_text(json.dumps(config))


def configuration(folder: Path, cloudflare: str, alertmanager: str, form: str) -> dict[str, Any]:
    """Return a configuration with a marked secret in each place for one."""
    files = {}
    for name in ("webhook", "api", "password", "prometheus", "cloudflare", "notify"):
        (folder / name).write_text(marked(name))
        files[name] = str(folder / name)
    pair = self_signed(folder, "listener")
    return {
        "server": {
            "listen": f"127.0.0.1:{free_port()}",
            "webhook_token_file": files["webhook"],
            "api_token_file": files["api"],
            "tls": {"cert_file": str(pair.cert), "key_file": str(pair.key)},
        },
        "alertmanager": {
            "urls": [f"http://{alertmanager}"],
            "http": {"username": "me", "password_file": files["password"]},
            "poll_interval": "200ms",
        },
        "prometheus": {"http": {"bearer_token_file": files["prometheus"]}},
        "cloudflare": {
            "api_token_file": files["cloudflare"],
            "base_url": f"http://{cloudflare}",
            "timeout": "4s",
        },
        "notifications": {"secret_file": files["notify"]},
        "store": {"url": f"sqlite:///{folder}/store.db"},
        "sites": SITES,
        "log": {"level": "debug", "format": form},
    }


@pytest.fixture(params=["json", "text"])
def observed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Observed]:
    with echoing_cloudflare() as cloudflare, echoing_alertmanager([*SITES]) as alertmanager:
        config = configuration(tmp_path, cloudflare.address, alertmanager.address, request.param)
        trust = ssl.create_default_context(cafile=config["server"]["tls"]["cert_file"])
        with running_service(tmp_path, config, trust) as served:
            yield Observed(served)
    basic = httpx.BasicAuth("me", marked("password"))._auth_header
    assert cloudflare.credentials == {f"Bearer {marked('cloudflare')}"}
    assert alertmanager.credentials == {basic}


def knock(one: Observed) -> None:
    """Come with wrong credentials, in all the ways that people do."""
    offered = f"{MARK}-offered"
    ways = ({"Authorization": f"Basic {offered}"}, {"Authorization": offered}, {"Cookie": offered})
    for path in ("/", "/webhooks/alertmanager", "/api/v1/targets", "/-/reload", f"/{offered}"):
        for method in ("GET", "POST", "PUT"):
            assert one.ask(method, path, offered).status_code == 401
            for headers in ways:
                assert one.ask(method, path, headers=headers).status_code == 401
    for headers in ({"cf-webhook-auth": offered}, {"Authorization": f"Bearer {offered}"}):
        assert one.ask("POST", "/webhooks/cloudflare", headers=headers).status_code == 401
    one.ask("GET", "/", auth=("me", offered))
    one.ask("GET", f"/api/v1/targets?token={offered}")
    assert one.ask("POST", "/webhooks/alertmanager", marked("api")).status_code == 401
    assert one.ask("GET", "/api/v1/targets", marked("webhook")).status_code == 401


def work(one: Observed) -> None:
    """Use it as it is meant to be used, until every neighbour has echoed."""
    assert one.ask("POST", "/webhooks/alertmanager", marked("webhook"), content=b"{").is_error
    mine = {"cf-webhook-auth": marked("notify")}
    for body, status in ((b"{", 400), (b'{"text": "a test"}', 200)):
        told = one.ask("POST", "/webhooks/cloudflare", headers=mine, content=body)
        assert told.status_code == status
    order = {"state": "engaged", "for": "5m", "reason": "a drill"}
    for zone in echoing_zones():
        path = f"/api/v1/targets/under_attack:{zone}/override"
        assert one.ask("PUT", path, marked("api"), json=order).is_success
    for sign in (b"answered 403", b"answered 400", b"answered 302", b"connection to", b"malformed"):
        until(f"{sign!r} in its log", lambda sign=sign: sign in one.served.log)
    until("an intent", lambda: '"intent"' in one.ask("GET", EVENTS, marked("api")).text)
    for path in EVERY_PAGE:
        one.ask("GET", path, marked("api"))
        one.ask("GET", path)
    for words in ("status", "explain under_attack:page.example", "events", "status -o json"):
        one.run(*words.split())


def reload(one: Observed) -> None:
    """Change the configuration for the worse and for the better."""
    assert one.ask("POST", "/-/reload", marked("api")).is_success
    config = json.loads((one.folder / "responder.yml").read_text())
    for cloudflare in (
        {"api_token": [marked("torn")]},
        {"api_token": marked("a"), "api_key": marked("b")},
        {"api_token_file": f"{MARK}-pasted"},
    ):
        one.configure(config | {"cloudflare": cloudflare})
        assert one.ask("POST", "/-/reload", marked("api")).status_code == 500
        os.kill(one.served.process.pid, signal.SIGHUP)
        one.run("config", "check")
        one.run("status")
    one.configure(config)
    one.run("config", "show")


def spoil(one: Observed) -> None:
    """Let the store refuse, then a file of a secret."""
    with closing(sqlite3.connect(one.folder / "store.db", timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        body = {"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "A"}}]}
        refused = one.ask("POST", "/webhooks/alertmanager", marked("webhook"), json=body)
        assert refused.status_code == 503
        one.ask("GET", "/health")
    one.secret("api", f"{marked('first')}\n{marked('second')}\n")
    assert one.ask("GET", "/", marked("api")).status_code == 503
    one.secret("api")
    assert one.ask("GET", "/", marked("api")).status_code == 200


def collect(one: Observed) -> None:
    """Take what it wrote, and what others see of the process."""
    one.evidence.add("command", Path(f"/proc/{one.served.process.pid}/cmdline").read_bytes())
    for path in one.folder.glob("store.db*"):
        one.evidence.add(path.name, path.read_bytes())
    assert one.served.process.stop() == 0
    for path in (one.served.process.log, *one.folder.glob("store.db*")):
        one.evidence.add(f"{path.name} at the end", path.read_bytes())


def test_no_secret_comes_out_of_a_running_service(observed):
    knock(observed)
    work(observed)
    reload(observed)
    spoil(observed)
    collect(observed)

    key = (observed.folder / "listener.key").read_text().splitlines()[1]
    assert len(observed.evidence.found) > 100
    assert observed.evidence.betrayals(key) == []


def test_no_secret_comes_out_of_a_service_that_cannot_start(tmp_path):
    """A database that does not answer, then an address that is taken."""
    evidence = Evidence()
    config = configuration(tmp_path, "127.0.0.1:1", "127.0.0.1:1", "json")
    store = {"url": f"postgresql://me:{MARK}-store@127.0.0.1:{free_port()}/responder"}
    for number, broken in enumerate(({"store": store}, {"server": {"listen": "192.0.2.1:1"}})):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(config | broken | {"prometheus": {}}))
        command = [*PROGRAM, "serve", "--config", str(path)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
        assert done.returncode in {1, 2}
        evidence.add(str(path), done.stdout + done.stderr)
        evidence.add("command", " ".join(command))
    assert evidence.betrayals() == []
