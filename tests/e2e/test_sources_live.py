"""What the rules make of real web servers, and their exporters, under real traffic."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml
from support.alertmanager import program
from support.stack import until
from support.webservers import (
    Server,
    Visitors,
    running_apache,
    running_haproxy,
    running_nginx,
    waiting,
)

from responder.demo.addresses import free_ports
from responder.demo.processes import Process, stop_all

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
RATE = 60.0
"""Requests a second. The scrapes, one a second, are requests as well."""
WINDOW = 15.0
"""Seconds of the short rate."""
TOLERANCE = 0.15
HEADERS, BODIES, SILENT = 12, 10, 15
RUNNING = {"nginx": running_nginx, "haproxy": running_haproxy, "apache": running_apache}
LOADED = [*RUNNING, "node-exporter", "http"]
"""Source files whose exporters run here."""
PATHS = {"haproxy": ("/ok",) * 3 + ("/fail",)}
"""One in four is an error, where the server has status codes."""
SLOW = {"nginx": HEADERS + BODIES, "apache": HEADERS + BODIES}
"""Stalled connections there are to be seen, where the source can see them."""


@dataclass
class Watched:
    """The servers that there are, with a Prometheus that scrapes them once a second."""

    url: str
    servers: dict[str, Server]
    visitors: dict[str, Visitors]
    skipped: dict[str, str]

    def value(self, series: str, site: str) -> float | None:
        """Return the one value of a series of a site; None where there is none."""
        query = f'{series}{{site="{site}"}}'
        answer = httpx.get(self.url + "/api/v1/query", params={"query": query}, trust_env=False)
        found = answer.raise_for_status().json()["data"]["result"]
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def server(self, name: str) -> Server:
        if name in self.skipped:
            pytest.skip(self.skipped[name])
        return self.servers[name]

    def until_value(self, series: str, site: str, low: float, high: float) -> None:
        """Wait until it lies between; say where it was when it does not."""
        seen = []

        def look() -> bool:
            seen.append(self.value(series, site))
            return seen[-1] is not None and low <= seen[-1] <= high

        try:
            until(f"{low} <= {series} <= {high} of {site}", look)
        except Exception as error:
            raise AssertionError(f"{error}; it was {seen[-5:]}") from error


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("sources")
    servers, skipped = {}, {}
    with ExitStack() as running:
        for name, start in RUNNING.items():
            own = folder / name
            own.mkdir()
            try:
                servers[name] = running.enter_context(start(own))
            except pytest.skip.Exception as reason:
                skipped[name] = str(reason)
        ports = free_ports()
        node, web = (f"127.0.0.1:{next(ports)}" for _ in range(2))
        targets = {name: one.metrics for name, one in servers.items()} | {"node": node}
        processes = [
            Process("node", [program("node_exporter"), f"--web.listen-address={node}"], folder),
            Process("prometheus", prometheus(folder, web, targets), folder),
        ]
        running.callback(stop_all, processes)
        for process in processes:
            process.start()
        visitors = {
            name: running.enter_context(Visitors(one, RATE, PATHS.get(name, ("/ok",))).visiting())
            for name, one in servers.items()
        }
        seen = Watched(f"http://{web}", servers, visitors, skipped)
        until("all targets", lambda: scraped(seen.url) == set(targets))
        yield seen


def prometheus(folder: Path, web: str, targets: dict[str, str]) -> list[str]:
    """Write a configuration that scrapes and records every second; return the command."""
    rules = folder / "rules"
    rules.mkdir()
    for name in LOADED:
        text = (ROOT / f"rules/sources/{name}.yml").read_text()
        assert "interval: 5s" in text
        (rules / f"{name}.yml").write_text(text.replace("interval: 5s", "interval: 1s"))
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [f"{rules}/*.yml"],
        "scrape_configs": [
            {
                "job_name": name,
                "static_configs": [{"targets": [address], "labels": {"site": name}}],
            }
            for name, address in targets.items()
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    return [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={web}",
    ]


def scraped(url: str) -> set[str]:
    try:
        answer = httpx.get(url + "/api/v1/query", params={"query": "up == 1"}, trust_env=False)
    except httpx.HTTPError:
        return set()
    if not answer.is_success:
        return set()
    return {one["metric"]["site"] for one in answer.json()["data"]["result"]}


@pytest.mark.parametrize("name", RUNNING)
def test_the_rate_of_requests_is_what_was_sent(watched, name):
    watched.server(name)
    visitors, seen = watched.visitors[name], []

    def agrees() -> bool:
        sent, value = visitors.per_second(WINDOW), watched.value(series, name)
        seen.append((sent, value))
        # Until the visits and the samples of them fill the window, both are less.
        return sent > 0.5 * RATE and value == pytest.approx(sent + 1, rel=TOLERANCE)

    series = "instance:http_requests:rate15s"
    until("agreement of sent and seen", agrees)
    assert seen[-1][1] > 0.4 * RATE


@pytest.mark.parametrize("name", RUNNING)
def test_the_long_rate_of_a_site_comes_from_its_source(watched, name):
    watched.server(name)
    until("a rate", lambda: watched.value("site:http_requests:rate1m", name))
    long = watched.value("instance:http_requests:rate1m", name)
    # A minute is not over yet: it is what was sent until now, spread over the minute.
    assert 0 < long <= RATE * (1 + TOLERANCE)
    assert watched.value("site:http_requests:rate1m", name) == pytest.approx(long, rel=TOLERANCE)


def test_errors_are_told_where_the_server_has_status_codes(watched):
    watched.server("haproxy")
    watched.until_value("site:http_requests_5xx:ratio", "haproxy", 0.2, 0.3)


@pytest.mark.parametrize("name", ["nginx", "apache"])
def test_no_errors_are_told_where_there_are_no_status_codes(watched, name):
    watched.server(name)
    assert watched.value("site:http_requests_5xx:ratio", name) is None


@pytest.mark.parametrize("name", SLOW)
def test_slow_clients_are_stalled_connections_until_they_go(watched, name):
    server, series = watched.server(name), "instance:http_stalled_connections:sum"
    # The visitor's own request may be under way at the moment of the scrape.
    watched.until_value(series, name, 0, 3)
    with waiting(server, half_a_header=HEADERS, half_a_body=BODIES):
        watched.until_value(series, name, SLOW[name], 2 * SLOW[name])
    watched.until_value(series, name, 0, 3)


def test_the_proxy_in_between_is_a_connection_of_its_own(watched):
    """A body that stalls is one connection, since nothing is passed on before it is there."""
    server, series = watched.server("nginx"), "instance:http_stalled_connections:sum"
    with waiting(server, half_a_body=BODIES):
        watched.until_value(series, "nginx", BODIES, BODIES + 3)


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
def test_every_connection_is_open_also_the_silent_ones(watched, name):
    server, series = watched.server(name), "instance:http_open_connections:sum"
    watched.until_value(series, name, 1, 6)
    with waiting(server, half_a_header=HEADERS, silent=SILENT):
        watched.until_value(series, name, HEADERS + SILENT + 1, HEADERS + SILENT + 6)
    watched.until_value(series, name, 1, 6)


def test_silent_connections_are_not_stalled_but_idle(watched):
    server = watched.server("nginx")
    with waiting(server, silent=SILENT):
        watched.until_value("instance:http_open_connections:sum", "nginx", SILENT, SILENT + 6)
        assert watched.value("instance:http_stalled_connections:sum", "nginx") <= 3


def test_apache_shows_the_connections_that_have_a_worker(watched):
    server, series = watched.server("apache"), "instance:http_open_connections:sum"
    with waiting(server, half_a_header=HEADERS):
        watched.until_value(series, "apache", HEADERS, HEADERS + 6)


def test_node_exporter_counts_connections_of_the_machine(watched):
    server = watched.server("haproxy")
    before = watched.value("instance:node_netstat_established:count", "node")
    with waiting(server, silent=100):
        # Both ends are of this machine; others on it may come and go.
        watched.until_value("instance:node_netstat_established:count", "node", before + 120, 1e6)
    assert watched.value("instance:node_netstat_passive_opens:rate1m", "node") > 0


def test_no_rule_fails_on_what_the_exporters_say(watched):
    answer = httpx.get(watched.url + "/api/v1/rules", trust_env=False).json()
    rules = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
    assert [rule["lastError"] for rule in rules if rule["health"] == "err"] == []
