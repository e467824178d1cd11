"""What stands: whatever the order, the repetitions, and what never came."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.domain.notification_book import Book

L4, END = "advanced_ddos_attack_l4_alert.start", "advanced_ddos_attack_l4_alert.end"


def at(samples, minutes):
    return samples.sent + timedelta(minutes=minutes)


def told(samples, minute, *, ended=False, key="3", start=0):
    data = {"start_time": at(samples, start).isoformat()}
    ts = int(at(samples, minute).timestamp())
    return samples.told(END if ended else L4, ts=ts, alert_correlation_id=key * 32, data=data)


def standing(samples, notifications, minute):
    book = Book()
    for one in notifications:
        book.take(one, samples.rules)
    return list(book.notices(at(samples, minute), samples.rules))


def test_an_attack_stands_from_its_start_to_its_end(samples):
    start, end = told(samples, 0), told(samples, 20, ended=True)
    (alert,) = standing(samples, [start], 10)
    assert alert.starts_at == samples.sent
    assert standing(samples, [start, end], 21) == []


def test_an_end_that_comes_first_counts_all_the_same(samples):
    assert standing(samples, [told(samples, 20, ended=True), told(samples, 0)], 21) == []


def test_an_end_ends_no_later_attack_and_no_other_one(samples):
    story = [told(samples, 0), told(samples, 20, ended=True), told(samples, 30, start=30)]
    other = told(samples, 0, key="4")
    assert len(standing(samples, story, 31)) == 1
    assert len(standing(samples, [*story[:2], other], 21)) == 1


def test_an_end_and_a_start_of_the_same_second_are_an_end(samples):
    assert standing(samples, [told(samples, 0), told(samples, 0, ended=True)], 1) == []


def test_an_attack_whose_end_never_comes_is_over_at_the_maximum_age(samples):
    start = told(samples, 0)
    assert len(standing(samples, [start], 59)) == 1
    assert standing(samples, [start], 60) == []


def test_one_that_is_told_again_stands_for_longer_and_keeps_its_start(samples):
    (alert,) = standing(samples, [told(samples, 0), told(samples, 30)], 75)
    assert alert.starts_at == samples.sent


def test_a_replay_prolongs_nothing(samples):
    start = told(samples, 0)
    book = Book()
    book.take(start, samples.rules)
    assert start in book
    assert told(samples, 30) not in book
    assert standing(samples, [start, start, start], 60) == []


def test_what_may_do_nothing_never_stands(samples):
    fake = samples.told("dos_attack_l4")
    assert standing(samples, [fake], 1) == []


def test_of_too_many_the_oldest_are_forgotten(samples):
    book = Book(most=3)
    attacks = [told(samples, 0, key=key) for key in "12345"]
    for one in attacks:
        book.take(one, samples.rules)
    assert [one in book for one in attacks] == [False, False, True, True, True]
    assert len(list(book.notices(samples.sent, samples.rules))) == 3


STORY = st.lists(
    st.tuples(st.integers(0, 50), st.booleans(), st.sampled_from("34")), min_size=1, max_size=5
)


@settings(max_examples=20, deadline=None)
@given(story=STORY, minute=st.integers(0, 120))
def test_neither_order_nor_repetition_changes_what_stands(samples, story, minute):
    notifications = [
        told(samples, when, ended=ended, key=key, start=when) for when, ended, key in story
    ]
    expected = {str(one.identity): one for one in standing(samples, notifications, minute)}
    for order in list(permutations(notifications))[:6]:
        found = standing(samples, [*order, *order], minute)
        assert {str(one.identity): one for one in found} == expected


@pytest.mark.parametrize("name", [L4, "fbm_auto_advertisement"])
def test_an_alert_carries_the_labels_of_the_contract(samples, name):
    (alert,) = standing(samples, [samples.told(name)], 1)
    role = "trigger" if name == L4 else "sustain"
    told_of = {"site": "office", "prefix": "203.0.113.0/24", "mitigation": "prefix_advertisement"}
    assert told_of.items() <= alert.labels.items()
    assert (alert.labels["role"], "action" in alert.labels) == (role, False)
    assert {"source", "alert_type", "instance", "notification"} <= alert.labels.keys()


def test_an_alert_tells_people_what_they_ask_first(samples):
    (alert,) = standing(samples, [samples.told(L4)], 1)
    dashboard = f"https://dash.cloudflare.com/{'1' * 32}/network-analytics"
    facts = {
        "vector": "UDP Flood",
        "peak": "750,000 packets/s, 3,500 Mbit/s",
        "target": "203.0.113.10",
        "rule": "UDP-0001",
        "dashboard_url": dashboard,
    }
    assert facts.items() <= alert.annotations.items()
    assert alert.annotations["summary"] == (
        "Cloudflare: UDP Flood on 203.0.113.10 at 750,000 packets/s, 3,500 Mbit/s"
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("magic_tunnel_health_check_event.down", {}),
        ("unknown_type_minimal", {}),
        (L4, {"target_ip": "192.0.2.1"}),
    ],
)
def test_what_only_informs_can_never_ask(samples, name, data):
    (alert,) = standing(samples, [samples.told(name, data=data)], 1)
    assert alert.labels["action"] == "none"
    assert not {"mitigation", "role", "site"} & alert.labels.keys()


def test_an_attack_on_what_is_nobodys_says_why_nothing_is_switched(samples):
    (alert,) = standing(samples, [samples.told(L4, data={"target_ip": "192.0.2.1"})], 1)
    assert alert.annotations["reason"] == (
        "192.0.2.1: no site of the configuration has it: nothing is switched."
    )


def test_a_script_in_a_text_stays_text_and_gets_into_no_label(samples):
    script = "<script>alert(1)</script>"
    names = ("attack_vector", "rule_name", "target_hostname", "target_ip", "dashboard_link")
    data = dict.fromkeys(names, script)
    (alert,) = standing(samples, [samples.told(L4, alert_type=script, data=data)], 1)
    assert not any("<" in value for value in alert.labels.values())
    assert alert.annotations["vector"] == script
    assert "dashboard_url" not in alert.annotations
