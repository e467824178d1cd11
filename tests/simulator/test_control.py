import asyncio

import httpx
import pytest

from responder.simulator import Fault, FaultKind, Simulation


async def test_the_state_shows_levels_and_totals_but_no_secret(
    api: httpx.AsyncClient, control: httpx.AsyncClient, zone_id: str
):
    await api.patch(f"/zones/{zone_id}/settings/security_level", json={"value": "under_attack"})
    await api.get("/nothing-here")
    answer = await control.get("/state")

    state = answer.json()
    assert [(zone["name"], zone["level"]) for zone in state["zones"]] == [
        ("example.com", "under_attack"),
        ("example.org", "medium"),
    ]
    assert state["requests"] == {
        "total": 2,
        "by_method": {"PATCH": 1, "GET": 1},
        "by_status": {"200": 1, "404": 1},
    }
    assert "simulator-token" not in answer.text


async def test_the_log_keeps_who_sent_what_and_what_it_got(
    api: httpx.AsyncClient, control: httpx.AsyncClient, simulation: Simulation, zone_id: str
):
    path = f"/zones/{zone_id}/settings/security_level"
    await api.get("/zones", params={"name": "example.com"})
    await api.patch(path, json={"value": "low"})
    await api.patch(path, content=b"no json")
    answer = await control.get("/requests")

    listed, written, broken = answer.json()["requests"]
    assert listed["query"] == "name=example.com"
    assert written == {
        "at": "2026-11-20T10:00:00.000000Z",
        "method": "PATCH",
        "path": f"/client/v4{path}",
        "query": "",
        "status": 200,
        "answered_at": "2026-11-20T10:00:00.000000Z",
        "body": {"value": "low"},
        "level": "low",
        "token": simulation.find_token("default").id,
        "fault": None,
    }
    assert (broken["status"], broken["body"]) == (400, "no json")
    assert "simulator-token" not in answer.text


async def test_a_long_body_is_logged_in_part(api: httpx.AsyncClient, control: httpx.AsyncClient):
    await api.post("/zones", content=b"x" * 100_000)

    assert len((await control.get("/requests")).json()["requests"][0]["body"]) == 16_384


async def test_the_log_forgets_the_oldest_request(
    api: httpx.AsyncClient, control: httpx.AsyncClient, simulation: Simulation
):
    simulation.requests.size = 2
    for name in ("one", "two", "three"):
        await api.get(f"/{name}")

    paths = [entry["path"] for entry in (await control.get("/requests")).json()["requests"]]
    assert paths == ["/client/v4/two", "/client/v4/three"]
    assert simulation.requests.total == 3


async def test_a_human_at_the_dashboard_changes_the_level(
    api: httpx.AsyncClient, control: httpx.AsyncClient, clock, zone_id: str
):
    clock.advance(60)
    answer = await control.put("/zones/example.com", json={"level": "essentially_off"})
    setting = await api.get(f"/zones/{zone_id}/settings/security_level")

    assert answer.json()["level"] == "essentially_off"
    assert setting.json()["result"]["value"] == "essentially_off"
    assert setting.json()["result"]["modified_on"] == "2026-11-20T10:01:00.000000Z"


async def test_a_human_at_the_dashboard_pauses_and_moves_a_zone(
    api: httpx.AsyncClient, control: httpx.AsyncClient, zone_id: str
):
    change = {"paused": True, "status": "moved", "plan": "pro", "editable": False}
    answer = await control.put(f"/zones/{zone_id}", json=change)
    zone = (await api.get(f"/zones/{zone_id}")).json()["result"]

    assert answer.json().items() >= change.items()
    assert (zone["paused"], zone["status"], zone["plan"]["legacy_id"]) == (True, "moved", "pro")
    assert answer.json()["modified_on"] is None


async def test_a_zone_that_has_left_the_account_looks_like_a_foreign_one(
    api: httpx.AsyncClient, control: httpx.AsyncClient, zone_id: str
):
    answer = await control.delete("/zones/example.com")
    listed = await api.get("/zones", params={"name": "example.com"})
    setting = await api.get(f"/zones/{zone_id}/settings/security_level")

    assert answer.json()["name"] == "example.com"
    assert (listed.json()["result"], setting.status_code) == ([], 403)


async def test_a_token_is_added_narrowed_and_revoked(
    anonymous: httpx.AsyncClient, control: httpx.AsyncClient, zone_id: str
):
    order = {"name": "ops", "value": "cfut_ops", "permissions": ["Zone Read"]}
    as_ops = {"Authorization": "Bearer cfut_ops"}
    added = await control.post("/tokens", json=order)
    everything = await anonymous.get("/zones", headers=as_ops)
    await control.patch("/tokens/ops", json={"zones": ["example.com"]})
    narrowed = await anonymous.get("/zones", headers=as_ops)
    revoked = await control.patch(f"/tokens/{added.json()['id']}", json={"status": "disabled"})
    refused = await anonymous.get("/zones", headers=as_ops)

    assert added.status_code == 201
    assert "cfut_ops" not in added.text
    assert (len(everything.json()["result"]), len(narrowed.json()["result"])) == (2, 1)
    assert (revoked.json()["status"], revoked.json()["zones"]) == ("disabled", [zone_id])
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/zones/nowhere.example", {"paused": True}),
        ("DELETE", "/zones/nowhere.example", None),
        ("PATCH", "/tokens/nobody", {"status": "disabled"}),
        ("PATCH", "/tokens/default", {"zones": ["nowhere.example"]}),
        ("DELETE", "/faults/7", None),
        ("GET", "/nothing-here", None),
    ],
    ids=["zone", "no-zone", "token", "zone-of-token", "fault", "path"],
)
async def test_what_does_not_exist_is_named(control: httpx.AsyncClient, method, path, body):
    answer = await control.request(method, path, json=body)

    assert answer.status_code == 404
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "hint"),
    [
        ("POST", "/faults", {"kind": "gremlins"}, "kind"),
        ("POST", "/faults", {"kind": "slow", "delay": -1}, "delay"),
        ("POST", "/faults", {"kind": "hang", "zones": "example.com"}, "zones"),
        ("PUT", "/zones/example.com", {"level": "extreme"}, "level"),
        ("POST", "/tokens", {"name": "ops", "value": "two words"}, "value"),
        ("PUT", "/rate-limit", {"requests": 0}, "requests"),
    ],
    ids=["kind", "delay", "unknown-key", "level", "token", "limit"],
)
async def test_a_mistake_is_answered_by_its_place(
    control: httpx.AsyncClient, method, path, body, hint
):
    answer = await control.request(method, path, json=body)

    assert answer.status_code == 400
    assert f"body.{hint}" in answer.json()["error"]
    assert (await control.get("/state")).json()["faults"] == []


async def test_a_fault_is_listed_until_it_is_cleared(control: httpx.AsyncClient):
    order = {"kind": "rate_limited", "retry_after": 30, "count": 3, "zone": "example.com"}
    added = await control.post("/faults", json=order)
    other = await control.post("/faults", json={"kind": "slow", "delay": 0.5})
    listed = (await control.get("/state")).json()["faults"]
    cleared = await control.delete(f"/faults/{added.json()['id']}")
    rest = await control.delete("/faults")

    assert added.status_code == 201
    assert listed == [added.json(), other.json()]
    assert (listed[0]["remaining"], listed[1]["delay"]) == (3, 0.5)
    assert (cleared.json(), rest.json()) == ({"cleared": 1}, {"cleared": 1})


async def test_a_fault_that_lasts_a_while_is_cleared_by_itself(
    control: httpx.AsyncClient, simulation: Simulation, until
):
    await control.post("/faults", json={"kind": "hang", "lasts": 0.01})
    await control.post("/faults", json={"kind": "reset", "lasts": 3600})

    await until(lambda: len(list(simulation.faults)) == 1)
    assert [armed.fault.kind for armed in simulation.faults] == [FaultKind.RESET]


async def test_a_value_belongs_to_one_token_only(control: httpx.AsyncClient):
    answer = await control.post("/tokens", json={"name": "twin", "value": "simulator-token"})

    assert answer.status_code == 400
    assert "simulator-token" not in answer.text


@pytest.mark.parametrize(
    "body", [b'"\\ud800"', b"[" * 10_000, b"\xff"], ids=["surrogate", "deep", "bytes"]
)
async def test_an_odd_body_does_not_spoil_the_log(
    api: httpx.AsyncClient, control: httpx.AsyncClient, body: bytes
):
    await api.post("/zones", content=body)

    answer = await control.get("/requests")

    assert answer.json()["requests"][0]["body"] == body.decode(errors="replace")


async def test_a_request_forgotten_while_it_hangs_still_counts_when_answered(
    api: httpx.AsyncClient, control: httpx.AsyncClient, simulation: Simulation, until
):
    simulation.requests.size = 1
    simulation.faults.add(Fault(FaultKind.HANG, count=1))
    held = asyncio.create_task(api.get("/zones"))
    await until(lambda: simulation.requests.total == 1)
    await api.get("/zones")
    simulation.faults.clear()
    await held

    assert simulation.requests.by_status == {200: 2}
    assert len((await control.get("/requests")).json()["requests"]) == 1
