"""The shipped rule files: accepted by Prometheus, unit-tested, and true to the label contract."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from responder.mitigations.registry import KINDS

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
TESTS = sorted((RULES / "tests").glob("*.yml"))
SHIPPED = sorted(set(RULES.rglob("*.yml")) - set(TESTS))
DETECTORS = sorted((RULES / "detectors").glob("*.yml"))
RUNBOOK = "https://github.com/responder/responder/blob/main/docs/runbook.md"

GROUPS = [group for path in SHIPPED for group in yaml.safe_load(path.read_text())["groups"]]
ALERTS = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]
RECORDED = [rule for group in GROUPS for rule in group["rules"] if "record" in rule]
SOURCES = sorted((RULES / "sources").glob("*.yml"))
IN_DETECTORS = {
    rule["alert"]
    for path in DETECTORS
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}

MANNER = {"trigger": "Acts", "sustain": "Keeps"}

every_alert = pytest.mark.parametrize("alert", ALERTS, ids=[alert["alert"] for alert in ALERTS])


def name(path):
    return str(path.relative_to(RULES))


def rules_of(path):
    groups = yaml.safe_load(path.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


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
def test_a_mitigation_is_one_that_exists_and_only_detectors_and_the_heartbeat_carry_one(alert):
    mitigation = alert["labels"].get("mitigation")

    if alert["alert"] in IN_DETECTORS:
        assert mitigation in {None, *(kind.name for kind in KINDS)}
        assert alert["labels"]["role"] in {"trigger", "sustain"}
        assert "action" not in alert["labels"]
    else:
        assert mitigation == ("none" if alert["alert"] == "ResponderHeartbeat" else None)


def test_what_acts_by_default_is_a_choice_and_no_accident():
    acting = {
        alert["alert"] for alert in ALERTS if alert["labels"].get("mitigation") == "under_attack"
    }

    assert acting == {
        "OriginLoadAbsolute",
        "OriginLoadRelative",
        "OriginOverload",
        "HttpFlood",
        "HttpFloodSharp",
        "MitigationSensorBlind",
        "EdgeStillMitigating",
    }
    kept = [
        (alert["alert"], alert["labels"]["mitigation"])
        for alert in ALERTS
        if alert["labels"].get("role") == "sustain"
    ]
    assert sorted(kept) == [
        ("EdgeAttackOngoing", "prefix_advertisement"),
        ("EdgeStillMitigating", "under_attack"),
        ("MitigationSensorBlind", "prefix_advertisement"),
        ("MitigationSensorBlind", "under_attack"),
    ]


@every_alert
def test_a_detector_gives_its_value_as_a_bare_number_of_which_a_peak_can_be_kept(alert):
    expected = "{{ $value }}" if alert["alert"] in IN_DETECTORS else None
    assert alert["annotations"].get("value") == expected


@every_alert
def test_no_alert_overwrites_the_site_or_instance_it_is_about(alert):
    assert not {"site", "instance"} & set(alert["labels"])


def test_alert_names_are_unique_for_each_mitigation():
    names = [(alert["alert"], alert["labels"].get("mitigation")) for alert in ALERTS]

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
def test_a_detector_says_whether_it_acts_and_how_soon_it_fires(path):
    head = path.read_text().partition("groups:")[0].replace("\n# ", " ")
    acts = {
        "Informs" if "mitigation" not in rule["labels"] else MANNER[rule["labels"]["role"]]
        for rule in rules_of(path)
        if "alert" in rule
    }
    assert len(acts) == 1
    assert re.search(rf"#\n?(# | ){acts.pop()}\b", head)
    assert re.search(r"Worst case .*\d+ (s|minutes)", head)


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


def thresholds(record):
    """Return signal and bound of every threshold that is recorded under this name."""
    return {
        (rule["labels"]["signal"], rule["labels"]["bound"])
        for rule in RECORDED
        if rule["record"] == record
    }


def test_every_threshold_that_is_read_has_a_default_and_every_default_is_read():
    read = {
        found
        for rule in RECORDED + ALERTS
        for found in re.findall(
            r'mitigation:threshold:global\{\s*signal="(\w+)",bound="(\w+)"', rule["expr"]
        )
    }
    read |= {
        found
        for path in (*DETECTORS, RULES / "origin-health.yml")
        for rule in rules_of(path)
        for found in re.findall(r"(?:site|instance):threshold_(\w+):(\w+)", rule["expr"])
    }

    assert read == thresholds("mitigation:threshold:default")


def test_a_preset_changes_only_what_has_a_default():
    changed = thresholds("mitigation:threshold:preset")

    assert changed
    assert changed <= thresholds("mitigation:threshold:default")


def test_an_override_that_is_resolved_is_read_with_both_of_its_bounds():
    resolved = {rule["record"] for rule in RECORDED if ":threshold_" in rule["record"]}
    read = {
        found
        for path in (*DETECTORS, RULES / "origin-health.yml")
        for rule in rules_of(path)
        for found in re.findall(r"(?:site|instance):threshold_\w+:\w+", rule["expr"])
    }

    assert read == resolved


def test_the_rules_that_resolve_overrides_are_all_alike():
    shapes = set()
    for rule in RECORDED:
        found = re.fullmatch(r"(site|instance):threshold_(\w+):(upper|lower)", rule["record"])
        if found:
            level, signal, bound = found.groups()
            assert f'signal="{signal}",bound="{bound}"' in rule["expr"]
            text = rule["expr"].replace(f'signal="{signal}",bound="{bound}"', "THIS")
            shapes.add((level, re.sub(r"0 \* max by \([^)]*\) \(\S+\)", "CARRIER", text)))

    assert sorted(level for level, _ in shapes) == ["instance", "site"]


def test_detectors_read_no_series_that_nothing_records():
    recorded = {rule["record"] for rule in RECORDED} | {"mitigation:threshold:override"}
    read = {
        found
        for rule in RECORDED + ALERTS
        for found in re.findall(r"\b(?:site|instance|mitigation):\w+(?::\w+)?", rule["expr"])
    }

    assert read <= recorded


def test_an_alert_looks_at_raw_series_for_half_an_hour_at_most():
    long = [
        (alert["alert"], found)
        for alert in ALERTS
        for found in re.findall(r"(\S+)\[(?:\d+d|(?:[2-9]|\d\d)h)\]", alert["expr"])
        if not re.search(r":(p95_7d|median_1h)$", found)
    ]

    assert long == []


def test_no_baseline_is_masked_by_an_alert():
    masked = [rule["record"] for rule in RECORDED if "ALERTS" in rule["expr"]]

    assert masked == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_source_says_what_it_gives_and_is_tested(path):
    head = path.read_text().partition("groups:")[0]
    loaded = {entry for test in TESTS for entry in yaml.safe_load(test.read_text())["rule_files"]}

    assert path.name == "http.yml" or re.search(r"^# Gives ", head, re.MULTILINE)
    assert f"../{name(path)}" in loaded


def test_the_readme_lists_every_detector_and_every_source():
    readme = (RULES / "README.md").read_text()

    assert [one for one in sorted(IN_DETECTORS) if f"| `{one}` |" not in readme] == []
    assert [path.name for path in SOURCES if f"`{path.name}`" not in readme] == []


def test_the_readme_says_of_every_preset_what_it_is():
    readme = (RULES / "README.md").read_text()
    presets = {
        rule["labels"]["preset"]
        for rule in RECORDED
        if rule["record"] in {"mitigation:preset", "mitigation:threshold:preset"}
    }

    assert {"balanced", "sensitive", "absolute", "autouam"} == presets
    assert [one for one in presets if f"| `{one}` |" not in readme] == []


def test_the_guide_to_detection_has_the_numbers_that_the_thresholds_have():
    guide = (ROOT / "docs/detection.md").read_text()
    numbers = {
        (rule["labels"]["signal"], rule["labels"]["bound"]): rule["expr"]
        for rule in RECORDED
        if rule["record"] == "mitigation:threshold:default"
    }

    assert numbers["sick_load", "upper"] == "vector(1.0)"
    assert "A full core (1.0) makes an origin sick" in guide
    assert numbers["http_ratio", "upper"] == "vector(2.5)"
    assert "2.5 times the requests are a flood" in guide
