"""Credentials and routing, which the gateway judges alike for every family."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from responder.simulator import Simulation, Token
from responder.simulator.inventory import TokenKind, TokenStatus, identifier


def _level(zone_id: str) -> str:
    return f"/zones/{zone_id}/settings/security_level"


def _default(simulation: Simulation) -> Token:
    token = simulation.find_token("default")
    assert token
    return token


@pytest.mark.parametrize(
    "header", ["simulator-token", "Token abc", "Bearer ", "Bearer a b", "Bearer é"]
)
async def test_a_malformed_authorization_header_is_an_invalid_request(
    anonymous: httpx.AsyncClient, header: str
):
    answer = await anonymous.get("/zones", headers={"Authorization": header.encode()})

    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "code": 6003,
            "message": "Invalid request headers",
            "error_chain": [{"code": 6111, "message": "Invalid format for Authorization header"}],
        }
    ]


async def test_a_malformed_global_key_is_an_invalid_request(anonymous: httpx.AsyncClient):
    headers = {"X-Auth-Email": "ops@example.com", "X-Auth-Key": "not a key"}

    answer = await anonymous.get("/zones", headers=headers)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["error_chain"][0]["code"] == 6103


async def test_a_request_without_credentials_is_refused(anonymous: httpx.AsyncClient, zone_id: str):
    for path in ("/zones", _level(zone_id)):
        answer = await anonymous.get(path)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 9106)


@pytest.mark.parametrize(
    ("path", "code"), [("zones", 9109), ("settings", 10000)], ids=["zones", "settings"]
)
async def test_an_unknown_token_is_refused_in_the_words_of_the_family(
    anonymous: httpx.AsyncClient, zone_id: str, path: str, code: int
):
    where = "/zones" if path == "zones" else _level(zone_id)

    answer = await anonymous.get(where, headers={"Authorization": "Bearer stranger"})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, code)


@pytest.mark.parametrize("loss", ["disabled", "expired"])
async def test_a_token_that_is_no_longer_active_is_as_good_as_unknown(
    api: httpx.AsyncClient, simulation: Simulation, clock, loss: str
):
    token = _default(simulation)
    gone = (
        replace(token, status=TokenStatus.DISABLED)
        if loss == "disabled"
        else replace(token, expires_on=clock() - timedelta(seconds=1))
    )
    simulation.put_token(gone)

    answer = await api.get("/zones")

    assert answer.status_code == 403
    assert answer.json()["errors"] == [{"code": 9109, "message": "Invalid access token"}]


@pytest.mark.parametrize(
    ("groups", "statuses"),
    [
        (set(), [403, 403, 403]),
        ({"Zone Read"}, [200, 403, 403]),
        ({"Zone Settings Read"}, [403, 200, 403]),
        ({"Zone Settings Write"}, [403, 200, 200]),
    ],
    ids=["none", "zone-read", "settings-read", "settings-write"],
)
async def test_each_endpoint_wants_its_permission_group(
    api: httpx.AsyncClient, simulation: Simulation, zone_id: str, groups, statuses
):
    simulation.put_token(replace(_default(simulation), permissions=frozenset(groups)))

    answers = [
        await api.get("/zones"),
        await api.get(_level(zone_id)),
        await api.patch(_level(zone_id), json={"value": "low"}),
    ]

    assert [answer.status_code for answer in answers] == statuses


async def test_a_zone_outside_the_token_looks_like_one_that_does_not_exist(
    api: httpx.AsyncClient, simulation: Simulation, zone_id: str
):
    simulation.put_token(replace(_default(simulation), zones=frozenset()))

    foreign = await api.get(f"/zones/{zone_id}")
    unknown = await api.get(f"/zones/{'0' * 32}")
    setting = await api.get(_level(zone_id))

    assert foreign.status_code == unknown.status_code == setting.status_code == 403
    assert foreign.json() == unknown.json()
    assert foreign.json()["errors"][0]["code"] == 9109
    assert setting.json()["errors"][0]["code"] == 10000


async def test_an_account_token_sees_only_the_zones_of_its_account(
    anonymous: httpx.AsyncClient, simulation: Simulation, zone_id: str
):
    from_elsewhere = replace(
        _default(simulation),
        name="robot",
        value="cfat_robot",
        kind=TokenKind.ACCOUNT,
        account=replace(simulation.zones[zone_id].account, name="Another account"),
    )
    simulation.put_token(from_elsewhere)

    answer = await anonymous.get("/zones", headers={"Authorization": "Bearer cfat_robot"})

    assert answer.json()["result"] == []


@pytest.mark.parametrize(
    ("email", "status"), [("ops@example.com", 200), ("else@example.com", 403)], ids=["own", "other"]
)
async def test_a_global_key_works_with_the_address_it_belongs_to(
    anonymous: httpx.AsyncClient, simulation: Simulation, email: str, status: int
):
    key = replace(
        _default(simulation),
        name="key",
        value="abc123",
        kind=TokenKind.KEY,
        email="ops@example.com",
    )
    simulation.put_token(key)

    answer = await anonymous.get("/zones", headers={"X-Auth-Email": email, "X-Auth-Key": "abc123"})

    assert answer.status_code == status


async def test_a_malformed_zone_id_has_no_route(api: httpx.AsyncClient):
    for path in ("/zones/example.com", "/zones/XYZ/settings/security_level"):
        answer = await api.get(path)
        assert answer.status_code == 404
        assert [error["code"] for error in answer.json()["errors"]] == [7003, 7000]
        assert f"/client/v4{path}," in answer.json()["errors"][0]["message"]


async def test_a_path_that_is_not_simulated_has_no_route(api: httpx.AsyncClient, zone_id: str):
    answer = await api.get(f"/zones/{zone_id}/dns_records")

    assert answer.status_code == 404
    assert answer.json()["errors"] == [{"code": 7000, "message": "No route for that URI"}]


async def test_a_method_that_is_not_simulated_is_not_allowed(api: httpx.AsyncClient):
    answer = await api.delete("/zones")

    assert (answer.status_code, answer.json()["success"]) == (405, False)


async def test_the_families_differ_in_where_the_result_stands(api: httpx.AsyncClient, zone_id: str):
    zones, level = await api.get("/zones"), await api.get(_level(zone_id))
    lost = await api.get(f"/zones/{identifier('zone', 'lost')}")
    lost_level = await api.get(_level("0" * 32))

    assert next(iter(zones.json())) == next(iter(lost.json())) == "result"
    assert list(level.json()) == ["success", "errors", "messages", "result"]
    assert "result" not in lost_level.json()
