"""Only what is surely about something provisioned, and of now, may ask for anything."""

from dataclasses import replace
from datetime import timedelta

import pytest

from responder.domain.notification_judgement import Effect, Places, Why, judged
from responder.domain.notification_types import SUSTAINING, TRIGGERING
from responder.domain.targets import Target

L4, L7, FLOW = "advanced_ddos_attack_l4_alert.start", "dos_attack_l7", "fbm_volumetric_attack"
ASKS, KEEPS = Effect.TRIGGER, Effect.SUSTAIN
INFORMS, NOTHING = Effect.INFORM, Effect.IGNORE
SHIPPED = {
    "save_and_test": (NOTHING, Why.TEST),
    L4: (ASKS, Why.TYPE),
    "advanced_ddos_attack_l4_alert.end": (Effect.END, Why.TYPE),
    "dos_attack_l4": (NOTHING, Why.TEST),
    L7: (NOTHING, Why.TEST),
    "advanced_ddos_attack_l7_alert.start": (ASKS, Why.TYPE),
    FLOW: (ASKS, Why.TYPE),
    "fbm_dosd_attack": (ASKS, Why.TYPE),
    "fbm_auto_advertisement": (KEEPS, Why.TYPE),
    "magic_tunnel_health_check_event.down": (INFORMS, Why.TYPE),
    "magic_tunnel_health_check_event.up": (Effect.END, Why.TYPE),
    "bgp_hijack_notification": (NOTHING, Why.TEST),
    "incident_alert": (NOTHING, Why.TEST),
    "health_check_status_notification.old": (Effect.END, Why.TYPE),
    "health_check_status_notification": (INFORMS, Why.TYPE),
    "clickhouse_alert_fw_anomaly": (NOTHING, Why.TEST),
    "maintenance_event_notification": (NOTHING, Why.TEST),
    "unknown_type_minimal": (INFORMS, Why.TYPE),
}


def of(samples, name, rules=None, after=1, **changes):
    judgement = judged(samples.told(name, after=after, **changes), rules or samples.rules)
    return judgement.effect, judgement.why


@pytest.mark.parametrize(("name", "expected"), SHIPPED.items(), ids=SHIPPED)
def test_what_each_sample_may_do_as_shipped(samples, name, expected):
    assert of(samples, name) == expected


def test_each_attack_type_asks_and_nothing_else_does():
    assert len(TRIGGERING) == 6
    assert {name.partition("_")[0] for name in TRIGGERING} == {"fbm", "advanced", "dos"}
    assert not set(TRIGGERING) & set(SUSTAINING)


def test_the_configuration_may_say_otherwise(samples):
    rules = replace(samples.rules, trigger=["fbm_auto_advertisement"], sustain=[FLOW])
    assert of(samples, "fbm_auto_advertisement", rules) == (ASKS, Why.TYPE)
    assert of(samples, FLOW, rules) == (KEEPS, Why.TYPE)
    assert of(samples, L4, rules) == (INFORMS, Why.TYPE)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        (FLOW, {}, ["office"]),
        (FLOW, {"prefix": "203.0.113.0/25"}, Why.NOT_PROVISIONED),
        (FLOW, {"prefix": "203.0.112.0/23"}, Why.NOT_PROVISIONED),
        (FLOW, {"prefix": None}, Why.NOT_PROVISIONED),
        (FLOW, {"prefix": None, "target_ip": "203.0.113.255"}, ["office"]),
        (FLOW, {"prefix": None, "target_ip": "203.0.114.0"}, Why.NOT_PROVISIONED),
        (FLOW, {"prefix": None, "target_ip": "2001:db8::1"}, Why.NOT_PROVISIONED),
        (L4, {"target_ip": "192.0.2.1"}, Why.NOT_PROVISIONED),
        ("fbm_dosd_attack", {"target_ip": "192.0.2.1"}, Why.NOT_PROVISIONED),
        ("fbm_dosd_attack", {"target_ip": None}, ["office"]),
        ("advanced_ddos_attack_l7_alert.start", {"zone_name": "evil.example"}, Why.NOT_PROVISIONED),
    ],
)
def test_an_attack_is_that_of_the_exact_prefix_or_of_the_one_around(samples, name, data, expected):
    found = samples.rules.places.find(samples.told(name, data=data))
    assert (found if isinstance(found, Why) else [one.site for one in found]) == expected


def test_an_address_in_two_prefixes_is_nobodys(samples):
    wide = Target("wide", "prefix_advertisement", "203.0.112.0/23", "prefix")
    rules = replace(samples.rules, places=Places([samples.office, wide]))
    assert of(samples, L4, rules) == (INFORMS, Why.AMBIGUOUS)
    assert of(samples, FLOW, rules) == (ASKS, Why.TYPE)


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("example.com", "shop"),
        ("a.b.example.com", "shop"),
        ("EXAMPLE.com.", "shop"),
        ("x.api.example.com", "api"),
        ("notexample.com", None),
        ("example.com.evil.example", None),
        ("com", None),
        ("", None),
    ],
)
def test_a_host_is_that_of_the_closest_zone_around_it(samples, host, site):
    api = Target("api", "under_attack", "api.example.com")
    places = Places([samples.shop, api])
    gone = {"zone_name": None, "zone_tag": None, "target_hostname": host}
    found = places.find(samples.told("advanced_ddos_attack_l7_alert.start", data=gone))
    assert (None if isinstance(found, Why) else found[0].site) == site


def test_a_zone_may_be_configured_by_its_id(samples):
    zone = "023e105f4ecef8ad9ca31a8372d0c353"
    places = Places([Target("shop", "under_attack", zone)])
    (found,) = places.find(samples.told("advanced_ddos_attack_l7_alert.start"))
    assert found.resource == zone


def test_a_prefix_never_asks_for_what_a_zone_needs(samples):
    places = Places([Target("office", "something_else", "203.0.113.0/24", "prefix")])
    assert places.find(samples.told(FLOW)) is Why.NOT_PROVISIONED


HOUR = 3600
OLD = "2026-11-20T08:59:00Z"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"after": HOUR}, (ASKS, Why.TYPE)),
        ({"after": HOUR + 1}, (NOTHING, Why.TOO_OLD)),
        ({"data": {"start_time": OLD}}, (NOTHING, Why.TOO_OLD)),
        ({"data": {"start_time": "2022-10-27T06:00:22Z"}}, (NOTHING, Why.TEST)),
        ({"data": {"start_time": None}}, (ASKS, Why.TYPE)),
        ({"data": {"attack_vector": "fake-vector"}}, (NOTHING, Why.TEST)),
        ({"data": {"target_ip": "127.0.0.1"}}, (NOTHING, Why.TEST)),
        ({"account_id": "9" * 32}, (NOTHING, Why.OTHER_ACCOUNT)),
        ({"account_id": None}, (ASKS, Why.TYPE)),
    ],
    ids=["late", "replayed", "old", "years", "no start", "fake", "loopback", "other", "no account"],
)
def test_what_is_old_invented_or_not_ours_never_asks(samples, changes, expected):
    assert of(samples, L4, **changes) == expected


def test_without_an_account_of_our_own_any_is_believed(samples):
    assert of(samples, L4, replace(samples.rules, account=""), account_id="9" * 32)[0] is ASKS


def test_an_end_counts_however_long_the_attack_was(samples):
    began = {"start_time": "2026-11-19T10:00:00Z"}
    judgement = judged(samples.told("advanced_ddos_attack_l4_alert.end", data=began), samples.rules)
    assert judgement.effect is Effect.END


def test_the_maximum_age_is_what_the_configuration_says(samples):
    rules = replace(samples.rules, maximum_age=timedelta(hours=2))
    assert of(samples, L4, rules, after=HOUR + 1) == (ASKS, Why.TYPE)
