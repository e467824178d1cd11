"""What the domain gets: targets, and policies with their guards and options."""

from datetime import timedelta

import pytest

from responder.domain.alerts import Matcher
from responder.domain.targets import Guards, Mode, OnDrift, Target

TEXT = """\
cloudflare: {api_token: a, account_id: 0123456789ABCDEF0123456789abcdef}
sites:
  shop:
    zones: [Example.COM, 0123456789ABCDEF0123456789abcdef]
    prefixes: [203.0.113.0/24]
  blog:
    zones: [example.net]
guards: {calm_period: 20m, max_sites_engaged: 3}
policies:
  - name: careful
    mitigation: under_attack
    match: ['mitigation="under_attack"', 'site=~"b.*"']
    mode: shadow
    on_drift: enforce
    adopt: true
    minimum_duration: 30m
    options: {fallback_level: high}
  - {name: ordinary, mitigation: under_attack}
"""


@pytest.fixture
def settings(load):
    return load().settings(TEXT)


def test_every_zone_and_prefix_is_a_target_of_the_mitigations_of_its_kind(settings):
    assert list(settings.inventory().targets.values()) == [
        Target("shop", "under_attack", "example.com", "zone"),
        Target("shop", "under_attack", "0123456789abcdef0123456789abcdef", "zone"),
        Target("shop", "prefix_advertisement", "203.0.113.0/24", "prefix"),
        Target("blog", "under_attack", "example.net", "zone"),
    ]


def test_policies_keep_their_order_and_one_is_built_in_for_each_mitigation_left_out(settings):
    policies = settings.inventory().policies
    assert [policy.name for policy in policies] == ["careful", "ordinary", "prefix-advertisement"]
    assert policies[2].match == (Matcher("mitigation", "prefix_advertisement"),)
    assert policies[1].match == (Matcher("mitigation", "under_attack"),)


def test_without_policies_each_mitigation_of_a_site_has_its_built_in_one(load):
    text = load().minimal.replace("    zones:", "    prefixes: [203.0.113.0/24]\n    zones:")
    account = load(environ={"RESPONDER_CLOUDFLARE__ACCOUNT_ID": "0" * 32})
    policies = account.settings(text).inventory().policies
    assert [(policy.name, policy.mitigation, policy.mode) for policy in policies] == [
        ("under-attack", "under_attack", Mode.ENFORCE),
        ("prefix-advertisement", "prefix_advertisement", Mode.ENFORCE),
    ]
    assert policies[0].guards == Guards()
    assert policies[1].guards == Guards(calm_period=timedelta(minutes=15))


def test_what_no_site_has_needs_no_policy(load):
    settings = load().settings(load().minimal)
    assert [policy.name for policy in settings.inventory().policies] == ["under-attack"]
    assert settings.options_for("prefix_advertisement").attempts == 3


def test_guards_of_the_file_come_before_those_of_a_mitigation(load):
    text = load().minimal + "\nguards: {calm_period: 7m}\npolicies:"
    text += " [{name: a, mitigation: prefix_advertisement}]"
    guards = load().settings(text).inventory().policy_for("prefix_advertisement").guards
    assert guards.calm_period == timedelta(minutes=7)


def test_a_policy_has_its_own_guards_then_those_of_the_file_then_defaults(settings):
    careful, ordinary, _ = settings.inventory().policies
    from_file = Guards(calm_period=timedelta(minutes=20), max_sites_engaged=3)
    assert ordinary.guards == from_file
    assert careful.guards.minimum_duration == timedelta(minutes=30)
    assert careful.guards.calm_period == timedelta(minutes=20)


def test_what_a_policy_says_reaches_the_domain(settings):
    careful, ordinary, _ = settings.inventory().policies
    assert (careful.mode, careful.on_drift, careful.adopt) == (Mode.SHADOW, OnDrift.ENFORCE, True)
    assert (ordinary.mode, ordinary.on_drift, ordinary.adopt) == (
        Mode.ENFORCE,
        OnDrift.RESPECT,
        False,
    )


def test_what_a_mitigation_decides_itself_comes_from_the_registry(settings):
    _, ordinary, prefixes = settings.inventory().policies
    assert (ordinary.sustain_expires, prefixes.sustain_expires) == (True, False)
    assert (ordinary.adopt, prefixes.adopt) == (False, True)


def test_options_are_those_of_the_named_policy_else_of_the_first(settings):
    assert settings.options_for("under_attack").fallback_level == "high"
    assert settings.options_for("under_attack", "ordinary").fallback_level == "medium"
    assert settings.options_for("under_attack", "gone").fallback_level == "high"
    assert settings.options_for("prefix_advertisement").attempts == 3
