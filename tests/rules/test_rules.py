"""The shipped rule files: accepted by Prometheus, unit-tested, and true to the label contract."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
TESTS = sorted((RULES / "tests").glob("*.yml"))
SHIPPED = sorted(set(RULES.rglob("*.yml")) - set(TESTS))
DETECTORS = sorted((RULES / "detectors").glob("*.yml"))
RUNBOOK = "https://github.com/responder/responder/blob/main/docs/runbook.md"

GROUPS = [group for path in SHIPPED for group in yaml.safe_load(path.read_text())["groups"]]
ALERTS = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]
IN_DETECTORS = {
    rule["alert"]
    for path in DETECTORS
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}

every_alert = pytest.mark.parametrize("alert", ALERTS, ids=[alert["alert"] for alert in ALERTS])


def name(path):
    return str(path.relative_to(RULES))


def promtool(*arguments):
    program = shutil.which("promtool")
    assert program, "promtool is not on PATH; run `make tools`"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def expression(path, record_or_alert):
    """Return one rule's expression with its white space made even."""
    for group in yaml.safe_load(path.read_text())["groups"]:
        for rule in group["rules"]:
            if record_or_alert in (rule.get("record"), rule.get("alert")):
                return " ".join(rule["expr"].split())
    raise AssertionError(f"{record_or_alert} is not in {name(path)}")


@pytest.mark.integration
def test_promtool_finds_nothing_to_complain_about_in_any_rule_file():
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *map(str, SHIPPED))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.integration
@pytest.mark.parametrize("path", TESTS, ids=name)
def test_rule_unit_tests_pass(path):
    done = promtool("test", "rules", str(path))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.integration
def test_the_example_configuration_loads_every_shipped_rule_file():
    done = promtool("check", "config", str(ROOT / "docs/examples/prometheus.yml"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(SHIPPED)} rule files found" in done.stdout


@every_alert
def test_an_alert_says_what_it_is_how_bad_and_what_to_do(alert):
    assert alert["labels"]["severity"] in {"info", "warning", "critical"}
    assert all(alert["annotations"][text].strip() for text in ("summary", "description"))


@every_alert
def test_a_runbook_link_leads_to_a_heading_that_exists(alert):
    headings = re.findall(r"^## (\S+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)

    assert alert["annotations"]["runbook_url"] == f"{RUNBOOK}#{alert['alert'].lower()}"
    assert alert["alert"] in headings


@every_alert
def test_only_detectors_and_the_heartbeat_carry_a_mitigation(alert):
    mitigation = alert["labels"].get("mitigation")

    if alert["alert"] in IN_DETECTORS:
        assert mitigation not in (None, "none")
        assert alert["labels"]["role"] in {"trigger", "sustain"}
    else:
        assert mitigation == ("none" if alert["alert"] == "ResponderHeartbeat" else None)


@every_alert
def test_no_alert_overwrites_the_site_or_instance_it_is_about(alert):
    assert not {"site", "instance"} & set(alert["labels"])


def test_alert_names_are_unique():
    names = [alert["alert"] for alert in ALERTS]

    assert len(names) == len(set(names))


def test_group_names_are_unique():
    names = [group["name"] for group in GROUPS]

    assert len(names) == len(set(names))


def test_every_group_with_an_alert_is_evaluated_every_five_seconds():
    slow = [
        group["name"]
        for group in GROUPS
        if any("alert" in rule for rule in group["rules"]) and group.get("interval") != "5s"
    ]

    assert slow == []


@pytest.mark.parametrize("path", DETECTORS, ids=name)
def test_a_detector_has_a_test_file_of_its_name(path):
    assert RULES / "tests" / path.name in TESTS


def test_every_alert_is_mentioned_in_a_rule_unit_test():
    tested = {
        entry["alertname"]
        for path in TESTS
        for case in yaml.safe_load(path.read_text())["tests"]
        for entry in case.get("alert_rule_test", [])
    }

    assert {alert["alert"] for alert in ALERTS} <= tested


def test_the_detector_and_the_source_mean_the_same_by_load_per_core():
    recorded = expression(RULES / "sources/node-exporter.yml", "instance:node_load1_per_core:ratio")

    assert recorded in expression(
        RULES / "detectors/origin-load-absolute.yml", "OriginLoadAbsolute"
    )
