"""GraphQL as an endpoint: errors, permissions, limits and faults."""

from dataclasses import replace

import httpx
import pytest

from responder.simulator import Fault, FaultKind, Simulation
from responder.simulator.inventory import Account, TokenStatus, identifier

NETWORK = "magicTransitNetworkAnalyticsAdaptiveGroups"
ADVERTISED = "203.0.113.0/24"
HOUR = 'datetime_geq: "2026-11-20T09:00:00Z", datetime_lt: "2026-11-20T10:00:00Z"'


def _query(inner: str, account: str = Account().id) -> str:
    return f'{{viewer{{accounts(filter:{{accountTag:"{account}"}}){{{inner}}}}}}}'


def _count(where: str = HOUR, dataset: str = NETWORK) -> str:
    return _query(f"{dataset}(limit: 10, filter: {{{where}}}){{count}}")


async def test_an_answer_has_no_envelope_and_no_limit_headers(ask):
    answer = await ask(_count())

    assert answer.json() == {
        "data": {"viewer": {"accounts": [{NETWORK: []}]}},
        "errors": None,
    }
    assert "Ratelimit" not in answer.headers


@pytest.mark.parametrize(
    ("query", "status", "hint"),
    [
        ("{viewer", 400, "Syntax error"),
        ("{user{id}}", 400, 'unknown field "user"'),
        ("{viewer{zebras{count}}}", 400, 'unknown field "zebras"'),
        (_query("nothingAdaptiveGroups(limit: 1){count}"), 400, "nothingAdaptiveGroups"),
        (_query("httpRequestsAdaptiveGroups(limit: 1){count}"), 400, "httpRequests"),
        (_count().replace("count}", "total}"), 400, 'unknown field "total"'),
        (_count().replace("count}", "dimensions{attackId}}"), 400, 'unknown field "attackId"'),
        (_count().replace("count}", "sum{bytes}}"), 400, 'unknown field "bytes"'),
        (_count().replace("{count}", ""), 400, "select at least one field"),
        (_count(HOUR + ' prefix: "x"'), 400, "unknown filter 'prefix'"),
        (_count(HOUR + " OR: 1"), 400, "OR takes a list"),
        (_count("datetime_geq: 1"), 400, "is no time"),
        (_count(""), 400, "filter by time"),
        (_count().replace("limit: 10,", ""), 400, "limit must be"),
        (_count().replace("limit: 10", "limit: 10001"), 400, "limit must be"),
        (_count().replace("limit: 10", "limit: 10 orderBy: [size_DESC]"), 400, "cannot order"),
        ("{viewer{accounts{x}}}", 400, "filter by accountTag"),
        (_count('datetime_geq: "2026-10-01T00:00:00Z"'), 200, "older than 2678400s"),
        (_count('datetime_geq: "2026-11-10T00:00:00Z"'), 200, "wider than 604800s"),
    ],
    ids=range(19),
)
async def test_a_query_that_cannot_be_answered_says_why(ask, query, status, hint):
    answer = await ask(query)

    assert answer.status_code == status
    assert answer.json()["data"] is None
    assert hint in answer.json()["errors"][0]["message"]
    assert answer.json()["errors"][0]["extensions"]["timestamp"].startswith("2026-11-20T10:00")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"query": 1}', b'{"q": "{a}"}'])
async def test_a_body_that_is_no_query_is_refused(api: httpx.AsyncClient, body: bytes):
    answer = await api.post("/graphql", content=body)

    assert (answer.status_code, answer.json()["data"]) == (400, None)


async def test_settings_tell_what_a_dataset_can(ask, control: httpx.AsyncClient):
    await control.put("/analytics", json={"disabled": ["mnmFlowDataAdaptiveGroups"]})
    fields = "enabled maxDuration maxNumberOfFields maxPageSize notOlderThan availableFields"
    datasets = f"{NETWORK}{{{fields}}} mnmFlowDataAdaptiveGroups{{enabled}}"
    answer = await ask(_query(f"settings{{{datasets}}}"))

    settings = answer.json()["data"]["viewer"]["accounts"][0]["settings"]
    available = settings[NETWORK].pop("availableFields")
    assert settings == {
        NETWORK: {
            "enabled": True,
            "maxDuration": 604_800,
            "maxNumberOfFields": 40,
            "maxPageSize": 10_000,
            "notOlderThan": 2_678_400,
        },
        "mnmFlowDataAdaptiveGroups": {"enabled": False},
    }
    assert {"count", "dimensions_ipDestinationSubnet", "sum_bits"} < set(available)


async def test_a_dataset_this_account_has_not_is_refused(ask, control: httpx.AsyncClient):
    await control.put("/analytics", json={"disabled": [NETWORK]})
    answer = await ask(_count())

    assert answer.status_code == 403
    assert answer.json()["errors"][0] == {
        "message": "does not have access to the path",
        "path": ["viewer", "accounts", NETWORK],
        "extensions": {"timestamp": "2026-11-20T10:00:00.000000Z"},
    }


@pytest.mark.parametrize(
    ("groups", "account", "zone"),
    [({"Account Analytics Read"}, 200, 200), ({"Analytics Read"}, 403, 200), (set(), 403, 403)],
    ids=["account", "zone", "none"],
)
async def test_analytics_want_their_permission_group(
    ask, simulation: Simulation, groups: set[str], account: int, zone: int
):
    token = simulation.find_token("default")
    simulation.put_token(replace(token, permissions=frozenset(groups)))
    tag = identifier("zone", "example.com")
    inner = f"httpRequestsAdaptiveGroups(limit: 1, filter: {{{HOUR}}}){{count}}"

    of_account = await ask(_count())
    of_zone = await ask(f'{{viewer{{zones(filter:{{zoneTag:"{tag}"}}){{{inner}}}}}}}')

    assert (of_account.status_code, of_zone.status_code) == (account, zone)


async def test_a_foreign_account_is_not_authorized(ask):
    answer = await ask(_count().replace(Account().id, "0" * 32))

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["message"] == "not authorized for that account"


async def test_a_stranger_is_unauthorized(
    anonymous: httpx.AsyncClient, api: httpx.AsyncClient, simulation: Simulation
):
    stranger = {"Authorization": "Bearer stranger"}
    unknown = await anonymous.post("/graphql", json={"query": "{viewer}"}, headers=stranger)
    token = simulation.find_token("default")
    simulation.put_token(replace(token, status=TokenStatus.DISABLED))
    disabled = await api.post("/graphql", json={"query": "{viewer}"})

    assert (unknown.status_code, disabled.status_code) == (401, 401)
    assert unknown.json()["errors"][0]["message"] == "Unauthorized"


async def test_queries_have_a_limit_of_their_own(
    ask, api: httpx.AsyncClient, control: httpx.AsyncClient, clock
):
    shown = (await control.get("/state")).json()["graphql_limit"]
    await control.put("/graphql-limit", json={"requests": 2})

    statuses = [(await ask(_count())).status_code for _ in range(3)]
    refused = await ask(_count())
    other = await api.get("/zones")
    clock.advance(300)

    assert shown == {"requests": 300, "window": 300.0, "block": 300.0}
    assert statuses == [200, 200, 429]
    assert "budget depleted" in refused.json()["errors"][0]["message"]
    assert "retry-after" not in refused.headers
    assert other.headers["Ratelimit"] == '"default";r=1199;t=300'
    assert (await ask(_count())).status_code == 200


async def test_an_error_may_come_with_status_200(ask, simulation: Simulation):
    simulation.faults.add(Fault(FaultKind.GRAPHQL_ERROR, count=1))

    answer = await ask(_count())

    assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert answer.json()["errors"]
    assert (await ask(_count())).json()["errors"] is None


async def test_an_answer_may_lack_data_that_are_there(ask, flow, simulation: Simulation, api):
    await flow(prefix=ADVERTISED, packets=1e6, starts=-600, lasts=60)
    simulation.faults.add(Fault(FaultKind.GRAPHQL_EMPTY, count=1))

    elsewhere = await api.get("/zones")
    empty, full = [(await ask(_count())).json()["data"]["viewer"]["accounts"] for _ in range(2)]

    assert elsewhere.status_code == 200
    assert empty == [{NETWORK: []}]
    assert full == [{NETWORK: [{"count": 6000}]}]


async def test_an_ordinary_fault_is_scoped_by_the_path(ask, simulation: Simulation):
    simulation.faults.add(Fault(FaultKind.UNAVAILABLE, path="graphql"))

    assert (await ask(_count())).status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "hint"),
    [
        ("POST", "/traffic", {"bits": 1}, 400, "either a prefix or a zone"),
        ("POST", "/traffic", {"prefix": ADVERTISED, "zone": "example.com"}, 400, "either"),
        ("POST", "/traffic", {"prefix": "nowhere"}, 400, "body.prefix"),
        ("POST", "/traffic", {"prefix": ADVERTISED, "address": "192.0.2.1"}, 400, "not in"),
        ("POST", "/traffic", {"prefix": "192.0.2.0/24"}, 404, "192.0.2.0/24"),
        ("POST", "/traffic", {"prefix": ADVERTISED, "packets": -1}, 400, "packets"),
        ("POST", "/traffic", {"prefix": ADVERTISED, "starts": 1e300}, 400, "too far"),
        ("POST", "/traffic", {"prefix": ADVERTISED, "lasts": 1e13}, 400, "too far"),
        ("PATCH", "/traffic/7", {"ends": 0}, 404, "7"),
        ("DELETE", "/traffic/7", None, 404, "7"),
        ("PUT", "/analytics", {"disabled": ["gremlins"]}, 400, "gremlins"),
    ],
    ids=[
        "nothing",
        "both",
        "no-prefix",
        "outside",
        "foreign",
        "rate",
        "start",
        "span",
        "end",
        "forget",
        "dataset",
    ],
)
async def test_a_mistake_is_answered_by_its_place(
    control: httpx.AsyncClient, method, path, body, status, hint
):
    answer = await control.request(method, path, json=body)

    assert answer.status_code == status
    assert hint in answer.json()["error"]


async def test_traffic_is_shown_and_forgotten(flow, control: httpx.AsyncClient):
    first = await flow(prefix=ADVERTISED, packets=5, outcome="drop", lasts=60)
    second = await flow(zone="example.com", requests=7)
    shown = (await control.get("/state")).json()["traffic"]
    one = await control.delete(f"/traffic/{first['id']}")
    rest = await control.delete("/traffic")

    assert shown == [first, second]
    assert (first["system"], first["address"], first["ends"]) == (
        "dosd",
        "203.0.113.10",
        "2026-11-20T10:01:00.000000Z",
    )
    assert (second["requests"], second["ends"]) == (7, None)
    assert (one.json(), rest.json()) == (first, {"forgotten": 1})
