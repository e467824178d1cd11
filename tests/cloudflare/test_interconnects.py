"""What is read of physical lines, in each of the shapes that Cloudflare answers."""

import httpx
import pytest

from responder.cloudflare.interconnects import (
    AT_ONCE,
    MOST_PAGES,
    MOST_STATES,
    Interconnect,
    Link,
    interconnects,
)
from responder.errors import ProviderError

CNI = "/client/v4/accounts/a/cni"
LINE = {
    "account": "a",
    "name": "line-1",
    "type": "direct",
    "site": "AMS",
    "slot_id": "1",
    "speed": "10G",
    "facility": {"name": "House", "address": ["1 Street", "Town"]},
    "virtual_port_reservation_id": "2",
}
OVER = {
    "id": "7",
    "account": "a",
    "interconnect": "line-1",
    "p2p_ip": "169.254.0.2/31",
    "cust_ip": "169.254.0.3/31",
    "magic": {"conduit_name": "tunnel-1", "description": "", "mtu": 1500},
    "bgp": {"customer_asn": 64500, "extra_prefixes": [], "md5_key": "geheim"},
    "bgp_mode": "advertise_only",
}
KNOWN = Link(
    "7",
    "line-1",
    "tunnel-1",
    "169.254.0.2/31",
    "169.254.0.3/31",
    1500,
    64500,
    "advertise_only",
)


def named(count):
    return [LINE | {"name": f"line-{index}"} for index in range(count)]


@pytest.fixture
def cloudflare(client_for):
    """Answer from a table: an object, or the status and body of another answer."""

    def build(answers, asked=None):
        usual = {
            "/interconnects": {"items": [LINE], "next": None},
            "/cnis": {"items": [OVER], "next": None},
        }

        def answer(request):
            path = request.url.raw_path.decode().removeprefix(CNI)
            if asked is not None:
                asked.append(path)
            found = (usual | answers).get(path)
            if found is None and path.endswith("/status"):
                found = {"state": "Healthy"}
            return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

        return client_for(answer)

    return build


def refused(status, code=10000, message="Authentication error"):
    body = {"success": False, "errors": [{"code": code, "message": message}], "result": None}
    return httpx.Response(status, json=body)


@pytest.mark.parametrize(
    ("line", "over"),
    [
        ({}, {}),
        (
            {"facility": {"name": "House", "address": "1 Street, Town"}},
            {
                "p2p_ip": {"ip": "169.254.0.2", "cidr": 31},
                "cust_ip": {"ip": "169.254.0.3", "cidr": 31},
            },
        ),
    ],
    ids=["schema", "field"],
)
async def test_a_line_is_read_in_both_shapes(cloudflare, line, over):
    answers = {
        "/interconnects": {"items": [LINE | line], "next": None},
        "/cnis": {"items": [OVER | over], "cursor": None},
        "/interconnects/line-1/status": {"state": "Down", "reason": "no light"},
    }
    (known,), problems = await interconnects(cloudflare(answers), "a")
    assert problems == []
    assert known == Interconnect(
        "line-1",
        "direct",
        "AMS",
        "House",
        "1 Street, Town",
        "10G",
        "Down",
        "no light",
        links=(KNOWN,),
    )
    assert "geheim" not in repr(known)


async def test_a_line_of_a_partners_cloud_has_a_region_and_no_facility(cloudflare):
    partner = {"account": "a", "name": "cloud", "region": "europe-west4", "type": "gcp_partner"}
    answers = {"/interconnects": {"items": [partner]}, "/cnis": {"items": []}}
    (known,), _ = await interconnects(cloudflare(answers), "a")
    assert (known.site, known.facility, known.speed) == ("europe-west4", None, None)


@pytest.mark.parametrize("key", ["next", "cursor"])
async def test_pages_are_followed_whatever_they_call_the_next_one(cloudflare, key):
    answers = {
        "/interconnects": {"items": named(2), key: 2},
        "/interconnects?cursor=2": {"items": [LINE | {"name": "last"}], key: None},
        "/cnis": {"items": [], key: 40},
        "/cnis?cursor=40": {"items": [OVER | {"interconnect": "last"}]},
    }
    known, problems = await interconnects(cloudflare(answers), "a")
    assert [one.name for one in known] == ["line-0", "line-1", "last"]
    assert ([len(one.links) for one in known], problems) == ([0, 0, 1], [])


async def test_pages_without_end_are_read_up_to_a_bound(cloudflare):
    pages = {f"/interconnects?cursor={n}": {"items": [], "next": n + 1} for n in range(1, 50)}
    asked = []
    answers = {"/interconnects": {"items": [LINE], "next": 1}, **pages}
    known, problems = await interconnects(cloudflare(answers, asked), "a")
    assert len([path for path in asked if path.startswith("/interconnects?")]) == MOST_PAGES - 1
    assert [one.name for one in known] == ["line-1"]
    assert problems == ["list_interconnects: there are more than 10 pages; the first are shown"]


@pytest.mark.parametrize("following", [0, 1, "2", -5])
async def test_a_page_that_does_not_lead_on_is_the_last(cloudflare, following):
    answers = {
        "/interconnects": {"items": [LINE], "next": 1},
        "/interconnects?cursor=1": {"items": [LINE | {"name": "b"}], "next": following},
    }
    known, (problem,) = await interconnects(cloudflare(answers), "a")
    assert [one.name for one in known] == ["line-1", "b"]
    assert "a page does not lead on" in problem


async def test_what_runs_over_a_line_that_is_not_listed_brings_it_in(cloudflare):
    answers = {"/cnis": {"items": [OVER | {"interconnect": "of another account"}]}}
    known, _ = await interconnects(cloudflare(answers), "a")
    assert [(one.name, len(one.links)) for one in known] == [
        ("line-1", 0),
        ("of another account", 1),
    ]


async def test_without_links_the_lines_are_shown_all_the_same(cloudflare):
    (known,), (problem,) = await interconnects(cloudflare({"/cnis": refused(403)}), "a")
    assert (known.state, known.links) == ("Healthy", ())
    assert problem.startswith("list_cnis: Cloudflare answered 403: 10000 Authentication error")
    assert "needs the permission 'Magic Transit Read'" in problem


@pytest.mark.parametrize(
    "answer",
    [
        *(refused(403), refused(500), httpx.Response(200, text="<html>")),
        *(httpx.Response(200, json=body) for body in ([], {}, {"items": None}, {"items": [1]})),
        *(httpx.Response(200, json=body) for body in ({"items": [{}]}, {"success": False})),
    ],
    ids=lambda answer: f"{answer.status_code} {answer.text[:30]}",
)
async def test_what_is_no_list_of_lines_is_a_failure(cloudflare, answer):
    with pytest.raises(ProviderError, match="list_interconnects"):
        await interconnects(cloudflare({"/interconnects": answer}), "a")


async def test_a_failure_in_the_envelope_is_one_whatever_its_status(cloudflare):
    client = cloudflare({"/interconnects": refused(200)})
    with pytest.raises(ProviderError, match="10000 Authentication error; the credential needs"):
        await interconnects(client, "a")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(404, 1001, "Interconnect not found"), "Interconnect not found"),
        (httpx.Response(200, json={"state": 7}), "no state"),
    ],
    ids=["refused", "malformed"],
)
async def test_a_line_whose_state_is_not_told_hides_no_other(cloudflare, answer, said):
    lines = named(AT_ONCE + 1)
    answers = {"/interconnects": {"items": lines}, "/interconnects/line-0/status": answer}
    (first, *others), _ = await interconnects(cloudflare(answers), "a")
    assert first.state is None
    assert said in first.problem
    assert [(one.state, one.problem) for one in others] == [("Healthy", None)] * AT_ONCE


async def test_in_trouble_no_more_states_are_asked_for(cloudflare):
    asked = []
    answers = {"/interconnects": {"items": named(20)}}
    answers |= {f"/interconnects/line-{n}/status": refused(429) for n in range(20)}
    known, _ = await interconnects(cloudflare(answers, asked), "a")
    assert sum(path.endswith("/status") for path in asked) == AT_ONCE
    assert len({one.problem for one in known}) == 1
    assert "429" in known[-1].problem


async def test_so_many_states_are_asked_for_and_no_more(cloudflare):
    asked = []
    answers = {"/interconnects": {"items": named(MOST_STATES + 3)}}
    known, _ = await interconnects(cloudflare(answers, asked), "a")
    assert sum(path.endswith("/status") for path in asked) == MOST_STATES
    assert [one.state for one in known[-4:]] == ["Healthy", None, None, None]
    assert "only the first 100 lines are asked" in known[-1].problem


@pytest.mark.parametrize("answer", [{}, {"state": None}, {"state": 1}, []], ids=str)
async def test_a_state_that_cannot_be_read_is_not_known(cloudflare, answer):
    answers = {"/interconnects/line-1/status": httpx.Response(200, json=answer)}
    (line,), _ = await interconnects(cloudflare(answers), "a")
    assert line.state is None
    assert "read_interconnect_state" in line.problem
