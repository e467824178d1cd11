"""The stack's configurations stay those that we ship, but for addresses, tokens and numbers."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from responder.demo.addresses import Addresses
from responder.demo.configs import (
    alertmanager_config,
    prometheus_config,
    resend_flag,
    write_configs,
)
from responder.demo.plan import Origin, Plan, Thresholds
from responder.demo.rules import copy_rules
from responder.mitigations.registry import KINDS
from responder.settings import ConfigFile, load_settings
from responder.shipped import shipped_folder

ADDRESSES = Addresses(*(f"127.0.0.1:{port}" for port in range(4001, 4006)))


def shipped_alertmanager():
    return yaml.safe_load((shipped_folder("alertmanager") / "alertmanager.yml").read_text())


def test_alertmanager_keeps_the_shipped_routes_as_they_are(tmp_path):
    assert alertmanager_config(ADDRESSES, tmp_path)["route"] == shipped_alertmanager()["route"]


def test_alertmanager_posts_to_our_address_with_our_token_and_all_else_as_shipped(tmp_path):
    (hook,) = alertmanager_config(ADDRESSES, tmp_path)["receivers"][0]["webhook_configs"]
    (shipped,) = shipped_alertmanager()["receivers"][0]["webhook_configs"]

    assert hook.pop("url") == f"http://{ADDRESSES.responder}/webhooks/alertmanager"
    credentials = hook.pop("http_config")["authorization"]["credentials_file"]
    assert Path(credentials).parent == tmp_path
    assert hook.items() <= shipped.items()


def test_alertmanager_needs_no_network_to_tell_humans(tmp_path):
    config = alertmanager_config(ADDRESSES, tmp_path)

    assert config["receivers"][1:] == [{"name": "humans"}, {"name": "humans-once"}]
    assert "global" not in config


def test_rules_with_the_shipped_numbers_are_copied_as_they_are(tmp_path):
    copied = copy_rules(Plan(), tmp_path)

    source = shipped_folder("rules")
    shipped = {path.relative_to(source): path.read_text() for path in source.rglob("*.yml")}
    for path in copied:
        assert path.read_text() == shipped[path.relative_to(tmp_path)]
    assert len(copied) > 10


def test_rules_get_the_interval_and_the_thresholds_of_the_plan(tmp_path):
    plan = Plan(interval=timedelta(seconds=1), thresholds=Thresholds(upper=3.5, lower=2.5))

    groups = [
        group
        for path in copy_rules(plan, tmp_path)
        for group in yaml.safe_load(path.read_text())["groups"]
    ]

    assert {group["interval"] for group in groups} == {"1s", "15s", "1m"}
    loads = [
        rule["expr"]
        for group in groups
        for rule in group["rules"]
        if rule.get("record") == "mitigation:threshold:default"
        and rule["labels"]["signal"] == "load"
    ]
    assert loads == ["vector(3.5)", "vector(2.5)"]
    detectors = [path.name for path in (tmp_path / "detectors").iterdir()]
    assert detectors == ["origin-load-absolute.yml"]


def test_prometheus_scrapes_each_site_at_its_own_origin():
    plan = Plan(zones={"a": "a.example", "b": "b.example"}, origins={"b": Origin("b:9100", "/b")})

    nodes = prometheus_config(plan, ADDRESSES, [])["scrape_configs"][0]["static_configs"]

    assert nodes == [
        {
            "targets": [ADDRESSES.node_exporter],
            "labels": {"site": "a", "__metrics_path__": "/metrics"},
        },
        {"targets": ["b:9100"], "labels": {"site": "b", "__metrics_path__": "/b"}},
    ]


@pytest.mark.parametrize(
    ("resend", "interval", "flag"),
    [(5, 5, "2s500ms"), (60, 5, "57s500ms"), (2, 1, "1s500ms"), (1, 5, "1ms")],
    ids=["as often as evaluated", "shipped", "fast", "more often than evaluated"],
)
def test_alerts_are_repeated_at_the_evaluation_that_is_planned(resend, interval, flag):
    plan = Plan(interval=timedelta(seconds=interval), resend_delay=timedelta(seconds=resend))

    assert resend_flag(plan) == flag


def test_the_responder_accepts_its_configuration(tmp_path):
    write_configs(Plan(), ADDRESSES, tmp_path)

    settings = load_settings(
        ConfigFile.read(tmp_path / "responder.yml"), KINDS, environ={}, command_line={}
    )

    assert list(settings.inventory().targets) == ["under_attack:example.com"]


def test_secrets_are_for_their_owner_only_and_the_two_doors_have_different_ones(tmp_path):
    write_configs(Plan(), ADDRESSES, tmp_path)

    files = list(tmp_path.glob("*.token"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert (tmp_path / "api.token").read_text() != (tmp_path / "webhook.token").read_text()
