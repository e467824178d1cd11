"""No alert of ours can ask for a mitigation: neither what we post nor the watchdog's rules."""

from datetime import UTC, datetime
from pathlib import Path

import promql_parser
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.domain.alerts import Alert, AlertStatus, HeardAlert, Matcher, Silence
from responder.domain.demand import Scene, View, gather, see
from responder.domain.memory import Demand, Memory
from responder.domain.notice import NO_ACTION, Name, Subject, make_notice
from responder.domain.targets import Assignment, Inventory, Policy, Target, Unassigned
from responder.mitigations.registry import KINDS

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ZONE = Target("shop", "under_attack", "example.com")
PREFIX = Target("shop", "prefix_advertisement", "203.0.113.0/24", "prefix")
BUILT_IN = tuple(
    Policy(name, name, (Matcher("mitigation", name),))
    for name in sorted({*(kind.name for kind in KINDS), PREFIX.mitigation})
)


def posted():
    """Return the labels of everything that we post: each name with each shape of labels."""
    shapes = [{"action": NO_ACTION}, *({"action": NO_ACTION, "kind": k} for k in ("read", "write"))]
    for target in (ZONE, PREFIX):
        shapes.append(Subject(target, BUILT_IN[0], None).labels)
        shapes.append({"action": target.mitigation, "target": target.id})
    return [dict(make_notice(name, shape, NOW, {}).labels) for name in Name for shape in shapes]


VALUES = {
    "site": "shop",
    "instance": "web1:9100",
    "job": "responder",
    "target": ZONE.id,
    "kind": "write",
    "url": "http://127.0.0.1:9093",
    "bound": "upper",
    "signal": "load",
}
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "rules/watchdog.yml").read_text())["groups"]
    for rule in group["rules"]
]


def let_through(expression):
    """Return the labels that an expression's result can have; None if it may have any."""
    kind = type(expression).__name__
    if kind == "AggregateExpr":
        modifier = expression.modifier
        return set(modifier.labels) if str(modifier).startswith("by") else None
    if kind == "Call" and expression.func.name == "absent":
        matchers = getattr(expression.args[0], "matchers", None)
        return {one.name for one in matchers.matchers} if matchers else set()
    if kind != "BinaryExpr":
        return None
    sides = [let_through(expression.lhs)]
    if str(expression.op) == "or":
        sides.append(let_through(expression.rhs))
    return None if None in sides else set().union(*sides)


def watchdog(rule):
    """Return the labels of a rule's alert, on the site that it could harm most."""
    names = let_through(promql_parser.parse(rule["expr"])) or set()
    return {name: VALUES[name] for name in names} | rule["labels"] | {"alertname": rule["alert"]}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_of_the_watchdog_lets_no_label_through_that_it_does_not_name(rule):
    names = let_through(promql_parser.parse(rule["expr"]))
    assert names is not None
    assert "mitigation" not in names | set(rule["labels"])
    assert rule["labels"]["action"] == NO_ACTION


@pytest.mark.parametrize("name", Name)
def test_every_alert_of_ours_leads_to_a_page_that_exists(name):
    link = make_notice(name, {}, NOW, {}).annotations["runbook_url"]
    headings = (ROOT / "docs/runbook.md").read_text().splitlines()
    assert f"## {name}" in headings
    assert link.endswith(f"/docs/runbook.md#{name.lower()}")
    assert f"| `{name}` | " in (ROOT / "docs/notifications.md").read_text()


def catching(labels):
    """Return matchers that these labels satisfy, of every kind that people write."""
    of_one = [
        st.sampled_from(
            [
                Matcher(name, value),
                Matcher(name, ".+", is_regex=True),
                Matcher(name, ".*", is_regex=True),
                Matcher(name, f"other|{value[:1]}.*", is_regex=True),
                Matcher(name, "other", is_equal=False),
                Matcher(name, "other.*", is_regex=True, is_equal=False),
            ]
        )
        for name, value in labels.items()
    ]
    missing = st.sampled_from([Matcher("mitigation", ""), Matcher("team", "x", is_equal=False)])
    return st.lists(st.one_of(missing, *of_one), max_size=4).map(tuple)


OURS = [*posted(), *(watchdog(rule) for rule in RULES)]
caught = st.sampled_from(OURS).flatmap(lambda one: st.tuples(st.just(one), catching(one)))


def demanded(labels, matchers):
    """Return what comes of an alert with these labels, posted and told by webhook as well."""
    mapped = tuple(
        Policy(f"catch-all-{target.kind}", target.mitigation, matchers) for target in (ZONE, PREFIX)
    )
    inventory = Inventory([ZONE, PREFIX], (*mapped, *BUILT_IN))
    alert = Alert("f", labels, AlertStatus.FIRING, NOW, NOW)
    view = View("am", (alert,), frozenset({()}), frozenset({"beat"}))
    heard = [HeardAlert(alert, NOW, 1)]
    found, strangers = gather(Scene((view,), wall=NOW), inventory, heard)
    assert all(policy.matches(labels) for policy in mapped)
    return inventory, found, strangers


@settings(deadline=None)
@given(caught)
def test_no_policy_however_wide_takes_an_alert_of_ours_for_a_trigger(one):
    labels, matchers = one
    inventory, found, strangers = demanded(labels, matchers)
    assert found == {}
    assert strangers == {Unassigned.OUR_OWN: 2}
    for target in (ZONE, PREFIX):
        memory = Memory(target.id, target.site, target.mitigation, target.resource)
        view = View("am", (), frozenset({()}))
        sight = see(target, memory, Scene((view,)), found.get(target.id, ()), inventory)
        assert sight.demand is not Demand.TRIGGER


def test_the_same_policy_would_take_the_alert_if_it_were_not_marked_as_ours():
    labels = Subject(ZONE, BUILT_IN[0], None).labels | {"severity": "critical"}
    del labels["action"]
    _, found, _ = demanded(labels, (Matcher("severity", "critical"),))
    assert ZONE.id in found


@pytest.mark.parametrize("mitigation", ["", None])
def test_an_empty_label_counts_as_a_missing_one(mitigation):
    labels = Subject(ZONE, BUILT_IN[0], None).labels | {"severity": "critical"}
    labels |= {} if mitigation is None else {"mitigation": mitigation}
    assert demanded(labels, (Matcher("severity", "critical"),))[1] == {}


TUNNELS = [
    rule
    for group in yaml.safe_load((ROOT / "rules/detectors/tunnel-health.yml").read_text())["groups"]
    for rule in group["rules"]
]


@pytest.mark.parametrize("rule", TUNNELS, ids=lambda rule: rule["alert"])
def test_no_policy_however_wide_makes_anything_of_a_tunnel_that_fails(rule):
    labels = {"alertname": rule["alert"], "tunnel": "gre-1"} | rule["labels"]
    _, found, strangers = demanded(labels, (Matcher("alertname", ".+", is_regex=True),))
    assert found == {}
    assert strangers == {Unassigned.UNKNOWN_SITE: 2}


def test_a_user_s_own_label_action_disarms_no_alert_that_names_a_mitigation():
    labels = {"site": "shop", "mitigation": "under_attack", "action": "page"}
    found = Inventory([ZONE], BUILT_IN).assign(Alert("f", labels, AlertStatus.FIRING, NOW))
    assert isinstance(found, Assignment)


@pytest.mark.parametrize("shape", [labels for labels in posted() if "site" in labels])
def test_a_silence_on_our_alerts_alone_pauses_nothing_and_one_on_the_site_does_both(shape):
    target = ZONE if shape["target"] == ZONE.id else PREFIX
    trigger = target.labels | {"alertname": "Load", "severity": "critical"}
    ours = Silence("1", (Matcher("action", ".+", is_regex=True), Matcher("site", "shop")), NOW)
    named = Silence("2", (Matcher("alertname", shape["alertname"]),), NOW)
    site = Silence("3", (Matcher("site", "shop"),), NOW)
    hidden = [one.matches(shape) for one in (ours, named, site)]
    paused = [one.covers(target.labels) or one.matches(trigger) for one in (ours, named, site)]
    assert (hidden, paused) == ([True, True, True], [False, False, True])
