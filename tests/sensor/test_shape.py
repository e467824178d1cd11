"""The series that rules are tested with are those that the sensor exports, and are explained."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from responder.metrics import EDGE_GAUGES
from responder.sensor import Board, EdgeCollector

ROOT = Path(__file__).parents[2]
LABELS = {
    **{f"responder_{name}": set(labels) for name, (_, labels) in EDGE_GAUGES.items()},
    "responder_edge_samples_total": {"dataset", "outcome"},
}
TESTS = [
    path for path in (ROOT / "rules/tests").glob("*.yml") if "responder_edge_" in path.read_text()
]


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_are_tested_with_the_series_that_are_exported(path):
    series = [
        one["series"]
        for case in yaml.safe_load(path.read_text())["tests"]
        for one in case["input_series"]
        if one["series"].startswith("responder_edge_")
    ]
    told = {one: set(re.findall(r'(\w+)="', one)) for one in series}
    assert told == {one: LABELS[one.partition("{")[0]] for one in series}


def test_all_four_detectors_are_tested_so():
    assert {path.stem for path in TESTS} == {
        "edge-attack-ongoing",
        "edge-still-mitigating",
        "sensor-blind-edge",
        "tunnel-health",
    }


@pytest.mark.parametrize("name", LABELS)
def test_every_metric_is_explained(name):
    assert f"`{name}`" in (ROOT / "docs/edge-sensor.md").read_text()


def test_every_name_is_there_from_the_first_scrape():
    found = {family.name for family in EdgeCollector(Board(timedelta)).collect()}
    assert found == {f"responder_{name}" for name in EDGE_GAUGES}
