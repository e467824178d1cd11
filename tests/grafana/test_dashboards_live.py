"""Every query of every dashboard, asked of a real Prometheus that has seen an attack."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from math import isfinite
from typing import Any

import httpx
import pytest
from grafana.shown import ASKED, Asked, chosen, interpolated, label_values, variables
from support.services import control
from support.stack import CLOCK, Site, edited, numbered, running_chain, serving, until

from responder.demo.processes import Process
from responder.demo.stack import Stack
from responder.simulator.inventory import Account

pytestmark = pytest.mark.e2e

SHOWN = timedelta(minutes=3)
STEP = 1
"""Seconds; as often as this chain scrapes."""

WITHOUT = {
    "thresholds: Thresholds A": ({"site", "instance"}, "no threshold of ours is overridden"),
}
"""Labels that a table shows and that no series has here, with the reason."""

every_query = pytest.mark.parametrize("asked", ASKED, ids=[asked.name for asked in ASKED])


@dataclass(frozen=True, slots=True)
class Network:
    """A site with a prefix."""

    name: str
    prefix: str

    @property
    def target(self) -> str:
        return f"prefix_advertisement:{self.prefix}"


ATTACKED, ADVERTISED = Network("office", "203.0.113.0/24"), Network("branch", "198.51.100.0/24")
"""What Cloudflare stops an attack on, advertised long ago; and what is advertised in the test."""
NETWORKS = (ATTACKED, ADVERTISED)
CALM = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Grafana:
    """Asks as Grafana does."""

    stack: Stack
    sites: tuple[Site, ...]

    def of(self, dashboard: str) -> tuple[Site | Network, ...]:
        """Return what the variables of a dashboard offer."""
        return NETWORKS if dashboard == "prefixes" else (*self.sites, *NETWORKS)

    def ask(
        self, asked: Asked, sites: tuple[Site | Network, ...] | None = None
    ) -> list[dict[str, Any]]:
        """Return the series of a query for these sites; for all of them if none are named."""
        values = {
            "site": chosen([site.name for site in sites]) if sites else ".+",
            "target": chosen([site.target for site in sites or self.of(asked.dashboard)]),
            "rule_files": ".*/rules/.*",
            "__interval": f"{STEP}s",
            "__rate_interval": f"{4 * STEP}s",
            "__range": f"{SHOWN.seconds}s",
        }
        expr, now = interpolated(asked.expr, values), CLOCK.now()
        if asked.instant:
            return self.query("query", expr, time=now.timestamp())
        start = (now - SHOWN).timestamp()
        return self.query("query_range", expr, start=start, end=now.timestamp(), step=STEP)

    def query(self, path: str, expr: str, **when: float) -> list[dict[str, Any]]:
        url = f"{self.stack.url('prometheus')}/api/v1/{path}"
        answer = httpx.post(url, data={"query": expr, **when}, timeout=30).json()
        assert answer["status"] == "success", f"{answer.get('error')}\n{expr}"
        assert "warnings" not in answer, answer["warnings"]
        return answer["data"]["result"]


def numbers(found: list[dict[str, Any]]) -> list[float]:
    """Return every value of an answer."""
    points = [point for one in found for point in one.get("values") or [one["value"]]]
    return [float(value) for _, value in points]


class Edge(BaseHTTPRequestHandler):
    """Tells what the exporter of the stack does not: pressure, and requests that a proxy served."""

    def do_GET(self) -> None:
        passed = CLOCK.monotonic().total_seconds()
        counters = {
            "node_pressure_cpu_waiting_seconds_total": 0.5,
            "haproxy_frontend_http_requests_total": 50,
            'haproxy_frontend_http_responses_total{code="5xx"}': 5,
        }
        body = "".join(f"{name} {passed * rate}\n" for name, rate in counters.items()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


LEARNT = """
groups:
  - name: learnt
    interval: 1s
    rules:
      - {record: 'site:http_requests:baseline', labels: &site {site: elsewhere}, expr: vector(40)}
      - {record: 'site:http_requests:points_7d', labels: *site, expr: vector(576)}
      - {record: 'site:threshold_http_ratio:upper', labels: *site, expr: vector(2.5)}
      - {record: 'site:threshold_http_ratio:lower', labels: *site, expr: vector(1.7)}
      - record: instance:node_load1_per_core:baseline
        labels: &origin {site: elsewhere, instance: 'origin:9100'}
        expr: vector(0.5)
      - {record: 'instance:node_load1_per_core:points_7d', labels: *origin, expr: vector(576)}
"""
"""What is recorded of a site after two days, for which no test can wait.

Of another site than those attacked: what is known there to be usual would explain their load.
"""


def scraping_more(stack: Stack, edge: str) -> None:
    """Let Prometheus scrape the edge, and itself, as the page about the dashboards asks for."""
    learnt = stack.folder / "learnt.yml"
    learnt.write_text(LEARNT)
    with edited(stack, "prometheus.yml") as config:
        config["rule_files"].append(str(learnt))
        own = {"targets": [stack.addresses.prometheus]}
        edges = [{"targets": [edge], "labels": {"site": site}} for site in stack.plan.zones]
        config["scrape_configs"] += [
            {"job_name": "prometheus", "static_configs": [own]},
            {"job_name": "edge", "static_configs": edges},
        ]


def with_prefixes(stack: Stack) -> None:
    """Let the account have prefixes, and the responder watch them."""
    known = stack.processes["simulator"]
    flags = [f"--prefix={ATTACKED.prefix}=advertised", f"--prefix={ADVERTISED.prefix}"]
    stack.processes["simulator"] = Process("simulator", [*known.command, *flags], stack.folder)
    with edited(stack, "responder.yml") as config:
        config["sites"] |= {one.name: {"prefixes": [one.prefix]} for one in NETWORKS}
        config["cloudflare"]["account_id"] = Account().id
        policy = {"name": "prefixes", "mitigation": "prefix_advertisement"}
        config["policies"] = [{**policy, "calm_period": f"{CALM.seconds}s"}]


def attacking(stack: Stack) -> None:
    """Let Cloudflare see traffic and tunnels, since long ago, before the responder looks."""
    flow = {"prefix": ATTACKED.prefix, "starts": -3600}
    stopped = {"outcome": "drop", "system": "dosd", "vector": "SYN flood", "protocol": "TCP"}
    control(stack, "POST", "traffic", {**flow, **stopped, "bits": 8e8, "packets": 1e5})
    control(stack, "POST", "traffic", {**flow, "bits": 2e7, "packets": 2e3})
    for name, health in (("gre-1", "healthy"), ("gre-2", "down")):
        control(stack, "POST", "tunnels", {"name": name, "health": health})
    stack.processes["responder"].stop()
    stack.start_one("responder")


def asking_for(stack: Stack, network: Network) -> None:
    """Let Alertmanager hold an alert about a prefix for some seconds, as Prometheus would."""
    labels = {"alertname": "Flood", "site": network.name, "mitigation": "prefix_advertisement"}
    ends = (CLOCK.now() + timedelta(seconds=6)).isoformat()
    url = stack.url("alertmanager") + "/api/v2/alerts"
    httpx.post(url, json=[{"labels": labels, "endsAt": ends}]).raise_for_status()


@pytest.fixture(scope="module")
def grafana() -> Iterator[Grafana]:
    """Give a Prometheus after attacks: some are over, one goes on, one is not answered."""

    def prepare(stack: Stack) -> None:
        scraping_more(stack, edge)
        with_prefixes(stack)

    with serving(Edge) as edge, running_chain(numbered(3), prepare=prepare) as running:
        stack, chain, exporter = running
        attacking(stack)
        sites = tuple(Site(name, stack, chain, exporter) for name in stack.plan.zones)
        asking, (over, lasting, paused) = Grafana(stack, sites), sites
        paused.order("pause", paused.target, "--for", "10m", "--reason", "a drill")
        paused.overload()
        lasting.overload()
        over.overload()
        for network in NETWORKS:
            state = (
                f'responder_mitigation_state_info{{target="{network.target}",actual!="unknown"}}'
            )
            until(state, lambda state=state: asking.query("query", state))
            asking_for(stack, network)
        over.engage()
        over.calm()
        over.until_state("released")
        lasting.until_state("engaged")
        paused.until_alert("active")
        for state in (
            f'changes(responder_mitigation_engaged{{site="{over.name}"}}[5m]) == 2',
            f'responder_mitigation_engaged{{site="{lasting.name}"}} == 1',
            f'responder_paused{{target="{paused.target}"}} == 1',
            f'ALERTS{{site="{paused.name}",alertstate="firing"}}',
            "prometheus_rule_group_last_duration_seconds",
            f'site:http_requests_5xx:ratio{{site="{lasting.name}"}}',
            "site:http_requests:baseline",
            f'responder_calm_remaining_seconds{{target="{ATTACKED.target}"}} < {CALM.seconds}',
            f'responder_calm_remaining_seconds{{target="{ADVERTISED.target}"}} < {CALM.seconds}',
            f'responder_constrained_until_timestamp_seconds{{target="{ADVERTISED.target}"}}',
            f'responder_edge_attacks{{site="{ATTACKED.name}"}} == 1',
            "responder_edge_flow_bits_per_second",
            "responder_edge_tunnel_state",
            "dataset:edge_samples_complete:ratio10m",
            'count_over_time(responder_mitigation_state_info{actual="on"}[1m:15s])',
        ):
            until(state, lambda state=state: asking.query("query", state))
        yield asking


@every_query
def test_a_query_is_answered_with_what_its_panel_shows(grafana, asked):
    found = grafana.ask(asked)

    assert any(map(isfinite, numbers(found))), f"no number answers {asked.expr}"
    labels = set().union(*(one["metric"] for one in found))
    lacking, _ = WITHOUT.get(asked.name, (set(), ""))
    assert asked.labels - labels == lacking


@every_query
def test_a_query_for_one_site_tells_of_no_other(grafana, asked):
    (_, lasting, _) = grafana.sites
    one_site = ATTACKED if asked.dashboard == "prefixes" else lasting

    found = grafana.ask(asked, (one_site,))

    narrowed = "$site" in asked.expr or "$target" in asked.expr
    told = {
        one["metric"][key] for one in found for key in ("site", "target") if key in one["metric"]
    }
    assert not narrowed or told <= {one_site.name, one_site.target}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Triggers", {"site0": 1, "site1": 1, "site2": 1}),
        ("Engaged", {"site0": 1, "site1": 1, "office": 1, "branch": 1}),
        ("Released", {"site0": 1}),
    ],
)
def test_each_change_is_marked_once(grafana, name, expected):
    (asked,) = [one for one in ASKED if one.place == f"annotation {name}"]

    marks = {one["metric"]["site"]: len(one["values"]) for one in grafana.ask(asked)}

    assert marks == expected


def test_a_mark_has_a_value_that_grafana_draws(grafana):
    marks = [asked for asked in ASKED if asked.place.startswith("annotation ")]

    assert {value > 0 for asked in marks for value in numbers(grafana.ask(asked))} == {True}


def test_variables_offer_what_is_there(grafana):
    offered = {}
    for name, variable in variables("overview").items():
        if variable["type"] == "query":
            (asked,) = [one for one in ASKED if one.name == f"overview: variable {name}"]
            _, label = label_values(variable)
            offered[name] = {one["metric"][label] for one in grafana.ask(asked)}

    assert offered == {
        "site": {site.name for site in (*grafana.sites, *NETWORKS)},
        "target": {site.target for site in (*grafana.sites, *NETWORKS)},
    }


def shown(grafana: Grafana, place: str, *labels: str) -> dict[tuple[str, ...], float]:
    """Return what a panel about prefixes shows at last, by the labels of its series."""
    (asked,) = [one for one in ASKED if one.name == f"prefixes: {place}"]
    return {
        tuple(one["metric"][label] for label in labels): numbers([one])[-1]
        for one in grafana.ask(asked)
    }


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Advertised", 2),
        ("Advertised by others", 0),
        ("Wait for Cloudflare", 1),
        ("Attacks running", 1),
        ("Tunnels that carry", 1),
        ("Proof of calm", 1),
    ],
)
def test_the_figures_of_prefixes_are_true(grafana, title, expected):
    assert shown(grafana, f"{title} A") == {(): expected}


def test_the_countdowns_of_prefixes_count_seconds(grafana):
    constrained = shown(grafana, "Constrained by Cloudflare for A", "target")
    calm = shown(grafana, "Calm still to be proven A", "target")

    assert set(constrained) == {(ADVERTISED.target,)}
    assert 600 < constrained[ADVERTISED.target,] < 900
    assert set(calm) == {(one.target,) for one in NETWORKS}
    assert all(400 < left < 600 for left in calm.values())


def test_a_decision_on_a_prefix_shows_the_moment_at_which_it_ends(grafana):
    until_by_target = shown(grafana, "Decisions that end by themselves A", "target", "reason")

    now = CLOCK.now().timestamp() * 1000
    (constrained,) = [
        until - now
        for (target, reason), until in until_by_target.items()
        if (target, reason) == (ADVERTISED.target, "cooldown")
    ]
    assert 600_000 < constrained < 900_000


def test_the_history_of_a_prefix_tells_its_turns(grafana):
    (asked,) = [one for one in ASKED if one.name == "prefixes: Prefixes A"]

    turns = {one["metric"]["target"]: dict.fromkeys(numbers([one])) for one in grafana.ask(asked)}

    assert [turn for turn in turns[ATTACKED.target] if turn != 5] == [4, 2]
    assert [turn for turn in turns[ADVERTISED.target] if turn not in {1, 5}] == [0, 2]


def test_traffic_of_a_prefix_is_what_cloudflare_saw(grafana):
    found = shown(grafana, "Stopped and passed, bits A", "prefix", "outcome")

    assert found == {
        (ATTACKED.prefix, "mitigated"): 8e8,
        (ATTACKED.prefix, "passed"): 2e7,
        (ADVERTISED.prefix, "mitigated"): 0,
        (ADVERTISED.prefix, "passed"): 0,
    }
