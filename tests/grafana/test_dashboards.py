"""The committed dashboards: made by the generator, whole, portable, and true to our metrics."""

import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import yaml
from grafana.shown import (
    ASKED,
    DASHBOARDS,
    FILES,
    ROOT,
    VARIABLE,
    chosen,
    interpolated,
    panels,
    variables,
)
from prometheus_client import CollectorRegistry, Metric
from promql_parser import VectorSelector, parse, walk

from responder.domain.clock import Moment
from responder.metrics import Live, LiveCollector, Metrics
from responder.sensor import Board, EdgeCollector
from responder.shipped import shipped_folder

OURS = {"type": "prometheus", "uid": "${datasource}"}
BUILT_IN = {"__interval", "__range", "__rate_interval"}
UNITS = {"bps", "cps", "none", "percentunit", "pps", "reqps", "s", "short"}
PROMETHEUS_OWN = {
    "ALERTS",
    "prometheus_config_last_reload_successful",
    "prometheus_notifications_alertmanagers_discovered",
    "prometheus_notifications_dropped_total",
    "prometheus_notifications_errors_total",
    "prometheus_notifications_sent_total",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_group_interval_seconds",
    "prometheus_rule_group_iterations_missed_total",
    "prometheus_rule_group_last_duration_seconds",
    "scrape_duration_seconds",
    "up",
}
SINGLE = {"orientation", "reduceOptions", "text"}
OPTIONS = {
    "bargauge": SINGLE
    | {"displayMode", "legend", "maxVizHeight", "minVizHeight", "minVizWidth", "namePlacement"}
    | {"showUnfilled", "sizing", "valueMode"},
    "stat": SINGLE
    | {"colorMode", "graphMode", "justifyMode", "percentChangeColorMode", "showPercentChange"}
    | {"textMode", "wideLayout"},
    "state-timeline": {"alignValue", "legend", "mergeValues", "perPage", "rowHeight", "showValue"}
    | {"timezone", "tooltip"},
    "table": {"cellHeight", "footer", "frameIndex", "showHeader", "sortBy"},
    "timeseries": {"legend", "orientation", "timezone", "tooltip"},
}
"""What each kind of panel knows, by Grafana's own schema: it ignores a misspelt one in silence."""

every_dashboard = pytest.mark.parametrize("name", DASHBOARDS)
every_query = pytest.mark.parametrize("asked", ASKED, ids=[asked.name for asked in ASKED])


def exposed():
    """Return every name that the responder shows to Prometheus."""
    registry = CollectorRegistry()
    Metrics(registry)
    registry.register(LiveCollector(lambda: Live(Moment(datetime(2026, 11, 20, tzinfo=UTC)))))
    registry.register(EdgeCollector(Board(timedelta)))
    return {name for family in registry.collect() for name in _names(family)}


def _names(family: Metric):
    endings = {
        "counter": ("_total",),
        "histogram": ("_bucket", "_count", "_sum"),
        "info": ("_info",),
    }
    return [family.name + ending for ending in endings.get(family.type, ("",))]


def recorded():
    """Return every name that a rule records."""
    texts = [path.read_text() for path in (ROOT / "rules").rglob("*.yml")]
    return {
        name for text in texts for name in re.findall(r"^\s+- record: (\S+)", text, re.MULTILINE)
    }


def some(expr, rate="1m"):
    """Return an expression as Grafana would ask it, with any values."""
    values = {"site": ".+", "target": chosen(["under_attack:a.example", "under_attack:b.example"])}
    times = {"__interval": "15s", "__rate_interval": rate, "__range": "3600s"}
    return interpolated(expr, {**values, **times, "rule_files": ".*/rules/.*"})


def everywhere(node):
    """Return every object inside of a document."""
    found = [node] if isinstance(node, dict) else []
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return found + [one for each in inside for one in everywhere(each)]


@pytest.mark.integration
def test_what_is_committed_is_what_the_generator_writes(tmp_path):
    command = [sys.executable, "-m", "grafana.generator", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True)

    written = {path.name: path.read_text() for path in tmp_path.iterdir()}

    assert written == {path.name: path.read_text() for path in FILES}, (
        "run python3 -m grafana.generator"
    )


def test_each_dashboard_has_a_name_of_its_own_that_stays():
    uids = [board["uid"] for board in DASHBOARDS.values()]

    assert uids == [f"responder-{name}" for name in DASHBOARDS]
    assert len({board["title"] for board in DASHBOARDS.values()}) == len(DASHBOARDS) == 7


@every_dashboard
def test_a_dashboard_loads_anywhere(name):
    board = DASHBOARDS[name]

    assert {"id", "__inputs", "__requires", "__elements"} & set(board) == set()
    assert board["schemaVersion"] >= 39
    assert board["editable"] is True
    assert board["tags"] == ["responder"]
    assert board["description"].endswith(".")


@every_dashboard
def test_a_dashboard_sets_its_time_and_its_refresh(name):
    board = DASHBOARDS[name]

    assert re.fullmatch(r"now-\d+[hd]", board["time"]["from"])
    assert board["time"]["to"] == "now"
    assert re.fullmatch(r"\d+[sm]", board["refresh"])


@every_dashboard
def test_everything_asks_the_prometheus_that_is_chosen(name):
    board = DASHBOARDS[name]
    first = board["templating"]["list"][0]
    sources = [one["datasource"] for one in everywhere(board) if "datasource" in one]

    assert (first["name"], first["type"], first["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )
    asking = [panel for panel in panels(name) for panel in (panel, *panel["targets"])]
    assert all(one["datasource"] == OURS for one in asking)
    assert [one for one in sources if one != OURS] == [{"type": "grafana", "uid": "-- Grafana --"}]


@every_dashboard
def test_the_variables_that_are_used_are_those_that_are_there(name):
    asked = [one.expr for one in ASKED if one.dashboard == name]
    used = {found[1] or found[2] for expr in asked for found in VARIABLE.finditer(expr)}

    assert used - BUILT_IN == set(variables(name)) - {"datasource"}


@every_dashboard
def test_variables_of_several_values_stand_in_regular_expressions(name):
    loose = [
        one.name
        for one in ASKED
        if one.dashboard == name and re.search(r'(?<!=~)"\$(site|target)"', one.expr)
    ]

    assert loose == []


@every_dashboard
def test_the_panels_of_a_dashboard_can_be_told_apart(name):
    everything = DASHBOARDS[name]["panels"]

    assert Counter(one["id"] for one in everything).most_common(1)[0][1] == 1
    assert Counter(one["title"] for one in everything).most_common(1)[0][1] == 1
    assert all(one["title"] for one in everything)


@every_dashboard
def test_the_panels_cover_the_grid_without_gaps_and_overlaps(name):
    places = [one["gridPos"] for one in DASHBOARDS[name]["panels"]]
    covered = Counter(
        (x, y)
        for at in places
        for x, y in product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
    )
    bottom = max(at["y"] + at["h"] for at in places)

    assert covered == Counter(product(range(24), range(bottom)))


@every_dashboard
def test_a_panel_says_what_it_shows_and_in_which_unit(name):
    for panel in panels(name):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]


@every_dashboard
def test_a_panel_uses_the_options_of_its_kind(name):
    for panel in panels(name):
        assert set(panel["options"]) <= OPTIONS[panel["type"]], panel["title"]


@every_dashboard
def test_a_panel_asks_what_its_kind_can_show(name):
    at_one_moment = {"bargauge", "stat", "table"}
    for panel in panels(name):
        for target in panel["targets"]:
            assert target["instant"] == (panel["type"] in at_one_moment), panel["title"]
            assert target["range"] != target["instant"]
            assert target["format"] == ("table" if panel["type"] == "table" else "time_series")
        refs = [target["refId"] for target in panel["targets"]]
        assert refs == sorted(set(refs))


@every_dashboard
def test_thresholds_begin_at_minus_infinity_and_rise(name):
    for panel in panels(name):
        first, *others = [
            step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        ]
        assert first is None, panel["title"]
        assert others == sorted(set(others)), panel["title"]


@every_dashboard
def test_what_is_overridden_exists(name):
    for panel in panels(name):
        renamed = {
            new
            for one in panel["transformations"]
            if one["id"] == "organize"
            for new in one["options"]["renameByName"].values()
        }
        shown = renamed | {target["legendFormat"] for target in panel["targets"]}
        overridden = {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]}
        assert overridden <= shown, panel["title"]


@every_query
def test_an_expression_is_promql(asked):
    assert parse(some(asked.expr)).prettify()


@every_query
def test_an_expression_names_only_metrics_that_exist(asked):
    known = exposed() | recorded() | PROMETHEUS_OWN
    selectors = []

    def visit(node):
        if isinstance(node, VectorSelector):
            selectors.append(node)

    walk(parse(some(asked.expr)), visit)

    assert selectors
    for one in selectors:
        assert any(re.fullmatch(pattern(one), name) for name in known), one.prettify()


def pattern(selector):
    """Return a regular expression for the names that a selector takes."""
    if selector.name:
        return re.escape(selector.name)
    (by_name,) = [one.value for one in selector.matchers.matchers if one.name == "__name__"]
    return by_name


def test_grafana_is_given_a_prometheus_and_the_dashboards():
    folder = ROOT / "grafana/provisioning"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards/responder.yml").read_text())["providers"]

    assert (source["type"], source["url"]) == ("prometheus", "${PROMETHEUS_URL}")
    assert provider["options"]["path"] == "${RESPONDER_DASHBOARDS}"
    readme = (ROOT / "grafana/README.md").read_text()
    assert "PROMETHEUS_URL" in readme
    assert "RESPONDER_DASHBOARDS" in readme


def test_rates_have_two_samples_at_the_longest_scrape_interval_of_the_example():
    path = ROOT / "grafana/provisioning/datasources/prometheus.yml"
    (source,) = yaml.safe_load(path.read_text())["datasources"]
    example = yaml.safe_load((ROOT / "docs/examples/prometheus.yml").read_text())

    assert source["jsonData"]["timeInterval"] == example["global"]["scrape_interval"]


def test_the_dashboards_travel_with_the_program():
    shipped = shipped_folder("grafana")

    assert sorted(path.name for path in (shipped / "dashboards").iterdir()) == [
        path.name for path in FILES
    ]


def test_the_page_about_the_dashboards_tells_of_each():
    page = (ROOT / "docs/dashboards.md").read_text()

    assert [name for name in DASHBOARDS if f"`{name}.json`" not in page] == []
