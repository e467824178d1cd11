"""Every query of every dashboard, asked of a real Prometheus that has seen an attack."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from math import isfinite
from typing import Any

import httpx
import pytest
from grafana.shown import ASKED, Asked, chosen, interpolated, label_values, variables
from support.stack import CLOCK, Site, edited, numbered, running_chain, serving, until

from responder.demo.stack import Stack

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
class Grafana:
    """Asks as Grafana does."""

    stack: Stack
    sites: tuple[Site, ...]

    def ask(self, asked: Asked, sites: tuple[Site, ...] | None = None) -> list[dict[str, Any]]:
        """Return the series of a query for these sites; for all of them if none are named."""
        values = {
            "site": chosen([site.name for site in sites]) if sites else ".+",
            "target": chosen([site.target for site in sites or self.sites]),
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


@pytest.fixture(scope="module")
def grafana() -> Iterator[Grafana]:
    """Give a Prometheus after three attacks: one is over, one goes on, one is not answered."""
    with (
        serving(Edge) as edge,
        running_chain(numbered(3), prepare=partial(scraping_more, edge=edge)) as running,
    ):
        stack, chain, exporter = running
        sites = tuple(Site(name, stack, chain, exporter) for name in stack.plan.zones)
        asking, (over, lasting, paused) = Grafana(stack, sites), sites
        paused.order("pause", paused.target, "--for", "10m", "--reason", "a drill")
        paused.overload()
        lasting.overload()
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

    found = grafana.ask(asked, (lasting,))

    narrowed = "$site" in asked.expr or "$target" in asked.expr
    told = {
        one["metric"][key] for one in found for key in ("site", "target") if key in one["metric"]
    }
    assert not narrowed or told <= {lasting.name, lasting.target}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Triggers", {"site0": 1, "site1": 1, "site2": 1}),
        ("Engaged", {"site0": 1, "site1": 1}),
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
        "site": {site.name for site in grafana.sites},
        "target": {site.target for site in grafana.sites},
    }
