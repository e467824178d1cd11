"""What the gauges of a target tell of its state and of what it waits for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from responder.domain.audit import Action, Decision, Reason
from responder.domain.clock import Moment
from responder.domain.memory import Actual, Memory, Reading, State
from responder.domain.targets import Guards, Policy, Target
from responder.metrics import Live, LiveCollector
from responder.ports import TargetView

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
NOW = Moment(START + timedelta(hours=1), timedelta(hours=1))
PREFIX = Target("office", "prefix_advertisement", "203.0.113.0/24", "prefix")
POLICY = Policy("prefixes", PREFIX.mitigation, (), guards=Guards(calm_period=timedelta(minutes=15)))
MEMORY = Memory.of(PREFIX)
ENGAGED = replace(MEMORY, state=State.ENGAGED, reading=Reading(Actual.ON, mark=NOW.elapsed))
OF_TARGET = {"target": PREFIX.id}


def scraped(memory: Memory, now: Moment = NOW):
    """Return how to ask for a value of one scrape."""
    registry = CollectorRegistry()
    view = TargetView(PREFIX, POLICY, memory)
    registry.register(LiveCollector(lambda: Live(now, [view])))
    return lambda name, **labels: registry.get_sample_value(f"responder_{name}", labels)


@pytest.mark.parametrize(
    ("memory", "state", "actual"),
    [
        (MEMORY, "released", "unknown"),
        (replace(MEMORY, reading=Reading(Actual.OFF)), "released", "off"),
        (replace(MEMORY, reading=Reading(Actual.ON)), "released", "on"),
        (replace(MEMORY, state=State.ENGAGING, reading=Reading(Actual.OFF)), "engaging", "off"),
        (ENGAGED, "engaged", "on"),
        (replace(ENGAGED, state=State.RELEASING, unread_mark=NOW.elapsed), "releasing", "unknown"),
    ],
    ids=["unread", "withdrawn", "by somebody else", "advertising", "advertised", "withdrawing"],
)
def test_the_state_is_what_we_did_and_what_a_read_says(memory, state, actual):
    value = scraped(memory)

    labels = {"site": "office", "target": PREFIX.id, "mitigation": PREFIX.mitigation}
    assert value("mitigation_state_info", **labels, state=state, actual=actual) == 1


def test_what_is_at_rest_waits_for_nothing():
    value = scraped(replace(MEMORY, reading=Reading(Actual.OFF)))

    assert value("decision_until_timestamp_seconds", **OF_TARGET) is None
    assert value("constrained_until_timestamp_seconds", **OF_TARGET) is None
    assert value("calm_remaining_seconds", **OF_TARGET) is None


def test_a_decision_tells_until_when_it_stands_if_it_knows():
    until = START + timedelta(hours=2)
    held = Decision(Action.HOLD, Reason.CALM_PERIOD, until)
    unending = Decision(Action.HOLD, Reason.PRECONDITION)

    known = scraped(replace(ENGAGED, decision=held))
    unknown = scraped(replace(MEMORY, decision=unending))

    assert known("decision_until_timestamp_seconds", **OF_TARGET) == until.timestamp()
    assert unknown("decision_until_timestamp_seconds", **OF_TARGET) is None


def test_the_provider_s_wait_is_told_while_it_lasts_whatever_else_holds():
    read_at = NOW.elapsed - timedelta(minutes=4)
    reading = Reading(Actual.ON, constrained_for=timedelta(minutes=10), mark=read_at)
    memory = replace(ENGAGED, reading=reading)
    free = NOW.wall + timedelta(minutes=6)

    later = NOW.later(free, timedelta(seconds=60))
    over = Moment(free, NOW.elapsed + timedelta(minutes=6))

    assert scraped(memory)("constrained_until_timestamp_seconds", **OF_TARGET) == free.timestamp()
    assert scraped(memory, later)("constrained_until_timestamp_seconds", **OF_TARGET)
    assert scraped(memory, over)("constrained_until_timestamp_seconds", **OF_TARGET) is None


@pytest.mark.parametrize(
    ("calm_for", "left"),
    [(None, 900), (timedelta(minutes=5), 600), (timedelta(minutes=20), 0)],
    ids=["asked for", "calm", "proven"],
)
def test_the_calm_that_is_left_counts_down_while_it_is_ours(calm_for, left):
    value = scraped(replace(ENGAGED, calm_for=calm_for))

    assert value("calm_remaining_seconds", **OF_TARGET) == left


def test_calm_must_last_longer_after_flapping():
    thrice = (NOW.elapsed - timedelta(minutes=1),) * 3

    value = scraped(replace(ENGAGED, engagements=thrice))

    assert value("calm_remaining_seconds", **OF_TARGET) == 1800
