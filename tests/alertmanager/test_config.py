"""The shipped Alertmanager configurations: accepted, and every alert goes where it should."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from responder.domain.notice import Name

CONFIG = Path(__file__).parents[2] / "alertmanager" / "alertmanager.yml"
MESSENGERS = CONFIG.with_name("messengers.yml")
LOADED = yaml.safe_load(CONFIG.read_text())

every_example = pytest.mark.parametrize("path", [CONFIG, MESSENGERS], ids=lambda path: path.name)


def amtool(*arguments):
    program = shutil.which("amtool")
    assert program, "amtool is not on PATH; run `make tools`"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def route_to(receiver):
    (route,) = [each for each in LOADED["route"]["routes"] if each["receiver"] == receiver]
    return route


def receiver_named(wanted):
    (receiver,) = [each for each in LOADED["receivers"] if each["name"] == wanted]
    return receiver


@pytest.mark.integration
@every_example
def test_amtool_accepts_the_configuration(path):
    done = amtool("check-config", str(path))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.integration
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["alertname=OriginLoadAbsolute", "site=shop", "mitigation=under_attack"], "both"),
        (["alertname=ResponderHeartbeat", "mitigation=none"], "responder"),
        (["alertname=OriginTargetDown", "site=shop", "action=none"], "humans"),
        (["alertname=MitigationEngaged", "site=shop", "action=under_attack"], "humans"),
        (["alertname=MitigationReleased", "site=shop", "action=under_attack"], "humans-once"),
        (["alertname=DiskFull", "instance=db1"], "humans"),
    ],
    ids=["mitigation", "heartbeat", "watchdog", "own alert", "release", "anybody else's"],
)
def test_an_alert_reaches_the_receivers_it_is_meant_for(labels, receivers):
    expected = "responder,humans" if receivers == "both" else receivers

    done = amtool(
        *("config", "routes", "test", f"--config.file={CONFIG}"),
        f"--verify.receivers={expected}",
        *labels,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.integration
@every_example
@pytest.mark.parametrize("name", Name)
def test_nothing_that_we_tell_people_comes_back_to_the_responder(path, name):
    shapes = (["action=none"], ["action=under_attack", "site=shop", "target=under_attack:x"])
    for labels in shapes:
        for severity in ("info", "warning", "critical"):
            alert = [f"alertname={name}", f"severity={severity}", *labels]
            done = amtool("config", "routes", "test", f"--config.file={path}", *alert)
            assert done.stdout.strip()
            assert "responder" not in done.stdout


@every_example
def test_the_end_of_a_release_is_told_to_nobody(path):
    loaded = yaml.safe_load(path.read_text())
    nested = [one for each in loaded["route"]["routes"] for one in each.get("routes", [])]
    (route,) = [one for one in nested if one["matchers"] == ['alertname="MitigationReleased"']]
    (receiver,) = [one for one in loaded["receivers"] if one["name"] == route["receiver"]]
    sends = [
        one["send_resolved"]
        for kind in receiver.values()
        if kind != receiver["name"]
        for one in kind
    ]
    assert sends == [False]


def test_the_examples_differ_in_nothing_that_the_responder_sees():
    other = yaml.safe_load(MESSENGERS.read_text())
    assert other["route"]["routes"][0] == route_to("responder")
    assert other["receivers"][0] == receiver_named("responder")
    assert other["inhibit_rules"] == LOADED["inhibit_rules"]


def test_the_responder_s_route_loses_no_time_and_no_alert():
    assert route_to("responder") == {
        "matchers": ['mitigation=~".+"'],
        "receiver": "responder",
        "group_by": ["alertname", "site", "instance"],
        "group_wait": "0s",
        "group_interval": "5s",
        "repeat_interval": "1m",
        "continue": True,
    }


def test_the_responder_s_webhook_is_complete_and_authenticated():
    assert receiver_named("responder") == {
        "name": "responder",
        "webhook_configs": [
            {
                "url": "http://127.0.0.1:9847/webhooks/alertmanager",
                "send_resolved": True,
                "max_alerts": 0,
                "http_config": {
                    "authorization": {"credentials_file": "/etc/alertmanager/responder.token"}
                },
            }
        ],
    }


def test_nothing_mutes_the_responder_behind_its_back():
    assert all('mitigation=""' in rule["target_matchers"] for rule in LOADED["inhibit_rules"])
    assert not {"mute_time_intervals", "active_time_intervals"} & set(route_to("responder"))
