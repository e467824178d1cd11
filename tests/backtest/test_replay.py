"""When alerts would have fired: order, waits, memory, thresholds, and stretches of any width."""

import pytest
from backtest.past import BEGIN, Past, alerting, recording
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.backtest.engine import Engine
from responder.backtest.parsing import ExpressionError
from responder.backtest.program import compiled
from responder.backtest.replay import Window, followed, replay
from responder.backtest.rules import RuleFileError, read_rules, shipped_rules
from responder.backtest.thresholds import Override, Thresholds, with_thresholds

STEP = 15
SHOP = {"site": "shop"}
LEVEL = recording("level", "load")


async def fired(rules, value, *, labels=SHOP, minutes=60):
    """Replay rules over one series `load`; return name, first and last second of each firing."""
    past = Past({"load": [(labels, value)]})
    found = await replay(past, [LEVEL, *rules], Window(BEGIN, BEGIN + 60 * minutes, STEP))
    return [(one.name, one.begin - BEGIN, one.end - BEGIN) for one in found]


def between(*spans, high=5, low=0):
    return lambda at: high if any(first <= at < last for first, last in spans) else low


async def test_an_alert_fires_from_the_moment_its_expression_holds_until_it_does_not():
    rules = [alerting("High", "level > 2")]

    assert await fired(rules, between((600, 900))) == [("High", 600, 900)]


async def test_an_alert_that_still_fires_ends_with_the_window_and_says_so():
    past = Past({"load": [(SHOP, between((600, 10**6)))]})

    (one,) = await replay(
        past, [LEVEL, alerting("High", "level > 2")], Window(BEGIN, BEGIN + 3600, STEP)
    )

    assert (one.end - BEGIN, one.ended, one.value) == (3600, False, 5.0)
    assert one.labels == {"site": "shop", "alertname": "High"}


async def test_for_waits_and_begins_anew_after_a_gap():
    rules = [alerting("High", "level > 2", wait=60)]

    assert await fired(rules, between((600, 645), (700, 900))) == [("High", 765, 900)]


async def test_keep_firing_for_bridges_a_gap_that_is_short_enough():
    rules = [alerting("High", "level > 2", keep=120)]

    assert await fired(rules, between((600, 660), (705, 720))) == [("High", 600, 825)]


HELD = 'level > 4 or (level > 2 and on (site) ALERTS{alertname="High",alertstate="firing"})'


async def test_an_alert_that_holds_itself_up_ends_below_its_lower_bound():
    def value(at):
        return 5 if 600 <= at < 660 else 3 if at < 1200 else 1

    assert await fired([alerting("High", HELD)], value) == [("High", 600, 1200)]


async def test_what_holds_one_site_does_not_hold_another():
    past = Past(
        {"load": [(SHOP, between((600, 900))), ({"site": "blog"}, lambda _: 3)]},
    )

    found = await replay(past, [LEVEL, alerting("High", HELD)], Window(BEGIN, BEGIN + 3600, STEP))

    assert [(one.labels["site"], one.begin - BEGIN) for one in found] == [("shop", 600)]


async def test_what_is_held_by_site_is_held_while_another_series_of_the_site_fires():
    expression = 'level > 4 or (level > 2 and on (site) ALERTS{alertname="High"})'
    busy, idle = {**SHOP, "instance": "a"}, {**SHOP, "instance": "b"}
    past = Past({"load": [(busy, between((600, 900))), (idle, lambda _: 3)]})

    found = await replay(
        past, [LEVEL, alerting("High", expression)], Window(BEGIN, BEGIN + 3600, STEP)
    )

    assert [(one.labels["instance"], one.begin - BEGIN) for one in found][:2] == [
        ("a", 600),
        ("b", 615),
    ]


async def test_an_alert_that_is_made_of_its_own_firing_lasts_until_there_is_proof():
    stays = (
        "level > 4 or"
        ' max by (site) (ALERTS{alertname="Stays",alertstate="firing",site!=""})'
        " unless on () (level == 1)"
    )

    def value(at):
        return 5 if 600 <= at < 660 else None if at < 1800 else 1

    assert await fired([alerting("Stays", stays)], value) == [("Stays", 600, 1800)]


async def test_another_alert_can_be_read_whatever_the_order_of_the_files():
    rules = [
        alerting("Both", 'level > 3 and on (site) ALERTS{alertname="High",alertstate="firing"}'),
        alerting("High", "level > 2", wait=60),
    ]

    assert await fired(rules, between((600, 900))) == [("Both", 660, 900), ("High", 660, 900)]


async def test_recorded_series_are_seen_by_what_reads_them_at_their_own_interval():
    rules = [
        alerting("High", "site:load:avg5m > 2"),
        recording("site:load:avg5m", "avg_over_time(site:load:max[5m])", interval=300),
        recording("site:load:max", "max by (site) (level)", interval=15),
    ]

    # Five minutes are half at 5 and half at 0 when they are looked at, at 900 s.
    assert await fired(rules, between((750, 5000))) == [("High", 900, 3600)]


async def test_what_comes_before_the_window_is_what_baselines_learn_from():
    rules = [
        LEVEL,
        recording("site:load:max", "max by (site) (level)", interval=15),
        alerting("Jump", "site:load:max > 2 * site:load:max offset 1h"),
    ]
    past = Past({"load": [(SHOP, lambda at: 10 if at >= 0 else 1)]}, begin=BEGIN - 4000)

    found = await replay(past, rules, Window(BEGIN, BEGIN + 7200, STEP, since=BEGIN - 4000))

    assert [(one.begin - BEGIN, one.end - BEGIN) for one in found] == [(0, 3600)]


@settings(max_examples=15)
@given(
    st.integers(min_value=1, max_value=300), st.lists(st.integers(0, 6), min_size=60, max_size=60)
)
async def test_the_width_of_a_stretch_changes_nothing(width, levels):
    rules = [
        LEVEL,
        recording("site:load:max", "max by (site) (level)"),
        recording("site:load:avg", "avg_over_time(site:load:max[2m])", interval=60),
        alerting("High", HELD.replace("level > 2", "last_over_time(site:load:avg[3m]) > 2"), 30),
    ]
    past = Past({"load": [(SHOP, lambda at: levels[at // 60 % 60] or None)]})
    window = Window(BEGIN, BEGIN + 3600, STEP)
    whole, parts = Engine(compiled(rules)), Engine(compiled(rules))
    await followed(past, [whole], window)
    for grid in window.stretches(whole.program.reach, width):
        engine_past = {
            (leaf.text, moments): await past.vector(leaf.text, moments)
            for one in parts.needed(grid, window.start)
            for leaf in one.leaves
            for moments in [grid.every(one.period(grid.step))]
        }
        parts.advance(grid, window.start, lambda leaf, at, known=engine_past: known[leaf.text, at])
        parts.forget(grid.start + grid.step * grid.count)

    assert parts.fired(window.end) == whole.fired(window.end)


async def test_what_the_history_lacks_is_not_asked_for():
    past = Past({"load > 2": []})
    rules = [alerting("A", "load > 2"), alerting("B", "pressure > 2"), alerting("C", "absent(x)")]

    found = await replay(past, rules, Window(BEGIN, BEGIN + 60, STEP))

    assert {expression for expression, _ in past.asked} == {"load > 2"}
    assert [one.name for one in found] == ["C"]


DEFAULT = recording("mitigation:threshold:default", "vector(2)", signal="load", bound="upper")
GLOBAL = recording(
    "mitigation:threshold:global",
    "max by (signal, bound) (mitigation:threshold:preset and on (preset) mitigation:preset)"
    " or on (signal, bound) max by (signal, bound) (mitigation:threshold:default)",
)
SENSITIVE = recording(
    "mitigation:threshold:preset", "vector(1)", preset="sensitive", signal="load", bound="upper"
)
BALANCED = recording("mitigation:preset", "vector(1)", preset="balanced")
OWN = recording(
    "site:threshold_load:upper",
    'max by (site) (mitigation:threshold:override{signal="load",bound="upper"})',
)
ABOVE = alerting(
    "High",
    "level > on (site) site:threshold_load:upper or level >"
    ' scalar(max(mitigation:threshold:global{signal="load",bound="upper"}))'
    " unless on (site) site:threshold_load:upper",
)
THRESHOLDS = [LEVEL, DEFAULT, GLOBAL, SENSITIVE, BALANCED, OWN, ABOVE]


@pytest.mark.parametrize(
    ("thresholds", "begin"),
    [
        pytest.param(Thresholds(), 180, id="the default"),
        pytest.param(Thresholds("sensitive"), 120, id="a preset"),
        pytest.param(Thresholds(None, {("load", "upper"): 4.0}), 300, id="a number"),
        pytest.param(Thresholds("sensitive", {("load", "upper"): 4.0}), 300, id="over the preset"),
        pytest.param(
            Thresholds(overrides=(Override("shop", "load", "upper", 7.0),)), 480, id="of the site"
        ),
        pytest.param(
            Thresholds(overrides=(Override("blog", "load", "upper", 7.0),)), 180, id="of another"
        ),
    ],
)
async def test_thresholds_can_be_replaced(thresholds, begin):
    rules = with_thresholds(THRESHOLDS[1:], thresholds)

    assert await fired(rules, lambda at: at // 60) == [("High", begin, 3600)]


async def test_thresholds_are_those_of_the_rule_files_even_if_the_history_has_others():
    past = Past(
        {
            "load": [(SHOP, lambda at: at // 60)],
            'mitigation:threshold:override{bound="upper",signal="load"}': [(SHOP, lambda _: 9)],
        }
    )

    (found,) = await replay(past, THRESHOLDS, Window(BEGIN, BEGIN + 3600, STEP))

    assert found.begin - BEGIN == 180


PROBLEMS = [
    pytest.param([alerting("A", "load >")], "rules.yml: alert A: not PromQL", id="no promql"),
    pytest.param(
        [recording("a:b", "load"), alerting("A", "topk(1, a:b) > 2")],
        "topk.*cannot be replayed",
        id="unknown operator",
    ),
    pytest.param(
        [recording("a:b", "load"), alerting("A", "rate(a:b[5m]) > 2")],
        "rate.*a:b.*cannot be replayed",
        id="unknown function",
    ),
    pytest.param(
        [recording("a:b", "load"), alerting("A", "max_over_time((a:b)[5m:1m]) > 2")],
        "subquery over a:b cannot be replayed",
        id="subquery",
    ),
    pytest.param(
        [recording("a:b", "c:d"), recording("c:d", "a:b"), alerting("A", "a:b > 1")],
        "read one another cannot be replayed: .*a:b",
        id="circle",
    ),
    pytest.param(
        [alerting("A", 'load > 1 and on () absent(ALERTS{alertname="A"})')],
        "alert A: `absent` of its own ALERTS",
        id="memory used otherwise",
    ),
    pytest.param(
        [alerting("A", 'load > 1 and ALERTS{alertname="A",alertstate="pending"}')],
        "pending",
        id="pending",
    ),
    pytest.param([alerting("A", "load and ALERTS")], "without an alertname", id="any alert"),
]


@pytest.mark.parametrize(("rules", "problem"), PROBLEMS)
async def test_what_cannot_be_replayed_is_named(rules, problem):
    with pytest.raises(ExpressionError, match=problem):
        await fired(rules, lambda _: 1)


def test_all_shipped_rules_can_be_replayed():
    program = compiled(read_rules(shipped_rules()))

    assert {"HttpFlood", "OriginOverload", "MitigationSensorBlind"} <= {
        one.rules[0][0].name for one in program.recordings
    }
    assert 21 * 86_400 < program.reach < 22 * 86_400


FILES = [
    pytest.param("groups: [", "not YAML", id="yaml"),
    pytest.param("a: b", "no list `groups`", id="no groups"),
    pytest.param("groups: [{name: x, rules: [{expr: up}]}]", "group x", id="nameless rule"),
    pytest.param(
        "groups: [{name: x, rules: [{alert: A, expr: up, for: soon}]}]", "soon", id="duration"
    ),
]


@pytest.mark.parametrize(("text", "problem"), FILES)
def test_a_rule_file_that_cannot_be_read_is_named(tmp_path, text, problem):
    path = tmp_path / "own.yml"
    path.write_text(text)

    with pytest.raises(RuleFileError, match=f"own.yml.*{problem}"):
        read_rules([path])


def test_a_pattern_without_a_file_is_an_error(tmp_path):
    with pytest.raises(RuleFileError, match="no such rule file"):
        read_rules([tmp_path / "*.yml"])
