"""Prefixes as the API shows and turns them."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from responder.simulator import Fault, FaultKind, Simulation, Token
from responder.simulator.inventory import Account, TokenKind, identifier
from responder.simulator.magic.prefix import BgpPrefix, Pace, Prefix

ACCOUNT = f"/accounts/{Account().id}"
PREFIXES = f"{ACCOUNT}/addressing/prefixes"
FREE = "203.0.113.0/24"


def _whole(cidr: str) -> str:
    return f"{PREFIXES}/{identifier('prefix', cidr)}"


def _part(cidr: str, within: str = "") -> str:
    return f"{_whole(within or cidr)}/bgp/prefixes/{identifier('bgp_prefix', cidr)}"


async def _shown(api: httpx.AsyncClient, cidr: str) -> tuple[bool | None, str | None]:
    on_demand = (await api.get(_part(cidr))).json()["result"]["on_demand"]
    return on_demand["advertised"], on_demand["advertised_modified_at"]


async def test_prefixes_of_the_account_are_listed_without_pages(
    api: httpx.AsyncClient, simulation: Simulation
):
    simulation.put_prefix(Prefix("198.18.0.0/24", account=Account("Another account")))

    answer = (await api.get(PREFIXES)).json()

    assert "result_info" not in answer
    assert [prefix["cidr"] for prefix in answer["result"]][:3] == [
        "203.0.113.0/24",
        "198.51.100.0/24",
        "2001:db8::/48",
    ]
    assert {prefix["account_id"] for prefix in answer["result"]} == {Account().id}
    assert [p["cidr"] for p in answer["result"] if p["approved"] == "P"] == ["233.252.2.0/24"]


async def test_a_bgp_prefix_tells_what_it_may_do(api: httpx.AsyncClient):
    def facts(answer: httpx.Response) -> tuple[object, ...]:
        result = answer.json()["result"]
        demand = result["on_demand"]
        flags = (demand["on_demand_enabled"], demand["on_demand_locked"])
        return demand["advertised"], *flags, result["bgp_signal_opts"]["enabled"]

    shown = {
        cidr: facts(await api.get(_part(cidr)))
        for cidr in (FREE, "198.51.100.0/24", "192.0.2.0/24", "233.252.0.0/24", "233.252.1.0/24")
    }

    assert shown == {
        FREE: (False, True, False, False),
        "198.51.100.0/24": (True, True, False, False),
        "192.0.2.0/24": (False, True, True, False),
        "233.252.0.0/24": (None, False, False, False),
        "233.252.1.0/24": (False, True, False, True),
    }


@pytest.mark.parametrize("cidr", [FREE, "2001:db8::/48"], ids=["v4", "v6"])
async def test_an_advertised_prefix_is_read_back(api: httpx.AsyncClient, turn, cidr: str):
    assert await _shown(api, cidr) == (False, None)

    written = await turn(cidr, advertised=True)

    assert written.status_code == 200
    assert written.json()["result"] == (await api.get(_part(cidr))).json()["result"]
    assert await _shown(api, cidr) == (True, "2026-11-20T10:00:00.000000Z")
    listed = (await api.get(f"{_whole(cidr)}/bgp/prefixes")).json()["result"]
    assert [part["on_demand"]["advertised"] for part in listed] == [True]


async def test_a_change_is_requested_first_and_confirmed_after_minutes(
    control: httpx.AsyncClient, turn, clock
):
    async def state() -> tuple[str, bool, bool]:
        shown = (await control.get("/state")).json()["prefixes"][0]
        return shown["state"], shown["advertised"], shown["routed"]

    await turn(FREE, advertised=True)
    seen = [await state()]
    for seconds in (239, 1):
        clock.advance(seconds)
        seen.append(await state())

    assert seen == [
        ("requested", True, False),
        ("requested", True, False),
        ("confirmed", True, True),
    ]


async def test_a_read_may_show_a_change_late(api: httpx.AsyncClient, simulation, turn, clock):
    simulation.pace = Pace(visible_after=timedelta(seconds=30))

    written = await turn(FREE, advertised=True)
    clock.advance(29)
    before = await _shown(api, FREE)
    clock.advance(1)

    assert written.json()["success"] is True
    assert before == (False, None)
    assert await _shown(api, FREE) == (True, "2026-11-20T10:00:00.000000Z")


async def test_asking_for_what_is_so_changes_no_moment(api: httpx.AsyncClient, turn, clock):
    await turn(FREE, advertised=True)
    clock.advance(60)

    again = await turn(FREE, advertised=True)

    assert again.status_code == 200
    assert await _shown(api, FREE) == (True, "2026-11-20T10:00:00.000000Z")


async def test_a_change_too_soon_is_refused_until_a_quarter_of_an_hour_has_passed(
    api: httpx.AsyncClient, turn, clock
):
    await turn(FREE, advertised=True)
    clock.advance(899)
    refused = await turn(FREE, advertised=False)
    clock.advance(1)
    withdrawn = await turn(FREE, advertised=False)
    again = await turn(FREE, advertised=True)

    assert (refused.status_code, withdrawn.status_code, again.status_code) == (429, 200, 429)
    assert "retry-after" not in refused.headers
    assert refused.json()["errors"] == [
        {"code": 1002, "message": "Prefix was advertised less than 15 minutes ago"}
    ]
    assert again.json()["errors"] == [
        {"code": 1002, "message": "Prefix was withdrawn less than 15 minutes ago"}
    ]
    assert await _shown(api, FREE) == (False, "2026-11-20T10:15:00.000000Z")


@pytest.mark.parametrize(
    ("rests", "statuses"),
    [
        ({"advertise_after_withdraw": 0, "withdraw_after_advertise": 0}, [200, 200, 200]),
        ({"withdraw_after_advertise": 0}, [200, 200, 429]),
        ({"advertise_after_withdraw": 0}, [200, 429, 200]),
    ],
    ids=["none", "advertising-only", "withdrawing-only"],
)
async def test_each_direction_has_its_own_rest(
    control: httpx.AsyncClient, turn, rests: dict[str, int], statuses: list[int]
):
    await control.put("/advertising", json=rests)

    answers = [await turn(FREE, advertised=advertised) for advertised in (True, False, True)]

    assert [answer.status_code for answer in answers] == statuses


@pytest.mark.parametrize(
    ("cidr", "code"),
    [
        ("192.0.2.0/24", 1005),
        ("233.252.0.0/24", 1004),
        ("233.252.1.0/24", 1006),
        ("233.252.2.0/24", 1003),
    ],
    ids=["locked", "not-on-demand", "bgp-controlled", "not-approved"],
)
async def test_what_may_not_be_turned_is_refused(
    api: httpx.AsyncClient, turn, cidr: str, code: int
):
    before = await _shown(api, cidr)

    answer = await turn(cidr, advertised=True)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    assert await _shown(api, cidr) == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"advertised": true}', 1004),
        (b'{"on_demand": {}}', 1004),
        (b'{"on_demand": {"advertised": "yes"}}', 1004),
        (b'{"asn_prepend_count": 4}', 1004),
        (b"[]", 1004),
        (b"{", 6007),
    ],
    ids=["shape-of-the-field", "empty", "no-truth-value", "prepend", "no-object", "no-json"],
)
async def test_a_bad_body_is_refused_and_changes_nothing(
    api: httpx.AsyncClient, body: bytes, code: int
):
    answer = await api.patch(_part(FREE), content=body)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    assert await _shown(api, FREE) == (False, None)


async def test_what_goes_with_the_advertisement_is_set_without_turning_it(api: httpx.AsyncClient):
    body = {"asn_prepend_count": 2, "auto_advertise_withdraw": True}
    await api.patch(_part(FREE), json=body)

    shown = (await api.get(_part(FREE))).json()["result"]

    assert {key: shown[key] for key in body} == body
    assert shown["on_demand"]["advertised"] is False


async def test_a_part_of_a_prefix_is_turned_by_itself(
    api: httpx.AsyncClient, simulation: Simulation, turn
):
    simulation.put_bgp_prefix(BgpPrefix("198.18.4.0/24", "198.18.0.0/20"))
    simulation.put_bgp_prefix(BgpPrefix("198.18.0.0/20"))

    await turn("198.18.4.0/24", advertised=True, within="198.18.0.0/20")

    listed = (await api.get(f"{_whole('198.18.0.0/20')}/bgp/prefixes")).json()["result"]
    assert [(part["cidr"], part["on_demand"]["advertised"]) for part in listed] == [
        ("198.18.4.0/24", True),
        ("198.18.0.0/20", False),
    ]
    assert (await api.get(_whole("198.18.0.0/20"))).json()["result"]["advertised"] is False


async def test_the_older_switch_turns_the_prefix_as_a_whole(api: httpx.AsyncClient):
    written = await api.patch(f"{_whole(FREE)}/bgp/status", json={"advertised": True})
    read = await api.get(f"{_whole(FREE)}/bgp/status")
    too_soon = await api.patch(f"{_whole(FREE)}/bgp/status", json={"advertised": False})

    expected = {"advertised": True, "advertised_modified_at": "2026-11-20T10:00:00.000000Z"}
    assert written.json()["result"] == read.json()["result"] == expected
    assert (await _shown(api, FREE))[0] is True
    assert too_soon.status_code == 429


@pytest.mark.parametrize(
    ("groups", "statuses"),
    [
        (set(), [403, 403, 403]),
        ({"IP Prefixes: Read"}, [200, 200, 403]),
        ({"Magic Transit Read"}, [200, 200, 403]),
        ({"IP Prefixes: BGP On Demand Write"}, [403, 200, 200]),
        ({"IP Prefixes: Write"}, [200, 200, 200]),
        ({"Magic Transit Write"}, [200, 200, 200]),
        ({"Zone Settings Write"}, [403, 403, 403]),
    ],
    ids=["none", "read", "magic-read", "on-demand", "write", "magic-write", "zones-only"],
)
async def test_each_endpoint_wants_its_permission_group(
    api: httpx.AsyncClient, simulation: Simulation, turn, groups, statuses
):
    token = simulation.find_token("default")
    simulation.put_token(replace(token, permissions=frozenset(groups)))

    answers = [await api.get(PREFIXES), await api.get(_part(FREE)), await turn(FREE, True)]

    assert [answer.status_code for answer in answers] == statuses
    refused = [answer.json()["errors"][0]["code"] for answer in answers if answer.is_error]
    assert set(refused) <= {10000}


async def test_a_foreign_account_looks_like_one_that_does_not_exist(
    anonymous: httpx.AsyncClient, simulation: Simulation
):
    token = simulation.find_token("default")
    robot = replace(token, name="robot", value="cfat_robot", kind=TokenKind.ACCOUNT)
    elsewhere = Account("Another account")
    simulation.put_token(Token(**{**_fields(robot), "account": elsewhere}))
    simulation.put_account(elsewhere)
    as_robot = {"Authorization": "Bearer cfat_robot"}

    own = await anonymous.get(f"/accounts/{elsewhere.id}/addressing/prefixes", headers=as_robot)
    foreign = await anonymous.get(PREFIXES, headers=as_robot)
    unknown = await anonymous.get(f"/accounts/{'0' * 32}/addressing/prefixes", headers=as_robot)

    assert own.json()["result"] == []
    assert foreign.status_code == unknown.status_code == 403
    assert foreign.json() == unknown.json()


def _fields(token: Token) -> dict[str, object]:
    return {name: getattr(token, name) for name in token.__slots__}


async def test_a_malformed_account_id_has_no_route(api: httpx.AsyncClient):
    answer = await api.get("/accounts/mine/addressing/prefixes")

    assert answer.status_code == 404
    assert [error["code"] for error in answer.json()["errors"]] == [7003, 7000]


async def test_a_prefix_is_found_only_where_it_is(api: httpx.AsyncClient):
    unknown = await api.get(_whole("198.18.0.0/24"))
    elsewhere = await api.get(_part(FREE, within="198.51.100.0/24"))

    assert (unknown.status_code, elsewhere.status_code) == (404, 404)


async def test_a_fault_of_a_prefix_spares_the_others(
    api: httpx.AsyncClient, simulation: Simulation, turn
):
    simulation.faults.add(Fault(FaultKind.SERVER_ERROR, prefix=FREE))

    inside = [await turn(FREE, True), await api.get(_whole(FREE))]
    outside = await turn("2001:db8::/48", advertised=True)

    assert [answer.status_code for answer in inside] == [500, 500]
    assert outside.status_code == 200


async def test_a_change_that_is_not_applied_answers_success(
    api: httpx.AsyncClient, simulation: Simulation, turn
):
    simulation.faults.add(Fault(FaultKind.NOT_APPLIED, count=1))

    answer = await turn(FREE, advertised=True)

    assert answer.json()["result"]["on_demand"]["advertised"] is True
    assert await _shown(api, FREE) == (False, None)
