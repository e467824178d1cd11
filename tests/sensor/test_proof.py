"""What an answer proves: only the whole of one that speaks of the end of the window."""

import json
import math
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from responder.cloudflare.analytics import PAGE, AccountAnalytics
from responder.cloudflare.analytics_rows import Window
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Token
from responder.errors import ProviderError
from responder.sensor.allowance import MOST, Allowance
from responder.sensor.samples import Rate, by_prefix, doubt, largest
from responder.sensor.scope import Networks

NOW = datetime(2026, 11, 20, 10, 0, 30, tzinfo=UTC)
WINDOW = Window.before(NOW, timedelta(minutes=3), timedelta(minutes=1))
DATASET = "magicTransitNetworkAnalyticsAdaptiveGroups"
PREFIX = "203.0.113.0/24"
ROW = {
    "sum": {"bits": 6e7, "packets": 6e4},
    "dimensions": {"ipDestinationSubnet": PREFIX, "outcome": "pass"},
}
PROOF = {"count": 3, "dimensions": {"datetimeMinute": "2026-11-20T09:57:00Z"}}
SOUND = {"settings": {DATASET: {"enabled": True}}, "traffic": [ROW], "proof": [PROOF]}


def analytics(answer: object, status: int = 200, page: int = 10_000) -> AccountAnalytics:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=json.dumps(answer)))
    endpoint = Endpoint("https://api.cloudflare.com/client/v4", transport=transport)
    client = CloudflareClient(endpoint, Token(lambda: "t"), timedelta)
    return AccountAnalytics(client, "0" * 32, page)


def told(account: object, errors: object = None) -> dict[str, object]:
    return {"data": {"viewer": {"accounts": [account]}}, "errors": errors}


def test_a_window_is_whole_minutes_that_lie_the_delay_back():
    assert (WINDOW.start, WINDOW.end) == (
        datetime(2026, 11, 20, 9, 56, tzinfo=UTC),
        datetime(2026, 11, 20, 9, 57, tzinfo=UTC),
    )
    assert Window.before(NOW, timedelta(minutes=3), timedelta(seconds=61)).seconds == 120
    five = timedelta(minutes=5)
    aligned = Window.before(NOW, timedelta(minutes=3), five, five)
    assert (aligned.end.minute, aligned.seconds) == (55, 300)


async def test_an_answer_with_rows_from_the_end_of_the_window_is_complete():
    traffic = await analytics(told(SOUND)).traffic(WINDOW)
    assert doubt(traffic, WINDOW, NOW) == ""
    found = by_prefix(traffic.groups, Networks({PREFIX: "office"}), WINDOW)
    assert found == {PREFIX: {"passed": Rate(1e6, 1e3)}}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"proof": []}, "unproven"),
        ({"traffic": [], "proof": []}, "unproven"),
        ({"settings": {DATASET: {"enabled": False}}}, "disabled"),
        ({"traffic": [ROW] * 5}, "truncated"),
        ({"proof": [{"dimensions": {"datetimeMinute": "2026-11-20T09:56:00Z"}}]}, "unproven"),
        ({"proof": [{"dimensions": {"datetimeMinute": "2026-11-20T10:02:00Z"}}]}, "skewed"),
        ({"proof": [{"dimensions": {"datetimeMinute": "yesterday"}}]}, "unproven"),
    ],
    ids=["no proof", "no rows", "disabled", "cut off", "too old", "in the future", "no time"],
)
async def test_anything_less_says_why_it_proves_nothing(changed, why):
    traffic = await analytics(told(SOUND | changed), page=5).traffic(WINDOW)
    assert doubt(traffic, WINDOW, NOW) == why


async def test_a_prefix_without_rows_is_calm_when_the_account_has_some():
    traffic = await analytics(told(SOUND | {"traffic": []})).traffic(WINDOW)
    assert doubt(traffic, WINDOW, NOW) == ""


@pytest.mark.parametrize(
    "answer",
    [
        told(SOUND, [{"message": "one shard did not answer"}]),
        {"data": None, "errors": None},
        {"data": {"viewer": None}},
        {"data": {"viewer": {"accounts": []}}},
        {"data": {"viewer": {"accounts": [None]}}},
        {"data": {"viewer": {"accounts": [SOUND, SOUND]}}},
        told(SOUND | {"traffic": None}),
        told(SOUND | {"traffic": [None]}),
        told(SOUND | {"proof": None}),
        told(SOUND | {"proof": [{"dimensions": None}]}),
        told(SOUND | {"settings": None}),
        told(SOUND | {"settings": {DATASET: None}}),
        told(SOUND | {"settings": {DATASET: {"enabled": None}}}),
    ],
    ids=range(13),
)
async def test_a_partial_answer_is_a_failure(answer):
    with pytest.raises(ProviderError):
        await analytics(answer).traffic(WINDOW)


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "sum": None},
        {**ROW, "sum": {"bits": None, "packets": 1}},
        {**ROW, "sum": {"bits": "many", "packets": 1}},
        {**ROW, "sum": {"bits": -1, "packets": 1}},
        {**ROW, "sum": {"bits": math.nan, "packets": 1}},
        {**ROW, "sum": {"bits": math.inf, "packets": 1}},
        {**ROW, "sum": {"bits": 10**400, "packets": 1}},
        {**ROW, "dimensions": None},
        {**ROW, "dimensions": {"ipDestinationSubnet": PREFIX, "outcome": None}},
    ],
    ids=range(9),
)
async def test_a_row_with_a_gap_is_a_failure(row):
    traffic = await analytics(told(SOUND | {"traffic": [row]})).traffic(WINDOW)
    with pytest.raises(ProviderError, match="a row without"):
        by_prefix(traffic.groups, Networks({PREFIX: "office"}), WINDOW)


async def test_an_outcome_that_nobody_knows_is_not_taken_for_what_passed():
    row = {**ROW, "dimensions": {"ipDestinationSubnet": PREFIX, "outcome": "rate-limited"}}
    traffic = await analytics(told(SOUND | {"traffic": [row]})).traffic(WINDOW)
    found = by_prefix(traffic.groups, Networks({PREFIX: "office"}), WINDOW)
    assert found == {PREFIX: {"mitigated": Rate(1e6, 1e3)}}


async def test_a_thousand_prefixes_are_one_answer():
    prefixes = [f"10.{index // 250}.{index % 250}.0/24" for index in range(1000)]
    rows = [
        {**ROW, "dimensions": {"ipDestinationSubnet": prefix, "outcome": outcome}}
        for prefix in prefixes
        for outcome in ("pass", "drop")
    ]
    traffic = await analytics(told(SOUND | {"traffic": rows})).traffic(WINDOW)
    assert doubt(traffic, WINDOW, NOW) == ""
    found = by_prefix(traffic.groups, Networks(dict.fromkeys(prefixes, "office")), WINDOW)
    assert len(found) == 1000
    assert all(set(outcomes) == {"passed", "mitigated"} for outcomes in found.values())


@pytest.mark.parametrize(("groups", "why"), [(PAGE - 1, ""), (PAGE, "truncated")])
async def test_a_list_as_long_as_cloudflares_limit_is_never_taken_for_the_whole(groups, why):
    """A thousand prefixes of /20 have sixteen times as many subnets of /24: that does not fit."""
    subnets = (f"10.{number // 250}.{number % 250}.0/24" for number in range(groups))
    rows = [
        {**ROW, "dimensions": {"ipDestinationSubnet": one, "outcome": "pass"}} for one in subnets
    ]
    traffic = await analytics(told(SOUND | {"traffic": rows})).traffic(WINDOW)
    assert doubt(traffic, WINDOW, NOW) == why


async def test_vectors_of_a_thousand_prefixes_that_do_not_fit_are_said_to_be_cut_off():
    row = {**ROW, "dimensions": {"ipDestinationSubnet": PREFIX, "attackVector": "SYN flood"}}
    account = {"vectors": [row] * PAGE, "sources": [], "destinations": []}
    vectors, sources, _ = await analytics(told(account)).mitigations(WINDOW)
    assert vectors.truncated
    assert not sources.truncated


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("203.0.113.0/24", ["203.0.112.0/22", "203.0.113.0/24"]),
        ("203.0.112.0/24", ["203.0.112.0/22"]),
        ("203.0.113.7", ["203.0.112.0/22", "203.0.113.0/24"]),
        ("198.51.100.0/24", []),
        ("2001:db8:1::/48", ["2001:db8::/32"]),
        ("203.0.0.0/16", []),
        ("unknown", []),
    ],
)
def test_a_subnet_belongs_to_every_prefix_around_it(asked, found):
    prefixes = dict.fromkeys(["203.0.112.0/22", "203.0.113.0/24", "2001:db8::/32"], "office")
    assert Networks(prefixes).around(asked) == found


def test_what_ranks_below_the_largest_is_one():
    rates = {name: Rate(1, packets) for name, packets in (("a", 1), ("b", 3), ("other", 9))}
    assert largest(rates, 1) == {"b": Rate(1, 3), "other": Rate(2, 10)}
    assert largest({"a": Rate(1, 1)}, 1) == {"a": Rate(1, 1)}


def test_no_five_minutes_hold_more_queries_than_the_tenth_of_the_budget():
    passed = timedelta(0)
    allowance = Allowance(lambda: passed)
    made = []
    for second in range(3600):
        passed = timedelta(seconds=second)
        if allowance.take(first=True):
            made.append(second)
    assert max(sum(at <= one < at + 300 for one in made) for at in made) <= MOST


def test_the_last_queries_are_kept_for_what_proves_calm():
    allowance = Allowance(timedelta)
    assert sum(allowance.take(first=False) for _ in range(20)) == 8
    assert sum(allowance.take(first=True) for _ in range(20)) == 2
