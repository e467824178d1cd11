"""`responder report`: what happened over some weeks, summed up by policy."""

import json
from datetime import timedelta

import pytest
from cli.service import NOW, SHOP, entry

from responder.app import SystemClock
from responder.cli.answers import EventAnswer, EventsAnswer, TargetsAnswer
from responder.cli.report import LOOK_BACK, PAGE, evidence
from responder.domain.audit import Kind
from responder.domain.memory import Actual, Reading, State
from responder.ports import Changes
from responder.store import open_store


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


ATTACK = [
    entry(
        id=1,
        at=ago(300),
        kind=Kind.STATE,
        action="engaged",
        detail="a read confirms it; policy under-attack, 4.2 s after its alert began",
    ),
    entry(
        id=2,
        at=ago(280),
        action="hold",
        reason="calm_period",
        before="none in_sync",
    ),
    entry(id=3, at=ago(265), action="release", reason="calm", before="hold calm_period"),
    entry(id=4, at=ago(265), kind=Kind.STATE, action="released", before="under_attack"),
]


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_each_policy_is_a_line_with_what_was_done(run, service):
    service.entries = ATTACK
    ended = run("report")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "2026-11-06T10:00:00Z to 2026-11-20T10:00:00Z (14d)"
    told = rows(ended.out)
    real = ["under-attack", "real", "1", "35.0", "35m", "35m", "2", "4.2s", "4.2s", "4.2s"]
    assert [*real, "0", "0", "0"] in told
    assert ["under-attack", "calm_period", "1", "15.0"] in told
    assert service.queries[-1].since == NOW - timedelta(days=14) - LOOK_BACK


def test_what_shadow_mode_would_have_done_has_a_line_of_its_own(run, service):
    service.entries = [
        entry(id=1, at=ago(60), kind=Kind.WOULD, action="engage", detail="firing: Load"),
        entry(id=2, at=ago(48), kind=Kind.WOULD, action="release", reason="calm"),
    ]
    told = rows(run("report", "--since", "2h").out)
    assert ["under-attack", "would", "1", "12.0", "12m", "12m", "2", "-", "-", "-"] in told


def test_what_is_on_now_counts_though_nothing_happened(run, service):
    service.remember(SHOP, state=State.ENGAGED, reading=Reading(Actual.ON))
    told = rows(run("report", "--since", "1h", "--policy", "under-attack").out)
    assert told[3][:7] == ["under-attack", "real", "0", "60.0", "-", "-", "0"]


def test_programs_get_every_sum(run, service):
    service.entries = ATTACK
    answer = json.loads(run("report", "--output", "json", "--policy", "under-attack").out)
    assert (answer["from"], answer["to"]) == ("2026-11-06T10:00:00Z", "2026-11-20T10:00:00Z")
    (policy,) = answer["policies"]
    assert policy["real"] == {
        "engagements": 1,
        "standing": 0,
        "minutes": 35.0,
        "shortest_seconds": 2100.0,
        "longest_seconds": 2100.0,
        "toggles": 2,
        "time_to_mitigate_seconds": {"count": 1, "median": 4.2, "p95": 4.2, "max": 4.2},
    }
    assert policy["holds"] == [{"reason": "calm_period", "count": 1, "minutes": 15.0}]
    assert (policy["orders"], policy["drifts"], policy["stuck"]) == (0, 0, 0)


def test_a_site_is_summed_up_alone(run, service):
    service.entries = [
        *ATTACK,
        entry(id=5, at=ago(5), site="blog", kind=Kind.STUCK, action="stuck"),
    ]
    told = json.loads(run("report", "-o", "json", "--site", "shop").out)["policies"]
    assert sum(one["stuck"] for one in told) == 0


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("option", ["--policy", "--site"])
def test_a_name_that_nobody_knows_is_a_failure_and_not_an_empty_table(run, option):
    ended = run("report", option, "nobody")
    assert (ended.code, ended.out) == (1, "")
    assert "'nobody'; `responder status`" in ended.err


def test_a_kind_that_a_newer_service_tells_is_left_out(run, service):
    service.entries = [entry(kind="something_new"), *ATTACK]
    assert run("report").code == 0


class Pages:
    """Answers whose trail has more entries than one page; counts what was asked."""

    def __init__(self, count):
        self.trail = [
            EventAnswer(id=number, at=ago(number), target=SHOP, kind="stuck", action="stuck")
            for number in range(count, 0, -1)
        ]
        self.asked = []

    def targets(self):
        return TargetsAnswer(targets=())

    def now(self):
        return NOW

    def events(self, question):
        self.asked.append(question)
        older = [one for one in self.trail if question.before is None or one.id < question.before]
        return EventsAnswer(events=tuple(older[: question.limit]))


@pytest.mark.parametrize(("count", "asked"), [(PAGE - 1, 1), (PAGE, 2), (2 * PAGE + 1, 3)])
def test_the_trail_is_read_page_by_page_and_whole(count, asked):
    answers = Pages(count)
    found = evidence(answers, "14d", None)
    assert len(list(found.entries)) == count
    assert [one.limit for one in answers.asked] == [PAGE] * asked
    assert answers.asked[-1].before == (
        None if asked == 1 else answers.trail[PAGE * (asked - 1) - 1].id
    )


def test_a_trail_of_many_pages_is_read_from_the_store_too(run, config, tmp_path):
    config()
    store = open_store(f"sqlite:///{tmp_path}/responder.db")
    at = SystemClock().now() - timedelta(hours=1)
    stuck = [entry(id=None, at=at, kind=Kind.STUCK, action="stuck") for _ in range(2 * PAGE + 1)]
    store.commit([Changes(entries=stuck)])
    store.close()
    ended = run("report", "--output", "json")
    assert "this is what the store last knew" in ended.err
    assert sum(one["stuck"] for one in json.loads(ended.out)["policies"]) == 2 * PAGE + 1
