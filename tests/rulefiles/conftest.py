"""What the tests of rule files share: the shipped numbers, and files that a test writes."""

import math
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from responder.rulefiles.catalog import Bound, Catalog, read_catalog
from responder.rulefiles.checking import Given, checked
from responder.rulefiles.entries import read_own
from responder.rulefiles.overrides import resolved

ROOT = Path(__file__).parents[2]

SHIPPED = """
groups:
  - name: source
    interval: 5s
    rules:
      - {record: 'instance:load:ratio', expr: node_load1}
  - name: slow
    interval: 5m
    rules:
      - {record: 'instance:load:avg5m', expr: 'avg_over_time(instance:load:ratio[5m])'}
"""
"""A few rules in the place of the shipped ones, which take longer to read."""


DEFAULTS = {
    "load": (2, 1),
    "load_ratio": (2, 1.5),
    "load_floor": (2, 1),
    "run_queue": (3, 1),
    "http_ratio": (2, 1.5),
    "http_floor": (5, 3),
    "pressure": (0.5, 0.2),
}
"""Upper and lower bound, as the tests of overrides count on them."""


ALONE = Bound("alone", "upper")
"""A number without a lower bound."""


def _both(*signals):
    return frozenset(Bound(signal, bound) for signal in signals for bound in ("upper", "lower"))


@pytest.fixture(scope="session")
def shipped_catalog():
    return read_catalog(ROOT / "rules")


@pytest.fixture
def catalog():
    """Give numbers that stay what they are when the shipped ones are tuned."""
    defaults = {
        Bound(signal, bound): float(value)
        for signal, pair in DEFAULTS.items()
        for bound, value in zip(("upper", "lower"), pair, strict=True)
    }
    weight = Bound("load_p95_24h", "weight")
    presets = {
        "balanced": {},
        "sensitive": {Bound("http_ratio", "upper"): 1.5, Bound("http_ratio", "lower"): 1.2},
        "autouam": {weight: 1.0, Bound("http_ratio", "upper"): math.inf},
    }
    return Catalog(
        {**defaults, weight: 0.0, ALONE: 0.0},
        presets,
        of_site=_both("http_ratio", "http_floor"),
        of_instance=_both("load", "load_ratio", "load_floor", "run_queue") | {ALONE},
    )


@pytest.fixture
def own(tmp_path):
    """Read what a user has written."""

    def read(text):
        path = tmp_path / "own.yml"
        path.write_text(text)
        return read_own(path)

    return read


@pytest.fixture
def overrides(own, catalog):
    """Resolve what a user has written; the sites are shop and blog."""
    return lambda text, rules=catalog, sites=("shop", "blog"): resolved(own(text), rules, sites)


@pytest.fixture
def findings(tmp_path):
    """Return what is found in one rule, or in the text of a whole file."""

    def look(rule, names=(), interval=5, without=()):
        shipped = tmp_path / "shipped"
        shipped.mkdir(exist_ok=True)
        (shipped / "rules.yml").write_text(SHIPPED)
        path = tmp_path / "mine.yml"
        groups = {"groups": [{"name": "mine", "interval": "5s", "rules": [rule]}]}
        path.write_text(rule if isinstance(rule, str) else yaml.safe_dump(groups))
        given = Given(
            shipped, {"under_attack", "none"}, names, timedelta(seconds=interval), without
        )
        return checked([path], given).findings

    return look
