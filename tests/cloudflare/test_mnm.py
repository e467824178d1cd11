"""Rules of Magic Network Monitoring: what is read, what is compared, what would be refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.cloudflare.mnm import (
    DURATIONS,
    MnmRule,
    MnmRules,
    duration_minutes,
    rule_problems,
)
from responder.errors import ProviderError

RULE = MnmRule("web", "threshold", ("192.0.2.0/24", "2001:db8::/32"), False, 2e9, duration="5m")
SENT = {"id": "1", "name": "web", "type": "threshold", "prefixes": ["192.0.2.0/24"]}


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("5m", 5),
        ("5m0s", 5),
        ("0h5m0s", 5),
        ("300s", 5),
        ("1h", 60),
        ("1h0m0s", 60),
        ("60m", 60),
        ("7m", None),
        ("5m30s", None),
        ("2h", None),
        ("", None),
        ("m", None),
        ("5", None),
        ("five", None),
        ("99999999999m", None),
    ],
)
def test_a_duration_is_understood_in_each_spelling(text, minutes):
    assert duration_minutes(text) == minutes


@given(st.sampled_from(DURATIONS))
def test_the_spellings_of_go_and_of_the_schema_mean_the_same(minutes):
    hours, rest = divmod(minutes, 60)
    go = f"{hours}h{rest}m0s" if hours else f"{rest}m0s"
    assert duration_minutes(go) == duration_minutes(f"{minutes}m") == minutes


async def read(client_for, success, *items):
    return await MnmRules(client_for(lambda _: success(list(items))), "a").read()


async def test_a_rule_is_read_with_one_spelling_of_its_duration(client_for, success):
    sent = SENT | {"duration": "1h0m0s", "packet_threshold": 5, "bandwidth_threshold": 0}
    (rule,) = await read(client_for, success, sent)
    assert (rule.duration, rule.packet_threshold, rule.bandwidth_threshold) == ("60m", 5, None)
    assert rule.automatic_advertisement is None


async def test_rules_come_in_the_order_of_their_names(client_for, success):
    rules = await read(client_for, success, SENT, SENT | {"id": "2", "name": "a"})
    assert [rule.name for rule in rules] == ["a", "web"]


async def test_no_rules_can_be_null(client_for, success):
    assert await MnmRules(client_for(lambda _: success(None)), "a").read() == []


@pytest.mark.parametrize(
    "item", ["no", {"id": "1", "name": "a", "type": "b"}, SENT | {"name": None}], ids=str
)
async def test_what_is_no_rule_is_a_failure_and_not_left_out(client_for, success, item):
    """A rule that is not seen would be made a second time."""
    with pytest.raises(ProviderError, match="a rule without"):
        await read(client_for, success, item)


@pytest.mark.parametrize(
    "change",
    [
        {"prefixes": RULE.prefixes[::-1]},
        {"prefixes": ("192.0.2.0/24", "2001:0db8::/32")},
        {"bandwidth_threshold": 2_000_000_000},
        {"automatic_advertisement": None},
        {"id": "another"},
    ],
    ids=str,
)
def test_another_spelling_is_no_difference(change):
    assert RULE.differs(replace(RULE, **change)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"prefixes": ("192.0.2.0/24",)},
        {"bandwidth_threshold": 1},
        {"automatic_advertisement": True},
        {"duration": None},
        {"zscore_target": "bits"},
        {"name": "b"},
    ],
    ids=str,
)
def test_a_difference_is_named(change):
    assert RULE.differs(replace(RULE, **change)) == list(change)


def test_a_body_holds_what_the_schema_requires_and_no_id():
    body = MnmRule("a", "advanced_ddos", ("192.0.2.0/24",), id="1").body()
    assert body == {
        "name": "a",
        "type": "advanced_ddos",
        "prefixes": ["192.0.2.0/24"],
        "automatic_advertisement": None,
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "name: write 1 to 256"),
        ({"name": "a" * 257}, "name: write 1 to 256"),
        ({"name": "a/b"}, "name: only letters"),
        ({"name": "ä"}, "name: only letters"),
        ({"prefixes": ()}, "name at least one"),
        ({"prefixes": ("2001:db8::/32", "2001:0db8::/32")}, "there twice"),
        ({"type": "magic"}, "type: write one of threshold, zscore, advanced_ddos"),
        ({"bandwidth_threshold": 0.5}, "bandwidth_threshold: must be at least 1"),
        ({"bandwidth_threshold": float("inf")}, "bandwidth_threshold: must be"),
        ({"bandwidth_threshold": None}, "needs either"),
        ({"packet_threshold": 5.0}, "needs either"),
        ({"prefix_match": "exact"}, "prefix_match: only"),
    ],
    ids=str,
)
def test_what_would_be_refused_is_told(change, said):
    assert rule_problems(RULE) == []
    assert any(said in one for one in rule_problems(replace(RULE, **change)))


def test_all_that_is_wrong_is_told_at_once():
    assert len(rule_problems(MnmRule("", "zscore", ()))) == 3


def test_more_prefixes_than_allowed_are_counted():
    prefixes = tuple(f"10.{n // 256}.{n % 256}.0/24" for n in range(5001))
    (said,) = rule_problems(replace(RULE, prefixes=prefixes))
    assert said == "prefixes: 5001 are more than 5000"
