"""Packets to prefixes, as the datasets of an account tell them."""

from datetime import timedelta

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.inventory import Account
from responder.simulator.magic.prefix import BgpPrefix, Pace

ADVERTISED, WITHDRAWN = "203.0.113.0/24", "198.51.100.0/24"
NETWORK = "magicTransitNetworkAnalyticsAdaptiveGroups"
DOSD = "dosdNetworkAnalyticsAdaptiveGroups"
ATTACKS = "dosdAttackAnalyticsGroups"
FLOWS = "mnmFlowDataAdaptiveGroups"
SUMS = "sum{bits packets}"


async def test_what_was_dropped_and_passed_is_told_per_prefix(flow, rows):
    await flow(prefix=ADVERTISED, bits=800, packets=10, starts=-1200, lasts=600)
    attack = {"outcome": "drop", "vector": "UDP Flood", "starts": -1200, "lasts": 60}
    await flow(prefix=ADVERTISED, bits=8e6, packets=1e4, **attack)
    await flow(prefix="2001:db8::/48", bits=80, packets=1, starts=-1200, lasts=600)

    told = await rows(NETWORK, f"dimensions{{ipDestinationSubnet outcome}} {SUMS}")

    assert told == [
        {
            "dimensions": {"ipDestinationSubnet": ADVERTISED, "outcome": "pass"},
            "sum": {"bits": 480_000, "packets": 6_000},
        },
        {
            "dimensions": {"ipDestinationSubnet": ADVERTISED, "outcome": "drop"},
            "sum": {"bits": 480_000_000, "packets": 600_000},
        },
        {
            "dimensions": {"ipDestinationSubnet": "2001:db8::/48", "outcome": "pass"},
            "sum": {"bits": 48_000, "packets": 600},
        },
    ]


async def test_an_attack_is_told_by_vector(flow, rows):
    for vector, packets in (("UDP Flood", 100), ("SYN Flood", 300), ("UDP Flood", 50)):
        attack = {"outcome": "drop", "vector": vector, "packets": packets}
        await flow(prefix=ADVERTISED, starts=-600, lasts=100, **attack)
    await flow(prefix=ADVERTISED, packets=1000, starts=-600, lasts=100)

    told = await rows(
        DOSD,
        "dimensions{attackVector} sum{packets}",
        where='outcome: "drop"',
        more="orderBy: [sum_packets_DESC]",
    )

    assert told == [
        {"dimensions": {"attackVector": "SYN Flood"}, "sum": {"packets": 30_000}},
        {"dimensions": {"attackVector": "UDP Flood"}, "sum": {"packets": 15_000}},
    ]


async def test_each_attack_is_one_row_without_a_filter_by_time(flow, ask):
    attack = {"prefix": ADVERTISED, "outcome": "drop", "vector": "SYN Flood", "protocol": "TCP"}
    await flow(**attack, packets=10, starts=-600, lasts=100)
    await flow(**attack, packets=20, starts=-400, lasts=100)
    fields = "dimensions{attackType startDatetime endDatetime destinationIp tcpFlags} sum{packets}"

    query = (
        '{viewer{accounts(filter:{accountTag:"%s"}){%s(limit: 10, '
        "orderBy: [startDatetime_DESC]){%s}}}}"
    )
    answer = await ask(query % (Account().id, ATTACKS, fields))
    told = answer.json()["data"]["viewer"]["accounts"][0][ATTACKS]
    assert [(row["dimensions"]["startDatetime"], row["sum"]["packets"]) for row in told] == [
        ("2026-11-20T09:53:20Z", 2000),
        ("2026-11-20T09:50:00Z", 1000),
    ]
    assert told[0]["dimensions"] == {
        "attackType": "SYN Flood",
        "startDatetime": "2026-11-20T09:53:20Z",
        "endDatetime": "2026-11-20T09:55:00Z",
        "destinationIp": "203.0.113.10",
        "tcpFlags": 2,
    }


async def test_time_is_told_in_stretches(flow, rows):
    await flow(prefix=ADVERTISED, packets=1, starts=-630, lasts=90)

    told = await rows(NETWORK, "dimensions{datetimeMinute} sum{packets}")
    hour = await rows(NETWORK, "dimensions{datetimeHour date} sum{packets}")

    assert [(row["dimensions"]["datetimeMinute"], row["sum"]["packets"]) for row in told] == [
        ("2026-11-20T09:49:00Z", 30),
        ("2026-11-20T09:50:00Z", 60),
    ]
    when = {"datetimeHour": "2026-11-20T09:00:00Z", "date": "2026-11-20"}
    assert hour == [{"dimensions": when, "sum": {"packets": 90}}]


async def test_nothing_is_told_before_the_lag_has_passed(flow, rows, control):
    await flow(prefix=ADVERTISED, packets=1, starts=-200)

    late = await rows(NETWORK, "sum{packets}")
    await control.put("/analytics", json={"lag": 0})
    at_once = await rows(NETWORK, "sum{packets}")

    assert (late, at_once) == ([{"sum": {"packets": 50}}], [{"sum": {"packets": 200}}])


async def test_cloudflare_sees_a_prefix_only_while_it_is_routed_to_it(
    simulation: Simulation, flow, rows, clock, control
):
    simulation.pace = Pace(advertise_takes=timedelta(seconds=60))
    simulation.put_bgp_prefix(BgpPrefix(WITHDRAWN))
    await control.put("/analytics", json={"lag": 0})
    attack = {"prefix": WITHDRAWN, "outcome": "drop", "system": "dosd"}
    await flow(**attack, packets=1, starts=-600)
    await flow(prefix=WITHDRAWN, packets=2, starts=-600)

    before = await rows(NETWORK, "sum{packets}")
    await control.put(f"/prefixes/{WITHDRAWN}", json={"advertised": True})
    clock.advance(100)
    dropped = await rows(NETWORK, "sum{packets}", where='outcome: "drop"')
    arriving = await rows(FLOWS, "sum{packets}")

    assert before == []
    assert dropped == [{"sum": {"packets": 40}}]
    # At the routers: both flows for 660 s, and after that what passes.
    assert arriving == [{"sum": {"packets": 660 + 2 * 700}}]


async def test_the_systems_that_mitigate_have_their_own_datasets(flow, rows):
    for system in ("dosd", "flowtrackd", "advanced-dns-protection", "magic-firewall"):
        attack = {"outcome": "drop", "system": system, "packets": 1}
        await flow(prefix=ADVERTISED, starts=-600, lasts=100, **attack)
    names = (
        DOSD,
        "advancedTcpProtectionNetworkAnalyticsAdaptiveGroups",
        "advancedDnsProtectionNetworkAnalyticsAdaptiveGroups",
        "magicFirewallNetworkAnalyticsAdaptiveGroups",
    )

    told = [await rows(name, "dimensions{mitigationSystem}") for name in names]
    everything = await rows(NETWORK, "dimensions{mitigationSystem} count avg{sampleInterval}")

    assert [[row["dimensions"]["mitigationSystem"] for row in each] for each in told] == [
        ["dosd"],
        ["flowtrackd"],
        ["advanced-dns-protection"],
        ["magic-firewall"],
    ]
    assert len(everything) == 4
    assert everything[0]["avg"] == {"sampleInterval": 10_000}


@pytest.mark.parametrize(
    ("where", "ports"),
    [
        ("destinationPort: 53", [53]),
        ("destinationPort_in: [53, 123]", [53, 123]),
        ("destinationPort_notin: [53]", [80, 123]),
        ("destinationPort_gt: 80", [123]),
        ("destinationPort_leq: 80", [53, 80]),
        ('ipDestinationAddress_like: "203.0.%"', [53, 80, 123]),
        ('ipDestinationAddress_neq: "203.0.113.10"', []),
        ("OR: [{destinationPort: 53}, {destinationPort: 80}]", [53, 80]),
        ("AND: [{destinationPort_geq: 80}, {destinationPort_lt: 123}]", [80]),
    ],
    ids=["same", "in", "notin", "gt", "leq", "like", "neq", "or", "and"],
)
async def test_rows_are_filtered(flow, rows, where: str, ports: list[int]):
    for port in (53, 80, 123):
        await flow(prefix=ADVERTISED, packets=1, starts=-600, lasts=100, port=port)

    told = await rows(
        NETWORK, "dimensions{destinationPort}", where=where, more="orderBy: [destinationPort_ASC]"
    )

    assert sorted(row["dimensions"]["destinationPort"] for row in told) == ports


async def test_a_limit_cuts_rows_off_without_a_word(flow, rows):
    for port in range(1, 6):
        await flow(prefix=ADVERTISED, packets=port, starts=-600, lasts=100, port=port)

    order = "orderBy: [sum_packets_DESC]"
    told = await rows(NETWORK, "dimensions{destinationPort}", more=order, limit=2)

    assert [row["dimensions"]["destinationPort"] for row in told] == [5, 4]


async def test_traffic_ends_when_it_is_told_to(flow, rows, control: httpx.AsyncClient):
    shape = await flow(prefix=ADVERTISED, packets=1, starts=-1000)

    await control.patch(f"/traffic/{shape['id']}", json={"ends": "2026-11-20T09:45:00Z"})

    assert await rows(NETWORK, "sum{packets}") == [{"sum": {"packets": 100}}]
