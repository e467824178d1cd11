"""A simulation described in a file."""

import re
from datetime import timedelta

import httpx
import pytest

from responder.simulator import Simulation, create_app
from responder.simulator.inventory import Account, Level, Plan
from responder.simulator.seedfile import read_seed

FILE = """
accounts: [Example Ltd, Another Ltd]
zones:
  - {name: example.com, level: high, plan: pro}
  - {name: example.org, account: Another Ltd}
tokens:
  - name: ops
    value: cfut_ops
    permissions: [Zone Read, "IP Prefixes: Read"]
    zones: [example.com]
prefixes:
  - {cidr: 203.0.113.0/24, advertised: true}
  - {cidr: 198.18.4.0/24, within: 198.18.0.0/20}
  - {cidr: 198.51.100.0/24, account: Another Ltd, locked: true}
tunnels:
  - {name: gre-1, health: down, colos: [AMS]}
advertising: {advertise_takes: 5, withdraw_after_advertise: 0}
analytics: {lag: 1}
rate_limit: {requests: 10}
graphql_limit: {requests: 7}
"""


def test_everything_in_the_file_is_there():
    simulation = read_seed(FILE)

    first, second = Account("Example Ltd"), Account("Another Ltd")
    assert list(simulation.accounts.values()) == [first, second]
    zones = {zone.name: (zone.level, zone.plan, zone.account) for zone in simulation.zones.values()}
    assert zones == {
        "example.com": (Level.HIGH, Plan.PRO, first),
        "example.org": (Level.MEDIUM, Plan.FREE, second),
    }
    owners = {prefix.cidr: prefix.account for prefix in simulation.prefixes.values()}
    assert owners == {
        "203.0.113.0/24": first,
        "198.18.0.0/20": first,
        "198.51.100.0/24": second,
    }
    assert simulation.find_bgp_prefix("203.0.113.0/24").requested.advertised is True
    assert simulation.find_bgp_prefix("198.51.100.0/24").locked is True
    (tunnel,) = simulation.tunnels.values()
    assert (tunnel.name, tunnel.health, tunnel.account) == ("gre-1", "down", first)
    assert simulation.pace.advertise_takes == timedelta(seconds=5)
    assert simulation.pace.withdraw_after_advertise == timedelta(0)
    assert simulation.pace.advertise_after_withdraw == timedelta(minutes=15)
    assert simulation.analytics.lag == timedelta(seconds=1)
    limits = (simulation.limiter.limit.requests, simulation.graphql_limiter.limit.requests)
    assert limits == (10, 7)


async def test_its_token_sees_what_the_file_says(clock):
    simulation = read_seed(FILE)
    transport = httpx.ASGITransport(create_app(simulation, clock=clock))
    headers = {"Authorization": "Bearer cfut_ops"}
    account = Account("Example Ltd").id
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost/client/v4", headers=headers
    ) as api:
        zones = (await api.get("/zones")).json()["result"]
        prefixes = (await api.get(f"/accounts/{account}/addressing/prefixes")).json()["result"]

    assert [zone["name"] for zone in zones] == ["example.com"]
    assert [prefix["cidr"] for prefix in prefixes] == ["203.0.113.0/24", "198.18.0.0/20"]


def test_an_empty_file_is_an_account_with_nothing_in_it():
    simulation = read_seed("")

    assert (list(simulation.accounts.values()), simulation.zones) == ([Account()], {})


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("zones: [", "no YAML"),
        ("- a", "dictionary"),
        ("zoens: []", "zoens"),
        ("zones: [{name: a.example, level: hgih}]", "zones.0.level"),
        ("zones: [{name: a.example, account: Nobody}]", "zones.0: no account 'Nobody'"),
        ("tokens: [{name: ops, value: v, zones: [b.example]}]", "tokens.0: no zone b.example"),
        ("prefixes: [{cidr: 203.0.113.1/24}]", "prefixes.0: 203.0.113.1/24 has host bits"),
        ("tunnels: [{name: two words}]", "tunnels.0.name"),
        ("advertising: {advertise_takes: -1}", "advertising.advertise_takes"),
    ],
    ids=range(9),
)
def test_what_makes_no_sense_is_named_by_its_place(text: str, hint: str):
    with pytest.raises(ValueError, match=re.escape(hint)):
        read_seed(text)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ValueError, match=r"zones\.0\.level.*tunnels\.0\.name"):
        read_seed("{zones: [{name: a, level: x}], tunnels: [{name: a b}]}")


async def test_a_token_of_an_account_is_added_while_it_runs(
    anonymous: httpx.AsyncClient, control: httpx.AsyncClient, simulation: Simulation
):
    another = Account("Another Ltd")
    simulation.put_account(another)
    order = {"name": "robot", "value": "cfat_robot", "kind": "account", "account": "Another Ltd"}
    added = await control.post("/tokens", json=order)

    answer = await anonymous.get(
        f"/accounts/{another.id}/tokens/verify", headers={"Authorization": "Bearer cfat_robot"}
    )

    assert (added.status_code, answer.status_code) == (201, 200)
