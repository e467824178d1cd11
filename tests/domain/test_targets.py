from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain.alerts import Alert, AlertStatus, parse_matcher
from responder.domain.targets import Assignment, Inventory, Mode, Policy, Target, Unassigned

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
UAM = Policy("under-attack", "under_attack", (parse_matcher('mitigation="under_attack"'),))
MAPPED = Policy("mapped", "under_attack", (parse_matcher('alertname="HighLoad"'),))
TARGETS = [
    Target("shop", "under_attack", "example.com"),
    Target("shop", "under_attack", "example.org"),
    Target("shop", "prefix_advertisement", "203.0.113.0/24", "prefix"),
    Target("blog", "under_attack", "example.net"),
]
INVENTORY = Inventory(TARGETS, [MAPPED, UAM])


def assigned(**labels):
    return INVENTORY.assign(Alert("f", labels, AlertStatus.FIRING, NOW))


@pytest.mark.parametrize(
    ("labels", "ids"),
    [
        ({"site": "shop", "mitigation": "under_attack"}, ["example.com", "example.org"]),
        ({"site": "shop", "mitigation": "under_attack", "zone": "example.org"}, ["example.org"]),
        ({"mitigation": "under_attack", "zone": "example.net"}, ["example.net"]),
        ({"site": "shop", "alertname": "HighLoad"}, ["example.com", "example.org"]),
    ],
)
def test_an_alert_speaks_of_its_site_narrowed_by_its_zone(labels, ids):
    found = assigned(**labels)
    assert isinstance(found, Assignment)
    assert [target.resource for target in found.targets] == ids


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ({"site": "nobody", "mitigation": "under_attack"}, Unassigned.UNKNOWN_SITE),
        ({"mitigation": "under_attack"}, Unassigned.UNKNOWN_SITE),
        ({"site": "shop", "mitigation": "teleport"}, Unassigned.UNKNOWN_MITIGATION),
        ({"site": "shop"}, Unassigned.NO_POLICY),
        (
            {"site": "shop", "mitigation": "under_attack", "zone": "example.net"},
            Unassigned.FOREIGN_RESOURCE,
        ),
        ({"alertname": "ResponderHeartbeat", "mitigation": "none"}, Unassigned.OUR_OWN),
        ({"alertname": "HighLoad", "action": "engaged", "site": "shop"}, Unassigned.OUR_OWN),
    ],
)
def test_nothing_outside_the_configured_sites_is_ever_meant(labels, why):
    assert assigned(**labels) is why


def test_a_policy_for_a_mitigation_that_no_target_has_finds_nothing():
    policy = Policy("other", "teleport", (parse_matcher('mitigation="teleport"'),))
    alert = Alert("f", {"site": "shop", "mitigation": "teleport"}, AlertStatus.FIRING, NOW)
    assert Inventory(TARGETS, [policy]).assign(alert) is Unassigned.UNKNOWN_MITIGATION


def test_the_policy_of_a_target_is_the_named_one_else_the_first_else_none_that_acts():
    assert INVENTORY.policy_for("under_attack", "under-attack") is UAM
    assert INVENTORY.policy_for("under_attack", "gone") is MAPPED
    assert INVENTORY.policy_for("teleport").mode is Mode.OFF


LABELS = st.fixed_dictionaries(
    {},
    optional={
        "site": st.sampled_from(("", "shop", "blog", "nobody")),
        "zone": st.sampled_from(("", "example.com", "example.org", "example.net")),
        "prefix": st.sampled_from(("", "203.0.113.0/24")),
        "mitigation": st.sampled_from(
            ("", "none", "teleport", *{one.mitigation for one in TARGETS})
        ),
        "action": st.sampled_from(("", "engaged")),
        "alertname": st.sampled_from(("", "HighLoad")),
    },
)


@given(st.lists(LABELS, max_size=8))
def test_a_flood_is_assigned_as_each_of_its_alerts(flood):
    alerts = [
        Alert("f", {"instance": str(number), **labels}, AlertStatus.FIRING, NOW)
        for number, labels in enumerate(flood)
    ]
    assert list(INVENTORY.assign_all(alerts)) == [INVENTORY.assign(one) for one in alerts]
