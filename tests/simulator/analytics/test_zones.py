"""Requests to zones, as their datasets tell them."""

import httpx
import pytest

from responder.simulator.inventory import identifier

ZONES = {name: identifier("zone", name) for name in ("example.com", "example.org")}
REQUESTS = "httpRequestsAdaptiveGroups"
EVENTS = "firewallEventsAdaptiveGroups"
SPAN = 'datetime_geq: "2026-11-20T09:00:00Z", datetime_lt: "2026-11-20T10:00:00Z"'


@pytest.fixture
async def traffic(flow) -> None:
    await flow(zone="example.com", requests=100, starts=-600, lasts=60)
    await flow(zone="example.com", requests=900, action="block", by="l7ddos", starts=-600, lasts=60)
    await flow(zone="example.org", requests=5, host="www.example.org", starts=-600, lasts=60)


def _query(dataset: str, fields: str) -> str:
    return (
        "query($zones: [string!]) {viewer{zones(filter:{zoneTag_in: $zones})"
        f"{{zoneTag rows: {dataset}(filter:{{{SPAN}}} limit: 100){{{fields}}}}}}}}}"
    )


@pytest.mark.usefixtures("traffic")
async def test_requests_are_told_by_action_for_several_zones(ask):
    query = _query(REQUESTS, "count dimensions{securityAction clientRequestHTTPHost}")
    answer = await ask(query, zones=list(ZONES.values()))

    zones = answer.json()["data"]["viewer"]["zones"]
    told = {
        zone["zoneTag"]: {row["dimensions"]["securityAction"]: row["count"] for row in zone["rows"]}
        for zone in zones
    }
    assert told == {
        ZONES["example.com"]: {"unknown": 6000, "block": 54_000},
        ZONES["example.org"]: {"unknown": 300},
    }
    assert zones[1]["rows"][0]["dimensions"]["clientRequestHTTPHost"] == "www.example.org"


@pytest.mark.usefixtures("traffic")
async def test_only_what_was_acted_on_is_an_event(ask):
    answer = await ask(
        _query(EVENTS, "count dimensions{action source}"), zones=list(ZONES.values())
    )

    zones = answer.json()["data"]["viewer"]["zones"]
    assert zones[0]["rows"] == [
        {"count": 54_000, "dimensions": {"action": "block", "source": "l7ddos"}}
    ]
    assert zones[1]["rows"] == []


@pytest.mark.usefixtures("traffic")
async def test_answers_have_a_size(ask):
    answer = await ask(
        _query(REQUESTS, "sum{edgeResponseBytes visits}"), zones=[ZONES["example.org"]]
    )

    rows = answer.json()["data"]["viewer"]["zones"][0]["rows"]
    assert rows == [{"sum": {"edgeResponseBytes": 450_000, "visits": 300}}]


async def test_more_than_ten_zones_are_refused(ask):
    answer = await ask(_query(REQUESTS, "count"), zones=[ZONES["example.com"]] * 11)

    assert answer.status_code == 400
    assert "at most 10" in answer.json()["errors"][0]["message"]


async def test_a_zone_that_is_not_there_cannot_have_traffic(control: httpx.AsyncClient):
    answer = await control.post("/traffic", json={"zone": "nowhere.example", "requests": 1})

    assert answer.status_code == 404
