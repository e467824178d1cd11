"""A notification of the simulated Cloudflare, all the way through a real Alertmanager and back."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from support.stack import CLOCK, edited, fast_plan, numbered, run, running_exporter, until

from responder.demo.chain import Chain
from responder.demo.stack import Stack, prepared_stack
from responder.simulator.inventory import Account

pytestmark = pytest.mark.e2e
PREFIX = "203.0.113.0/24"
TARGET = f"prefix_advertisement:{PREFIX}"
L4, FLOW = "advanced_ddos_attack_l4_alert", "fbm_dosd_attack"
L7 = "advanced_ddos_attack_l7_alert"
SECRET = "s3cret-of-the-webhook"
AT_MOST = timedelta(seconds=1)


def with_prefix(stack: Stack) -> None:
    """Protect a prefix, let nothing wait for long, and take notifications."""
    secret = stack.folder / "cloudflare-webhook.secret"
    secret.write_text(SECRET)
    with edited(stack, "responder.yml") as config:
        config["cloudflare"]["account_id"] = Account().id
        config["notifications"] = {"secret_file": str(secret)}
        config["sites"]["office"] = {"prefixes": [PREFIX]}
        waits = dict.fromkeys(("advertise_after_withdraw", "withdraw_after_advertise"), "10ms")
        guards = {"minimum_duration": "1s", "calm_period": "2s"}
        policy = {"name": "office", "mitigation": "prefix_advertisement", "options": waits}
        config["policies"] = [policy | guards]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_exporter() as exporter:
        plan = fast_plan(exporter, numbered(1))
        with prepared_stack(plan, CLOCK) as one:
            with_prefix(one)
            one.start()
            control(one, "POST", "/prefixes", cidr=PREFIX)
            control(one, "PUT", "/advertising", advertise_after_withdraw=0)
            control(one, "PUT", "/advertising", withdraw_after_advertise=0)
            set_up(one)
            yield one


def control(stack: Stack, method: str, path: str, **body: Any) -> Any:
    url = f"{stack.url('simulator')}/simulator{path}"
    return httpx.request(method, url, json=body or None).raise_for_status().json()


def set_up(stack: Stack) -> None:
    hook = stack.url("responder") + "/webhooks/cloudflare"
    done = run(stack, "notifications", "setup", "--url", hook)
    assert done.returncode == 0, done.stderr


def send(stack: Stack, kind: str, **more: Any) -> datetime:
    """Let Cloudflare tell it; return when that began."""
    before = CLOCK.now()
    sent = control(stack, "POST", "/notifications", alert_type=kind, **more)
    assert [one["status"] for one in sent["deliveries"]] == [200] or more.get("lost")
    return before


def changes(stack: Stack) -> list[tuple[datetime, bool]]:
    """Return what was written to the prefix, and when."""
    requests = control(stack, "GET", "/requests")["requests"]
    return [
        (datetime.fromisoformat(one["at"]), one["body"]["on_demand"]["advertised"])
        for one in requests
        if one["method"] == "PATCH" and "/bgp/prefixes/" in one["path"]
    ]


def target(stack: Stack) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {stack.api_token}"}
    url = f"{stack.url('responder')}/api/v1/targets/{TARGET}"
    return httpx.get(url, headers=headers).raise_for_status().json()


def until_state(stack: Stack, state: str) -> None:
    until(f"{TARGET} {state}", lambda: target(stack)["state"] == state)


def alerts(stack: Stack) -> list[dict[str, Any]]:
    url = f"{stack.url('alertmanager')}/api/v2/alerts"
    query = {"filter": ['source="cloudflare"']}
    return httpx.get(url, params=query).raise_for_status().json()


@pytest.mark.parametrize("kind", [FLOW, L4])
def test_a_notification_advertises_the_prefix_within_a_second_until_its_end(stack, kind):
    until(f"{TARGET} in sync", lambda: (target(stack)["decision"] or {}).get("reason") == "in_sync")
    known = len(changes(stack))

    sent_at = send(stack, kind, key=kind)
    until("a write", lambda: len(changes(stack)) > known)
    at, advertised = changes(stack)[known]
    took = (at - sent_at).total_seconds()
    sys.stdout.write(f"{kind}: notification to PATCH {took:.3f} s\n")
    until_state(stack, "engaged")
    (alert,) = alerts(stack)
    end = send(stack, kind, key=kind, ended=True)
    until_state(stack, "released")

    assert advertised
    assert timedelta(0) < at - sent_at <= AT_MOST
    assert alert["labels"]["prefix"] == PREFIX
    assert alert["labels"]["role"] == "trigger"
    assert alert["annotations"]["target"] == "203.0.113.10"
    assert alert["endsAt"] > alert["updatedAt"]
    assert [one[1] for one in changes(stack)[known:]] == [True, False]
    assert changes(stack)[-1][0] - end >= timedelta(seconds=2)


def test_what_was_sent_while_nobody_listened_is_found_in_the_history(stack):
    until(f"{TARGET} in sync", lambda: (target(stack)["decision"] or {}).get("reason") == "in_sync")
    known = len(changes(stack))

    stack.processes["responder"].stop()
    send(stack, FLOW, key="gap", lost=True)
    stack.start_one("responder")
    until_state(stack, "engaged")
    stack.processes["responder"].stop()
    stack.start_one("responder")
    (before,) = alerts(stack)
    until("the alert told again", lambda: alerts(stack)[0]["endsAt"] > before["endsAt"])
    send(stack, FLOW, key="gap", ended=True)
    until_state(stack, "released")

    assert [one[1] for one in changes(stack)[known:]] == [True, False]


def test_the_setup_is_checked_and_doing_it_again_changes_nothing_else(stack):
    hook = stack.url("responder") + "/webhooks/cloudflare"
    checked = run(stack, "notifications", "check", "--url", hook)
    again = run(stack, "notifications", "setup", "--url", hook, "--output", "json")
    steps = json.loads(again.stdout)["steps"]
    dry = run(stack, "notifications", "setup", "--url", hook, "--name", "b", "--dry-run")
    other = run(
        stack, "notifications", "check", "--url", "https://other.example/webhooks/cloudflare"
    )

    assert (checked.returncode, other.returncode) == (0, 1)
    assert "FAILURE" not in checked.stdout.upper()
    assert [one["done"] for one in steps] == ["test", *["keep"] * 13]
    assert f"POST /accounts/{Account().id}/alerting/v3/destinations/webhooks" in dry.stdout
    assert '"secret": "[redacted]"' in dry.stdout
    assert SECRET not in again.stdout + again.stderr + checked.stdout + dry.stdout


def test_what_is_forged_invented_or_not_ours_switches_nothing(stack):
    until(f"{TARGET} in sync", lambda: (target(stack)["decision"] or {}).get("reason") == "in_sync")
    known, hook = len(changes(stack)), stack.url("responder") + "/webhooks/cloudflare"
    forged = httpx.post(hook, json={"alert_type": L4}, headers={"cf-webhook-auth": "guessed"})
    malformed = httpx.post(hook, content=b"{", headers={"cf-webhook-auth": SECRET})
    script = {"attack_vector": "<script>alert(1)</script>", "target_ip": "192.0.2.1"}
    control(stack, "POST", "/notifications/test", webhook="responder")
    send(stack, L4, key="fake", fake=True)
    send(stack, L4, key="old", data={"start_time": "2026-01-01T00:00:00Z"})
    send(stack, L4, key="other", data=script | {"rule_name": "x" * 1_000_000})
    send(stack, FLOW, key="real")
    until_state(stack, "engaged")
    told = {one["labels"].get("instance"): one["annotations"] for one in alerts(stack)}
    send(stack, FLOW, key="real", ended=True)
    until_state(stack, "released")

    assert (forged.status_code, malformed.status_code) == (401, 400)
    assert [one[1] for one in changes(stack)[known:]] == [True, False]
    assert told.keys() == {"203.0.113.10", "192.0.2.1"}
    assert told["192.0.2.1"]["vector"] == script["attack_vector"]
    assert len(told["192.0.2.1"]["rule"]) == 200


def test_an_attack_on_a_zone_turns_under_attack_mode_on_within_a_second(stack):
    zone = stack.plan.zones["site0"]
    attacked = {"zone_name": zone, "zone_tag": "", "target_hostname": f"www.{zone}"}
    with Chain(stack) as chain:
        sent_at = send(stack, L7, key="zone", data=attacked)
        until("a write", lambda: chain.writes(zone))
        (write,) = chain.writes(zone)
        send(stack, L7, key="zone", data=attacked, ended=True)
        until("the way back", lambda: len(chain.writes(zone)) == 2)
    sys.stdout.write(f"{L7}: notification to PATCH {(write.at - sent_at).total_seconds():.3f} s\n")

    assert write.level == "under_attack"
    assert write.at - sent_at <= AT_MOST
