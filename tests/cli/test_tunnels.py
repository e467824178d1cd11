"""`responder tunnels`: what is told of each kind, and what is not known of its health."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from cli.service import Service
from support.tools import CLOCK, TOKEN, tools_running

from responder.simulator import Fault, FaultKind
from responder.simulator.inventory import BORN
from responder.simulator.magic.tunnel import Health, HealthTurn, Line, LineState, Tunnel, TunnelKind

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def module_tools(tmp_path_factory):
    with tools_running(tmp_path_factory.mktemp("tools"), Service()) as tools:
        yield tools


@pytest.fixture
def tools(module_tools, monkeypatch, tmp_path):
    token = tmp_path / "api.token"
    token.write_text(TOKEN)
    monkeypatch.setenv("RESPONDER_URL", module_tools.url)
    monkeypatch.setenv("RESPONDER_API_TOKEN_FILE", str(token))
    module_tools.simulation.faults.clear()
    module_tools.simulation.tunnels.clear()
    module_tools.simulation.interconnects_as_observed = False
    for tunnel in (
        Tunnel("gre-1", mtu=1456),
        Tunnel("ipsec-1", TunnelKind.IPSEC, customer_endpoint="198.51.100.9"),
        Tunnel("line-1", TunnelKind.INTERCONNECT, mtu=1500),
    ):
        module_tools.simulation.put_tunnel(tunnel)
    return module_tools


def lines(ended):
    table = ended.out.partition("\n\n")[0]
    return {line.split()[0]: line for line in table.splitlines()[1:]}


@pytest.mark.usefixtures("tools")
def test_each_kind_is_shown_with_its_ends(run):
    told = json.loads(run("tunnels", "-o", "json").out)["tunnels"]
    shown = {one["name"]: (one["kind"], one["customer_endpoint"], one["mtu"]) for one in told}
    assert shown == {
        "gre-1": ("gre", "198.51.100.1", 1456),
        "ipsec-1": ("ipsec", "198.51.100.9", None),
        "line-1": ("interconnect", None, 1500),
    }
    assert {one["cloudflare_endpoint"] for one in told} == {"192.0.2.1"}
    assert {one["check_target"] for one in told} == {"10.213.0.9"}
    assert "1456" in lines(run("tunnels"))["gre-1"]


@pytest.mark.parametrize(
    ("health", "told"),
    [
        (Health.HEALTHY, "100% healthy"),
        (Health.DEGRADED, "50% degraded"),
        (Health.DOWN, "0% down"),
    ],
)
def test_health_is_a_percentage_with_an_age(run, tools, health, told):
    found = tools.simulation.tunnels[Tunnel("gre-1").id]
    tools.simulation.put_tunnel(replace(found, turns=(HealthTurn(health, BORN),)))
    line = lines(run("tunnels"))["gre-1"]
    assert re.search(rf"  {re.escape(told)}  +\d+m(\d+s)?\b", line)


def test_a_tunnel_that_went_down_within_the_window_is_in_between(run, tools):
    found = tools.simulation.tunnels[Tunnel("gre-1").id]
    went = CLOCK.now() - timedelta(minutes=15)
    turns = (HealthTurn(Health.HEALTHY, BORN), HealthTurn(Health.DOWN, went))
    tools.simulation.put_tunnel(replace(found, turns=turns))
    (gre, *_) = json.loads(run("tunnels", "-o", "json").out)["tunnels"]
    assert 20 < gre["health"]["percent"] < 80
    assert gre["health"]["checks"] > 10


def test_without_analytics_the_tunnels_are_shown_and_their_health_is_unknown(run, tools):
    tools.simulation.faults.add(Fault(FaultKind.GRAPHQL_ERROR, path="/graphql"))
    ended = run("tunnels")
    assert ended.code == 0
    assert "unknown" in lines(ended)["gre-1"]
    assert "health is not known: read_tunnel_checks: " in ended.err


def test_a_list_that_fails_is_a_failure(run, tools):
    tools.simulation.faults.add(Fault(FaultKind.SERVER_ERROR))
    ended = run("tunnels")
    assert (ended.code, ended.out) == (1, "")
    assert "list_tunnels" in ended.err


def physical(ended):
    """Return the second table: its rows by the name of the line."""
    table = ended.out.partition("\nINTERCONNECT ")[2]
    return {line.split()[0]: " ".join(line.split()) for line in table.splitlines()[1:]}


@pytest.mark.parametrize("observed", [False, True], ids=["schema", "field"])
def test_lines_are_shown_with_their_state_their_place_and_both_ends(run, tools, observed):
    tools.simulation.interconnects_as_observed = observed
    cut = Line(LineState.DOWN, "no light")
    tunnel = Tunnel("line-1", TunnelKind.INTERCONNECT, mtu=1500, asn=64500, line=cut)
    tools.simulation.put_tunnel(tunnel)
    ended = run("tunnels")
    assert physical(ended)["line-1"] == (
        "line-1 down no light Simulated, 1 Simulated Street 10G 10.213.0.8/31 10.213.0.9/31"
        " AS64500 line-1"
    )
    assert ended.err == ""
    (line,) = json.loads(run("tunnels", "-o", "json").out)["interconnects"]
    assert (line["state"], line["reason"], line["type"]) == ("Down", "no light", "direct")
    (link,) = line["links"]
    assert link["cloudflare_address"] == "10.213.0.8/31"
    assert link["customer_address"] == "10.213.0.9/31"
    assert (link["bgp"]["customer_asn"], link["mtu"], link["tunnel"]) == (64500, 1500, "line-1")


def test_lines_beyond_the_first_page_are_shown(run, tools):
    for index in range(120):
        tools.simulation.put_tunnel(Tunnel(f"x-{index}", TunnelKind.INTERCONNECT))
    ended = run("tunnels")
    assert len(physical(ended)) == 121
    assert "x-119 is not known: read_interconnect_state: only the first 100 lines" in ended.err


def test_without_the_permission_all_but_the_lines_is_shown(run, tools):
    tools.simulation.faults.add(Fault(FaultKind.FORBIDDEN, path="/cni/"))
    ended = run("tunnels")
    assert ended.code == 0
    assert "healthy" in lines(ended)["gre-1"]
    assert physical(ended) == {}
    assert "interconnects are not all known: list_interconnects: " in ended.err
    assert "needs the permission 'Magic Transit Read'" in ended.err
    told = json.loads(run("tunnels", "-o", "json").out)
    assert told["interconnects"] is None
    assert len(told["tunnels"]) == 3


def test_without_their_states_lines_are_shown_and_the_trouble_is_said_once(run, tools):
    tools.simulation.put_tunnel(Tunnel("line-2", TunnelKind.INTERCONNECT))
    tools.simulation.faults.add(Fault(FaultKind.FORBIDDEN, path="/status"))
    ended = run("tunnels")
    assert [row.split()[1] for row in physical(ended).values()] == ["unknown", "unknown"]
    assert ended.err.count("Cloudflare answered 403") == 1
    assert "the state of line-1, line-2 is not known: read_interconnect_state" in ended.err


def test_an_account_without_interconnects_has_one_table(run, tools):
    del tools.simulation.tunnels[Tunnel("line-1").id]
    ended = run("tunnels")
    assert "INTERCONNECT" not in ended.out
    assert ended.err == ""
