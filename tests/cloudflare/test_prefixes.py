"""Prefixes over few calls: lists that answer for many, and single reads where it must be new."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest

from responder.cloudflare.prefix_inventory import held_prefixes
from responder.cloudflare.prefixes import LOOK, Prefixes
from responder.domain.breaker import Failure
from responder.errors import ProviderError

ACCOUNT = "fedcba9876543210fedcba9876543210"
WITHIN = timedelta(minutes=1)
HOLDS = {
    "203.0.112.0/20": [f"203.0.{third}.0/24" for third in range(112, 128)],
    "198.51.100.0/24": ["198.51.100.0/24"],
    "2001:db8::/32": ["2001:db8::/48"],
}


class Account:
    """Answers for an account, and keeps what it was asked."""

    def __init__(self, success):
        self.success = success
        self.asked = []
        self.holds = {whole: list(parts) for whole, parts in HOLDS.items()}
        self.advertised = set()
        self.strange = []
        self.answer = None

    def __call__(self, request):
        path = request.url.path.partition("/addressing/prefixes")[2]
        self.asked.append(f"{request.method} {path}")
        if self.answer is not None:
            return self.answer
        if not path:
            return self.success([{"id": self.id(one), "cidr": one} for one in self.holds])
        whole, part = re.fullmatch(r"/(\w+)/bgp/prefixes/?(.*)", path).groups()
        parts = next(self.holds[one] for one in self.holds if self.id(one) == whole)
        if not part:
            return self.success([*self.strange, *map(self.part, parts)])
        cidr = next((one for one in parts if self.id(one) == part), None)
        if cidr is None:
            errors = [{"code": 1000, "message": "not found"}]
            return httpx.Response(404, json={"success": False, "errors": errors, "result": None})
        if request.method == "PATCH":
            self.advertised.add(cidr)
        return self.success(self.part(cidr))

    def id(self, cidr):
        return re.sub(r"\W", "x", cidr)

    def part(self, cidr):
        on_demand = {"advertised": cidr in self.advertised, "on_demand_enabled": True}
        on_demand |= {"on_demand_locked": False, "advertised_modified_at": None}
        return {"id": self.id(cidr), "cidr": cidr, "on_demand": on_demand}

    def take(self):
        asked, self.asked = self.asked, []
        return asked


@pytest.fixture
def account(success):
    return Account(success)


@pytest.fixture
def prefixes(client_for, account):
    return Prefixes(client_for(account), ACCOUNT)


def all_of(prefixes, within=timedelta(0)):
    reads = [prefixes.read(cidr, within) for parts in HOLDS.values() for cidr in parts]
    return asyncio.gather(*reads)


async def test_a_first_look_lists_the_account_once_and_each_prefix_once(prefixes, account):
    found = await all_of(prefixes)
    assert [one.cidr for one in found] == [one for parts in HOLDS.values() for one in parts]
    assert sorted(account.take()) == sorted(
        ["GET ", *(f"GET /{account.id(one)}/bgp/prefixes" for one in HOLDS)]
    )


async def test_routine_reads_of_the_parts_of_a_prefix_are_one_call(prefixes, account, elapsed):
    await all_of(prefixes)
    account.take()
    elapsed.pass_(hours=1)
    account.advertised.add("203.0.113.0/24")
    found = {one.cidr: one for one in await all_of(prefixes, WITHIN)}
    assert found["203.0.113.0/24"].advertised
    assert not found["203.0.114.0/24"].advertised
    assert {one.age for one in found.values()} == {timedelta(0)}
    assert len(account.take()) == len(HOLDS)


async def test_a_list_answers_until_it_is_too_old_and_says_how_old(prefixes, account, elapsed):
    await all_of(prefixes)
    elapsed.pass_(seconds=50)
    account.take()
    assert (await prefixes.read("203.0.113.0/24", WITHIN)).age == timedelta(seconds=50)
    assert account.take() == []
    elapsed.pass_(seconds=20)
    assert (await prefixes.read("203.0.113.0/24", WITHIN)).age == timedelta(0)
    assert (await prefixes.read("203.0.114.0/24", WITHIN)).age == timedelta(0)
    assert len(account.take()) == 1


async def test_what_must_be_new_is_a_call_of_its_own(prefixes, account, elapsed):
    await all_of(prefixes)
    elapsed.pass_(microseconds=1)
    account.take()
    account.advertised.add("203.0.113.0/24")
    assert (await prefixes.read("203.0.113.0/24")).advertised
    (asked,) = account.take()
    assert asked.endswith("/bgp/prefixes/203x0x113x0x24")


async def test_one_that_stands_alone_in_its_list_is_read_alone(prefixes, account, elapsed):
    await all_of(prefixes)
    elapsed.pass_(hours=1)
    account.take()
    await prefixes.read("198.51.100.0/24", WITHIN)
    assert account.take() == ["GET /198x51x100x0x24/bgp/prefixes/198x51x100x0x24"]


async def test_after_a_write_no_list_from_before_it_answers(prefixes):
    await all_of(prefixes)
    await prefixes.advertise("203.0.113.0/24", advertised=True)
    assert (await prefixes.read("203.0.113.0/24", WITHIN)).advertised
    assert (await prefixes.read("203.0.113.0/24")).advertised


async def test_those_with_one_call_are_known_by_its_name(prefixes):
    assert prefixes.call_of("203.0.113.0/24") == "203.0.113.0/24"
    await all_of(prefixes)
    calls = {prefixes.call_of(one) for one in HOLDS["203.0.112.0/20"]}
    assert len(calls) == 1
    assert prefixes.call_of("198.51.100.0/24") not in calls


async def test_one_that_is_gone_from_the_list_is_refused_and_found_again(
    prefixes, account, elapsed
):
    await all_of(prefixes)
    account.holds["203.0.112.0/20"].remove("203.0.113.0/24")
    for _ in range(2):
        elapsed.pass_(hours=1)
        with pytest.raises(ProviderError, match=r"203\.0\.113\.0/24 is not among the BGP") as told:
            await prefixes.read("203.0.113.0/24", WITHIN)
        assert told.value.failure is Failure.REFUSED
    account.holds["203.0.112.0/20"].append("203.0.113.0/24")
    elapsed.pass_(hours=1)
    assert (await prefixes.read("203.0.113.0/24", WITHIN)).cidr == "203.0.113.0/24"


async def test_many_that_are_unknown_do_not_list_the_account_again_and_again(
    prefixes, account, elapsed
):
    unknown = [f"192.0.2.{host}/32" for host in range(100)]

    async def look():
        found = await asyncio.gather(*map(prefixes.read, unknown), return_exceptions=True)
        assert {one.failure for one in found} == {Failure.REFUSED}
        return account.take()

    assert await look() == ["GET "]
    elapsed.pass_(seconds=LOOK.total_seconds() / 2)
    assert await look() == []
    elapsed.pass_(seconds=LOOK.total_seconds())
    assert await look() == ["GET "]


async def test_one_that_is_provisioned_later_is_found(prefixes, account, elapsed):
    with pytest.raises(ProviderError):
        await prefixes.read("192.0.2.0/24")
    account.holds["192.0.2.0/24"] = ["192.0.2.0/24"]
    elapsed.pass_(minutes=1)
    assert (await prefixes.read("192.0.2.0/24")).cidr == "192.0.2.0/24"


async def test_what_cannot_be_read_hides_no_other(prefixes, account):
    account.strange = [None, 7, {"cidr": "203.0.113.0/24"}, {"id": "a", "cidr": "203.0.113.1/24"}]
    account.strange += [{"id": "b", "cidr": "all"}, {"id": "c"}]
    assert (await prefixes.read("203.0.113.0/24")).cidr == "203.0.113.0/24"


async def test_people_are_told_of_a_list_with_something_that_cannot_be_read(client_for, account):
    account.strange = [{"id": "c"}]
    with pytest.raises(ProviderError, match="without id or cidr"):
        await held_prefixes(client_for(account), ACCOUNT)


async def test_an_account_without_magic_transit_says_what_is_missing(prefixes, account):
    errors = [{"code": 10000, "message": "Authentication error"}]
    account.answer = httpx.Response(403, json={"success": False, "errors": errors, "result": None})
    found = await asyncio.gather(*(prefixes.read(one) for one in HOLDS), return_exceptions=True)
    assert {one.failure for one in found} == {Failure.REFUSED}
    assert all("IP Prefixes: Read" in str(one) for one in found)
    assert account.take() == ["GET "]


async def test_a_call_that_fails_for_many_is_one_failure_and_is_made_anew(prefixes, account):
    account.answer = httpx.Response(500)
    found = await asyncio.gather(*(prefixes.read(one) for one in HOLDS), return_exceptions=True)
    assert len(set(map(id, found))) == 1
    account.answer = None
    assert (await prefixes.read("198.51.100.0/24")).cidr == "198.51.100.0/24"


async def test_one_who_stops_waiting_ends_it_for_nobody(prefixes):
    first = asyncio.create_task(prefixes.read("203.0.113.0/24"))
    other = asyncio.create_task(prefixes.read("203.0.114.0/24"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await other).cidr == "203.0.114.0/24"
    with pytest.raises(asyncio.CancelledError):
        await first
