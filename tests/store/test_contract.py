"""What every store does, whichever it is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.audit import AuditEntry, Kind
from responder.domain.memory import Episode, Memory, RememberedAlert, State
from responder.errors import StoreError
from responder.ports import (
    MOST_ALERTS,
    Changes,
    EventQuery,
    HeardAlert,
    Intent,
    NotedOrder,
    Outcome,
    Snapshot,
    Store,
)
from responder.store.sql import PRUNED_AT_ONCE

NOW = datetime(2026, 11, 20, 10, 0, 0, 123457, tzinfo=UTC)
HOUR = timedelta(hours=1)
MEMORY = Memory("under_attack:example.com", "shop", "under_attack", "example.com")
INTENT = Intent("one", MEMORY.target, "engage", "under_attack", NOW)
DONE = Outcome("one", "confirmed", "", NOW + HOUR)

few_examples = settings(max_examples=12, deadline=None)
moments = st.sampled_from([NOW, NOW + HOUR])
heard_alerts = st.builds(
    HeardAlert,
    st.builds(Alert, st.sampled_from("ab"), st.just({}), starts_at=moments),
    moments,
)


def heard(status: AlertStatus, start: datetime = NOW, received: datetime = NOW) -> HeardAlert:
    return HeardAlert(Alert("f1", {"site": "shop"}, status, start), received)


def entry(target: str, at: datetime = NOW) -> AuditEntry:
    return AuditEntry(at, target, "shop", Kind.STATE, after="on")


def targets(store: Store, query: EventQuery) -> list[str]:
    return [event.target for event in store.events(query)]


def contents(store: Store) -> tuple[object, ...]:
    snapshot = store.load()
    return (
        {memory.target: memory for memory in snapshot.memories},
        {one.alert.fingerprint: replace(one, seq=0) for one in snapshot.alerts},
        {intent.id: intent for intent in snapshot.open_intents},
        snapshot.facts,
        store.events(EventQuery()),
    )


def test_an_empty_store_loads_an_empty_snapshot(store: Store) -> None:
    assert store.load() == Snapshot([], [], [], {}, [])


def test_an_empty_batch_changes_nothing(store: Store) -> None:
    store.commit([])
    store.commit([Changes()])
    assert store.load() == Snapshot([], [], [], {}, [])


@pytest.mark.long
@few_examples
@given(
    memory=st.from_type(Memory),
    alert=st.from_type(HeardAlert),
    intent=st.from_type(Intent),
    audit=st.from_type(AuditEntry),
    order=st.from_type(NotedOrder),
)
def test_what_was_committed_comes_back_exactly(
    fresh_store: Callable[[], Store],
    memory: Memory,
    alert: HeardAlert,
    intent: Intent,
    audit: AuditEntry,
    order: NotedOrder,
) -> None:
    store = fresh_store()
    facts = {"seq": 7, "nested": {"list": [1, None, "x"], "yes": True}}
    seq = store.commit([Changes([memory], (), [alert], [intent], (), [audit], facts, [order])])
    stored = replace(alert, seq=seq)
    assert store.load() == Snapshot([memory], [stored], [intent], facts, [order])
    assert store.events(EventQuery()) == [replace(audit, id=1)]


def test_the_last_memory_of_a_target_stands(store: Store) -> None:
    engaged = replace(MEMORY, state=State.ENGAGED)
    store.commit([Changes(memories=[MEMORY]), Changes(memories=[engaged])])
    assert store.load().memories == [engaged]


def test_a_forgotten_target_leaves_nothing(store: Store) -> None:
    store.commit([Changes(memories=[MEMORY])])
    store.commit([Changes(forgotten=[MEMORY.target, "unknown"])])
    assert store.load().memories == []


def test_a_target_both_forgotten_and_remembered_is_remembered(store: Store) -> None:
    store.commit([Changes(memories=[MEMORY], forgotten=[MEMORY.target])])
    assert store.load().memories == [MEMORY]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        pytest.param(
            heard(AlertStatus.RESOLVED),
            heard(AlertStatus.FIRING, NOW + HOUR),
            id="a later start outranks everything",
        ),
        pytest.param(
            heard(AlertStatus.FIRING),
            heard(AlertStatus.RESOLVED),
            id="resolved is final for its start",
        ),
    ],
)
@pytest.mark.parametrize("late", [False, True], ids=["in order", "out of order"])
def test_an_older_alert_never_replaces_a_newer_one(
    store: Store, older: HeardAlert, newer: HeardAlert, *, late: bool
) -> None:
    for one in (newer, older) if late else (older, newer):
        store.commit([Changes(alerts=[one])])
    assert [one.alert for one in store.load().alerts] == [newer.alert]


def test_what_is_told_again_is_kept_as_told_last(store: Store) -> None:
    for minutes in (0, 5, 3):
        received = NOW + timedelta(minutes=minutes)
        store.commit([Changes(alerts=[heard(AlertStatus.FIRING, received=received)])])
    assert [one.received_at for one in store.load().alerts] == [NOW + timedelta(minutes=3)]


def test_every_commit_of_webhooks_has_a_higher_number(store: Store) -> None:
    firing = Changes(alerts=[heard(AlertStatus.FIRING)])
    numbers = [store.commit([firing]) for _ in range(3)]
    assert numbers == sorted(set(numbers))
    assert [one.seq for one in store.load().alerts] == [numbers[-1]]


def test_an_order_stays_until_it_is_followed(store: Store) -> None:
    order = NotedOrder("o1", "under_attack:example.com", None, "operator:ann", NOW)
    later = replace(order, id="o0", at=NOW + HOUR)
    store.commit([Changes(orders=[later]), Changes(orders=[order])])
    assert store.load().orders == [order, later]
    store.commit([Changes(followed=["o1", "unknown"])])
    assert store.load().orders == [later]


@pytest.mark.long
@few_examples
@given(
    data=st.data(),
    alerts=st.lists(
        heard_alerts,
        max_size=8,
        unique_by=lambda one: (one.alert.fingerprint, *one.rank[:2]),
    ),
)
def test_alerts_end_the_same_in_any_order_and_any_grouping(
    fresh_store: Callable[[], Store], data: st.DataObject, alerts: list[HeardAlert]
) -> None:
    together, apart = fresh_store(), fresh_store()
    together.commit([Changes(alerts=alerts)])
    for one in data.draw(st.permutations(alerts + alerts[:2])):
        apart.commit([Changes(alerts=[one])])
    assert contents(apart) == contents(together)


changes = st.builds(
    Changes,
    memories=st.lists(
        st.builds(
            replace, st.just(MEMORY), target=st.sampled_from("ab"), site=st.sampled_from("cd")
        ),
        max_size=2,
    ),
    forgotten=st.lists(st.sampled_from("ab"), max_size=2),
    alerts=st.lists(heard_alerts, max_size=2),
    intents=st.lists(st.builds(replace, st.just(INTENT), id=st.sampled_from("ab")), max_size=2),
    entries=st.lists(st.builds(entry, st.sampled_from("ab")), max_size=2),
    facts=st.dictionaries(st.sampled_from("ab"), st.integers(), max_size=2),
)


@pytest.mark.long
@few_examples
@given(batch=st.lists(changes, max_size=5))
def test_a_batch_does_what_its_changes_do_one_by_one(
    fresh_store: Callable[[], Store], batch: list[Changes]
) -> None:
    together, apart = fresh_store(), fresh_store()
    together.commit(batch)
    for one in batch:
        apart.commit([one])
    assert contents(apart) == contents(together)


def test_a_batch_that_cannot_be_written_leaves_nothing(store: Store) -> None:
    with pytest.raises(StoreError, match=r"cannot write to the store .*not JSON serializable"):
        store.commit([Changes(memories=[MEMORY]), Changes(facts={"bad": object()})])
    assert store.load() == Snapshot([], [], [], {}, [])


@pytest.mark.parametrize("odd", ["\0", "\ud800"], ids=["NUL", "half a character"])
def test_what_no_database_takes_in_a_text_costs_no_more_than_itself(store: Store, odd: str) -> None:
    intent = replace(INTENT, value=f"a{odd}b")
    told = replace(entry("a"), detail=f"c{odd}d", actor=f"e{odd}f", before=f"g{odd}h")
    outcome = replace(DONE, intent="closed", detail=f"i{odd}j")
    closed = replace(INTENT, id="closed")
    store.commit([Changes(intents=[intent, closed], outcomes=[outcome], entries=[told])])
    assert store.load().open_intents == [replace(INTENT, value="a?b")]
    assert store.events(EventQuery()) == [
        replace(told, id=1, detail="c?d", actor="e?f", before="g?h")
    ]


@pytest.mark.parametrize("odd", ["\0", "\ud800"], ids=["NUL", "half a character"])
def test_labels_are_data_whatever_is_in_them(store: Store, odd: str) -> None:
    labels = {f"a{odd}": f"b{odd}c"}
    alert = Alert("f1", labels, AlertStatus.FIRING, NOW, annotations=labels)
    memory = replace(
        MEMORY, previous=f"d{odd}", episode=Episode(NOW, (RememberedAlert("f1", labels),))
    )
    store.commit([Changes(alerts=[HeardAlert(alert, NOW)], memories=[memory])])
    assert [one.alert for one in store.load().alerts] == [alert]
    assert store.load().memories == [memory]


def test_an_intent_is_open_until_its_outcome(store: Store) -> None:
    store.commit([Changes(intents=[INTENT])])
    assert store.load().open_intents == [INTENT]
    store.commit([Changes(outcomes=[DONE])])
    assert store.load().open_intents == []


def test_an_intent_committed_twice_is_one(store: Store) -> None:
    store.commit([Changes(intents=[INTENT], outcomes=[DONE])])
    store.commit([Changes(intents=[INTENT])])
    assert store.load().open_intents == []


def test_an_outcome_without_its_intent_is_ignored(store: Store) -> None:
    store.commit([Changes(outcomes=[DONE])])
    store.commit([Changes(intents=[INTENT])])
    assert store.load().open_intents == [INTENT]


def test_open_intents_come_oldest_first(store: Store) -> None:
    late = replace(INTENT, id="a", at=NOW + HOUR)
    store.commit([Changes(intents=[late, INTENT])])
    assert store.load().open_intents == [INTENT, late]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(EventQuery(), ["a", "b", "a"], id="newest first"),
        pytest.param(EventQuery(target="a"), ["a", "a"], id="of one target"),
        pytest.param(EventQuery(since=NOW + HOUR), ["a", "b"], id="since a moment, included"),
        pytest.param(EventQuery(limit=1), ["a"], id="at most so many"),
        pytest.param(EventQuery(before=3), ["b", "a"], id="before an entry, left out"),
        pytest.param(EventQuery(before=1), [], id="before the first"),
        pytest.param(EventQuery(limit=0), [], id="none"),
        pytest.param(EventQuery(limit=-1), [], id="fewer than none"),
        pytest.param(EventQuery("a", NOW + HOUR, 5), ["a"], id="all conditions hold"),
    ],
)
def test_events_are_found(store: Store, query: EventQuery, expected: list[str]) -> None:
    store.commit([Changes(entries=[entry("a"), entry("b", NOW + HOUR)])])
    store.commit([Changes(entries=[entry("a", NOW + 2 * HOUR)])])
    assert targets(store, query) == expected


def test_pruning_takes_what_is_over_and_old(store: Store) -> None:
    store.commit(
        [
            Changes(
                alerts=[heard(AlertStatus.RESOLVED)],
                intents=[INTENT],
                outcomes=[DONE],
                entries=[entry("old"), entry("new", NOW + 2 * HOUR)],
            )
        ]
    )
    assert sum(store.prune(NOW + 2 * HOUR)) == 3
    assert store.load() == Snapshot([], [], [], {}, [])
    assert targets(store, EventQuery()) == ["new"]


def test_pruning_spares_what_is_not_over(store: Store) -> None:
    firing = heard(AlertStatus.FIRING)
    store.commit([Changes(memories=[MEMORY], alerts=[firing], intents=[INTENT], facts={"a": 1})])
    assert sum(store.prune(NOW)) == 0
    stored = replace(firing, seq=1)
    assert store.load() == Snapshot([MEMORY], [stored], [INTENT], {"a": 1}, [])


def test_pruning_takes_alerts_that_nobody_has_repeated_for_so_long(store: Store) -> None:
    store.commit([Changes(alerts=[heard(AlertStatus.FIRING)])])
    assert sum(store.prune(NOW + HOUR)) == 1
    assert store.load().alerts == []
    store.commit([Changes(alerts=[heard(AlertStatus.FIRING)])])
    again = heard(AlertStatus.FIRING, received=NOW + 2 * HOUR)
    store.commit([Changes(alerts=[again])])
    assert sum(store.prune(NOW + HOUR)) == 1
    assert [one.received_at for one in store.load().alerts] == [again.received_at]


def test_an_id_is_not_given_again_after_pruning(store: Store) -> None:
    store.commit([Changes(entries=[entry("a"), entry("b")])])
    assert sum(store.prune(NOW + HOUR)) == 2
    store.commit([Changes(entries=[entry("c")])])
    assert [event.id for event in store.events(EventQuery())] == [3]


@pytest.mark.long
@pytest.mark.parametrize("size", [2 * PRUNED_AT_ONCE, 2 * PRUNED_AT_ONCE + 1])
def test_pruning_finds_what_is_old_however_much_there_is(store: Store, size: int) -> None:
    told = [
        HeardAlert(Alert(f"f{number}", {}, AlertStatus.RESOLVED, NOW), NOW + number % 2 * HOUR)
        for number in range(size)
    ]
    store.commit([*(Changes(alerts=[one]) for one in told), Changes(entries=[entry("old")] * size)])
    assert sum(store.prune(NOW + HOUR)) == size + (size + 1) // 2
    assert {one.received_at for one in store.load().alerts} == {NOW + HOUR}
    assert store.events(EventQuery()) == []


@pytest.mark.long
def test_a_start_takes_up_the_newest_alerts(store: Store) -> None:
    told = [
        HeardAlert(Alert(f"f{number}", {}, AlertStatus.FIRING, NOW), NOW)
        for number in range(MOST_ALERTS)
    ]
    store.commit([Changes(alerts=[heard(AlertStatus.FIRING), *told[:10]])])
    store.commit([Changes(alerts=told[1:])])
    found = {one.alert.fingerprint for one in store.load().alerts}
    assert (len(found), found >= {one.alert.fingerprint for one in told[2:]}) == (MOST_ALERTS, True)


def test_a_closed_store_may_be_closed_again(store: Store) -> None:
    store.close()
    store.close()
