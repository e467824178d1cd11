"""A whole installation that answers as it should, and whatever a test changes in it."""

import copy
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path

import httpx
import yaml

from responder import __version__
from responder.doctor import CHECKS, Entrance, examine, open_context
from responder.mitigations.registry import KINDS
from responder.settings import ConfigFile, load_settings

NOW = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
TOKEN = "webhook-s3cret"
ZONE_ID = "0" * 32

CONFIG = {
    "server": {"listen": "127.0.0.1:9847"},
    "alertmanager": {"urls": ["http://am.test:9093"], "resend_delay": "1m"},
    "prometheus": {"url": "http://prom.test:9090"},
    "cloudflare": {"base_url": "https://cf.test/client/v4"},
    "sites": {"shop": {"zones": ["example.com"]}},
}


class Clock:
    def now(self):
        return NOW

    def monotonic(self):
        return timedelta(0)


def shipped_groups():
    """Return the shipped rules as a Prometheus that has loaded them tells them."""
    files = [path for path in (ROOT / "rules").rglob("*.yml") if "tests" not in path.parts]
    return [_group(group, path) for path in files for group in _load(path)["groups"]]


@cache
def _read(path):
    return yaml.safe_load(path.read_text())


def _load(path):
    return copy.deepcopy(_read(path))


def _group(group, path):
    return {
        "name": group["name"],
        "file": str(path),
        "interval": 5,
        "evaluationTime": 0.01,
        "lastEvaluation": NOW.isoformat(),
        "rules": [
            {
                "name": rule.get("alert") or rule["record"],
                "type": "alerting" if "alert" in rule else "recording",
                "state": "inactive",
                "labels": rule.get("labels", {}),
                "health": "ok",
            }
            for rule in group["rules"]
        ],
    }


def alertmanager_config():
    """Return the shipped configuration."""
    return _load(ROOT / "alertmanager" / "alertmanager.yml")


def heartbeat(**labels):
    known = {"alertname": "ResponderHeartbeat", "mitigation": "none", "severity": "info"}
    return {
        "fingerprint": f"beat{sorted(labels.items())}",
        "labels": known | labels,
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        "startsAt": NOW.isoformat(),
        "updatedAt": (NOW - timedelta(seconds=5)).isoformat(),
    }


@dataclass
class World:
    """Everything that is asked, as plain documents that a test may change."""

    folder: Path
    config: dict = field(default_factory=lambda: copy.deepcopy(CONFIG))
    routing: dict = field(default_factory=alertmanager_config)
    alertmanager_version: str = "0.25.0"
    heartbeats: list = field(default_factory=lambda: [heartbeat()])
    groups: list = field(default_factory=shipped_groups)
    prometheus_version: str = "2.42.0"
    flags: dict = field(default_factory=lambda: {"rules.alert.resend-delay": "1m"})
    retention: str = "30d"
    fed: list = field(default_factory=lambda: ["http://am.test:9093/api/v2/alerts"])
    targets: dict = field(default_factory=lambda: {"shop": (2, 2), "": (1, 1)})
    thresholds: dict = field(default_factory=dict)
    overrides: list = field(default_factory=list)
    webhooks: dict = field(default_factory=lambda: {"200": 12})
    writes: dict = field(default_factory=lambda: {"ok": 3})
    ready: bool = True
    health: dict = field(
        default_factory=lambda: {
            "status": "ok",
            "version": __version__,
            "components": [{"name": "store", "status": "ok", "detail": ""}],
        }
    )
    taken: str = TOKEN
    token: dict = field(default_factory=lambda: {"status": "active"})
    zone: dict = field(
        default_factory=lambda: {"id": ZONE_ID, "name": "example.com", "status": "active"}
    )
    level: dict = field(default_factory=lambda: {"value": "high", "editable": True})
    refused: dict = field(default_factory=dict)
    """Status with which a path of Cloudflare's API is refused."""
    down: set = field(default_factory=set)
    """Hosts that nobody answers at."""
    late: dict = field(default_factory=dict)
    """By how many seconds the clock of a host is off."""
    asked: list = field(default_factory=list)

    def __post_init__(self):
        rules = [rule for group in self.groups for rule in group["rules"]]
        for rule in rules:
            if rule["name"] == "mitigation:threshold:default":
                self.thresholds[rule["labels"]["signal"], rule["labels"]["bound"]] = (
                    2.0 if rule["labels"]["bound"] == "upper" else 1.0
                )
        self.write("webhook.token", TOKEN)
        self.write("cloudflare.token", "cfut_s3cret")
        self.config["server"]["webhook_token_file"] = str(self.folder / "webhook.token")
        self.config["cloudflare"]["api_token_file"] = str(self.folder / "cloudflare.token")
        self.config["store"] = {"url": f"sqlite:///{self.folder / 'responder.db'}"}

    def write(self, name, text):
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def group(self, name):
        return next(group for group in self.groups if group["name"] == name)

    def rule(self, name):
        rules = [rule for group in self.groups for rule in group["rules"]]
        return next(rule for rule in rules if rule["name"] == name)

    def webhook(self):
        return self.routing["receivers"][0]["webhook_configs"][0]

    def route(self):
        return self.routing["route"]["routes"][0]

    def settings(self):
        text = yaml.safe_dump(self.config)
        return load_settings(
            ConfigFile(Path("responder.yml"), text), KINDS, environ={}, command_line={}
        )

    async def examined(self):
        """Return the findings of each check."""
        entrance = Entrance("http://127.0.0.1:9847")
        connect = lambda _trust: httpx.MockTransport(self.answer)  # noqa: E731
        async with open_context(self.settings(), Clock(), entrance, connect) as context:
            findings = await examine(context, CHECKS)
        by_check = {}
        for finding in findings:
            by_check.setdefault(finding.check, []).append(finding)
        return by_check

    def answer(self, request):
        """Answer a request to any of the neighbours."""
        host = request.url.host
        self.asked.append(request)
        if host in self.down:
            raise httpx.ConnectError("All connection attempts failed", request=request)
        response = {
            "127.0.0.1": self._service,
            "am.test": self._alertmanager,
            "other.test": self._alertmanager,
            "prom.test": self._prometheus,
            "cf.test": self._cloudflare,
        }[host](request)
        date = NOW + timedelta(seconds=self.late.get(host, 0))
        response.headers["Date"] = format_datetime(date, usegmt=True)
        return response

    def _service(self, request):
        path = request.url.path
        if path == "/ready":
            return httpx.Response(200 if self.ready else 503)
        if path == "/health":
            return httpx.Response(200, json=self.health)
        sent = request.headers.get("Authorization", "")
        return httpx.Response(404 if sent == f"Bearer {self.taken}" or not self.taken else 401)

    def _alertmanager(self, request):
        if request.url.path == "/api/v2/status":
            versions = {"version": self.alertmanager_version}
            config = {"original": yaml.safe_dump(self.routing)}
            return httpx.Response(200, json={"versionInfo": versions, "config": config})
        beats = "ResponderHeartbeat" in str(request.url)
        return httpx.Response(200, json=self.heartbeats if beats else [])

    def _prometheus(self, request):
        path = request.url.path.removeprefix("/api/v1/")
        if path == "query":
            return _vector(self._queried(request.url.params["query"]))
        data = {
            "status/buildinfo": {"version": self.prometheus_version},
            "status/flags": self.flags,
            "status/runtimeinfo": {"storageRetention": self.retention},
            "alertmanagers": {"activeAlertmanagers": [{"url": url} for url in self.fed]},
            "rules": {"groups": self.groups},
        }[path]
        return httpx.Response(200, json={"status": "success", "data": data})

    def _queried(self, expression):
        if expression == "mitigation:threshold:default":
            return [
                ({"signal": signal, "bound": bound}, value)
                for (signal, bound), value in self.thresholds.items()
            ]
        if expression == "mitigation:threshold:override":
            return self.overrides
        if "webhook_requests" in expression:
            return [({"code": code}, count) for code, count in self.webhooks.items()]
        if "cloudflare_requests" in expression:
            return [({"outcome": outcome}, count) for outcome, count in self.writes.items()]
        position = 1 if expression.startswith("sum") else 0
        return [({"site": site}, counts[position]) for site, counts in self.targets.items()]

    def _cloudflare(self, request):
        path = request.url.path.removeprefix("/client/v4")
        status = next((code for part, code in self.refused.items() if part in path), None)
        if status is not None:
            errors = [{"code": 10000, "message": "Authentication error"}]
            return httpx.Response(status, json={"success": False, "errors": errors})
        results = {
            "/user/tokens/verify": self.token,
            "/zones": [self.zone],
            f"/zones/{ZONE_ID}/settings/security_level": self.level,
        }
        return httpx.Response(200, json={"success": True, "result": results[path]})


def _vector(series):
    result = [{"metric": labels, "value": [0, str(value)]} for labels, value in series]
    data = {"resultType": "vector", "result": result}
    return httpx.Response(200, content=json.dumps({"status": "success", "data": data}))
