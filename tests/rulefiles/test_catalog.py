"""What is read of a folder of rules."""

import math

import pytest

from responder.errors import ConfigError
from responder.rulefiles.catalog import BALANCED, Bound, read_catalog

THRESHOLDS = """
groups:
  - name: thresholds
    rules:
      - {record: 'mitigation:preset', labels: {preset: bold}, expr: vector(1)}
      - record: mitigation:threshold:default
        labels: {signal: load, bound: upper}
        expr: vector(2.0)
      - record: mitigation:threshold:default
        labels: {signal: http_ratio, bound: upper}
        expr: vector(5e3)
      - record: mitigation:threshold:preset
        labels: {preset: bold, signal: load, bound: upper}
        expr: vector(Inf)
      - {record: 'mitigation:threshold:global', expr: 'max by (signal, bound) (x)'}
"""
OVERRIDES = """
groups:
  - name: overrides
    rules:
      - {record: 'instance:threshold_load:upper', expr: x}
      - {record: 'site:threshold_http_ratio:upper', expr: x}
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "thresholds.yml").write_text(THRESHOLDS)
    (tmp_path / "overrides.yml").write_text(OVERRIDES)
    return tmp_path


def test_numbers_presets_and_what_can_be_overridden_are_read(rules):
    catalog = read_catalog(rules)
    load, ratio = Bound("load", "upper"), Bound("http_ratio", "upper")
    assert catalog.defaults == {load: 2.0, ratio: 5000.0}
    assert catalog.presets == {BALANCED: {}, "bold": {load: math.inf}}
    assert catalog.everywhere("bold") == {load: math.inf, ratio: 5000.0}
    assert catalog.chosen == "bold"
    assert (catalog.of_site, catalog.of_instance) == ({ratio}, {load})
    assert catalog.families == {"load", "http_ratio", "http"}


@pytest.mark.parametrize("text", ["groups: []\n", "sites: {}\n", "groups: ["])
def test_a_folder_without_thresholds_is_refused(rules, text):
    (rules / "thresholds.yml").write_text(text)
    with pytest.raises(ConfigError, match=r"thresholds\.yml"):
        read_catalog(rules)


def test_each_shipped_number_that_can_be_overridden_has_a_default(shipped_catalog):
    assert shipped_catalog.overridable
    assert shipped_catalog.overridable <= set(shipped_catalog.defaults)
    assert shipped_catalog.chosen == BALANCED
