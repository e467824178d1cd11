"""Tunnels as the API shows them and as the control API changes them."""

from dataclasses import replace

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.inventory import Account
from responder.simulator.magic.tunnel import Tunnel, TunnelKind

MAGIC = f"/accounts/{Account().id}/magic"


@pytest.fixture
def simulation(simulation: Simulation) -> Simulation:
    simulation.put_tunnel(Tunnel("gre-1"))
    simulation.put_tunnel(Tunnel("gre-2", account=Account("Another account")))
    simulation.put_tunnel(Tunnel("ipsec-1", TunnelKind.IPSEC))
    simulation.put_tunnel(Tunnel("cni-1", TunnelKind.INTERCONNECT))
    return simulation


@pytest.mark.parametrize(
    ("path", "key", "name"),
    [
        ("gre_tunnels", "gre_tunnels", "gre-1"),
        ("ipsec_tunnels", "ipsec_tunnels", "ipsec-1"),
        ("cf_interconnects", "interconnects", "cni-1"),
    ],
    ids=["gre", "ipsec", "interconnect"],
)
async def test_each_kind_is_listed_in_an_object(api: httpx.AsyncClient, path, key, name):
    result = (await api.get(f"{MAGIC}/{path}")).json()["result"]

    assert list(result) == [key]
    assert [tunnel["name"] for tunnel in result[key]] == [name]


@pytest.mark.parametrize("kind", ["gre", "ipsec"])
async def test_one_tunnel_is_shown_as_it_is_listed(api: httpx.AsyncClient, kind: str):
    listed = (await api.get(f"{MAGIC}/{kind}_tunnels")).json()["result"][f"{kind}_tunnels"][0]
    shown = await api.get(f"{MAGIC}/{kind}_tunnels/{listed['id']}")
    unknown = await api.get(f"{MAGIC}/{kind}_tunnels/{'0' * 32}")

    assert shown.json()["result"] == {f"{kind}_tunnel": listed}
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("headers", "target"),
    [
        ({}, "10.213.0.9"),
        ({"x-magic-new-hc-target": "true"}, {"saved": "", "effective": "10.213.0.9"}),
    ],
    ids=["string", "object"],
)
async def test_the_target_of_the_health_check_has_two_shapes(
    api: httpx.AsyncClient, headers, target
):
    answer = await api.get(f"{MAGIC}/gre_tunnels", headers=headers)

    assert answer.json()["result"]["gre_tunnels"][0]["health_check"]["target"] == target


@pytest.mark.parametrize(("health", "state"), [("degraded", "BGP_UP"), ("down", "BGP_DOWN")])
async def test_a_session_of_bgp_is_up_while_any_check_passes(
    api: httpx.AsyncClient, control: httpx.AsyncClient, health: str, state: str
):
    await control.post("/tunnels", json={"name": "gre-9", "asn": 64500, "health": health})
    listed = (await api.get(f"{MAGIC}/gre_tunnels")).json()["result"]["gre_tunnels"]
    told = {tunnel["name"]: tunnel.get("bgp_status", {}).get("state") for tunnel in listed}

    assert told == {"gre-1": None, "gre-9": state}


async def test_reading_wants_magic_transit(api: httpx.AsyncClient, simulation: Simulation):
    token = simulation.find_token("default")
    simulation.put_token(replace(token, permissions=frozenset({"IP Prefixes: Read"})))

    answer = await api.get(f"{MAGIC}/gre_tunnels")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, 10000)


async def test_a_tunnel_is_set_up_fails_and_is_taken_down(
    api: httpx.AsyncClient, control: httpx.AsyncClient, clock
):
    added = await control.post("/tunnels", json={"name": "gre-9", "customer_endpoint": "192.0.2.9"})
    clock.advance(60)
    failed = await control.put("/tunnels/gre-9", json={"health": "down"})
    clock.advance(60)
    again = await control.put(f"/tunnels/{added.json()['id']}", json={"health": "down"})
    shown = await api.get(f"{MAGIC}/gre_tunnels/{added.json()['id']}")
    gone = await control.delete("/tunnels/gre-9")

    assert (added.status_code, added.json()["health"]) == (201, "healthy")
    assert failed.json() == again.json() == gone.json()
    assert (failed.json()["health"], failed.json()["since"]) == (
        "down",
        "2026-11-20T10:01:00.000000Z",
    )
    assert shown.json()["result"]["gre_tunnel"]["customer_gre_endpoint"] == "192.0.2.9"
    names = [tunnel["name"] for tunnel in (await control.get("/state")).json()["tunnels"]]
    assert "gre-9" not in names


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "hint"),
    [
        ("POST", "/tunnels", {"name": "two words"}, 400, "name"),
        ("POST", "/tunnels", {"name": "gre-1", "interface_address": "here"}, 400, "interface"),
        ("POST", "/tunnels", {"name": "gre-1", "colos": []}, 400, "colos"),
        ("PUT", "/tunnels/gre-1", {"health": "tired"}, 400, "health"),
        ("PUT", "/tunnels/gre-9", {"health": "down"}, 404, "gre-9"),
        ("DELETE", "/tunnels/gre-9", None, 404, "gre-9"),
    ],
    ids=["name", "interface", "colos", "health", "put", "delete"],
)
async def test_a_mistake_is_answered_by_its_place(
    control: httpx.AsyncClient, method, path, body, status, hint
):
    answer = await control.request(method, path, json=body)

    assert answer.status_code == status
    assert hint in answer.json()["error"]
