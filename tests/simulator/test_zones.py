from dataclasses import replace

import httpx
import pytest

from responder.simulator import Simulation, Zone, seed
from responder.simulator.inventory import Account, Level, ZoneStatus


@pytest.fixture
def simulation() -> Simulation:
    simulation = seed({f"site{n:02}.example": "medium" for n in range(23)})
    other = Account("Another account")
    simulation.put_zone(Zone("pending.example", status=ZoneStatus.PENDING))
    simulation.put_zone(Zone("foreign.example", account=other, paused=True, level=Level.LOW))
    return simulation


async def test_zones_come_in_pages_of_twenty_by_name(api: httpx.AsyncClient):
    first, second = await api.get("/zones"), await api.get("/zones", params={"page": 2})

    names = [zone["name"] for zone in first.json()["result"] + second.json()["result"]]
    assert (len(names), names) == (25, sorted(names))
    assert second.json()["result_info"] == {
        "page": 2,
        "per_page": 20,
        "count": 5,
        "total_count": 25,
        "total_pages": 2,
    }


async def test_a_page_past_the_end_is_empty(api: httpx.AsyncClient):
    answer = await api.get("/zones", params={"page": 9, "per_page": 50})

    assert (answer.status_code, answer.json()["result"]) == (200, [])


@pytest.mark.parametrize(
    "query", [{"page": "0"}, {"per_page": "4"}, {"per_page": "51"}, {"page": "first"}], ids=str
)
async def test_paging_out_of_range_is_refused(api: httpx.AsyncClient, query: dict[str, str]):
    answer = await api.get("/zones", params=query)

    assert (answer.status_code, answer.json()["success"]) == (400, False)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"name": "site07.example"}, ["site07.example"]),
        ({"name": "nowhere.example"}, []),
        ({"status": "pending"}, ["pending.example"]),
        ({"account.id": Account("Another account").id}, ["foreign.example"]),
        ({"account.name": "Another account", "status": "moved"}, []),
    ],
    ids=["name", "unknown-name", "status", "account", "all-must-match"],
)
async def test_zones_are_filtered(api: httpx.AsyncClient, query, names):
    answer = await api.get("/zones", params=query)

    assert [zone["name"] for zone in answer.json()["result"]] == names


async def test_a_zone_tells_whether_it_is_paused_and_how_far_it_has_come(
    api: httpx.AsyncClient, simulation: Simulation
):
    foreign = simulation.find_zone("foreign.example")
    simulation.put_zone(replace(foreign, status=ZoneStatus.MOVED))

    zone = (await api.get(f"/zones/{foreign.id}")).json()["result"]

    assert (zone["name"], zone["paused"], zone["status"]) == ("foreign.example", True, "moved")
    assert (zone["account"]["name"], zone["activated_on"]) == ("Another account", None)
