"""The JSON schema that is shipped: up to date, and of one mind with the validator."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from responder.rulefiles.entries import read_own
from responder.rulefiles.overrides import resolved
from responder.rulefiles.schema import thresholds_schema
from responder.rulefiles.written import UnreadableError, read_written

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "responder/rulefiles/thresholds.schema.json"
EXAMPLE = ROOT / "docs/examples/thresholds.yml"


@pytest.fixture(scope="module")
def schema():
    return Draft202012Validator(json.loads(SHIPPED.read_text()))


def test_the_shipped_schema_is_that_of_the_shipped_rules(shipped_catalog):
    # `responder rules render --schema > responder/rulefiles/thresholds.schema.json`
    assert json.loads(SHIPPED.read_text()) == thresholds_schema(shipped_catalog)


def test_the_schema_is_one():
    Draft202012Validator.check_schema(json.loads(SHIPPED.read_text()))


def test_both_accept_the_example(schema, shipped_catalog):
    assert schema.is_valid(read_written(EXAMPLE).plain())
    assert resolved(read_own(EXAMPLE), shipped_catalog, {"shop", "blog"}).constants


GOOD = [
    {"signal": "load", "upper": 4},
    {"signal": "load", "upper": 4.5, "lower": 0, "factor": 3, "floor": 2},
    {"signal": "load", "instance": "web1:9100", "upper": "off"},
    {"signal": "http", "factor": 3, "floor": 50},
    {"signal": "http", "factor": "off"},
    {"signal": "http_sharp", "factor": 3},
    {"signal": "connections", "instance": "a", "factor": 4},
    {"signal": "http_5xx", "upper": 0.4, "floor": 2},
    {"signal": "net_packets", "upper": 1e6},
    {"preset": "sensitive"},
    {"preset": "balanced"},
]
BAD = [
    {},
    {"signal": "load"},
    {"signal": "nothing", "upper": 4},
    {"signal": "pressure", "upper": 0.9},
    {"upper": 4},
    {"signal": "load", "upper": "4"},
    {"signal": "load", "upper": True},
    {"signal": "load", "upper": None},
    {"signal": "load", "upper": -1},
    {"signal": "load", "lower": -1},
    {"signal": "load", "lower": "off"},
    {"signal": "load", "floor": "off"},
    {"signal": "load", "floor": -1},
    {"signal": "load", "upper": 4, "colour": "red"},
    {"signal": "load", "upper": 4, "instance": ""},
    {"signal": "load", "upper": 4, "site": 12},
    {"signal": "http", "upper": 4},
    {"signal": "http", "factor": 3, "instance": "a"},
    {"signal": "http_sharp", "floor": 9},
    {"signal": "http_5xx", "factor": 3},
    {"signal": "run_queue", "factor": 4},
    {"signal": "sick_load", "upper": 0.9, "instance": "a"},
    {"preset": "wild"},
    {"preset": "autouam"},
    {"preset": "sensitive", "signal": "load", "upper": 4},
    {"preset": "sensitive", "instance": "a"},
]


def is_accepted(own, shipped_catalog, document):
    try:
        resolved(own(yaml.safe_dump(document)), shipped_catalog, {"shop", 12})
    except UnreadableError:
        return False
    return True


@pytest.mark.parametrize("entry", GOOD, ids=str)
def test_both_accept_what_is_right(schema, own, shipped_catalog, entry):
    document = {"thresholds": [{"site": "shop", **entry}]}
    assert schema.is_valid(document)
    assert is_accepted(own, shipped_catalog, document)


@pytest.mark.parametrize("entry", BAD, ids=str)
def test_both_refuse_what_is_wrong(schema, own, shipped_catalog, entry):
    document = {"thresholds": [{"site": "shop", **entry}]}
    assert not schema.is_valid(document)
    assert not is_accepted(own, shipped_catalog, document)


@pytest.mark.parametrize(
    ("document", "right"),
    [
        ({"preset": "autouam"}, True),
        ({"preset": "sensitive", "thresholds": []}, True),
        ({}, True),
        ({"preset": "wild"}, False),
        ({"preset": None}, False),
        ({"thresholds": None}, False),
        ({"thresholds": {"site": "shop"}}, False),
        ({"threshold": []}, False),
        ({"thresholds": [{"signal": "load", "upper": 4}]}, False),
        ([], False),
        ("text", False),
    ],
    ids=str,
)
def test_both_judge_a_whole_file_alike(schema, own, shipped_catalog, document, right):
    assert schema.is_valid(document) is right
    assert is_accepted(own, shipped_catalog, document) is right
