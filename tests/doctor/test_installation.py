"""The whole examination: a healthy installation, and one fault after the other in it."""

import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from doctor.installation import NOW, TOKEN, heartbeat

from responder.doctor import CHECKS, Status
from responder.settings.sections import Tls

OK, WARNING, FAILURE, SKIPPED = Status.OK, Status.WARNING, Status.FAILURE, Status.SKIPPED
BY_DESIGN = {"store/disk"}
"""What depends on the disk of the machine that tests run on."""


async def test_a_healthy_installation_is_ok_in_every_point(world):
    found = await world.examined()

    assert list(found) == [check.name for check in CHECKS]
    told = {
        name: [(one.seen, one.advice) for one in findings if one.status is not OK]
        for name, findings in found.items()
        if name not in BY_DESIGN
    }
    assert {name: others for name, others in told.items() if others} == {}


def removed(groups, name):
    groups[:] = [group for group in groups if group["name"] != name]


def renamed_receiver(world):
    """Hide the URL, as Alertmanager does from 0.26 on, behind a name that tells nothing."""
    world.webhook()["url"] = "<secret>"
    world.routing["receivers"].append({"name": "b", "webhook_configs": [{"url": "<secret>"}]})
    world.routing["receivers"][0]["name"] = world.route()["receiver"] = "a"


FAULTS = {
    "no webhook token": ("service/webhook-token", FAILURE, lambda w: setattr(w, "taken", "other")),
    "an open door": ("service/webhook-token", FAILURE, lambda w: setattr(w, "taken", "")),
    "not ready": ("service/running", WARNING, lambda w: setattr(w, "ready", False)),
    "another version": ("service/version", WARNING, lambda w: w.health.update(version="0")),
    "an ill part": (
        "service/health",
        FAILURE,
        lambda w: w.health["components"].append({"name": "am", "status": "failed", "detail": "x"}),
    ),
    "webhooks refused": ("service/webhooks", FAILURE, lambda w: setattr(w, "webhooks", {"401": 9})),
    "an old Alertmanager": (
        "alertmanager/reachable",
        WARNING,
        lambda w: setattr(w, "alertmanager_version", "0.21.0"),
    ),
    "no route": ("alertmanager/route", FAILURE, lambda w: w.routing["route"]["routes"].pop(0)),
    "a route that takes them away": (
        "alertmanager/route",
        FAILURE,
        lambda w: w.routing["route"]["routes"].insert(
            0, {"receiver": "humans", "matchers": ['alertname="OriginLoadAbsolute"']}
        ),
    ),
    "no receiver": ("alertmanager/route", FAILURE, lambda w: w.webhook().update(url="http://x/")),
    "receivers that cannot be told apart": ("alertmanager/route", FAILURE, renamed_receiver),
    "no heartbeat on the route": (
        "alertmanager/heartbeat-route",
        WARNING,
        lambda w: w.route().update(matchers=['mitigation="under_attack"']),
    ),
    "a long wait": ("alertmanager/waits", WARNING, lambda w: w.route().update(group_wait="30s")),
    "the end untold": (
        "alertmanager/receiver",
        WARNING,
        lambda w: w.webhook().update(send_resolved=False),
    ),
    "alerts cut": ("alertmanager/receiver", WARNING, lambda w: w.webhook().update(max_alerts=5)),
    "no credential": (
        "alertmanager/authorization",
        FAILURE,
        lambda w: w.webhook().pop("http_config"),
    ),
    "muted at night": (
        "alertmanager/mute-times",
        FAILURE,
        lambda w: w.route().update(mute_time_intervals=["night"]),
    ),
    "inhibited": (
        "alertmanager/inhibition",
        WARNING,
        lambda w: w.routing.update(inhibit_rules=[{"target_matchers": ['severity="critical"']}]),
    ),
    "no heartbeat": ("alertmanager/heartbeat", FAILURE, lambda w: w.heartbeats.clear()),
    "two servers": (
        "alertmanager/heartbeat-labels",
        FAILURE,
        lambda w: w.heartbeats.append(heartbeat(replica="b")),
    ),
    "an old Prometheus": (
        "prometheus/reachable",
        WARNING,
        lambda w: setattr(w, "prometheus_version", "2.40.1"),
    ),
    "no heartbeat rule": ("prometheus/rules", FAILURE, lambda w: removed(w.groups, "heartbeat")),
    "a rule that fails": (
        "prometheus/rule-health",
        FAILURE,
        lambda w: w.rule("OriginLoadAbsolute").update(health="err", lastError="many-to-many"),
    ),
    "a slow group": (
        "prometheus/evaluation",
        FAILURE,
        lambda w: w.group("heartbeat").update(evaluationTime=6),
    ),
    "no watchdog": ("prometheus/watchdog", WARNING, lambda w: removed(w.groups, "watchdog")),
    "a watchdog that barks": (
        "prometheus/watchdog",
        WARNING,
        lambda w: w.rule("OriginTargetDown").update(state="firing"),
    ),
    "an unknown site": (
        "prometheus/sites",
        WARNING,
        lambda w: w.targets.update(schop=(1, 1)),
    ),
    "a site unmeasured": ("prometheus/sites", FAILURE, lambda w: w.targets.pop("shop")),
    "no threshold": (
        "prometheus/thresholds",
        FAILURE,
        lambda w: w.thresholds.pop(("load", "upper")),
    ),
    "an override for nobody": (
        "prometheus/thresholds",
        WARNING,
        lambda w: w.overrides.append(({"signal": "load", "bound": "upper", "site": "schop"}, 4)),
    ),
    "another resend delay": (
        "prometheus/resend-delay",
        FAILURE,
        lambda w: w.flags.update({"rules.alert.resend-delay": "5m"}),
    ),
    "another Alertmanager": (
        "prometheus/alertmanagers",
        WARNING,
        lambda w: setattr(w, "fed", ["http://else:9093/api/v2/alerts"]),
    ),
    "a short memory": ("prometheus/retention", WARNING, lambda w: setattr(w, "retention", "15d")),
    "a token that is off": (
        "cloudflare/token",
        FAILURE,
        lambda w: w.token.update(status="disabled"),
    ),
    "a zone that is paused": ("cloudflare/zones", FAILURE, lambda w: w.zone.update(paused=True)),
    "a zone unseen": ("cloudflare/zones", FAILURE, lambda w: w.zone.update(name="example.org")),
    "a level unread": (
        "cloudflare/security-level",
        FAILURE,
        lambda w: w.refused.update(security_level=403),
    ),
    "writes refused": (
        "cloudflare/write-permission",
        WARNING,
        lambda w: setattr(w, "writes", {"refused": 2}),
    ),
    "a clock that is off": ("clock/skew", FAILURE, lambda w: w.late.update({"cf.test": 120})),
    "a store in no folder": (
        "store/writable",
        FAILURE,
        lambda w: w.config["store"].update(url="sqlite:////nowhere/at/all.db"),
    ),
    "an open folder": ("store/permissions", WARNING, lambda w: w.folder.chmod(0o777)),
    "an open secret": (
        "configuration/secrets",
        WARNING,
        lambda w: (w.folder / "webhook.token").chmod(0o644),
    ),
    "something unwise": (
        "configuration/warnings",
        WARNING,
        lambda w: w.config.update(guards={"calm_period": "30s"}),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_found_by_its_own_check(world, fault):
    check, status, plant = FAULTS[fault]
    plant(world)

    found = await world.examined()

    told = [one for one in found[check] if one.status is status]
    assert told, found[check]
    assert all(one.advice for one in told)


def test_every_check_has_a_fault_that_it_finds():
    found = {check for check, _, _ in FAULTS.values()}
    elsewhere = {
        *("store/disk", "store/durable"),
        *("prefixes/provisioned", "prefixes/tunnels", "prefixes/monitoring"),
    }  # need another disk, another database
    assert {check.name for check in CHECKS} == found | elsewhere


NEIGHBOURS = {
    "am.test": ("alertmanager/reachable", FAILURE, "alertmanager/"),
    "prom.test": ("prometheus/reachable", FAILURE, "prometheus/"),
    "cf.test": ("cloudflare/token", FAILURE, "cloudflare/"),
    "127.0.0.1": ("service/running", WARNING, "service/"),
}
STILL_KNOWN = {"cloudflare/write-permission", "service/webhooks"}
"""Told by Prometheus."""


@pytest.mark.parametrize("host", NEIGHBOURS)
async def test_a_neighbour_that_is_down_is_told_once_and_the_rest_is_not_checked(world, host):
    check, status, prefix = NEIGHBOURS[host]
    world.down.add(host)

    found = await world.examined()

    assert [one.status for one in found[check]] == [status]
    dependent = [
        one
        for name, findings in found.items()
        if name.startswith(prefix) and name not in {check, *STILL_KNOWN}
        for one in findings
    ]
    assert dependent
    assert {one.status for one in dependent} == {SKIPPED}
    assert all(one.seen.startswith("not checked: ") for one in dependent)
    assert len([request for request in world.asked if request.url.host == host]) == 1


async def test_nothing_but_questions_is_ever_sent(world):
    await world.examined()

    assert {request.method for request in world.asked} == {"GET"}


async def test_a_file_that_is_not_there_is_not_made(world):
    before = sorted(path.name for path in world.folder.iterdir())

    found = await world.examined()

    assert "does not exist yet" in found["store/writable"][0].seen
    assert sorted(path.name for path in world.folder.iterdir()) == before


async def test_without_prometheus_the_rest_is_looked_at(world):
    del world.config["prometheus"]

    found = await world.examined()

    assert [one.status for one in found["prometheus/reachable"]] == [WARNING]
    assert {one.status for one in found["prometheus/rules"]} == {SKIPPED}
    assert {one.status for one in found["alertmanager/route"]} == {OK}


async def test_without_alertmanagers_that_is_said_of_each_of_their_points(world):
    world.config["alertmanager"]["urls"] = []

    found = await world.examined()

    assert [one.seen for one in found["alertmanager/route"]] == [
        "not checked: alertmanager.urls is empty"
    ]
    assert "webhook-only" in found["configuration/warnings"][0].seen


async def test_one_alertmanager_of_two_that_is_down_hides_nothing_of_the_other(world):
    world.config["alertmanager"]["urls"].append("http://other.test:9093")
    world.down.add("other.test")

    found = await world.examined()

    for check, other in (("alertmanager/reachable", FAILURE), ("alertmanager/heartbeat", SKIPPED)):
        assert {one.subject: one.status for one in found[check]} == {
            "http://am.test:9093": OK,
            "http://other.test:9093": other,
        }


async def test_a_configuration_of_alertmanager_that_we_cannot_read_is_not_guessed_at(world):
    world.routing["route"]["routes"][0]["matchers"] = ['team=~"[[:alpha:]]+"']

    found = await world.examined()

    (finding,) = found["alertmanager/route"]
    assert finding.status is SKIPPED
    assert "amtool config routes test" in finding.seen


async def test_an_alertmanager_that_hides_urls_is_judged_by_the_receivers_name(world):
    world.alertmanager_version = "0.34.0"
    world.webhook()["url"] = "<secret>"
    world.webhook()["http_config"]["authorization"]["credentials"] = "<secret>"

    found = await world.examined()

    (finding,) = found["alertmanager/route"]
    assert finding.status is OK
    assert "by its name, responder" in finding.seen


async def test_a_token_on_this_machine_that_differs_is_found(world):
    world.config["alertmanager"]["urls"] = ["http://127.0.0.1:9093"]
    file = world.write("alertmanager.token", f"{TOKEN}-of-yesterday")
    world.webhook()["http_config"]["authorization"]["credentials_file"] = str(file)
    world._service = world._alertmanager

    (finding,) = (await world.examined())["alertmanager/authorization"]

    assert finding.status is FAILURE
    assert str(file) in finding.seen


async def test_a_hundred_zones_are_not_all_asked_about(world):
    zones = [f"zone{number}.example" for number in range(100)]
    world.config["sites"]["shop"]["zones"] = zones

    found = await world.examined()

    asked = [request for request in world.asked if request.url.host == "cf.test"]
    assert len(asked) < 150
    assert found["cloudflare/zones"][-1].seen.startswith("not checked: 50 more zones")


async def test_on_loopback_no_token_is_needed(world):
    del world.config["server"]["webhook_token_file"]
    world.taken = ""

    found = await world.examined()

    for check in ("service/webhook-token", "alertmanager/authorization"):
        assert [one.status for one in found[check]] == [OK]


async def test_a_global_key_is_warned_of_and_used_all_the_same(world):
    del world.config["cloudflare"]["api_token_file"]
    world.config["cloudflare"] |= {"email": "a@example.com", "api_key": "cfk_s3cret"}

    found = await world.examined()

    assert [one.status for one in found["cloudflare/token"]] == [WARNING]
    assert [one.status for one in found["cloudflare/zones"]] == [OK]


async def test_a_token_that_only_cannot_be_verified_may_work(world):
    world.write("cloudflare.token", "cfat_s3cret")

    found = await world.examined()

    (token,) = found["cloudflare/token"]
    assert (token.status, token.advice) == (SKIPPED, "set cloudflare.account_id")
    assert [one.status for one in found["cloudflare/security-level"]] == [OK]


async def test_a_cloudflare_with_other_troubles_blames_no_zone(world):
    world.refused["security_level"] = 500

    found = await world.examined()

    assert [one.status for one in found["cloudflare/security-level"]] == [SKIPPED]


async def test_a_listener_that_wants_certificates_is_no_service_that_is_down(world):
    settings = world.settings()
    tls = Tls.model_construct(
        cert_file=Path("/cert"), key_file=Path("/key"), client_ca_file=Path("/ca")
    )
    server = settings.server.model_copy(update={"tls": tls})
    world.settings = lambda: replace(settings, server=server)
    world.down.add("127.0.0.1")

    found = await world.examined()

    assert [one.status for one in found["service/running"]] == [SKIPPED]


async def test_what_answers_in_our_place_is_told_as_a_stranger(world):
    world._service = lambda _request: httpx.Response(418)

    found = await world.examined()

    assert "is no responder" in found["service/running"][0].seen


async def test_secrets_are_never_told(world):
    for plant in (FAULTS["no webhook token"][2], FAULTS["webhooks refused"][2]):
        plant(world)
    world.refused["/"] = 403
    world.config["store"]["url"] = "postgresql://responder:pg-s3cret@127.0.0.1:1/responder"

    found = await world.examined()

    told = " ".join(f"{one.seen} {one.advice}" for each in found.values() for one in each)
    assert re.search("s3cret", told) is None
    assert NOW.isoformat() not in told
