from dataclasses import replace

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.inventory import Plan


@pytest.fixture
def path(zone_id: str) -> str:
    return f"/zones/{zone_id}/settings/security_level"


def _level(simulation: Simulation) -> str:
    zone = simulation.find_zone("example.com")
    assert zone
    return zone.level


async def test_a_level_never_written_has_no_moment(api: httpx.AsyncClient, path: str):
    answer = await api.get(path)

    assert answer.json()["result"] == {
        "id": "security_level",
        "value": "high",
        "editable": True,
        "modified_on": None,
    }


async def test_a_written_level_is_read_back(
    api: httpx.AsyncClient, simulation: Simulation, path: str
):
    written = await api.patch(path, json={"value": "under_attack"})
    read = await api.get(path)

    assert written.status_code == 200
    assert written.json() == read.json()
    assert read.json()["result"]["value"] == _level(simulation) == "under_attack"
    assert read.json()["result"]["modified_on"] == "2026-11-20T10:00:00.000000Z"


async def test_writing_the_same_level_again_moves_its_moment(
    api: httpx.AsyncClient, clock, path: str
):
    await api.patch(path, json={"value": "low"})
    clock.advance(1.5)
    again = await api.patch(path, json={"value": "low"})

    assert again.json()["result"]["modified_on"] == "2026-11-20T10:00:01.500000Z"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"value":"extreme"}', 1007),
        (b'{"value":["low"]}', 1007),
        (b'{"level":"low"}', 1007),
        (b"[]", 1007),
        (b"{", 6007),
        (b'{"value":NaN}', 6007),
        (b"[" * 10_000, 6007),
        (b"", 6007),
    ],
    ids=["unknown", "no-string", "missing", "no-object", "no-json", "nan", "deep", "empty"],
)
async def test_a_bad_value_is_refused_and_changes_nothing(
    api: httpx.AsyncClient, simulation: Simulation, path: str, body: bytes, code: int
):
    answer = await api.patch(path, content=body)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    assert _level(simulation) == "high"


async def test_a_level_that_is_not_editable_cannot_be_written(
    api: httpx.AsyncClient, simulation: Simulation, path: str
):
    simulation.put_zone(replace(simulation.find_zone("example.com"), editable=False))

    answer = await api.patch(path, json={"value": "under_attack"})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 1057)
    assert _level(simulation) == "high"
    assert (await api.get(path)).json()["result"]["editable"] is False


@pytest.mark.parametrize(("plan", "status"), [(Plan.BUSINESS, 400), (Plan.ENTERPRISE, 200)])
async def test_off_is_for_the_enterprise_plan_only(
    api: httpx.AsyncClient, simulation: Simulation, path: str, plan: Plan, status: int
):
    simulation.put_zone(replace(simulation.find_zone("example.com"), plan=plan))

    answer = await api.patch(path, json={"value": "off"})

    assert answer.status_code == status


async def test_the_batch_endpoint_is_gone(api: httpx.AsyncClient, zone_id: str):
    read = await api.get(f"/zones/{zone_id}/settings")
    written = await api.patch(f"/zones/{zone_id}/settings", json={"items": []})

    assert (read.status_code, written.status_code) == (404, 404)


async def test_a_setting_that_is_not_simulated_is_unknown(api: httpx.AsyncClient, zone_id: str):
    answer = await api.get(f"/zones/{zone_id}/settings/brotli")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 1006)
