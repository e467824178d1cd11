"""`responder status`: every target in one line."""

import json
from dataclasses import replace
from datetime import timedelta

from cli.service import NOW, PREFIX, SHOP

from responder.domain.audit import Action, Decision, Reason
from responder.domain.memory import Actual, Order, Override, Owner, Reading, State
from responder.ports import Component, ComponentStatus, Health

UNTIL = NOW + timedelta(minutes=4, seconds=12)
HELD = {
    "state": State.ENGAGED,
    "owner": Owner.RESPONDER,
    "reading": Reading(Actual.ON),
    "decision": Decision(Action.HOLD, Reason.MINIMUM_DURATION, UNTIL),
}


def line(text: str, about: str) -> str:
    return next(one for one in text.splitlines() if one.startswith(about))


def test_each_target_is_a_line_with_what_counts_down(run, service):
    service.remember(SHOP, **HELD)
    ended = run("status")
    words = line(ended.out, SHOP).split()
    assert ended.code == 0
    assert words[1:] == [
        "shop",
        "engaged",
        "on",
        "none",
        "hold",
        "minimum_duration",
        "4m12s",
        "responder",
    ]
    assert "not judged yet" in line(ended.out, PREFIX)


def test_an_order_is_shown_with_who_gave_it(run, service):
    order = Override(Order.PAUSED, UNTIL, "a deploy", "operator:anna@desk", NOW)
    service.remember(SHOP, override=order)
    assert line(run("status").out, SHOP).rstrip().endswith("paused by operator:anna@desk")


def test_the_health_is_a_line_of_its_own(run, service):
    failing = Component("store", ComponentStatus.FAILED, "the disk is full")
    service.how = Health(ready=False, components=(failing,))
    ended = run("status")
    assert ended.code == 0
    assert "store failed: the disk is full" in line(ended.out, "health: failed")


def test_what_is_stuck_is_told(run, service):
    service.remember(SHOP, stuck="on longer than maximum_duration")
    assert f"stuck: {SHOP}: on longer than maximum_duration" in run("status").out


def test_programs_get_what_the_api_answers(run, service):
    service.remember(SHOP, **HELD)
    answer = json.loads(run("status", "--output", "json").out)
    assert list(answer) == ["targets"]
    assert [one["id"] for one in answer["targets"]] == [PREFIX, SHOP]
    assert answer["targets"][1]["decision"]["until"] == "2026-11-20T10:04:12Z"
    assert answer["targets"][1]["mitigation"] == "under_attack"


def test_a_narrow_terminal_shows_whole_ids_and_fewer_columns(run, service, terminal):
    terminal(80)
    service.remember(SHOP, **HELD)
    lines = run("status").out.splitlines()
    assert max(len(one) for one in lines) <= 80
    assert lines[0].split() == ["TARGET", "STATE", "DECISION", "UNTIL"]
    assert PREFIX in lines[1]
    assert "4m12s" in lines[2]


def test_a_pipe_gets_no_colours(run, service, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    service.remember(SHOP, **HELD)
    assert "\x1b" not in run("status").out


def test_nothing_that_an_alert_says_reaches_the_terminal_as_a_command(run, service):
    policy = replace(service.views[SHOP].policy, name="\x1b[2J")
    service.views[SHOP] = replace(service.views[SHOP], policy=policy)
    service.remember(SHOP, stuck="\x1b[31mred")
    assert "\x1b" not in run("status").out + run("explain", SHOP).out
