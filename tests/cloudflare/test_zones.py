"""How a zone is found, and for how long that is believed."""

import httpx
import pytest

from responder.cloudflare.zones import Zone, Zones
from responder.domain.breaker import Failure
from responder.errors import ProviderError

ID = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32


def zone(**fields):
    plan = {"id": "x", "name": "Pro Website"}
    zone = {"id": ID, "name": "example.com", "status": "active", "paused": False, "plan": plan}
    return {**zone, **fields}


class Account:
    """Answers with the zones it is given, and keeps what it was asked."""

    def __init__(self, success):
        self.success = success
        self.zones = [zone()]
        self.asked = []
        self.broken = False

    def __call__(self, request):
        self.asked.append(request.url.raw_path.decode().removeprefix("/client/v4"))
        if self.broken:
            return httpx.Response(503)
        by_id = not request.url.path.endswith("/zones")
        return self.success(self.zones[0] if by_id else self.zones)


@pytest.fixture
def account(success):
    return Account(success)


@pytest.fixture
def zones(client_for, account, elapsed):
    return Zones(client_for(account), elapsed)


async def test_a_zone_is_found_by_its_name(zones, account):
    assert await zones.find("example.com") == Zone(
        ID, "example.com", "active", paused=False, plan="Pro Website"
    )
    assert account.asked == ["/zones?name=example.com"]


async def test_a_zone_is_found_by_its_id(zones, account):
    assert (await zones.find(ID)).name == "example.com"
    assert account.asked == [f"/zones/{ID}"]


async def test_a_zone_is_asked_for_once_a_write_and_again_for_the_next_look(
    zones, account, elapsed
):
    await zones.find("example.com")
    account.zones = [zone(paused=True)]
    elapsed.pass_(seconds=4)
    before = await zones.find("example.com")
    elapsed.pass_(seconds=1)
    after = await zones.find("example.com")

    assert (before.paused, after.paused, len(account.asked)) == (False, True, 2)


async def test_an_id_once_learnt_is_known_for_good_because_reads_may_fail(zones, account, elapsed):
    await zones.find("example.com")
    account.broken = True
    elapsed.pass_(hours=10)

    assert await zones.id_of("example.com") == ID
    with pytest.raises(ProviderError):
        await zones.find("example.com")


async def test_an_id_in_the_configuration_needs_no_question(zones, account):
    assert (await zones.id_of(ID), account.asked) == (ID, [])


async def test_an_id_never_learnt_is_asked_for(zones):
    assert await zones.id_of("example.com") == ID


async def test_a_zone_that_moved_to_another_id_is_followed(zones, account, elapsed):
    await zones.find("example.com")
    account.zones = [zone(id=OTHER)]
    elapsed.pass_(minutes=10)
    await zones.find("example.com")

    assert await zones.id_of("example.com") == OTHER


async def test_of_two_zones_with_the_name_the_one_that_serves_it_is_taken(zones, account):
    account.zones = [zone(id=OTHER, status="pending"), zone()]

    assert (await zones.find("example.com")).id == ID


@pytest.mark.parametrize(
    "listed", [pytest.param([], id="none"), pytest.param([zone(name="example.org")], id="another")]
)
async def test_a_zone_that_is_not_visible_is_refused_with_what_to_do(zones, account, listed):
    account.zones = listed

    with pytest.raises(ProviderError, match=r"zone example.com is not visible .*'Zone Read'") as no:
        await zones.find("example.com")
    assert no.value.failure is Failure.REFUSED


@pytest.mark.parametrize(
    ("resource", "listed"),
    [
        pytest.param("example.com", [None], id="no object"),
        pytest.param("example.com", [zone(id=None)], id="no id"),
        pytest.param("example.com", [zone(id="../other")], id="an id that is none"),
        pytest.param("example.com", [zone(name=None)], id="no name"),
        pytest.param(ID, [zone(id=OTHER)], id="another zone"),
    ],
)
async def test_what_is_no_zone_is_malformed(zones, account, resource, listed):
    account.zones = listed

    with pytest.raises(ProviderError) as raised:
        await zones.find(resource)
    assert raised.value.failure is Failure.MALFORMED


async def test_a_list_that_is_none_is_malformed(client_for, success, elapsed):
    zones = Zones(client_for(lambda _request: success({})), elapsed)

    with pytest.raises(ProviderError, match="no list of zones"):
        await zones.find("example.com")


async def test_a_zone_may_lack_a_plan(zones, account):
    account.zones = [zone(plan=None, status="moved")]

    found = await zones.find("example.com")

    assert (found.plan, found.status) == ("", "moved")
