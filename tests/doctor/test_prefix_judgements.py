"""What is judged of prefixes, tunnels and rules of monitoring, row by row."""

import pytest

from responder.cloudflare.mnm import MnmRule
from responder.cloudflare.prefix_lists import BgpPrefix
from responder.cloudflare.tunnels import TunnelHealth
from responder.doctor.checks import prefixes_monitoring, prefixes_provisioned, prefixes_tunnels
from responder.doctor.finding import Status

OK, WARNING, FAILURE = Status.OK, Status.WARNING, Status.FAILURE
OURS = [f"10.0.{number}.0/24" for number in range(9)]


def part(*, on_demand=True, locked=False, bgp_controlled=False, advertised=False):
    return BgpPrefix(
        OURS[0],
        on_demand=on_demand,
        locked=locked,
        bgp_controlled=bgp_controlled,
        advertised=advertised,
        changed_at=None,
    )


@pytest.mark.parametrize(
    ("held", "status", "seen"),
    [
        (part(), OK, "withdrawn"),
        (part(advertised=True), OK, "advertised"),
        (part(on_demand=False), FAILURE, "not on demand"),
        (part(advertised=None), FAILURE, "not on demand"),
        (part(locked=True), FAILURE, "locked"),
        (part(bgp_controlled=True), FAILURE, "BGP signals"),
    ],
)
def test_a_prefix_may_be_switched_through_the_api(held, status, seen):
    finding = prefixes_provisioned.judge(held)

    assert finding.status is status
    assert seen in finding.seen


@pytest.mark.parametrize(
    ("states", "needed", "status", "advice"),
    [
        ({"a": 1.0, "b": 1.0}, 2, OK, ""),
        ({"a": 1.0, "b": 0.5}, 2, OK, ""),
        ({"a": 1.0, "b": 0.4}, 1, WARNING, "repair b"),
        ({"a": 1.0, "b": 0.0}, 2, FAILURE, "repair b"),
        ({"a": 1.0}, 2, FAILURE, "lower min_working_tunnels"),
        ({str(n): 0.0 for n in range(7)}, 1, FAILURE, "repair 0, 1, 2, 3, 4 and 2 more"),
    ],
)
def test_tunnels_are_judged_by_how_many_must_carry_traffic(states, needed, status, advice):
    finding = prefixes_tunnels.judge(TunnelHealth(states), needed)

    assert (finding.status, finding.advice) == (status, advice)


def test_tunnels_that_nobody_checks_are_warned_of():
    finding = prefixes_tunnels.judge(TunnelHealth({}), 1)

    assert finding.status is WARNING
    assert "no tunnel was checked in the last 5 minutes" in finding.seen


def test_a_rule_of_many_prefixes_is_told_in_short_and_a_strange_one_is_passed_over():
    rule = MnmRule("all", "threshold", ("nonsense", *OURS), automatic_advertisement=True)

    (finding,) = prefixes_monitoring.judge([rule], OURS)

    assert (finding.status, finding.subject) == (WARNING, "rule all")
    assert "10.0.4.0/24 and 4 more by itself" in finding.seen


def test_each_rule_that_advertises_is_told_on_its_own():
    rules = [
        MnmRule("a", "threshold", (OURS[0],), automatic_advertisement=True),
        MnmRule("b", "threshold", (OURS[1],), automatic_advertisement=False),
        MnmRule("c", "threshold", (OURS[2],), automatic_advertisement=True),
    ]

    assert [one.subject for one in prefixes_monitoring.judge(rules, OURS)] == ["rule a", "rule c"]
