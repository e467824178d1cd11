"""Rules of MNM as the API makes, changes and refuses them."""

from dataclasses import replace

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.inventory import Account

MNM = f"/accounts/{Account().id}/mnm"
RULES = f"{MNM}/rules"
THRESHOLD = {
    "name": "threshold-v4",
    "type": "threshold",
    "prefixes": ["203.0.113.0/24"],
    "automatic_advertisement": False,
    "packet_threshold": 10_000,
    "duration": "5m",
}


async def _made(api: httpx.AsyncClient, **fields: object) -> dict[str, object]:
    answer = await api.post(RULES, json=THRESHOLD | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


async def test_a_rule_is_made_read_and_taken_away(api: httpx.AsyncClient):
    made = await _made(api)
    listed = (await api.get(RULES)).json()["result"]
    shown = (await api.get(f"{RULES}/{made['id']}")).json()["result"]
    gone = await api.request("DELETE", f"{RULES}/{made['id']}", json={})

    assert made.items() >= (THRESHOLD | {"duration": "5m0s"}).items()
    assert listed == [shown] == [made] == [gone.json()["result"]]
    assert (await api.get(f"{RULES}/{made['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("sent", "answered"),
    [("1m", "1m0s"), ("10m0s", "10m0s"), ("60m", "1h0m0s"), ("1h0m0s", "1h0m0s")],
)
async def test_durations_are_answered_in_gos_words(
    api: httpx.AsyncClient, sent: str, answered: str
):
    assert (await _made(api, duration=sent))["duration"] == answered


async def test_durations_can_be_answered_as_the_schema_has_them(
    api: httpx.AsyncClient, control: httpx.AsyncClient
):
    await control.put("/mnm", json={"go_durations": False})

    assert (await _made(api, duration="1h0m0s"))["duration"] == "60m"


async def test_a_partial_change_leaves_the_rest(api: httpx.AsyncClient):
    made = await _made(api)
    changed = await api.patch(f"{RULES}/{made['id']}", json={"packet_threshold": 5})
    by_name = await api.put(RULES, json=THRESHOLD | {"duration": "1m"})

    assert changed.json()["result"] == made | {"packet_threshold": 5}
    assert by_name.json()["result"] == made | {"duration": "1m0s"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"automatic_advertisement": True}, True), ({"automatic_advertisement": None}, None)],
    ids=["on", "null"],
)
async def test_automatic_advertisement_has_a_switch_of_its_own(
    api: httpx.AsyncClient, body: dict[str, object], expected: object
):
    made = await _made(api)
    answer = await api.patch(f"{RULES}/{made['id']}/advertisement", json=body)
    nothing = await api.patch(f"{RULES}/{made['id']}/advertisement")

    assert answer.json()["result"] == {"automatic_advertisement": expected}
    assert (await api.get(f"{RULES}/{made['id']}")).json()["result"] == made | body
    assert nothing.status_code == 400


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"name": "two words"}, "name"),
        ({"name": "there"}, "there already"),
        ({"prefixes": []}, "prefixes"),
        ({"prefixes": ["nowhere"]}, "prefixes"),
        ({"prefixes": ["203.0.113.0/24"] * 2}, "twice"),
        ({"packet_threshold": 0}, "packet_threshold"),
        ({"packet_threshold": None}, "needs bandwidth_threshold"),
        ({"duration": "2m"}, "duration"),
        ({"type": "gremlins"}, "type"),
        ({"type": None}, "cannot be null"),
        ({"type": "zscore"}, "needs zscore_sensitivity"),
    ],
    ids=range(11),
)
async def test_a_rule_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, fields: dict[str, object], hint: str
):
    await _made(api, name="there")

    answer = await api.post(RULES, json=THRESHOLD | fields)

    assert answer.status_code == 400
    assert hint in answer.json()["errors"][0]["message"]
    assert len((await api.get(RULES)).json()["result"]) == 1


async def test_a_required_field_is_missed(api: httpx.AsyncClient):
    order = {key: value for key, value in THRESHOLD.items() if key != "automatic_advertisement"}

    answer = await api.post(RULES, json=order)

    assert answer.status_code == 400
    assert "automatic_advertisement" in answer.json()["errors"][0]["message"]


async def test_an_odd_name_of_the_account_stops_every_new_rule(
    api: httpx.AsyncClient, simulation: Simulation
):
    odd = Account("Smith & Sons")
    simulation.put_account(odd)

    answer = await api.post(f"/accounts/{odd.id}/mnm/rules", json=THRESHOLD)

    assert answer.status_code == 400
    assert "account name format" in answer.json()["errors"][0]["message"]


async def test_the_configuration_is_read_and_changed(api: httpx.AsyncClient):
    made = await _made(api)
    changed = await api.patch(f"{MNM}/config", json={"router_ips": ["192.0.2.1"]})
    shown = (await api.get(f"{MNM}/config")).json()["result"]
    full = (await api.get(f"{MNM}/config/full")).json()["result"]

    assert shown == changed.json()["result"]
    assert shown == {
        "name": "Simulated account",
        "default_sampling": 1,
        "router_ips": ["192.0.2.1"],
        "warp_devices": [],
    }
    assert full == shown | {"rules": [made]}


@pytest.mark.parametrize(
    ("group", "statuses"),
    [
        ("Magic Network Monitoring Read", [200, 403]),
        ("Magic Network Monitoring Write", [200, 200]),
        ("Magic Network Monitoring Admin", [200, 200]),
        ("Magic Transit Write", [403, 403]),
    ],
)
async def test_rules_want_their_permission_group(
    api: httpx.AsyncClient, simulation: Simulation, group: str, statuses: list[int]
):
    token = simulation.find_token("default")
    simulation.put_token(replace(token, permissions=frozenset({group})))

    answers = [await api.get(RULES), await api.post(RULES, json=THRESHOLD)]

    assert [answer.status_code for answer in answers] == statuses
