"""Alerts made up for a policy: each is one that the policy matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.doctor.examples import examples, unmatchable
from responder.domain.alerts import Matcher
from responder.domain.targets import Inventory, Mode, Policy, Target
from responder.prometheus import Rule

TARGETS = [Target("shop", "under_attack", "a.example"), Target("blog", "under_attack", "b.example")]
EXPRESSIONS = (
    *(".+", ".*", "a|b", "warning|critical", "prod-.*", "[a-z]+", r"\d+", r"a\.b", "(?:x|y)z?"),
    *("[^a]+", "", "(a|b)c", "(?i)ABC", r"\w\w"),
)
MATCHERS = st.builds(
    Matcher,
    st.sampled_from(["mitigation", "severity", "role", "team", "alertname", "site"]),
    st.sampled_from(["under_attack", "critical", "shop", "x", ""]),
    st.just(False),
    st.booleans(),
) | st.builds(
    Matcher,
    st.sampled_from(["mitigation", "severity", "team", "site"]),
    st.sampled_from(EXPRESSIONS),
    st.just(True),
    st.booleans(),
)


def inventory(*matchers, mode=Mode.ENFORCE):
    return Inventory(TARGETS, [Policy("p", "under_attack", tuple(matchers), mode)])


@given(st.lists(MATCHERS, max_size=4))
def test_an_example_is_always_one_that_the_policy_matches(matchers):
    known = inventory(*matchers)

    for example in examples(known):
        assert known.policies[0].matches(example.labels)
        assert "" not in example.labels.values()


@pytest.mark.parametrize("expression", [one for one in EXPRESSIONS if one != r"\w\w"])
def test_an_expression_as_people_write_it_gets_an_example(expression):
    known = inventory(Matcher("team", expression, is_regex=True))

    assert {one.labels["site"] for one in examples(known)} == {"shop", "blog"}
    assert unmatchable(known) == []


def test_what_no_example_can_be_made_for_is_told():
    known = inventory(Matcher("team", r"a\bb", is_regex=True))

    assert examples(known) == []
    assert [policy.name for policy in unmatchable(known)] == ["p"]


def test_examples_vary_what_other_routes_look_at():
    made_up = examples(inventory(Matcher("mitigation", "under_attack")))

    varied = {(one.labels["severity"], one.labels["role"]) for one in made_up}
    assert len(varied) == 6


def test_the_rules_of_a_prometheus_are_examples_too():
    mine = Rule(
        name="OriginLoad", type="alerting", labels={"mitigation": "under_attack", "team": "web"}
    )
    other = Rule(name="DiskFull", type="alerting", labels={"severity": "warning"})
    recorded = Rule(name="a:b", type="recording", labels={"mitigation": "under_attack"})
    known = inventory(Matcher("mitigation", "under_attack"))

    real = [one for one in examples(known, [mine, other, recorded]) if one.rule]

    assert [(one.rule, one.labels["site"], one.labels["team"]) for one in real] == [
        ("OriginLoad", "shop", "web"),
        ("OriginLoad", "blog", "web"),
    ]


def test_a_policy_that_is_off_needs_no_route():
    known = inventory(Matcher("mitigation", "under_attack"), mode=Mode.OFF)

    assert examples(known) == []
    assert unmatchable(known) == []
