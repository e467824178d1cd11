"""Bodies that outlive the program that wrote them."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.domain.audit import Action, Decision, Reason
from responder.domain.memory import (
    Actual,
    Engagement,
    Episode,
    Memory,
    Reading,
    RememberedAlert,
    Write,
)
from responder.domain.peak import Peak
from responder.store.codec import from_text, packed, plain_to_text, to_text, unpacked

NOW = datetime(2026, 11, 20, 10, 0, 0, 123457, tzinfo=UTC)
MEMORY = Memory(
    "under_attack:example.com",
    "shop",
    "under_attack",
    "example.com",
    engagements=(timedelta(hours=1), timedelta(hours=2)),
    episode=Episode(
        NOW,
        tuple(RememberedAlert(f"f{n}", {"site": "shop", "n": str(n)}) for n in range(5)),
        peaks=(Peak("Load", 2.5),),
    ),
    last_engagement=Engagement(timedelta(hours=2), NOW, "Load", (Peak("Load", 2.5),)),
    reading=Reading(Actual.ON, "under_attack", NOW, at=NOW),
    write=Write(raising=True, at=NOW, mark=timedelta(hours=1)),
    decision=Decision(Action.HOLD, Reason.CALM_PERIOD, NOW),
)


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(memory=st.from_type(Memory))
def test_a_memory_survives_the_round_trip(memory: Memory) -> None:
    assert from_text(Memory, to_text(memory)) == memory


def test_a_moment_of_another_zone_comes_back_in_utc() -> None:
    elsewhere = replace(MEMORY, since=NOW.astimezone(timezone(timedelta(hours=5, minutes=30))))
    back = from_text(Memory, to_text(elsewhere))
    assert (back.since, back.since and back.since.tzinfo) == (NOW, UTC)


def test_labels_may_be_any_mapping() -> None:
    alert = RememberedAlert("f1", MappingProxyType({"a": "b"}))
    assert from_text(RememberedAlert, to_text(alert)) == RememberedAlert("f1", {"a": "b"})


def test_an_unknown_field_of_a_newer_version_is_ignored() -> None:
    body = json.loads(to_text(MEMORY))
    body["invented"] = {"later": 1}
    body["reading"]["invented"] = 2
    assert from_text(Memory, json.dumps(body)) == MEMORY


def test_a_field_that_an_older_version_did_not_know_takes_its_default() -> None:
    body = json.loads(to_text(MEMORY))
    del body["backoff"], body["reading"]["mark"]
    assert from_text(Memory, json.dumps(body)) == MEMORY


def test_a_memory_of_before_there_were_peaks_is_read() -> None:
    body = json.loads(to_text(MEMORY))
    del body["episode"]["peaks"], body["last_engagement"], body["paused_mark"]
    old = replace(MEMORY, episode=replace(MEMORY.episode, peaks=()), last_engagement=None)
    assert from_text(Memory, json.dumps(body)) == old


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        pytest.param(("state",), "enaged", "state: 'enaged' is not a valid State", id="word"),
        pytest.param(("state",), 1, "state: expected State, found 1", id="no word"),
        pytest.param(("site",), None, "site: expected str, found None", id="null"),
        pytest.param(("wanted",), 1, "wanted: expected bool, found 1", id="number for a flag"),
        pytest.param(("backoff", "failures"), True, "expected int, found True", id="flag"),
        pytest.param(("episode", "started_at"), "soon", "episode: started_at: Invalid", id="text"),
        pytest.param(("since",), "2026-11-20T10:00:00", "a moment with a zone", id="no zone"),
        pytest.param(("since",), 5, "since: expected a moment, found 5", id="no moment"),
        pytest.param(("on_for",), "5m", "on_for: expected a whole number", id="no duration"),
        pytest.param(("on_for",), 10**30, "on_for: 1000.* are too many", id="endless"),
        pytest.param(("engagements",), {}, "engagements: expected a list", id="no list"),
        pytest.param(("episode", "alerts", 0, "labels"), [], "expected an object", id="no object"),
        pytest.param(
            ("episode", "peaks", 0, "value"), True, "value: expected a number", id="no value"
        ),
        pytest.param(("reading",), "on", "reading: expected Reading", id="no record"),
        pytest.param(("reading",), {}, "reading: expected Reading with actual", id="incomplete"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(
    path: tuple[str | int, ...], value: object, complaint: str
) -> None:
    body = json.loads(to_text(MEMORY))
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(ValueError, match=complaint):
        from_text(Memory, json.dumps(body))


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expect|expect"):
        from_text(Memory, text)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(replace(MEMORY, since=NOW.replace(tzinfo=None)), id="a moment without a zone"),
        pytest.param({"a": float("nan")}, id="no number"),
        pytest.param({"a": object()}, id="no JSON"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        to_text(value)


@dataclass(frozen=True)
class Ambiguous:
    value: int | str = 0


@dataclass(frozen=True)
class Foreign:
    value: Mapping[str, complex] = field(default_factory=dict)


@pytest.mark.parametrize("value", [Ambiguous(), Foreign()], ids=["two types", "unknown type"])
def test_a_type_without_a_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no JSON form for"):
        to_text(value)


@pytest.mark.skipif(sys.gettrace() is not None, reason="a tracer is what would be measured")
def test_a_thousand_memories_are_written_within_a_tenth_of_a_second() -> None:
    to_text(MEMORY)  # the first one works out the forms
    best = min(_cpu_seconds_for_a_thousand() for _ in range(3))
    assert best < 0.1


def _cpu_seconds_for_a_thousand() -> float:
    before = time.process_time()
    for _ in range(1000):
        to_text(MEMORY)
    return time.process_time() - before


ANYTHING = st.text(st.characters())  # half of a pair included


@given(labels=st.dictionaries(ANYTHING, ANYTHING))
def test_what_is_plain_is_written_as_everything_else_is(labels: dict[str, str]) -> None:
    told = [{"at": NOW, "labels": labels, "never": None}]
    text = plain_to_text(told)
    assert text.isascii()
    (read,) = json.loads(text)
    assert (read["labels"], read["never"]) == (labels, None)
    assert from_text(dict[str, str], to_text(labels)) == labels
    assert datetime.fromisoformat(read["at"]) == NOW


@given(text=st.text(), times=st.sampled_from([1, 50, 5000]))
def test_what_was_packed_is_unpacked_as_it_was(text: str, times: int) -> None:
    json_text = json.dumps([text] * times)  # always ASCII, and never takes itself for packed
    assert unpacked(packed(json_text)) == json_text


def test_what_a_hundred_alerts_say_alike_is_stored_once() -> None:
    alerts = [
        {"fingerprint": f"{n * 2654435761:016x}", "labels": {"site": "shop"}} for n in range(100)
    ]
    text = plain_to_text(alerts)
    assert len(packed(text)) < len(text) / 5
    assert packed(plain_to_text(alerts[:1])) == plain_to_text(alerts[:1])  # for people who look


@pytest.mark.parametrize("damaged", ["z:", "z:!", "z:AAAA", "z:" + "A" * 400])
def test_what_is_damaged_says_so(damaged: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpacked(damaged)
