"""`responder events`: the audit trail."""

import json
from datetime import timedelta

import pytest
from cli.service import NOW, SHOP, entry


def test_the_question_reaches_the_service(run, service):
    ended = run("events", "--target", SHOP, "--since", "2h", "--limit", "5")
    assert (ended.code, ended.out) == (0, "no events\n")
    query = service.queries[-1]
    assert (query.target, query.since, query.limit) == (SHOP, NOW - timedelta(hours=2), 5)


def test_each_entry_is_a_line(run, service):
    service.entries = [entry(action="engage", reason="demand", before="a", after="b", detail="why")]
    line = run("events").out.splitlines()[1]
    assert line.split() == (
        f"2026-11-20T10:00:00Z {SHOP} decision engage demand a b responder why".split()
    )


def test_programs_get_what_the_api_answers(run, service):
    service.entries = [entry(before="a", after=None)]
    (event,) = json.loads(run("events", "-o", "json").out)["events"]
    assert (event["id"], event["from"], event["to"]) == (7, "a", None)


@pytest.mark.parametrize("since", ["soon", "5", "0s"])
def test_what_is_no_duration_is_a_mistake_in_the_words(run, service, since):
    ended = run("events", "--since", since)
    assert ended.code == 2
    assert "--since" in ended.err
    assert not service.queries
