"""Every known body becomes a typed event, and no body does any harm."""

from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.domain import notification_fields as fields
from responder.domain.notification import Notification, Phase, understood
from responder.domain.notification_types import TYPES, Family
from responder.store.codec import from_text, to_text

NUMBERS_AS_TEXT = {"packets_per_second": "750000", "megabits_per_second": "3500"}
START, END, NONE = Phase.START, Phase.END, Phase.NONE
SAYS = {
    "save_and_test": (Family.TEST, NONE, "", ""),
    "advanced_ddos_attack_l4_alert.start": (Family.L4, START, "203.0.113.10", "UDP Flood"),
    "advanced_ddos_attack_l4_alert.end": (Family.L4, END, "203.0.113.10", "UDP Flood"),
    "dos_attack_l4": (Family.L4, NONE, "127.0.0.1", "fake-vector"),
    "dos_attack_l7": (Family.L7, NONE, "fake-zone-name", "http-fake-browser"),
    "advanced_ddos_attack_l7_alert.start": (Family.L7, START, "www.example.com", "HTTP Flood"),
    "fbm_volumetric_attack": (Family.FLOW, START, "203.0.113.0/24", ""),
    "fbm_dosd_attack": (Family.FLOW, START, "203.0.113.10", "UDP Amplification"),
    "fbm_auto_advertisement": (Family.ADVERTISEMENT, NONE, "203.0.113.0/24", "Volumetric"),
    "magic_tunnel_health_check_event.down": (
        *(Family.TUNNEL, START, "gre-tunnel-primary", "MAGIC_TUNNEL_STATUS_DOWN"),
    ),
    "magic_tunnel_health_check_event.up": (
        *(Family.TUNNEL, END, "gre-tunnel-primary", "MAGIC_TUNNEL_STATUS_UP"),
    ),
    "bgp_hijack_notification": (Family.HIJACK, NONE, "hijacked-prefix", "fake-title"),
    "incident_alert": (*(Family.INCIDENT, START, "incexample01", "(TEST) Trouble with a gateway"),),
    "health_check_status_notification.old": (Family.HEALTH, END, "origin-abcd", "Healthy"),
    "health_check_status_notification": (Family.HEALTH, START, "origin-abcd", "Unhealthy"),
    "clickhouse_alert_fw_anomaly": (Family.SECURITY, NONE, "zone-name", ""),
    "maintenance_event_notification": (
        *(Family.MAINTENANCE, NONE, "AMS", "MAINTENANCE_EVENT_TYPE_CHANGED"),
    ),
    "unknown_type_minimal": (Family.OTHER, NONE, "", ""),
}


@pytest.mark.parametrize(("name", "says"), SAYS.items(), ids=SAYS)
def test_each_sample_says_what_happened_to_what(samples, name, says):
    told = samples.told(name)
    assert (told.family, told.phase, told.instance, told.vector) == says


def test_the_samples_are_of_all_known_types(samples):
    assert {name.partition(".")[0] for name in samples.names} >= TYPES.keys()
    assert set(SAYS) == set(samples.names)


@pytest.mark.parametrize("name", SAYS)
def test_what_is_kept_is_read_back_the_same(samples, name):
    told = samples.told(name)
    assert from_text(Notification, to_text(told)) == told


def test_start_and_end_of_one_attack_share_their_key(samples):
    start, end = samples.told(samples.l4), samples.told(samples.l4_end)
    other = samples.told(samples.l4, alert_correlation_id="f" * 32)
    assert start.key == end.key != other.key


def test_tunnels_are_told_apart_by_their_id_whatever_the_correlation(samples):
    name = "magic_tunnel_health_check_event"
    down = samples.told(f"{name}.down")
    assert down.key == samples.told(f"{name}.up", alert_correlation_id="f" * 32).key
    assert down.key != samples.told(f"{name}.up", data={"tunnel_id": "another"}).key


@pytest.mark.parametrize(
    ("data", "peak"),
    [
        ({}, "750,000 packets/s, 3,500 Mbit/s"),
        (NUMBERS_AS_TEXT, "750,000 packets/s, 3,500 Mbit/s"),
        ({"packets_per_second": "20,000 pps", "megabits_per_second": ""}, "20,000 packets/s"),
        ({"packets_per_second": "500K pps", "megabits_per_second": None}, "500,000 packets/s"),
        ({"packets_per_second": None, "megabits_per_second": None}, "750.00 kpps"),
        ({"packets_per_second": "many", "megabits_per_second": True}, "750.00 kpps"),
        ({"packets_per_second": 1e300, "megabits_per_second": -1}, "750.00 kpps"),
    ],
    ids=["numbers", "strings", "commas", "kilo", "no numbers", "no such", "nonsense"],
)
def test_peaks_are_told_alike_however_they_are_written(samples, data, peak):
    assert samples.told(samples.l4, data=data).peak == peak


def test_a_time_of_the_future_is_not_believed(samples):
    told = understood(samples.body(samples.l4, ts=9e9), samples.sent)
    assert told.sent_at == samples.sent


@pytest.mark.parametrize(
    "ts", [None, "soon", -1e300, 1e300, 10**9999, [], True], ids=list("abcdefg")
)
def test_without_a_time_it_was_sent_when_it_came(samples, ts):
    assert understood(samples.body(samples.l4, ts=ts), samples.sent).sent_at == samples.sent


def test_both_ways_to_write_a_time_are_read(samples):
    data = {"time": "2026-11-20 09:30:00.123 +0000 UTC"}
    told = samples.told("health_check_status_notification.old", data=data)
    assert samples.sent - told.started_at == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("dash.cloudflare.com/a", "https://dash.cloudflare.com/a"),
        ("https://dash.cloudflare.com/a", "https://dash.cloudflare.com/a"),
        ("javascript:alert(1)", ""),
        ("https://evil.example/dash.cloudflare.com", ""),
        ("https://dash.cloudflare.com.evil.example/", ""),
        ("https://me@dash.cloudflare.com/", ""),
        ('dash.cloudflare.com/" onclick="x', ""),
    ],
)
def test_a_link_leads_to_cloudflare_or_nowhere(samples, link, shown):
    assert samples.told(samples.l4, data={"dashboard_link": link}).link == shown


def test_long_and_many_lined_texts_are_made_short(samples):
    told = samples.told(samples.l4, data={"attack_vector": "a\n\x1b[31mb\u202e" + "c" * 9999})
    assert told.vector.startswith("a [31mb c")
    assert len(told.vector) == fields.LONGEST
    assert told.vector.isprintable()


@pytest.mark.parametrize(
    "data", [{"target_ip": "1.2.3"}, {"target_ip": ["203.0.113.10"]}, {"target_ip": 3405803786}]
)
def test_what_is_no_address_is_none(samples, data):
    assert samples.told(samples.l4, data=data).address == ""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "neither alert_type nor data nor text"),
        ({"ts": 1}, "neither alert_type nor data nor text"),
        ({"alert_type": "x", "data": []}, "data that is not an object"),
        ({"data": "x"}, "data that is not an object"),
    ],
)
def test_a_body_that_is_no_notification_is_refused_with_the_reason(samples, body, reason):
    with pytest.raises(ValueError, match=reason):
        understood(body, samples.sent)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
FIELDS = sorted(
    {"prefix", "target_ip", "zone_name", "zone_tag", "target_hostname", "advertise_status"}
    | {"dashboard_link", "max_rate", "packets_per_second", "attack_id", "attack_vector"}
    | {name for shape in TYPES.values() for name in (*shape.times, *shape.states, *shape.keys)}
)
BODIES = st.fixed_dictionaries(
    {"data": st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8)},
    optional={
        "alert_type": st.sampled_from(sorted(TYPES)) | JSON,
        "ts": JSON,
        "text": JSON,
        "alert_event": JSON,
        "alert_correlation_id": JSON,
        "account_id": JSON,
    },
)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(body=BODIES)
def test_whatever_the_fields_hold_it_is_read_bounded_and_kept(samples, body):
    told = understood(body, samples.sent)

    assert told.sent_at <= told.received_at
    assert from_text(Notification, to_text(told)) == told
    assert len(to_text(told)) < 100 * fields.LONGEST
    assert not told.address or ip_address(told.address)
    assert all(ip_network(one) for one in told.prefixes)
