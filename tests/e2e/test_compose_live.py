"""What `docker compose up` would run, run without containers: same commands, same files."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from json import loads
from pathlib import Path

import httpx
import pytest
import yaml
from support.alertmanager import program
from support.compose import FILE, ROOT, Ground, compose, instructions, mounts, ports_of
from support.stack import until

from responder.demo.addresses import free_ports
from responder.demo.processes import Process, stop_all

pytestmark = pytest.mark.e2e

PLAIN = compose({})
RUN = ["simulator", "node-exporter", "prometheus", "alertmanager", "responder"]
"""In the order of starting. There is no Grafana here, and `pod` is this machine."""
PROGRAMS = {"prometheus": "prometheus", "alertmanager": "alertmanager"}
PROGRAMS["node-exporter"] = "node_exporter"
PORTS = {"prometheus": 9090, "alertmanager": 9093, "responder": 9847, "simulator": 8787}
PATIENT = timedelta(minutes=2)
ALERT = {"alertname": "HandMade", "site": "shop", "mitigation": "under_attack"}


@dataclass
class Pod:
    """The running services, asked at their ports of the file."""

    ground: Ground
    processes: dict[str, Process]

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ground.ports[PORTS[service]]}"

    def get(self, service: str, path: str, **query: str) -> httpx.Response | None:
        try:
            return httpx.get(self.url(service) + path, params=query, timeout=15, trust_env=False)
        except httpx.HTTPError:
            return None

    def query(self, expression: str) -> list[dict]:
        answer = self.get("prometheus", "/api/v1/query", query=expression)
        return answer.json()["data"]["result"] if answer and answer.is_success else []

    def until(self, what: str, look) -> object:
        try:
            return until(what, look, PATIENT)
        finally:
            for name, process in self.processes.items():
                assert process.exit_code is None, f"{name} has ended:\n{process.last_lines()}"


def command_of(name: str, ground: Ground) -> list[str]:
    """Return the command of a service with its paths and addresses on the ground."""
    service = PLAIN["services"][name]
    words = [ground.localized(word, service) for word in service["command"]]
    if name in PROGRAMS:
        return [program(PROGRAMS[name]), *words]
    return ours(service, ground, words)


def ours(service: dict, ground: Ground, words: list[str]) -> list[str]:
    """Return a command of ours as it is run within a service, with what that has been told."""
    told = service.get("environment", {})
    settings = [f"{key}={ground.localized(value, service)}" for key, value in told.items()]
    return ["/usr/bin/env", *settings, sys.executable, "-m", "responder", *words]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    mounted = ["docs/examples/prometheus.yml", "alertmanager/alertmanager.yml"]
    texts = [ROOT / one for one in [*mounted, ".docker/responder.yml"]]
    known = sorted(ports_of(FILE.read_text()).union(*(ports_of(one.read_text()) for one in texts)))
    ports = dict(zip(known, islice(free_ports(), len(known)), strict=True))
    made = Ground(tmp_path_factory.mktemp("pod"), ports)
    made.prepare({name: PLAIN["services"][name] for name in (*RUN, "tokens")})
    return made


@pytest.fixture(scope="module")
def pod(ground: Ground) -> Iterator[Pod]:
    tokens = PLAIN["services"]["tokens"]
    words = [ground.localized(word, tokens) for word in tokens["entrypoint"]]
    subprocess.run(words, check=True)
    processes = {name: Process(name, command_of(name, ground), ground.folder) for name in RUN}
    try:
        for process in processes.values():
            process.start()
        yield Pod(ground, processes)
    finally:
        stop_all(processes.values())


def place(ground: Ground, service: str, target: str) -> Path:
    return next(
        ground.place(one) for one in mounts(PLAIN["services"][service]) if one.target == target
    )


def checked(words: list) -> subprocess.CompletedProcess:
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_promtool_takes_what_prometheus_is_given(ground):
    path = place(ground, "prometheus", "/shipped/docs/examples") / "prometheus.yml"
    done = subprocess.run(
        ["promtool", "check", "config", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rule files found" in done.stdout


def test_amtool_takes_what_alertmanager_is_given(ground):
    path = place(ground, "alertmanager", "/shipped/alertmanager") / "alertmanager.yml"
    done = subprocess.run(
        ["amtool", "check-config", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_addresses_and_paths_differ_from_what_is_committed(ground):
    shipped = yaml.safe_load((ROOT / "alertmanager/alertmanager.yml").read_text())
    copied = place(ground, "alertmanager", "/shipped/alertmanager") / "alertmanager.yml"
    run = yaml.safe_load(copied.read_text())
    assert run["route"] == shipped["route"]
    assert run["receivers"] != shipped["receivers"]


def test_every_target_is_up(pod):
    config = yaml.safe_load((ROOT / "docs/examples/prometheus.yml").read_text())
    jobs = sorted(one["job_name"] for one in config["scrape_configs"])
    pod.until(
        "all targets up",
        lambda: sorted(one["metric"]["job"] for one in pod.query("up == 1")) == jobs,
    )
    assert pod.query("up == 0") == []


def test_every_rule_is_loaded_and_well(pod):
    def groups():
        answer = pod.get("prometheus", "/api/v1/rules")
        return answer.json()["data"]["groups"] if answer and answer.is_success else []

    files = {path for path in (ROOT / "rules").rglob("*.yml") if "tests" not in path.parts}
    pod.until("rules", groups)
    loaded = groups()
    assert len({one["file"] for one in loaded}) == len(files)
    assert [
        rule["name"] for one in loaded for rule in one["rules"] if rule["health"] == "err"
    ] == []


def test_the_load_of_this_machine_is_measured(pod):
    series = 'instance:node_load1_per_core:ratio{site="shop"}'
    pod.until("a load", lambda: pod.query(series))
    assert float(pod.query(series)[0]["value"][1]) >= 0


def test_the_responder_is_well_and_its_health_check_says_so(pod):
    def healthy():
        answer = pod.get("responder", "/health")
        return answer and answer.is_success and answer.json()["status"] == "ok"

    pod.until("health", healthy)
    assert pod.get("responder", "/ready").status_code == 200


def test_a_webhook_comes_through_with_the_token_that_was_made(pod):
    series = 'responder_webhook_requests_total{code="200",source="alertmanager"}'
    pod.until("a webhook", lambda: float((pod.query(series) or [{"value": [0, 0]}])[0]["value"][1]))
    refused = pod.query('responder_webhook_requests_total{code="401"} > 0')
    assert refused == []


def test_an_alert_switches_the_zone_at_the_simulator(pod):
    pod.until("an answer", lambda: pod.get("responder", "/ready"))
    token = (place(pod.ground, "responder", "/var/lib/responder") / "api.token").read_text().strip()
    url = pod.url("responder") + "/api/v1/targets/under_attack:example.com"

    def reached():
        answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        target = answer.raise_for_status().json()
        names = {one["alertname"] for one in target["alerts"]}
        return ALERT["alertname"] in names and target["state"] == "engaged"

    posted = httpx.post(
        pod.url("alertmanager") + "/api/v2/alerts", json=[{"labels": ALERT}], trust_env=False
    )
    assert posted.is_success
    pod.until("Under Attack Mode", reached)
    zones = pod.get("simulator", "/simulator/state").json()["zones"]
    assert [(one["name"], one["level"]) for one in zones] == [("example.com", "under_attack")]


@pytest.mark.parametrize("service", ["responder", "simulator"])
def test_a_health_check_tells_a_service_that_answers_from_one_that_is_gone(pod, service):
    text = dict(instructions())["HEALTHCHECK"].partition("CMD ")[2]
    test = PLAIN["services"][service].get("healthcheck", {}).get("test") or ["CMD", *loads(text)]
    port = str(PORTS[service])

    def exit_code(instead: int) -> int:
        words = [word.replace(port, str(instead)) for word in test[1:]]
        return subprocess.run(words, check=False, capture_output=True).returncode

    pod.until("a good health check", lambda: exit_code(pod.ground.ports[PORTS[service]]) == 0)
    assert exit_code(next(free_ports())) != 0


def test_the_command_that_the_page_shows_asks_the_service(pod):
    (shown,) = re.findall(
        r"docker compose exec responder responder (.*)", (ROOT / "docs/docker.md").read_text()
    )
    pod.until("an answer", lambda: pod.get("responder", "/ready"))
    service = PLAIN["services"]["responder"]
    words = [pod.ground.localized(word, service) for word in shown.split()]
    done = checked(ours(service, pod.ground, words))
    assert done.returncode == 0, done.stderr
    assert "under_attack:example.com" in done.stdout


def test_the_store_and_the_tokens_are_in_the_volumes(pod):
    pod.until("an answer", lambda: pod.get("responder", "/ready"))
    state = place(pod.ground, "responder", "/var/lib/responder")
    found = {path.name for path in state.iterdir()}
    assert {"responder.db", "api.token", "webhook.token"} <= found
