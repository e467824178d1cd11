"""The shipped Alertmanager configuration: accepted, and every alert goes where it should."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

CONFIG = Path(__file__).parents[2] / "alertmanager" / "alertmanager.yml"
LOADED = yaml.safe_load(CONFIG.read_text())


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
def test_amtool_accepts_the_configuration():
    done = amtool("check-config", str(CONFIG))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.integration
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["alertname=OriginLoadAbsolute", "site=shop", "mitigation=under_attack"], "both"),
        (["alertname=ResponderHeartbeat", "mitigation=none"], "responder"),
        (["alertname=OriginTargetDown", "site=shop", "severity=warning"], "humans"),
        (["alertname=MitigationEngaged", "site=shop", "action=engage"], "humans"),
    ],
    ids=["mitigation", "heartbeat", "watchdog", "own alert"],
)
def test_an_alert_reaches_the_receivers_it_is_meant_for(labels, receivers):
    expected = "responder,humans" if receivers == "both" else receivers

    done = amtool(
        *("config", "routes", "test", f"--config.file={CONFIG}"),
        f"--verify.receivers={expected}",
        *labels,
    )

    assert done.returncode == 0, done.stdout + done.stderr


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
    assert "inhibit_rules" not in LOADED
    assert not {"mute_time_intervals", "active_time_intervals"} & set(route_to("responder"))
