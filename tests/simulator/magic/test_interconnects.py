"""Interconnects as physical lines: no envelope, and two shapes."""

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.inventory import Account
from responder.simulator.magic.tunnel import Tunnel, TunnelKind

CNI = f"/accounts/{Account().id}/cni"


@pytest.fixture
def simulation(simulation: Simulation) -> Simulation:
    simulation.put_tunnel(Tunnel("gre-1"))
    for name in ("line-1", "line-2", "line-3"):
        simulation.put_tunnel(Tunnel(name, TunnelKind.INTERCONNECT))
    return simulation


async def test_lines_come_in_pages_without_an_envelope(api: httpx.AsyncClient):
    first = (await api.get(f"{CNI}/interconnects", params={"limit": 2})).json()
    rest = (await api.get(f"{CNI}/interconnects", params={"limit": 2, "cursor": 2})).json()

    assert list(first) == ["items", "next"]
    assert [line["name"] for line in first["items"] + rest["items"]] == [
        "line-1",
        "line-2",
        "line-3",
    ]
    assert (first["next"], rest["next"]) == (2, None)


@pytest.mark.parametrize("query", [{"limit": 0}, {"cursor": -1}, {"limit": "all"}], ids=str)
async def test_paging_out_of_range_is_refused(api: httpx.AsyncClient, query):
    assert (await api.get(f"{CNI}/interconnects", params=query)).status_code == 400


@pytest.mark.parametrize(
    ("health", "state"), [("healthy", "Healthy"), ("degraded", "Unhealthy"), ("down", "Down")]
)
async def test_the_status_follows_the_health(
    api: httpx.AsyncClient, control: httpx.AsyncClient, health: str, state: str
):
    await control.put("/tunnels/line-1", json={"health": health})
    answer = (await api.get(f"{CNI}/interconnects/line-1/status")).json()
    unknown = await api.get(f"{CNI}/interconnects/gre-1/status")

    assert answer["state"] == state
    assert ("reason" in answer) is (health != "healthy")
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        ("Pending", "", {"state": "Pending"}),
        ("Down", "no light", {"state": "Down", "reason": "no light"}),
        ("Unhealthy", "", {"state": "Unhealthy", "reason": "simulated"}),
        ("Healthy", "ignored", {"state": "Healthy"}),
    ],
)
async def test_a_line_can_be_otherwise_than_the_tunnel_over_it(
    api: httpx.AsyncClient, control: httpx.AsyncClient, state: str, reason: str, told: object
):
    changed = await control.put("/interconnects/line-1", json={"state": state, "reason": reason})
    answer = (await api.get(f"{CNI}/interconnects/line-1/status")).json()
    await control.put("/interconnects/line-1", json={"state": None})
    after = (await api.get(f"{CNI}/interconnects/line-1/status")).json()

    assert (changed.json()["line"], changed.json()["health"]) == (state, "healthy")
    assert answer == told
    assert after == {"state": "Healthy"}


@pytest.mark.parametrize(("line", "status"), [("line-9", 404), ("gre-1", 404)])
async def test_only_an_interconnect_has_a_line(control: httpx.AsyncClient, line: str, status: int):
    answer = await control.put(f"/interconnects/{line}", json={"state": "Down"})
    assert answer.status_code == status


async def test_a_session_of_bgp_is_told_where_there_is_one(
    api: httpx.AsyncClient, control: httpx.AsyncClient
):
    line = {"name": "line-4", "kind": "interconnect", "asn": 64500}
    await control.post("/tunnels", json=line)
    *without, session = (await api.get(f"{CNI}/cnis")).json()["items"]

    assert [one["bgp"] for one in without] == [None] * 3
    assert session["bgp"] == {"customer_asn": 64500, "extra_prefixes": []}


async def test_addresses_and_cursors_have_two_shapes(
    api: httpx.AsyncClient, control: httpx.AsyncClient
):
    specified = (await api.get(f"{CNI}/cnis")).json()
    await control.put("/interconnects", json={"as_observed": True})
    observed = (await api.get(f"{CNI}/cnis")).json()
    lines = (await api.get(f"{CNI}/interconnects")).json()

    assert (specified["items"][0]["p2p_ip"], specified["items"][0]["cust_ip"]) == (
        "10.213.0.8/31",
        "10.213.0.9/31",
    )
    assert observed["items"][0]["cust_ip"] == {"ip": "10.213.0.9", "cidr": 31}
    assert list(observed) == ["items", "cursor"]
    assert lines["items"][0]["facility"]["address"] == "1 Simulated Street"
