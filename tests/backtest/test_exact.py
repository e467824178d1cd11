"""The fast replay says what a real Prometheus would have said, step by step."""

import math
import random
from collections import Counter

import httpx
import pytest
from backtest.stepwise import Stepwise, empty_prometheus, write

from responder.backtest.program import compiled
from responder.backtest.replay import Window, replay_prometheus
from responder.backtest.rules import read_rules
from responder.shipped import shipped_folder

pytestmark = pytest.mark.integration

STEP, SCRAPE = 60, 5
BEGIN = 1_790_640_000
QUIET = 6.2 * 60
"""Minutes of ordinary days, from which the baselines come."""
HOURS = 8.5
DETECTORS = (
    "http-flood",
    "http-flood-sharp",
    "origin-load-absolute",
    "origin-load-relative",
    "origin-overload",
    "sensor-blind",
)
FILES = [
    shipped_folder("rules") / name
    for name in (
        "thresholds.yml",
        "overrides.yml",
        "last-known.yml",
        "origin-health.yml",
        "sources/node-exporter.yml",
        "sources/nginx.yml",
        "sources/http.yml",
        "baselines/http-requests.yml",
        "baselines/origin-load.yml",
        *(f"detectors/{name}.yml" for name in DETECTORS),
    )
]


class Origin:
    """Raw samples of a site whose last hours hover around every bound, with gaps."""

    def __init__(self, site, *, serves):
        self.draw = random.Random(site)
        self.site, self.serves = ("site", site), serves
        self.requests, self.waited, self.load = 0.0, 0.0, 0.3
        self.level, self.work = 1.0, 0.6

    def samples(self, until):
        """Return what was scraped in the step that ends then."""
        for at in range(until - STEP + SCRAPE, until + 1, SCRAPE):
            yield from self._scraped(at - 2.0)

    def _scraped(self, at):
        minute = (at - BEGIN) / 60
        if minute > QUIET and int(at) % 180 < SCRAPE:
            self.level = self.draw.choice((1, 1, 1.8, 2.6, 4, 12))
            self.work = self.draw.choice((0.3, 1.2, 2.2, 4.4, 9, 20))
        rate = 20 * self.level * self.draw.gauss(1, 0.03)
        self.requests += max(rate, 0) * SCRAPE
        self.load += (self.work - self.load) * (1 - math.exp(-SCRAPE / 60))
        self.waited += min(max(self.work / 4 - 0.2, 0.01), 1) * SCRAPE
        node = (("instance", "node:1"), self.site)
        dead = QUIET + 40 < minute < QUIET + 65 or QUIET + 90 < minute < QUIET + 94
        yield ("up", (*node, ("job", "node")), at, 0.0 if dead else 1.0)
        if self.serves:
            yield ("nginx_http_requests_total", (("instance", "web"), self.site), at, self.requests)
        if dead:
            return
        for cpu in "01":
            yield ("node_cpu_seconds_total", (*node, ("mode", "idle"), ("cpu", cpu)), at, at / 2)
        yield ("node_load1", node, at, round(self.load, 2))
        yield ("node_procs_running", node, at, float(max(round(self.work), 1)))
        yield ("node_pressure_cpu_waiting_seconds_total", node, at, self.waited)


def in_order(rules):
    """Return the rules that matter, each after what it reads."""
    program = compiled(rules)
    moving = [rule for one in program.recordings for rule, _ in one.rules]
    return [one for one in rules if one.name in program.constants] + moving


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Replay the same hours in both ways."""
    with empty_prometheus(tmp_path_factory.mktemp("stepwise")) as url:
        end = BEGIN + int(HOURS * 3600)
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            stepwise = Stepwise(client, in_order(read_rules(FILES)), STEP)
            origins = [Origin("shop", serves=True), Origin("jobs", serves=False)]
            for now in range(BEGIN, end, STEP):
                write(client, [one for origin in origins for one in origin.samples(now)])
                stepwise.advance(now)
        fast = replay_prometheus(url, FILES, Window(BEGIN, end, STEP))
        return stepwise.finish(end), fast


def test_every_alert_fires_and_ends_at_the_same_moments(both):
    exact, fast = both
    own = {rule.name: {*rule.labels, "alertname"} for rule in read_rules(FILES)}
    told = sorted(
        (
            one.name,
            tuple(sorted(item for item in one.labels.items() if item[0] not in own[one.name])),
            one.begin,
            one.end,
        )
        for one in fast
    )

    assert told == exact


def test_the_past_that_is_compared_makes_each_detector_fire_more_than_once(both):
    exact, _ = both

    assert all(count > 1 for count in Counter(one[0] for one in exact).values())
    assert len({one[0] for one in exact}) == len(DETECTORS)
