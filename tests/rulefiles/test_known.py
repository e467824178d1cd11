"""Which names are known, and that the declared list is true."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from responder.domain.clock import Moment
from responder.errors import ConfigError
from responder.metrics import Live, LiveCollector, Metrics
from responder.rulefiles.known import KnownNames, read_names, shipped_names
from responder.sensor import Board, EdgeCollector

ENDINGS = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "info": ("_info",),
}
SOURCES = sorted((Path(__file__).parents[2] / "rules/sources").glob("*.yml"))
RAW = r"\b(?:apache|envoy|haproxy|nginx|node|traefik)_\w+(?=[{)\[])"


def test_what_the_responder_gives_is_declared_and_nothing_else_of_it():
    registry = CollectorRegistry()
    Metrics(registry)
    registry.register(LiveCollector(lambda: Live(Moment(datetime(2026, 11, 20, tzinfo=UTC)))))
    registry.register(EdgeCollector(Board(timedelta)))
    given = {
        family.name + ending
        for family in registry.collect()
        for ending in ENDINGS.get(family.type, ("",))
    }
    assert {name for name in shipped_names() if name.startswith("responder_")} == given


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_what_a_shipped_source_reads_is_declared(path):
    known = KnownNames(shipped_names())
    assert [one for one in re.findall(RAW, path.read_text()) if one not in known] == []


def test_no_name_is_declared_twice():
    names = shipped_names()
    assert len(names) == len(set(names))


def test_a_pattern_stands_for_any_letters():
    known = KnownNames(["node_load1", "myapp_*"])
    assert "myapp_requests" in known
    assert "node_load1" in known
    assert "node_load5" not in known


@pytest.mark.parametrize(
    ("name", "near"), [("node_laod1", "node_load1"), ("nothing", None), ("myapp", None)]
)
def test_a_name_that_is_nearly_known_has_a_nearest(name, near):
    assert KnownNames(["node_load1", "myapp_*"]).nearest(name) == near


def test_a_file_of_names_may_have_remarks(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("# ours\n\n  mine  # the one\nother_*\n")
    assert read_names(path) == ["mine", "other_*"]


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_told(tmp_path, content):
    path = tmp_path / "names.txt"
    if content:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"names\.txt: (cannot be read|is not UTF-8)"):
        read_names(path)
