"""Texts that would be commands if they were not bound: they come back as they went in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import AuditEntry, Kind
from responder.domain.memory import Memory, Order, Override
from responder.ports import Changes, EventQuery, HeardAlert, Intent, Outcome, Store

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
BYSTANDER = Memory("under_attack:example.com", "shop", "under_attack", "example.com")
PIECES = (
    *("'", '"', "`", "\\", "--", "/*", "*/", ";", "%s", "%(x)s", ":name", "?", "$1", "{0}", "\\'"),
    *("' OR '1'='1", "'; DROP TABLE memories; --", '"; DELETE FROM events; --', "x' UNION SELECT "),
    *("\n", "\r", "\t", "\x1b[2J", "\u202e", "\u2028", "漢", "ß", "\U0001f600", "NULL", "", " "),
)
hostile = st.lists(st.one_of(st.sampled_from(PIECES), st.text("ab'\";:%\\", max_size=4))).map(
    "".join
)


@pytest.mark.long
@settings(max_examples=12, deadline=None)
@given(hostile, hostile, hostile)
def test_what_looks_like_a_command_is_kept_as_a_text(
    fresh_store: Callable[[], Store], one: str, two: str, three: str
) -> None:
    target = f"under_attack:{one}"
    override = Override(Order.PAUSED, NOW, two, three, NOW)
    memory = Memory(target, two, three, one, previous=two, override=override)
    labels = {"alertname": one, two: three}
    alert = Alert(f"f{three}", labels, AlertStatus.FIRING, NOW, annotations={"summary": two})
    entry = AuditEntry(NOW, target, two, Kind.DECISION, one, two, three, one, two, three)
    store = fresh_store()
    store.commit([Changes(memories=[BYSTANDER])])

    store.commit(
        [
            Changes(
                memories=[memory],
                alerts=[HeardAlert(alert, NOW, 1)],
                intents=[Intent(f"i{one}", target, two, three, NOW)],
                outcomes=[Outcome(f"i{one}", two, three, NOW)],
                entries=[entry],
                facts={one: [two, {"x": three}]},
            )
        ]
    )

    snapshot = store.load()
    assert {known.target: known for known in snapshot.memories} == {
        BYSTANDER.target: BYSTANDER,
        target: memory,
    }
    (kept,) = snapshot.alerts
    assert (kept.alert.labels, kept.alert.annotations) == (labels, {"summary": two})
    assert snapshot.facts[one] == [two, {"x": three}]
    assert snapshot.open_intents == []
    (found,) = store.events(EventQuery(target=target))
    assert (found.target, found.detail, found.actor) == (target, three, one)


@pytest.mark.long
@settings(max_examples=12, deadline=None)
@given(hostile)
def test_a_question_about_what_looks_like_a_command_finds_nothing_else(
    fresh_store: Callable[[], Store], asked: str
) -> None:
    store = fresh_store()
    store.commit(
        [
            Changes(
                memories=[BYSTANDER],
                entries=[AuditEntry(NOW, BYSTANDER.target, "shop", Kind.STATE, after="on")],
            )
        ]
    )

    assert store.events(EventQuery(target=asked, since=NOW - timedelta(days=1))) == []
    store.commit([Changes(forgotten=[asked])])

    assert [known.target for known in store.load().memories] == [BYSTANDER.target]
