"""The search finds thresholds that do better, shows the trade, and prints what can be pasted."""

from dataclasses import replace
from datetime import timedelta
from math import inf

import pytest
from backtest.past import BEGIN, Past, alerting, recording

from responder.backtest.marks import Mark, Score
from responder.backtest.outcome import Asked, moment
from responder.backtest.replay import Window
from responder.backtest.tune import Goal, Trial, Tuned, tuned
from responder.errors import ResponderError
from responder.rulefiles.catalog import read_catalog
from responder.rulefiles.entries import read_own
from responder.rulefiles.overrides import resolved
from responder.shipped import shipped_folder

pytestmark = pytest.mark.long  # a search is dozens of replays

HOUR, DAY = 3600, 86_400


def number(value, bound, record="default", **more):
    labels = {"signal": "http_ratio", "bound": bound, **more}
    return recording(f"mitigation:threshold:{record}", f"vector({value})", **labels)


def bound(name):
    return f'20 * scalar(max(mitigation:threshold:global{{signal="http_ratio",bound="{name}"}}))'


RULES = [
    number(4, "upper"),
    number(3, "lower"),
    number(1.5, "upper", "preset", preset="sensitive"),
    number(1.2, "lower", "preset", preset="sensitive"),
    recording("mitigation:preset", "vector(1)", preset="balanced"),
    recording(
        "mitigation:threshold:global",
        "max by (signal, bound) (mitigation:threshold:preset and on (preset) mitigation:preset)"
        " or on (signal, bound) max by (signal, bound) (mitigation:threshold:default)",
    ),
    recording("site:requests:rate", "requests"),
    alerting(
        "Flood",
        f"site:requests:rate > {bound('upper')} or (site:requests:rate > {bound('lower')}"
        ' and on (site) ALERTS{alertname="Flood",alertstate="firing"})',
        mitigation="under_attack",
    ),
]
ATTACK = Mark(moment(BEGIN + DAY), moment(BEGIN + DAY + HOUR))
"""Of 3.5 times the usual requests: the defaults miss it."""


def requests(at):
    if DAY <= at < DAY + HOUR:
        return 70
    newsletter = 2 * DAY <= at < 2 * DAY + 2 * HOUR
    return 36 if newsletter else 20  # 1.8 times the usual: `sensitive` takes it for an attack


async def search(marks=(), goal=None):
    past = Past({"requests": [({"site": "shop"}, requests)]}, begin=BEGIN)
    window = Window(BEGIN, BEGIN + 7 * DAY, 300)
    shares = []
    found = await tuned(past, Asked(RULES, window, None, marks), goal or Goal(), shares.append)
    return found, shares


async def test_it_finds_what_detects_the_attack_and_leaves_the_newsletter_alone():
    found, _ = await search((ATTACK,))

    assert (found.current.score.detected, found.current.told) == (0, "balanced")
    assert found.best.score.detected == 1
    assert found.best.score.needless_minutes == 0
    assert 1.8 < found.best.changes["http_ratio", "upper"] < 3.5


async def test_presets_are_tried_and_cost_what_they_cost():
    found, _ = await search((ATTACK,))

    sensitive = next(one for one in found.trials if one.told == "sensitive")
    assert sensitive.score.detected == 1
    assert sensitive.score.needless_minutes > 100


async def test_without_attacks_the_most_sensitive_within_the_budget_is_best():
    strict, _ = await search(goal=Goal(budget=0))
    generous, _ = await search(goal=Goal(budget=1000))

    assert strict.best.score.needless_minutes == 0
    assert 3.5 <= strict.best.changes["http_ratio", "upper"] < 4  # any lower, and it sees a flood
    assert generous.best.score.needless_minutes > 0
    assert generous.best.preset == "sensitive"


async def test_the_weight_decides_between_needless_minutes_and_minutes_uncovered():
    careless, _ = await search((ATTACK,), Goal(weight=0))

    assert careless.best.score.needless_minutes == 0
    assert careless.best.told == careless.current.told


async def test_progress_runs_from_nothing_to_all_and_never_back():
    _, shares = await search((ATTACK,))

    assert shares == sorted(shares)
    assert shares[-1] <= 1.0


async def test_what_is_printed_can_be_pasted_into_the_users_thresholds(tmp_path):
    found, _ = await search((ATTACK,))
    path = tmp_path / "thresholds.yml"
    path.write_text(found.snippet + "\n")

    overrides = resolved(read_own(path), read_catalog(shipped_folder("rules")), {"shop"})

    numbers = {(one.site, one.signal, one.bound): one.value for one in overrides.constants}
    assert numbers == {
        ("shop", signal, bound): value for (signal, bound), value in found.best.changes.items()
    }


def trial(needless, covered, wait, name="x"):
    score = Score(1, 1, (wait,), covered, timedelta(0), timedelta(minutes=needless))
    return Trial(name, score=score)


def test_the_trade_leaves_out_what_another_trial_beats_in_everything():
    kept = [trial(0, 0.5, 60), trial(5, 0.9, 60), trial(9, 0.9, 30)]
    beaten = [trial(5, 0.8, 90), trial(20, 0.9, 30)]
    found = Tuned(kept[0], kept[0], [*beaten, *reversed(kept)], (), (), True)

    assert found.trade == kept


def test_a_detector_that_is_off_is_written_so():
    best = replace(trial(0, 1, 0, "balanced"), changes={("run_queue", "upper"): inf})

    assert Tuned(best, best, (), ("shop",), (), True).snippet.splitlines() == [
        "preset: balanced",
        "thresholds:",
        "  - {site: shop, signal: run_queue, upper: off}",
    ]


async def test_rules_without_thresholds_cannot_be_tuned():
    past = Past({"requests": [({"site": "shop"}, requests)]}, begin=BEGIN)
    asked = Asked([alerting("A", "requests > 1")], Window(BEGIN, BEGIN + DAY, 300))

    with pytest.raises(ResponderError, match="no thresholds to tune"):
        await tuned(past, asked, Goal(), lambda _: None)
