"""What the bench of detection makes, and how it counts."""

import random
import re
import struct
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from detecting.attacks import SHAPES, Attack, Victim, schedule
from detecting.origin import Machine, Noise, Origin, Work
from detecting.policy import engaged
from detecting.replay import OWN, SIMULATED, walked
from detecting.rulebook import REFERENCE, UNMEASURED, Rulebook, seconds
from detecting.scoring import episodes, score
from detecting.sites import DAY, KINDS, WEEK, drawn
from detecting.worlds import Seen, World
from detecting.writing import request, series

RULES = Path(__file__).parents[2] / "rules"
VICTIM = Victim(rate=20.0, cost=0.02, cores=4)


def settled(web, job=0.0, disk=0.0):
    """Return what an origin shows after ten minutes of the same work."""
    origin = Origin(Machine(cores=4, workers=6.0))
    for _ in range(10):
        state = origin.minute(Work(web, job, disk), Noise(0, 0, 0))
    return state


def test_the_same_seed_makes_the_same_site_and_another_seed_another():
    one, same, other = (drawn("shop", 0, seed, 1, DAY) for seed in ("a", "a", "b"))

    assert (one.rate, one.job, one.machine) == (same.rate, same.job, same.machine)
    assert one.rate != other.rate


def test_every_kind_of_site_has_a_nightly_backup():
    for kind in KINDS:
        site = drawn(kind, 0, "a", 1, 0)
        nights = [max(site.disk[day * DAY : day * DAY + 400]) for day in range(7)]
        assert min(nights) > 0.15, kind


def test_the_step_stays_for_good():
    site = drawn("step", 0, "a", 2, 0)
    before, after = sum(site.rate[:WEEK]), sum(site.rate[WEEK:])

    assert after / before == pytest.approx(2.2, rel=0.15)


def test_load_grows_with_the_work_and_ends_where_all_workers_are_busy():
    loads = [settled(web).load for web in (0.1, 0.5, 0.9, 2.0, 8.0)]

    assert loads == sorted(loads)
    assert loads[-1] == pytest.approx(loads[-2])
    assert 6 < loads[-1] < 6.5


def test_requests_are_refused_only_when_there_are_no_workers():
    assert settled(0.9).refused == 0
    assert settled(2.0).refused == pytest.approx(0.5)


def test_a_backup_slows_requests_and_its_disk_is_load_without_a_queue():
    alone, beside = settled(0.4), settled(0.4, job=1.0, disk=2.0)

    assert beside.queue > alone.queue + 1.0
    assert beside.load > beside.queue + 1.9
    assert settled(0.4, disk=2.0).queue == pytest.approx(alone.queue)


def test_attacks_of_four_weeks_have_every_shape_as_often_as_it_says_and_keep_apart():
    attacks = schedule(random.Random(1), VICTIM, DAY, 4)
    shapes = [one.shape for one in attacks]

    assert {name: shapes.count(name) for name in SHAPES} == {
        name: often for name, (often, _) in SHAPES.items()
    }
    assert all(b.start - a.end >= 180 for a, b in pairwise(attacks))
    assert attacks[0].start >= DAY
    assert attacks[-1].end <= DAY + 4 * WEEK


@pytest.mark.parametrize("shape", [name for name in SHAPES if name.startswith("expensive")])
def test_an_attack_on_expensive_pages_is_much_work_with_few_requests(shape):
    rates, cost = SHAPES[shape][1](random.Random(1), VICTIM)

    assert max(rates) <= 0.35 * VICTIM.rate
    assert max(rates) * cost / VICTIM.cores >= 0.6


def latched(enter, hold, minutes):
    """Walk as Prometheus does: the latch of one minute is what the minute before was."""
    on, found = False, set()
    for minute in range(minutes):
        on = minute in enter or (on and minute in hold)
        if on:
            found.add(minute)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_the_walk_over_two_queries_is_the_latch_that_prometheus_keeps(seed):
    draw = random.Random(seed)
    enter = {minute for minute in range(200) if draw.random() < 0.1}
    hold = enter | {minute for minute in range(200) if draw.random() < 0.7}

    assert walked(enter, hold, 0) == latched(enter, hold, 200)


def test_a_wait_begins_anew_when_the_condition_ends():
    assert walked({1, 2, 3, 5, 6, 7, 8}, {1, 2, 3, 5, 6, 7, 8, 9}, 3) == {8, 9}


def test_episodes_end_after_the_calm():
    assert episodes({1, 2, 10, 25, 41}) == [(1, 25), (41, 41)]


def test_the_mitigation_is_off_after_the_calm_and_later_when_it_flaps():
    on, ons = engaged({10, 60, 110}, 0, 400)

    assert ons == [10, 60, 110]
    assert {24, 74, 139} <= on
    assert not {25, 75, 140} & on


def world(load, attacks):
    """Return a world of one site, with the load as it is and calm without attacks."""
    site = drawn("shop", 0, "a", 0, 60)
    seen = Seen(site, attacks, [], [], {"load": load}, [0.2] * len(load))
    return World("a", 4, [seen]), site.name


def test_a_score_counts_what_is_detected_what_is_covered_and_what_is_needless():
    load = [0.2] * 100 + [3.0] * 10 + [0.2] * 90 + [3.0] * 10 + [0.2] * 90
    hit = Attack("sharp", 100, [1.0] * 10, 1.0)
    missed = Attack("expensive, hour", 200, [1.0] * 10, 1.0)
    harmless = Attack("small", 250, [1.0] * 10, 1.0)
    one, name = world(load, [hit, missed, harmless])

    found = score(one, {name: {20, 21, *range(104, 113), 120}})

    assert (found.true, found.false, found.attacks, found.recall) == (1, 1, 2, 0.5)
    assert (found.harm, found.covered, found.delay) == (20, 6, 4)
    assert found.needless == 3
    assert found.of("expensive") == (0, 1)


@pytest.mark.parametrize("preset", ["balanced", "sensitive", "absolute", "autouam"])
def test_the_presets_that_are_measured_are_those_that_are_shipped(preset):
    named = {
        rule.labels["preset"]
        for rule in Rulebook(RULES, preset).records["mitigation:threshold:preset"]
    }

    assert named | {"balanced"} == {"balanced", "sensitive", "absolute", "autouam"}
    chosen = Rulebook(RULES, preset).records["mitigation:preset"]
    assert [rule.labels for rule in chosen] == [{"preset": preset}]


def test_every_trigger_has_the_memory_that_the_two_queries_replace():
    for alert in Rulebook(RULES, "balanced").triggers:
        assert len(OWN.findall(alert.expression)) == 1, alert.name
        assert f'alertname="{alert.name}"' in alert.expression


def test_rules_are_recorded_after_what_they_read():
    book = Rulebook(RULES, "balanced")
    known = set(SIMULATED)
    for stage in book.stages(known, book.triggers):
        for name in stage:
            for rule in book.put_in(name, known | stage.keys()):
                later = rule.reads.keys() & book.records.keys() - known - {name}
                assert later <= {"mitigation:threshold:override"}, (name, later)
        known |= stage.keys()
    assert {"site:http_requests:baseline", "instance:node_load1_per_core:baseline"} <= known


def test_what_is_only_looked_at_now_is_put_in_where_it_is_read():
    book = Rulebook(RULES, "balanced")
    flood = next(one for one in book.triggers if one.name == "HttpFlood")
    stored = {name for stage in book.stages(set(SIMULATED), book.triggers) for name in stage}

    text = book.inlined(flood.expression, stored)

    assert "origin_sick" not in text
    assert "site:threshold_sick_load:upper" in text


def test_history_is_long_enough_for_what_looks_back_three_weeks():
    book = Rulebook(RULES, "balanced")
    needs = {
        name: back
        for stage in book.stages(set(SIMULATED), book.triggers)
        for name, back in stage.items()
    }

    assert needs["instance:node_load1_per_core:avg5m"] >= 505 * 3600
    assert max(needs.values()) <= 22 * 86400


def test_the_reference_is_one_rule_without_a_floor_and_no_web_source_is_no_requests():
    reference, blind = Rulebook(RULES, REFERENCE), Rulebook(RULES, UNMEASURED)

    assert [one.name for one in reference.triggers] == ["OriginLoadRelative"]
    assert not [
        name
        for alert in blind.triggers
        for name in alert.reads
        if re.match(r"(site|instance):http_requests", name)
    ]


@pytest.mark.parametrize(
    ("text", "expected"), [("5s", 5), ("30m", 1800), ("167h30m", 603_000), ("7d", 604_800)]
)
def test_durations_are_read_as_prometheus_writes_them(text, expected):
    assert seconds(text) == expected


def test_samples_are_written_as_remote_write_wants_them():
    one = series("up", {"site": "shop"}, [(1, 0.5)])
    body = request([one])

    assert one.index(b"__name__") < one.index(b"site")
    assert struct.pack("<d", 0.5) in one
    assert one.endswith(b"\x10\xe8\x07")
    assert body[1:2] == b"\xfc"
    assert struct.unpack("<I", body[2:6])[0] + 1 == len(body) - 6 == body[0]
    assert request([]) == b"\x00"


def test_an_attack_that_adds_nothing_to_a_backup_does_no_harm():
    load = [2.0] * 20
    one, _ = world(load, [Attack("small", 5, [1.0] * 10, 1.0)])
    seen = replace(one.sites[0], clean=[1.9] * 20)

    assert seen.harmful(seen.attacks[0]) == []
