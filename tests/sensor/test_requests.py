"""Requests to zones of which some cannot be found, or give no data."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from responder.cloudflare.analytics_rows import Window
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Token
from responder.cloudflare.zones import Zones
from responder.errors import ProviderError
from responder.sensor.requests import ZoneRequests

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
WINDOW = Window.before(NOW, timedelta(minutes=3), timedelta(minutes=1))
IDS = {name: f"{index:032x}" for index, name in enumerate(("a.example", "b.example", "c.example"))}


class Cloudflare:
    """Knows three zones; some cannot be found, and some give no analytics."""

    def __init__(self, hidden: set[str], without: set[str]) -> None:
        self.hidden, self.without = hidden, without
        self.asked: list[list[str]] = []
        self.told = 10
        self.rows = [
            {"count": 60, "dimensions": {"clientRequestHTTPHost": "x", "securityAction": "block"}}
        ]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            name = request.url.params["name"]
            zone = {"id": IDS[name], "name": name, "status": "active", "paused": False}
            found = [] if name in self.hidden else [zone]
            return httpx.Response(200, json={"success": True, "result": found})
        ids = json.loads(request.content)["variables"]["zones"]
        self.asked.append([name for name in IDS if IDS[name] in ids])
        if self.without & set(self.asked[-1]):
            errors = [{"message": "does not have access to the path"}]
            return httpx.Response(403, json={"data": None, "errors": errors})
        zones = [{"zoneTag": one, "requests": self.rows} for one in ids[: self.told]]
        return httpx.Response(200, json={"data": {"viewer": {"zones": zones}}, "errors": None})

    def requests(self) -> ZoneRequests:
        endpoint = Endpoint("https://api.cloudflare.com/v4", transport=httpx.MockTransport(self))
        client = CloudflareClient(endpoint, Token(lambda: "t"), timedelta)
        return ZoneRequests(client, Zones(client, timedelta), tuple(IDS))


async def test_a_zone_that_cannot_be_found_hides_no_other():
    found, whole = await Cloudflare({"b.example"}, set()).requests().ask(WINDOW, lambda: True)
    assert list(found) == ["a.example", "c.example"]
    assert whole


async def test_a_zone_without_analytics_is_found_and_left_out_from_then_on():
    cloudflare = Cloudflare(set(), {"b.example"})
    requests = cloudflare.requests()
    for _ in range(2):
        found, _ = await requests.ask(WINDOW, lambda: True)
        assert list(found) == ["a.example", "c.example"]
    assert cloudflare.asked == [
        ["a.example", "b.example", "c.example"],
        ["a.example"],
        ["b.example"],
        ["c.example"],
        ["a.example", "c.example"],
    ]


async def test_when_the_budget_does_not_reach_nobody_is_asked_alone():
    cloudflare = Cloudflare(set(), {"b.example"})
    found, _ = await cloudflare.requests().ask(WINDOW, lambda: False)
    assert (found, len(cloudflare.asked)) == ({}, 1)


@pytest.mark.parametrize(
    ("hidden", "without", "said"),
    [(set(IDS), set(), "is not visible"), (set(), set(IDS), "does not have access")],
    ids=["none found", "none with data"],
)
async def test_when_no_zone_gives_anything_the_reason_is_told(hidden, without, said):
    with pytest.raises(ProviderError, match=said):
        await Cloudflare(hidden, without).requests().ask(WINDOW, lambda: True)


async def test_a_zone_whose_requests_are_missing_is_a_failure():
    cloudflare = Cloudflare(set(), set())
    cloudflare.rows = None
    with pytest.raises(ProviderError, match="without a list of requests"):
        await cloudflare.requests().ask(WINDOW, lambda: True)


async def test_an_answer_that_leaves_a_zone_out_is_a_failure():
    cloudflare = Cloudflare(set(), set())
    cloudflare.told = 2
    with pytest.raises(ProviderError, match="not the zones that were asked for"):
        await cloudflare.requests().ask(WINDOW, lambda: True)
